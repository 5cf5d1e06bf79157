"""The summary lines of test runners, where no other result is available."""

from __future__ import annotations

import re

from ci_engine.findings.results import name_some

_MOST_NAMED = 5
# The last lines of unittest: "Ran 3 tests in 0.1s" and "OK (skipped=3)"; of pytest:
# "===== 1 passed, 2 skipped in 0.10s =====", without the signs if it is quiet.
_UNITTEST = re.compile(r"^Ran (\d+) tests? in [\d.]+s", re.MULTILINE)
_SKIPPED = re.compile(r"^OK \(.*?skipped=(\d+)", re.MULTILINE)
_PYTEST = re.compile(
    r"^=* ?((?:\d+ [a-z]+|no tests ran)(?:, \d+ [a-z]+)*) in [\d.]+s", re.MULTILINE
)
_RAN = re.compile(r"\d+ (?:passed|failed|xfailed|xpassed|errors?)\b")
# nox and tox 3 exit with 0 if they skipped everything, for example without an
# interpreter: https://github.com/googleapis/synthtool/pull/982,
# https://github.com/tox-dev/tox/issues/1495 and issues/2827.
_SESSION_SKIPPED = re.compile(
    r"^(?:nox > Session (\S+) skipped\b|SKIPPED: +(\S+): | *(\S+): SKIP \()",
    re.MULTILINE,
)
_SESSION_RAN = re.compile(
    r"^(?:nox > Session \S+ (?:was successful|failed)"
    r"| *\S+: (?:commands succeeded|OK\b))",
    re.MULTILINE,
)


def ran_nothing(output: str) -> bool:
    """Whether the summary lines show that nothing was tested."""
    unittest = [int(number) for number in _UNITTEST.findall(output)]
    skipped = sum(int(number) for number in _SKIPPED.findall(output))
    pytest = _PYTEST.findall(output)
    if not unittest and not pytest:
        return bool(_skipped_sessions(output)) and not _SESSION_RAN.search(output)
    ran = any(_RAN.search(line) for line in pytest)
    return not ran and sum(unittest) <= skipped


def skipped_sessions_note(output: str) -> list[str]:
    """Name the skipped sessions of nox and environments of tox."""
    names = _skipped_sessions(output)
    noun = "session was" if len(names) == 1 else "sessions were"
    return (
        [f"{len(names)} {noun} skipped: {name_some(names, _MOST_NAMED)}"]
        if names
        else []
    )


def _skipped_sessions(output: str) -> list[str]:
    found = _SESSION_SKIPPED.findall(output)
    return list(dict.fromkeys(next(filter(None, names)) for names in found))
