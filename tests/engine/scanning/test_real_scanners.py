"""Real scanners: an issue is found at its line, its clean twin is green."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_engine.findings.results import Status, Verdict
from ci_engine.findings.severity import severity_of
from tests.engine.checks.test_audit import LOCK, SIX_LINE
from tests.support.osv import Service, serving
from tests.support.scanning import Repository, result_of
from tests.support.secrets import LOOK_ALIKES, SEEDED, look_alikes, seeded

ISSUES = '''\
"""A package."""

import hashlib


def digest(text: bytes) -> str:
    return hashlib.md5(text).hexdigest()


def run(text: str) -> object:
    return eval(text)
'''
WORKFLOW = """\
name: CI
on: pull_request_target
permissions: {}
jobs:
  a:
    name: A
    runs-on: ubuntu-24.04
    steps:
      - name: Say
        run: echo "${{ github.event.pull_request.title }}"
"""


# Kingfisher compiles its rules first, which takes ten seconds.
_QUICK = ("bandit", "zizmor", "hadolint", "sbom")


@pytest.mark.parametrize(
    "scanners", [_QUICK, pytest.param((), marks=pytest.mark.heavy, id="all")]
)
def test_a_clean_repository_is_green_and_says_what_was_read(
    repository: Repository, scanners: tuple[str, ...]
) -> None:
    repository.commit()
    run = repository.scan(*scanners)
    assert run.verdict is Verdict.GREEN, [
        (c.id, c.status, c.reason) for c in run.checks
    ]
    notes = [note for check in run.checks for note in check.notes]
    assert "bandit: 1 of 1 files parsed" in notes
    assert "zizmor: 1 of 1 files parsed" in notes
    assert "hadolint: 1 of 1 files parsed" in notes
    statuses = {check.id: check.status for check in run.checks}
    for name in scanners or (*_QUICK, "kingfisher"):
        assert statuses[name] is Status.PASSED, name
    if not scanners:
        assert "kingfisher: 6 of 6 files searched" in notes


@pytest.mark.heavy
def test_issues_are_red_at_their_lines(repository: Repository) -> None:
    repository.write("src/demo/__init__.py", ISSUES)
    repository.write(".github/workflows/ci.yml", WORKFLOW)
    repository.write("Dockerfile", "FROM python:3.13-slim\nRUN sudo ls\n")
    run = repository.scan("bandit", "zizmor", "hadolint")
    assert run.verdict is Verdict.RED
    source = "src/demo/__init__.py"
    bandit = {f.rule: f for f in result_of(run, "bandit").findings}
    assert {(f.path, f.line) for f in bandit.values()} == {(source, 7), (source, 11)}
    assert bandit.keys() == {"B307", "B324"}
    assert severity_of(bandit["B324"]) == "high"
    rules = {f.rule: (f.path, f.line) for f in result_of(run, "zizmor").findings}
    assert rules["template-injection"] == (".github/workflows/ci.yml", 10)
    assert rules["dangerous-triggers"] == (".github/workflows/ci.yml", 2)
    docker = {f.rule: (f.path, f.line) for f in result_of(run, "hadolint").findings}
    assert docker["DL3004"] == ("Dockerfile", 2)


@pytest.mark.heavy
def test_secrets_are_found_and_look_alikes_are_not(repository: Repository) -> None:
    secrets: list[str] = []
    for name, text, secret in seeded():
        repository.write(name, text)
        secrets.append(secret)
    for name, text in look_alikes():
        repository.write(name, text)
    run = repository.scan("kingfisher")
    found = {f.path for f in result_of(run, "kingfisher").findings}
    assert len({path for path in found if not path.startswith("clean")}) >= 52
    assert not {path for path in found if path.startswith("clean")}
    assert (SEEDED, LOOK_ALIKES) == (60, 30)
    # A key of several lines is known by one in its middle.
    marks = [secret.splitlines()[len(secret.splitlines()) // 2] for secret in secrets]
    for report in repository.reports.iterdir():
        text = report.read_text(encoding="utf-8")
        assert not [mark for mark in marks if mark in text], report.name


def test_a_password_in_the_code_is_not_repeated(repository: Repository) -> None:
    secret = "correct-horse-battery"
    repository.write("src/demo/__init__.py", f'password = "{secret}"\n')
    run = repository.scan("bandit", level="critical")
    assert run.verdict is Verdict.RED
    for report in repository.reports.iterdir():
        assert secret not in report.read_text(encoding="utf-8"), report.name


@pytest.mark.heavy
def test_a_secret_that_was_taken_away_stays_in_the_history(
    repository: Repository,
) -> None:
    name, text, _ = next(seeded())
    repository.commit()
    repository.write(name, text)
    repository.commit()
    (repository.root / name).unlink()
    repository.commit()
    run = repository.scan("kingfisher", "history", history="all")
    assert result_of(run, "kingfisher").findings == []
    history = result_of(run, "history")
    assert [f.path for f in history.findings] == [name]
    assert "(in commit " in history.findings[0].message
    run = repository.scan("history", since="HEAD~1", history="change")
    assert result_of(run, "history").findings == []
    run = repository.scan("history", since="HEAD~2", history="change")
    assert [f.path for f in result_of(run, "history").findings] == [name]


@pytest.mark.heavy
def test_a_known_secret_of_detect_secrets_is_green_a_new_one_is_red(
    repository: Repository,
) -> None:
    files = list(seeded())
    name, text, _ = files[0]
    repository.write(name, text)
    repository.write(".secrets.baseline", json.dumps(BASELINE))
    repository.commit()
    run = repository.scan("detect-secrets")
    before = (repository.root / ".secrets.baseline").read_bytes()
    result = result_of(run, "detect-secrets")
    assert {(f.path, f.rule) for f in result.findings} == {(name, "github-token")}
    assert before == (repository.root / ".secrets.baseline").read_bytes()
    repository.write(name, "nothing = 1\n")
    run = repository.scan("detect-secrets")
    assert result_of(run, "detect-secrets").status is Status.PASSED


# Both of them are needed.
WITH_ALL = (
    '    { name = "six" },\n',
    '    { name = "six" },\n    { name = "wheel-thing" },\n',
)
BASELINE: dict[str, object] = {
    "version": "1.5.0",
    "plugins_used": [{"name": "GitHubTokenDetector"}],
    "filters_used": [],
    "results": {},
    "generated_at": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def osv() -> Iterator[Service]:
    with serving() as service:
        yield service


def test_dependencies_are_looked_up_and_a_fixed_version_is_named(
    repository: Repository, osv: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("uv.lock", LOCK.replace(*WITH_ALL))
    repository.write("pyproject.toml", '[project]\nname = "demo"\nversion = "1"\n')
    uv = Path(sys.prefix) / "bin" / "uv"
    (repository.programs / "uv").symlink_to(uv)
    osv.add("six", "1.16.0", "GHSA-1", fixed="1.18", aliases=["CVE-2026-1"])
    osv.add("wheel-thing", "2.0", "GHSA-2")
    osv.add("wheel-thing", "2.0", "GHSA-3", withdrawn="2026-01-01T00:00:00Z")
    monkeypatch.setenv("OSV_SERVICE_URL", osv.url)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    run = repository.scan("audit")
    audit = result_of(run, "audit")
    found = {f.rule: f for f in audit.findings}
    assert set(found) == {"GHSA-1", "GHSA-2"}
    assert found["GHSA-1"].fix == "six 1.18"
    assert found["GHSA-1"].also == ("CVE-2026-1",)
    assert (found["GHSA-1"].path, found["GHSA-1"].line) == ("uv.lock", SIX_LINE + 1)
    assert run.verdict is Verdict.RED
    assert audit.notes[0].startswith("uv.lock: 2 of 3 dependencies known")
    # At medium only what an update fixes is red.
    run = repository.scan("audit", level="medium")
    errors = {f.rule: f.severity for f in result_of(run, "audit").findings}
    assert errors == {"GHSA-1": "error", "GHSA-2": "warning"}
    osv.broken = True
    assert repository.scan("audit").verdict is Verdict.ERROR


def test_every_issue_has_a_severity_on_one_scale(repository: Repository) -> None:
    repository.write("src/demo/__init__.py", ISSUES)
    repository.scan("bandit")
    log = json.loads((repository.reports / "results.sarif").read_text("utf-8"))
    rules = [r for run in log["runs"] for r in run["tool"]["driver"]["rules"]]
    scores = {r["id"]: r["properties"]["security-severity"] for r in rules}
    assert scores == {"B307": "5.5", "B324": "8.0"}


def test_rules_that_bandit_rates_too_low_are_red(repository: Repository) -> None:
    text = (
        '"""A package."""\n\nimport requests\n\nrequests.get("https://example.org")\n'
    )
    repository.write("src/demo/__init__.py", text)
    run = repository.scan("bandit")
    (finding,) = result_of(run, "bandit").findings
    assert (finding.rule, finding.line, finding.confidence) == ("B113", 5, "high")
    assert run.verdict is Verdict.RED


def test_a_constant_command_is_low_as_bandit_says(repository: Repository) -> None:
    text = '"""A package."""\n\nimport os\n\nos.system("ls")\n'
    repository.write("src/demo/__init__.py", text)
    run = repository.scan("bandit")
    assert {f.severity for f in result_of(run, "bandit").findings} == {"warning"}
    assert run.verdict is Verdict.GREEN
    assert repository.scan("bandit", level="critical").verdict is Verdict.RED
