"""SARIF that GitHub accepts, and that reports what happened."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from msgspec.structs import replace

from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.reports.sarif import to_sarif
from tests.support.projects import DemoProject, clean_environment

Json = dict[str, Any]

HOSTILE = [
    "a b.py",
    "ünï/cödé.py",
    "100%.py",
    "a#b?.py",
    "two\nlines.py",
    "a:b.py",
    "[x](y).py",
    "back\\slash.py",
]


LONG = Finding(
    tool="ruff", rule="E501", message="too long", path="a.py", line=3, column=5
)


def finding(**changes: object) -> Finding:
    return replace(LONG, **changes)


def check(*findings: Finding, **changes: object) -> CheckResult:
    named = fingerprint_findings(Path("/nowhere"), findings)
    new = sum(not f.known for f in named)
    status = Status.FAILED if new else Status.PASSED
    facts: Json = {"id": "lint", "status": status, "tool": "ruff 0.17.6", "new": new}
    return replace(CheckResult(id="", findings=named), **{**facts, **changes})


def sarif(*checks: CheckResult) -> Json:
    result = RunResult(
        command="gate",
        verdict=Verdict.RED,
        python="3.11",
        checks=list(checks),
        framework="2.0.0",
    )
    return json.loads(to_sarif(result))


def everything() -> Json:
    """One log with all that is unusual."""
    hostile = [finding(path=path, rule=f"R{n}") for n, path in enumerate(HOSTILE)]
    return sarif(
        check(
            *hostile,
            finding(known=True),
            finding(message="\x1b[31mred\x1b[0m\x00 {0} [a](b) \ufffd\n\ttwo"),
            finding(message="", severity="warning", line=0, column=0),
            finding(path="", rule="rule with spaces"),
            finding(path="/etc/passwd"),
            finding(path="../outside.py"),
            finding(path="C:/windows.py"),
        ),
        check(
            finding(tool="bandit", rule="B101", score=7.25, help_url="https://x.org/a"),
            finding(tool="ruff", rule="S101", score=5.0),
            id="security",
            tool="bandit 1.9.4",
        ),
        check(id="typecheck", status=Status.NOT_RUN, reason="pyright is gone", tool=""),
        check(id="test", status=Status.TIMED_OUT, reason="killed after 9 s"),
        check(id="hooks", status=Status.SKIPPED, reason="no hooks", tool=""),
        check(id="coverage", status=Status.FAILED, reason="80 %", tool="coverage"),
        check(id="format", tool="ruff 0.17.6"),
    )


def runs(log: Json) -> dict[str, Json]:
    return {run["automationDetails"]["id"]: run for run in log["runs"]}


def test_each_tool_of_each_check_has_a_category_of_its_own() -> None:
    log = everything()
    assert len(runs(log)) == len(log["runs"])
    assert list(runs(log)) == [
        "ci-framework/lint/ruff/",
        "ci-framework/security/bandit/",
        "ci-framework/security/ruff/",
        "ci-framework/typecheck/ci-framework/",
        "ci-framework/test/ruff/",
        "ci-framework/coverage/coverage/",
        "ci-framework/format/ruff/",
        "ci-framework/skipped/ci-framework/",
    ]


def test_what_every_result_has() -> None:
    for run in everything()["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(rules) == len(set(rules))
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]
            assert result["level"] in ("error", "warning")
            assert result["message"]["text"].strip()
            assert result["partialFingerprints"]["ciFramework/v1"]
            (location,) = result["locations"]
            location = location["physicalLocation"]
            uri = location["artifactLocation"]["uri"]
            assert location["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
            assert re.fullmatch("[A-Za-z0-9_.%-]+(/[A-Za-z0-9_.%-]+)*", uri), uri
            assert not uri.startswith("..")
            assert location["region"]["startLine"] >= 1


def test_hostile_names_come_back_as_they_were() -> None:
    run = runs(everything())["ci-framework/lint/ruff/"]
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        if result["ruleId"].startswith("R")
    ]
    assert [unquote(uri) for uri in uris] == HOSTILE


def test_a_place_outside_of_the_repository_is_reported_in_words() -> None:
    log = sarif(check(finding(path="/etc/passwd", message="bad")))
    result = log["runs"][0]["results"][0]
    assert result["message"]["text"] == "/etc/passwd:3:5: bad"
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "pyproject.toml"
    assert location["region"] == {"startLine": 1}


def test_messages_hold_nothing_for_terminals_and_end() -> None:
    log = sarif(check(finding(message="\x1b[1mbold\x00\n\tnext" + "x" * 5000)))
    text = log["runs"][0]["results"][0]["message"]["text"]
    assert text.startswith("[1mbold\n\tnext")
    assert len(text) == 1000


def test_what_is_known_is_suppressed_and_unchanged() -> None:
    log = sarif(check(finding(known=True), finding(line=9)))
    new, known = log["runs"][0]["results"]
    assert (known["baselineState"], len(known["suppressions"])) == ("unchanged", 1)
    assert new["baselineState"] == "new"
    assert "suppressions" not in new


@pytest.mark.parametrize("status", [Status.NOT_RUN, Status.TIMED_OUT])
def test_a_check_that_was_not_made_is_no_success(status: Status) -> None:
    log = sarif(check(status=status, reason="gone", tool=""))
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    (notice,) = invocation["toolExecutionNotifications"]
    assert notice["level"] == "error"
    assert notice["message"]["text"] == f"{status.value}: gone"


def test_a_failure_without_a_location_is_reported_as_well() -> None:
    log = sarif(check(status=Status.FAILED, reason="no tests were collected"))
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is True
    texts = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]]
    assert texts == ["failed: no tests were collected"]


def test_versions_are_those_of_the_tool_that_found_it() -> None:
    found = runs(everything())
    versions = {
        name: run["tool"]["driver"].get("version") for name, run in found.items()
    }
    assert versions["ci-framework/security/bandit/"] == "1.9.4"
    assert versions["ci-framework/security/ruff/"] is None
    assert versions["ci-framework/typecheck/ci-framework/"] == "2.0.0"


def test_severity_is_a_number_for_security_only() -> None:
    found = runs(everything())
    rule = found["ci-framework/security/bandit/"]["tool"]["driver"]["rules"][0]
    assert rule["properties"] == {"security-severity": "7.2", "tags": ["security"]}
    assert rule["helpUri"] == "https://x.org/a"
    other = found["ci-framework/lint/ruff/"]["tool"]["driver"]["rules"][0]
    assert "properties" not in other


def many() -> Json:
    old = [finding(known=True, path=f"old{n}.py") for n in range(29_999)]
    return sarif(check(*old, finding(path="new.py", rule="E9")))


def some_of_many() -> Json:
    """What is left of too many results, but not all of them: a validator is slow."""
    log = many()
    del log["runs"][0]["results"][100:]
    return log


@pytest.mark.heavy
def test_more_results_than_github_takes() -> None:
    (run,) = many()["runs"]
    assert len(run["results"]) == 25_000
    first = run["results"][0]["locations"][0]["physicalLocation"]
    assert first["artifactLocation"]["uri"] == "new.py"
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "5000 more are in result.json"


def test_more_runs_than_github_takes() -> None:
    quiet = [check(id=f"quiet-{n}") for n in range(20)]
    red = check(finding(), id="red")
    broken = check(id="broken", status=Status.NOT_RUN, reason="gone")
    found = runs(sarif(*quiet, red, broken))
    assert len(found) == 20
    assert {"ci-framework/red/ruff/", "ci-framework/broken/ruff/"} <= set(found)


def test_the_gate_writes_it(project: DemoProject) -> None:
    project.configure("[tool.ruff.lint]\nselect = ['E711']\n")
    project.write(
        "src/demo/a b%.py", "def f(x: object) -> bool:\n    return x == None\n"
    )
    assert project.gate("lint").code == 1
    log = json.loads((project.reports / "results.sarif").read_text(encoding="utf-8"))
    (result,) = runs(log)["ci-framework/lint/ruff/"]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "src/demo/a%20b%25.py"
    assert location["region"]["startLine"] == 2


@pytest.fixture(scope="module")
def multitool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Microsoft's own validator, with GitHub's rules."""
    where = tmp_path_factory.mktemp("multitool")
    package = "@microsoft/sarif-multitool-linux@5.7.0"
    command = [
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--prefix",
        str(where),
        package,
    ]
    subprocess.run(command, check=True, env=clean_environment())
    folder = where / "node_modules" / "@microsoft" / "sarif-multitool-linux"
    return next(path for path in folder.rglob("Sarif.Multitool") if path.is_file())


@pytest.mark.heavy
@pytest.mark.skipif(os.name != "posix", reason="a binary for Linux")
@pytest.mark.parametrize("make", [everything, some_of_many, sarif])
def test_microsoft_finds_no_error(
    multitool: Path, tmp_path: Path, make: Callable[[], Json]
) -> None:
    (tmp_path / "results.sarif").write_text(json.dumps(make()), encoding="utf-8")
    words = ["validate", "results.sarif", "--rule-kind", "Sarif;Ghas"]
    words += ["--max-file-size-in-kb", "100000"]
    done = subprocess.run(
        [str(multitool), *words, "--output", "log.sarif", "--log", "ForceOverwrite"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="1"),
    )
    log = json.loads((tmp_path / "log.sarif").read_text(encoding="utf-8-sig"))
    results = [result for run in log["runs"] for result in run["results"]]
    errors = [r for r in results if r.get("level", "warning") == "error"]
    assert not errors, json.dumps(errors[:5], indent=1) + done.stdout
