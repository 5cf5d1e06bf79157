"""How a level judges findings: known, waived and merged ones."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import CheckResult, Finding, Status, Verdict
from ci_engine.findings.severity import severity_of
from ci_engine.scanning.judge import grade
from ci_engine.scanning.merge import merge
from ci_engine.scanning.scanner import Kind, Scanner
from ci_engine.scanning.scanners import SCANNERS
from ci_engine.scanning.waivers import WAIVERS_FILE, Waivers
from tests.support.scanning import Repository, result_of

BY_NAME: Mapping[str, Scanner] = {**dict(SCANNERS)}
DAY = date(2026, 11, 22)
ISSUE = Finding(
    tool="bandit", rule="B307", message="eval", path="a.py", line=9, score=5.5
)
EVAL = '"""A package."""\n\n\ndef run(text: str) -> object:\n    return eval(text)\n'
PATH = "src/demo/__init__.py"


def issue(**changes: object) -> Finding:
    return replace(ISSUE, **changes)


def found_by(name: str, *findings: Finding) -> CheckResult:
    return CheckResult(id=name, status=Status.FAILED, findings=list(findings))


def merged(*results: CheckResult) -> dict[str, list[Finding]]:
    pairs = [(BY_NAME[result.id], result) for result in results]
    merge(pairs)
    return {scanner.name: result.findings for scanner, result in pairs}


# --- severities and levels ----------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (None, "info"),
        (0.0, "info"),
        (0.1, "low"),
        (3.9, "low"),
        (4.0, "medium"),
        (6.9, "medium"),
        (7.0, "high"),
        (8.9, "high"),
        (9.0, "critical"),
        (10.0, "critical"),
    ],
)
def test_scores_have_the_names_of_cvss(score: float | None, name: str) -> None:
    assert severity_of(issue(score=score)) == name


def red_at(finding: Finding, scanner: str) -> list[str]:
    """The levels at which a finding is red."""
    levels = load_configuration(Path("/"), {}).security.levels
    red: list[str] = []
    for name, level in levels.items():
        result = found_by(scanner, finding)
        grade(BY_NAME[scanner], result, level, None, Waivers([], DAY))
        if result.findings[0].severity == "error":
            red.append(name)
    return red


@pytest.mark.parametrize(
    ("scanner", "changes", "levels"),
    [
        ("bandit", {"score": 9.5}, ["medium", "high", "critical"]),
        ("bandit", {"score": 8.0}, ["medium", "high", "critical"]),
        ("bandit", {"score": 5.5}, ["high", "critical"]),
        ("bandit", {"score": 3.0}, ["critical"]),
        ("bandit", {"score": 0.0}, []),
        ("bandit", {"score": 8.0, "confidence": "low"}, ["critical"]),
        ("zizmor", {"score": 5.5, "confidence": "medium"}, ["high", "critical"]),
        ("kingfisher", {"score": 0.0}, ["low", "medium", "high", "critical"]),
        ("audit", {"score": 3.0, "fix": "six 2"}, ["medium", "high", "critical"]),
        ("audit", {"score": 9.5, "fix": ""}, ["high", "critical"]),
        ("grype", {"score": 8.0, "fix": "x 2"}, ["medium", "high", "critical"]),
        ("grype", {"score": 8.0, "fix": ""}, ["critical"]),
        ("licenses", {"score": 5.5}, ["medium", "high", "critical"]),
    ],
)
def test_what_is_red_at_which_level(
    scanner: str, changes: dict[str, object], levels: list[str]
) -> None:
    assert red_at(issue(**changes), scanner) == levels


# --- one issue, reported once -------------------------------------------------------


def test_one_line_has_one_secret_whoever_found_it() -> None:
    password = issue(rule="B105", score=3.0, confidence="low", severity="warning")
    secret = issue(tool="kingfisher", rule="github-pat", score=8.5, confidence="high")
    third = issue(tool="detect-secrets", rule="github-token", score=8.5)
    found = merged(
        found_by("bandit", password),
        found_by("kingfisher", secret),
        found_by("detect-secrets", third),
    )
    (same,) = found["kingfisher"]
    assert (same.rule, same.score, same.severity) == ("github-pat", 8.5, "error")
    assert same.confidence == "high"
    assert same.also == ("detect-secrets github-token", "bandit B105")
    assert found["bandit"] == found["detect-secrets"] == []


def test_an_advisory_has_many_names_and_is_one() -> None:
    one = issue(
        tool="trivy",
        rule="GHSA-1",
        message="six 1.16: bad",
        also=("CVE-1",),
        fix="six 2",
    )
    other = issue(tool="grype", rule="CVE-1", message="six 1.16: worse", score=9.5)
    third = issue(tool="grype", rule="CVE-1", message="idna 3.4: worse")
    found = merged(found_by("trivy", one), found_by("grype", other, third))
    assert [f.message for f in found["grype"]] == ["idna 3.4: worse"]
    assert found["trivy"][0].also == ("CVE-1", "grype CVE-1")


def test_a_history_has_no_lines_to_compare() -> None:
    secret = issue(tool="kingfisher", rule="a", line=0)
    found = merged(
        found_by("kingfisher", issue(tool="k", rule="a")), found_by("history", secret)
    )
    assert len(found["history"]) == 1


# --- waivers ------------------------------------------------------------------------

WAIVER = """\
waivers:
  - id: {id}
    reason: text of our own
    owner: "@team"
    expires: 2026-12-31
"""


@pytest.mark.heavy
@pytest.mark.parametrize("identity", ["S307", "B307"])
def test_a_waiver_excuses_a_finding_until_its_day(
    identity: str, repository: Repository
) -> None:
    repository.write(PATH, EVAL)
    repository.write(WAIVERS_FILE, WAIVER.format(id=identity))
    run = repository.scan("bandit", today=DAY)
    assert run.verdict is Verdict.GREEN
    (finding,) = result_of(run, "bandit").findings
    assert finding.waiver == "text of our own (@team, until 2026-12-31)"
    log = json.loads((repository.reports / "results.sarif").read_text("utf-8"))
    (result,) = log["runs"][0]["results"]
    assert result["suppressions"][0]["justification"].startswith("waived: text")
    last = repository.scan("bandit", today=date(2026, 12, 31))
    assert last.verdict is Verdict.GREEN
    run = repository.scan("bandit", today=date(2027, 1, 1))
    assert run.verdict is Verdict.RED
    (expired,) = result_of(run, "waivers").findings
    assert (expired.rule, expired.path, expired.line) == (
        "waiver-expired",
        WAIVERS_FILE,
        2,
    )


def test_a_waiver_is_limited_to_its_paths(repository: Repository) -> None:
    repository.write(PATH, EVAL)
    text = WAIVER.format(id="S307")
    repository.write(WAIVERS_FILE, f"{text}    path: other/\n")
    assert repository.scan("bandit", today=DAY).verdict is Verdict.RED
    repository.write(WAIVERS_FILE, f"{text}    path: src/\n")
    assert repository.scan("bandit", today=DAY).verdict is Verdict.GREEN


@pytest.mark.heavy
def test_an_unused_waiver_is_reported_when_everything_ran(
    repository: Repository,
) -> None:
    repository.write(WAIVERS_FILE, WAIVER.format(id="S102"))
    run = repository.scan("bandit", today=DAY)
    assert result_of(run, "waivers").findings == []
    run = repository.scan(level="low", today=DAY)
    assert run.verdict is Verdict.GREEN
    (finding,) = result_of(run, "waivers").findings
    assert (finding.rule, finding.severity) == ("waiver-unused", "warning")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("waivers: 3\n", "waivers: expected a list, each item a table, got"),
        ("waivers:\n  - id: S1\n", "waivers[0].reason: expected a non-empty string"),
        (WAIVER.format(id="''"), "a non-empty string"),
        (WAIVER.format(id="S1").replace("2026-12-31", "soon"), "'soon'"),
        (
            WAIVER.format(id="S1").replace("2026-12-31", "2026-13-31"),
            "month must be in",
        ),
        (WAIVER.format(id="S1").replace("owner", "ower"), "did you mean 'owner'"),
        ("waivers: [\n", "not valid YAML"),
    ],
)
def test_a_wrong_file_of_waivers_is_refused(
    text: str, said: str, repository: Repository
) -> None:
    repository.write(WAIVERS_FILE, text)
    with pytest.raises(ConfigurationError) as caught:
        repository.scan("bandit", today=DAY)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "waivers: []\n"])
def test_no_waivers_are_fine(text: str, repository: Repository) -> None:
    repository.write(WAIVERS_FILE, text)
    assert repository.scan("bandit", today=DAY).verdict is Verdict.GREEN


def test_every_level_has_the_scanners_of_the_one_below() -> None:
    levels = load_configuration(Path("/"), {}).security.levels
    order: list[SecurityLevel] = ["low", "medium", "high", "critical"]
    for below, above in itertools.pairwise(order):
        assert set(levels[below].required) <= set(levels[above].required)
        assert set(levels[below].scanners) <= set(levels[above].scanners)
    profiles = load_configuration(Path("/"), {}).security
    assert list(profiles.timeouts) == list(SCANNERS)
    assert set(profiles.levels["critical"].scanners) == set(SCANNERS)
    kinds: set[Kind] = {scanner.kind for scanner in SCANNERS.values()}
    assert {"code", "secret", "dependency", "image"} < kinds
