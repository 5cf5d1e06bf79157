"""Scanners that fail, and files that cannot be read: never green at high."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.findings.results import CheckResult, Status, Verdict
from ci_engine.scanning.scanner import Scan
from ci_engine.scanning.scanners import SCANNERS
from tests.support.scanning import Repository, result_of

# Each test lets real scanners fail.
pytestmark = pytest.mark.heavy

# The program of each scanner, and what makes it one that has work to do.
PROGRAMS: dict[ScannerName, str] = {
    "bandit": "bandit",
    "semgrep": "semgrep",
    "kingfisher": "kingfisher",
    "history": "kingfisher",
    "detect-secrets": "detect-secrets",
    "gitleaks": "gitleaks",
    "zizmor": "zizmor",
    "hadolint": "hadolint",
    "trivy": "trivy",
    "grype": "grype",
}
BAD = {
    "garbage": "echo hello",
    "empty": "exit 0",
    "red without findings": "echo '[]'; exit 1",
    "usage": "echo 'error: no such option' >&2; exit 2",
    "killed": "kill -9 $$",
}
IMAGES = {"images": ["demo:1"], "scan-containers": True}


def at_work(repository: Repository) -> None:
    """Give every scanner something to do."""
    repository.write(".semgrep.yml", "rules: []\n")
    repository.write(".secrets.baseline", '{"results": {}}')
    repository.write("pyproject.toml", '[project]\nname = "demo"\nversion = "1"\n')
    repository.commit()


def test_every_scanner_that_runs_a_program_is_tried() -> None:
    assert {*PROGRAMS, "audit", "licenses", "sbom"} == set(SCANNERS)


@pytest.mark.parametrize("how", BAD)
def test_a_scanner_that_does_not_work_is_not_run(
    how: str, repository: Repository
) -> None:
    at_work(repository)
    for program in set(PROGRAMS.values()):
        repository.stand_in(program, f'[ "$1" = --version ] && exit; {BAD[how]}')
    run = repository.scan(*PROGRAMS, settings=IMAGES, history="all")
    for name in PROGRAMS:
        result = result_of(run, name)
        assert result.status is Status.NOT_RUN, (name, result)
        assert result.reason, name
        assert result.blocking, name
    assert run.verdict is Verdict.ERROR


def test_a_slow_scanner_is_killed_and_not_green(repository: Repository) -> None:
    at_work(repository)
    for program in set(PROGRAMS.values()):
        repository.stand_in(program, '[ "$1" = --version ] && exit; sleep 60')
    run = repository.scan(*PROGRAMS, settings=IMAGES, history="all", seconds=0.3)
    statuses = {name: result_of(run, name).status for name in PROGRAMS}
    assert statuses == dict.fromkeys(PROGRAMS, Status.TIMED_OUT)
    assert run.verdict is Verdict.RED


@pytest.mark.parametrize("level", ["low", "medium", "high", "critical"])
def test_a_required_scanner_that_is_missing_is_green_at_no_level(
    level: SecurityLevel, repository: Repository
) -> None:
    repository.stand_in("bandit", "exit 9")
    run = repository.scan("bandit", level=level)
    assert result_of(run, "bandit").status is Status.NOT_RUN
    assert run.verdict is Verdict.ERROR
    assert "NOT RUN" in (repository.reports / "summary.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("level", "verdict"), [("medium", Verdict.GREEN), ("high", Verdict.ERROR)]
)
def test_a_file_that_was_not_read_is_reported_everywhere_and_red_from_high(
    level: SecurityLevel, verdict: Verdict, repository: Repository
) -> None:
    repository.write("src/demo/broken.py", "def broken(:\n")
    run = repository.scan("bandit", level=level)
    assert result_of(run, "bandit").status is Status.NOT_RUN
    assert run.verdict is verdict


def test_an_optional_scanner_that_is_not_installed_is_skipped_with_the_reason(
    repository: Repository,
) -> None:
    run = repository.scan("gitleaks", "trivy", "grype")
    for check in run.checks:
        assert check.status is Status.SKIPPED
        assert check.reason
    run = repository.scan("grype", level="critical", settings=IMAGES)
    assert result_of(run, "grype").status is Status.NOT_RUN


def test_code_that_does_not_parse_is_listed(repository: Repository) -> None:
    repository.write("src/demo/broken.py", "def broken(:\n")
    run = repository.scan("bandit")
    result = result_of(run, "bandit")
    assert result.status is Status.NOT_RUN
    assert "src/demo/broken.py" in result.reason
    assert result.notes[0] == "bandit: 1 of 2 files parsed, 1 listed"
    assert run.verdict is Verdict.ERROR


def test_a_workflow_and_a_dockerfile_that_do_not_parse_are_listed(
    repository: Repository,
) -> None:
    repository.write(".github/workflows/bad.yml", "on: [push\njobs: {")
    repository.write("Dockerfile.bad", "FROM\nnonsense")
    run = repository.scan("zizmor", "hadolint")
    zizmor, hadolint = result_of(run, "zizmor"), result_of(run, "hadolint")
    assert zizmor.notes[0] == "zizmor: 1 of 2 files parsed, 1 listed"
    assert ".github/workflows/bad.yml" in zizmor.reason
    assert hadolint.notes[0] == "hadolint: 1 of 2 files parsed, 1 listed"
    assert "Dockerfile.bad" in hadolint.reason
    assert run.verdict is Verdict.ERROR


@pytest.mark.heavy
def test_files_that_are_too_large_are_listed(repository: Repository) -> None:
    big = repository.write("src/demo/big.py", "x = 1\n")
    os.truncate(big, 3_000_000)
    run = repository.scan("bandit")
    assert run.verdict is Verdict.ERROR
    assert "big.py: too large" in result_of(run, "bandit").reason
    data = repository.write("model.bin", "")
    os.truncate(data, 200_000_000)
    run = repository.scan("kingfisher")
    assert run.verdict is Verdict.ERROR
    assert "model.bin: too large" in result_of(run, "kingfisher").reason
    settings = {"exclude-patterns": ["*.bin"]}
    run = repository.scan("kingfisher", settings=settings)
    assert run.verdict is Verdict.GREEN
    notes = result_of(run, "kingfisher").notes
    assert "1 files are excluded by exclude-patterns: model.bin" in notes


def test_links_are_not_followed_and_loops_are_listed(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "outside.py").write_text("eval(input())\n", encoding="utf-8")
    (repository.root / "src" / "out.py").symlink_to(tmp_path / "outside.py")
    (repository.root / "src" / "again.py").symlink_to("demo/__init__.py")
    (repository.root / "gone").symlink_to("nowhere")
    repository.commit()
    run = repository.scan("bandit", "kingfisher")
    assert run.verdict is Verdict.GREEN
    notes = result_of(run, "kingfisher").notes
    assert "links out of the repository are not followed: gone, src/out.py" in notes
    (repository.root / "src" / "loop.py").symlink_to("loop.py")
    run = repository.scan("bandit", "kingfisher")
    for name in ("bandit", "kingfisher"):
        assert result_of(run, name).status is Status.NOT_RUN, name
        assert "src/loop.py: a link that leads back" in result_of(run, name).reason


@pytest.mark.heavy
def test_odd_names_are_scanned_like_others(repository: Repository) -> None:
    names = ["-rf.py", "a b.py", "$(touch bad).py", "ünï.py", "two\nlines.py"]
    for name in names:
        repository.write(f"src/{name}", "eval(input())\n")
    repository.commit()
    run = repository.scan("bandit", "kingfisher")
    found = {f.path for f in result_of(run, "bandit").findings}
    assert found == {f"src/{name}" for name in names}
    assert not (repository.root / "bad").exists()


def test_no_lock_and_no_environment_is_never_green(repository: Repository) -> None:
    text = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["six"]\n'
    text += "[tool.uv]\n"
    repository.write("pyproject.toml", text)
    repository.stand_in("uv", "echo 'error: no network' >&2; exit 2")
    run = repository.scan("audit", "sbom")
    assert [check.status for check in run.checks] == [Status.NOT_RUN] * 2
    assert run.verdict is Verdict.ERROR


def test_a_broken_lock_is_never_green(repository: Repository) -> None:
    repository.write("poetry.lock", "[[package]\n")
    run = repository.scan("audit", "sbom")
    assert run.verdict is Verdict.ERROR
    assert "poetry.lock" in result_of(run, "audit").reason


def test_a_repository_that_needs_nothing_is_no_failure(
    repository: Repository,
) -> None:
    run = repository.scan("audit", "sbom", "licenses")
    assert run.verdict is Verdict.GREEN
    assert "there are no dependencies" in result_of(run, "audit").reason


def test_a_shallow_history_is_not_searched_in_silence(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit()
    repository.commit()
    clone = tmp_path / "clone"
    source = repository.root.as_uri()
    words = ["git", "clone", "--quiet", "--depth", "1", source, str(clone)]
    subprocess.run(words, check=True)
    shallow = Repository(clone, repository.programs, repository.patch, repository.cache)
    # A level that searches no history still does so for this scanner alone.
    run = shallow.scan("history", level="low")
    assert "fetch-depth 0" in result_of(run, "history").reason
    run = shallow.scan("history", level="low", history="none")
    assert "--history none" in result_of(run, "history").reason
    run = shallow.scan("history", history="all")
    assert run.verdict is Verdict.ERROR
    assert "fetch-depth 0" in result_of(run, "history").reason


def test_secrets_that_were_searched_for_in_part_only_are_not_green(
    repository: Repository,
) -> None:
    for status, verdict in (
        ("completed", Verdict.GREEN),
        ("partial", Verdict.ERROR),
        ("failed", Verdict.ERROR),
    ):
        said = '{"findings":[],"audit":{"repositories":[{"scan":{"status":"%s"}}]}}'
        text = f"while [ \"$1\" != --output ]; do shift; done; echo '{said % status}'"
        repository.stand_in("kingfisher", f'{text} > "$2"')
        assert repository.scan("kingfisher").verdict is verdict, status


def test_credentials_do_not_reach_the_scanners(repository: Repository) -> None:
    seen = repository.root.parent / "seen"
    text = f'[ "$1" = --version ] || env > {seen}; echo "[]"; exit 0'
    repository.stand_in("zizmor", text)
    repository.scan(
        "zizmor",
        variables={"GITHUB_TOKEN": "x", "MY_API_KEY": "x", "DB_PASSWORD": "x"},
    )
    names = {line.partition("=")[0] for line in seen.read_text("utf-8").splitlines()}
    assert "PATH" in names
    assert not names & {"GITHUB_TOKEN", "MY_API_KEY", "DB_PASSWORD"}


def test_a_defect_of_one_scanner_does_not_hide_the_others(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(scan: Scan) -> CheckResult:
        raise RuntimeError("boom")

    broken = {**SCANNERS, "bandit": replace(SCANNERS["bandit"], run=explode)}
    monkeypatch.setattr("ci_engine.scanning.run.SCANNERS", broken)
    run = repository.scan("bandit", "hadolint")
    assert "report it as a bug" in result_of(run, "bandit").reason
    assert result_of(run, "hadolint").status is Status.PASSED
    assert run.verdict is Verdict.ERROR
