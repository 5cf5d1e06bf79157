"""Each kind of server over HTTP gets the verdict that it deserves."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.findings.results import Status
from tests.support.mcp_checks import CheckedServers

pytestmark = pytest.mark.heavy

Expected = dict[str, list[str]]
SHORT = {"start_seconds": 3.0, "answer_seconds": 0.5}
# One server has several faults where they do not hide each other: each takes seconds.
FAULTY: dict[str, Expected] = {
    "redirect everywhere exit-code wrong-schema": {
        "start": ["the server listens on all addresses of the machine, not on"],
        "protocol": ["the endpoint redirects to /moved/ (HTTP 307)"],
        "schemas": ["tool 'double': the input schema is not valid"],
        "shutdown": ["ended with exit code 7 after it was terminated"],
    },
    "redirect-away": {"start": ["at /mcp: it redirects to /sign-in (HTTP 302)"]},
    "wrong-status": {"start": ["at /mcp: it failed with HTTP 500"]},
    "content-type": {"start": ["it responded with text/html instead of application/j"]},
    "no-json": {"start": ["handshake: a response is not a message of the protocol"]},
    "infinite-default": {
        "protocol": ["(http, 2025-11-25): invalid: the answer contains -Infinity, whi"]
    },
    "vanish no-end": {
        "protocol": ["the server does not know the session that it opened (HTTP 404)"],
        "shutdown": ["did not end within 0.5 s after it was terminated (http, 2025-11"],
    },
    "hang-stream": {"start": ["it opened a stream of events and sent none"]},
    "other-port": {"start": ["nothing listened on the host and the port that th"]},
    "port-taken": {"start": ["ended before it answered over http: exit code 1"]},
    "crash-in-call": {
        "calls": ["tool 'double' with {\"number\":4} failed (http, 2025-11-25)"],
        "shutdown": ["exited while a client was connected (http, 2025-11-25)"],
    },
    "stateful": {"stateless": ["tool 'state' has another result when two processes"]},
}


@pytest.mark.parametrize(("faults", "expected"), FAULTY.items(), ids=FAULTY)
def test_a_problem_over_http_is_named_where_it_belongs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: str,
    expected: Expected,
) -> None:
    servers = CheckedServers(tmp_path, monkeypatch)
    limits = SHORT if faults in ("hang-stream", "other-port") else {}
    changes: dict[str, object] = {"stateless": faults == "stateful", **limits}
    settings = servers.http_settings(*faults.split(), stop_seconds=0.5, **changes)
    results = servers.check(settings)
    for subject, texts in expected.items():
        check = results[subject]
        warned = faults.startswith("redirect ") and subject == "protocol"
        late = faults in ("hang-stream", "other-port")
        red = Status.TIMED_OUT if late else Status.FAILED
        assert check.status is (Status.PASSED if warned else red)
        found = "\n".join(each.message for each in check.findings)
        assert all(text in found for text in texts), found
        assert "\nhint: " in found
    if list(expected) == ["start"]:
        assert results["protocol"].status is Status.NOT_RUN
        assert results["snapshot"].status is Status.NOT_RUN


def test_a_good_server_over_http_is_green(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = CheckedServers(tmp_path, monkeypatch)
    settings = servers.http_settings("chatty")
    written = servers.check(settings, update=True)
    states = {name: check.status.value for name, check in written.items()}
    assert states.pop("stdout") == "skipped"
    assert set(states.values()) == {"passed"}
    assert not [each for check in written.values() for each in check.findings]
