"""Only SARIF of ours is uploaded: its tool, category, size and paths are checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.reports.sarif import to_sarif
from ci_engine.validation.sarif_check import check_sarif
from tests.support.projects import DemoProject

Log = dict[str, Any]


def a_log() -> Log:
    """What the engine writes, with findings of several kinds."""
    findings = [
        Finding(tool="ruff", rule="F401", message="m", path="src/ü b.py", line=3),
        Finding(tool="mypy", rule="attr", message="m", path="/usr/lib/x.py", line=1),
        Finding(
            tool="ruff", rule="E9", message="m", help_url="https://docs.example/E9"
        ),
    ]
    checks = [
        CheckResult(id="lint", status=Status.FAILED, findings=findings, tool="ruff 1"),
        CheckResult(id="no-conflict-markers", tool="ci-framework"),
        CheckResult(id="python", tool="3.11.7"),
        CheckResult(id="own", tool="./run.sh x", status=Status.FAILED, reason="x"),
        CheckResult(id="audit", status=Status.NOT_RUN, reason="x"),
        CheckResult(id="test", status=Status.SKIPPED, reason="x"),
    ]
    result = RunResult(command="gate", verdict=Verdict.RED, python="3", checks=checks)
    return json.loads(to_sarif(result))


def problems(tmp_path: Path, log: object) -> list[str]:
    path = tmp_path / "results.sarif"
    path.write_text(json.dumps(log), encoding="utf-8")
    return [finding.message for finding in check_sarif(path)]


@pytest.mark.parametrize("command", ["gate", "scan"])
def test_what_the_engine_writes_is_accepted(tmp_path: Path, command: str) -> None:
    log = a_log()
    assert problems(tmp_path, log) == []
    text = json.dumps(log).replace("ci-framework/", f"ci-framework/{command}/", 1)
    assert problems(tmp_path, json.loads(text)) == []


def edit(*keys: str | int, value: object) -> Callable[[Log], None]:
    def change(log: Log) -> None:
        at: Any = log
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


def runs_of(positions: list[int]) -> Callable[[Log], None]:
    """Leave these runs, as often as they are named."""

    def change(log: Log) -> None:
        log["runs"] = [log["runs"][position] for position in positions]

    return change


DRIVER = ("runs", 0, "tool", "driver")
URI = ("runs", 0, "results", 0, "locations", 0, "physicalLocation", "artifactLocation")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (edit(*DRIVER, "name", value="CodeQL"), "a tool of ci-framework, got 'CodeQL'"),
        (edit(*DRIVER, "name", value="codeql"), "a tool of ci-framework, got 'codeql'"),
        (edit(*DRIVER, "name", value="bandit"), "one category ci-framework/…/bandit/"),
        (
            edit("runs", 0, "automationDetails", "id", value="/language:python"),
            "got '/language:python'",
        ),
        (
            edit("runs", 0, "automationDetails", "id", value="ci-framework/../mypy/"),
            "expected one category",
        ),
        (
            runs_of([0, 0]),
            "expected one category",
        ),
        (runs_of([]), "expected 1 to 20 runs, got 0"),
        (runs_of([0] * 21), "got 21"),
        (edit("version", value="2.0.0"), "expected version '2.1.0'"),
        (
            edit("runs", 0, "tool", "extensions", value=["x"]),
            "unknown field `extensions`",
        ),
        (edit(*URI, "uri", value="../../etc/passwd"), "paths inside the repository"),
        (
            edit(*URI, "uri", value="a/%2e%2e/%2e%2e/x"),
            "paths inside the repository",
        ),
        (edit(*URI, "uri", value="https://evil/x"), "paths inside the repository"),
        (edit(*URI, "uri", value="/etc/passwd"), "paths inside the repository"),
        (edit(*URI, "uri", value="C:\\x"), "paths inside the repository"),
        (edit(*URI, "uriBaseId", value="OTHER"), "paths inside the repository"),
        (
            edit(*DRIVER, "rules", 0, "helpUri", value="javascript:x"),
            "a rule with a link to https",
        ),
        (edit("runs", value="x"), "not SARIF of ci-framework"),
        (edit("Runs", value=[]), "unknown field `Runs`"),
        (edit("runs", 0, "Results", value=[]), "unknown field `Results`"),
        (
            edit("runs", 0, "results", 0, "relatedLocations", value=[]),
            "unknown field `relatedLocations`",
        ),
        (
            edit("runs", 0, "results", 0, "message", "markdown", value="![](//e)"),
            "unknown field `markdown`",
        ),
        (
            edit("runs", 0, "results", 0, "message", "text", value="[a](https://e)"),
            "expected texts without links",
        ),
        (
            edit(*DRIVER, "rules", 0, "help", "text", value="[a](https://e)"),
            "expected texts without links",
        ),
        (
            edit(*DRIVER, "informationUri", value="javascript:x"),
            "the address of ci-framework",
        ),
        (
            edit("runs", 0, "externalPropertyFileReferences", value={}),
            "unknown field `externalPropertyFileReferences`",
        ),
    ],
)
def test_what_names_others_is_refused(
    tmp_path: Path, change: Callable[[Log], None], problem: str
) -> None:
    log = a_log()
    change(log)
    found = problems(tmp_path, log)
    assert found
    assert any(problem in text for text in found), found


@pytest.mark.parametrize("key", ['"runs"', '"uri"', '"text"'])
def test_a_key_that_is_there_twice_is_refused(tmp_path: Path, key: str) -> None:
    text = json.dumps(a_log())
    value = "[]" if key == '"runs"' else '"x"'
    path = tmp_path / "results.sarif"
    path.write_text(text.replace(f"{key}:", f"{key}: {value}, {key}:", 1), "utf-8")
    found = [finding.message for finding in check_sarif(path)]
    assert found == [f"not SARIF of ci-framework: a key is repeated: '{key[1:-1]}'"]


def test_the_command_checks_nothing_else(project: DemoProject) -> None:
    file = project.write("results.sarif", json.dumps(a_log()))
    run = project.run("validate", "--sarif", str(file))
    assert run.code == 0, str(run)
    assert "framework-files" not in run.stdout
    file.write_text("{}", encoding="utf-8")
    run = project.run("validate", "--sarif", str(file))
    assert run.code == 2, str(run)
    assert "results.sarif: sarif: not SARIF of ci-framework" in run.stdout
