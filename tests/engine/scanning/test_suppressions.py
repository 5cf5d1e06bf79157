"""Everything by which a repository hides findings from a scanner is reported.

Scanners run by our configuration: files of the repository change nothing, and are
named. A comment hides the finding it is about, which is counted and named.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.findings.results import CheckResult, Status, Verdict
from tests.support.projects import git
from tests.support.scanning import Repository, result_of, script
from tests.support.secrets import seeded
from tests.support.tools import require_tool

# Each test scans with real scanners.
pytestmark = pytest.mark.heavy

SOURCE = "src/demo/__init__.py"
EVAL = '"""A package."""\n\n\ndef run(text: str) -> object:\n    return eval(text)\n'
FLAWED = {
    SOURCE: EVAL,
    "Dockerfile": "FROM python:3.13-slim\nRUN sudo ls\n",
    ".github/workflows/ci.yml": (
        "name: CI\non: pull_request_target\npermissions: {}\n"
        "concurrency: {group: a, cancel-in-progress: false}\njobs:\n  a:\n"
        "    name: A\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n"
        "      - name: Say\n        run: echo hello\n"
    ),
}
TOKEN = next(secret for name, _, secret in seeded() if name.endswith(".py"))
ALL_BUT_ONE = "[extend]\nuseDefault = false\n[[rules]]\nid = 'a'\nregex = 'zzzz'\n"
# The scanner, its configuration, and what is in it.
CONFIGURATIONS: list[tuple[ScannerName, str, str]] = [
    ("bandit", "pyproject.toml", '[tool.bandit]\nskips = ["B307"]\n'),
    ("bandit", "pyproject.toml", '[tool.bandit]\nexclude_dirs = ["src"]\n'),
    ("bandit", ".bandit", "[bandit]\nskips = B307\nexclude = /src\n"),
    ("bandit", "bandit.yaml", "tests: [B101]\n"),
    ("bandit", "src/.bandit", "[bandit]\nskips = B307\n"),
    ("bandit", "setup.cfg", "[bandit]\nskips = B307\n"),
    ("bandit", "tox.ini", "[bandit]\nexclude = src\n"),
    ("zizmor", "zizmor.yml", "rules: {dangerous-triggers: {disable: true}}\n"),
    (
        "zizmor",
        ".github/zizmor.yaml",
        "rules: {dangerous-triggers: {ignore: [ci.yml]}}\n",
    ),
    ("hadolint", ".hadolint.yaml", "ignored: [DL3004]\n"),
    ("hadolint", ".hadolint.yml", "failure-threshold: none\nno-fail: true\n"),
    ("hadolint", "hadolint.yaml", "override: {style: [DL3004]}\n"),
    ("gitleaks", ".gitleaks.toml", ALL_BUT_ONE),
    ("gitleaks", ".gitleaks.toml", "[allowlist]\npaths = ['.*']\n"),
    ("gitleaks", ".gitleaksignore", "keys.py:github-pat:1\n"),
    ("kingfisher", "kingfisher.yaml", "scan: {skip_regex: ['.*']}\n"),
]
# The scanner, a file, what is in it, and what hides the finding in it.
COMMENTS: list[tuple[ScannerName, str, str, str]] = [
    ("bandit", SOURCE, EVAL.replace("(text)\n", "(text)  # nosec\n"), "nosec"),
    ("bandit", SOURCE, EVAL.replace("(text)\n", "(text)  #nosec: B307\n"), "nosec"),
    (
        "bandit",
        SOURCE,
        '"""A package."""\n\nx = eval(\n    input()  # nosec B307\n)\n',
        "nosec",
    ),
    ("kingfisher", "keys.py", f'a = "{TOKEN}"  # kingfisher:ignore\n', "kingfisher"),
    ("kingfisher", "keys.py", f'# KINGFISHER:IGNORE\na = "{TOKEN}"\n', "kingfisher"),
    ("gitleaks", "keys.py", f'a = "{TOKEN}"  # gitleaks:allow\n', "gitleaks:allow"),
    (
        "zizmor",
        ".github/workflows/ci.yml",
        FLAWED[".github/workflows/ci.yml"].replace(
            "target\n", "target # zizmor: ignore[dangerous-triggers]\n"
        ),
        "zizmor: ignore",
    ),
    (
        "hadolint",
        "Dockerfile",
        "FROM python:3.13-slim\n# hadolint ignore=DL3004\nRUN sudo ls\n",
        "hadolint ignore",
    ),
    (
        "hadolint",
        "Dockerfile",
        "# hadolint global ignore=DL3004\nFROM python:3.13-slim\nRUN sudo ls\n",
        "hadolint ignore",
    ),
]


def gitleaks(repository: Repository) -> None:
    program = repository.programs / "gitleaks"
    program.symlink_to(require_tool("gitleaks"))


def notes_of(result: CheckResult, start: str) -> list[str]:
    return [note for note in result.notes if start in note]


@pytest.mark.parametrize(
    ("scanner", "name", "text"),
    CONFIGURATIONS,
    ids=[f"{scanner}-{name}" for scanner, name, _ in CONFIGURATIONS],
)
def test_configuration_of_a_repository_changes_nothing_and_is_named(
    scanner: ScannerName, name: str, text: str, repository: Repository
) -> None:
    gitleaks(repository)
    repository.write("keys.py", f'a = "{TOKEN}"\n')
    for file, flawed in FLAWED.items():
        repository.write(file, flawed)
    expected = result_of(repository.scan(scanner), scanner)
    assert expected.status is Status.FAILED
    repository.write(name, text)
    run = repository.scan(scanner)
    result = result_of(run, scanner)
    assert run.verdict is Verdict.RED
    places = [
        [(f.path, f.line, f.rule) for f in r.findings] for r in (expected, result)
    ]
    assert places[0] == places[1]
    (note,) = notes_of(result, "not used: ")
    assert name in note


@pytest.mark.parametrize(
    ("scanner", "variables"),
    [
        ("hadolint", {"HADOLINT_IGNORE": "DL3004", "HADOLINT_NOFAIL": "1"}),
        ("hadolint", {"HADOLINT_FAILURE_THRESHOLD": "none"}),
        ("gitleaks", {"GITLEAKS_CONFIG_TOML": ALL_BUT_ONE}),
        ("zizmor", {"ZIZMOR_CONFIG": "zizmor.yml"}),
    ],
)
def test_settings_in_the_environment_change_nothing(
    scanner: ScannerName, variables: dict[str, str], repository: Repository
) -> None:
    gitleaks(repository)
    repository.write("keys.py", f'a = "{TOKEN}"\n')
    repository.write("zizmor.yml", "rules: {dangerous-triggers: {disable: true}}\n")
    for file, flawed in FLAWED.items():
        repository.write(file, flawed)
    result = result_of(repository.scan(scanner, variables=variables), scanner)
    assert result.status is Status.FAILED


@pytest.mark.parametrize(
    ("scanner", "name", "text", "by"),
    COMMENTS,
    ids=[f"{scanner}-{number}" for number, (scanner, *_) in enumerate(COMMENTS)],
)
def test_what_a_comment_hides_is_counted_and_named(
    scanner: ScannerName, name: str, text: str, by: str, repository: Repository
) -> None:
    gitleaks(repository)
    repository.write(name, text)
    result = result_of(repository.scan(scanner), scanner)
    assert result.findings == []
    (note,) = notes_of(result, "hidden by")
    assert note.startswith("1 finding is hidden by `")
    assert by in note
    assert f"{name}:" in note
    report = (repository.reports / "summary.md").read_text(encoding="utf-8")
    assert name in report


def test_a_comment_of_one_scanner_hides_nothing_from_another(
    repository: Repository,
) -> None:
    comments = "# nosec # noqa # gitleaks:allow # pragma: allowlist secret"
    repository.write(SOURCE, f'password = "{TOKEN}"  {comments}\n')
    run = repository.scan("bandit", "kingfisher")
    (finding,) = result_of(run, "kingfisher").findings
    assert (finding.path, finding.line) == (SOURCE, 1)
    assert run.verdict is Verdict.RED


def test_what_a_comment_hides_in_the_history_is_counted_and_named(
    repository: Repository,
) -> None:
    repository.write("keys.py", f'a = "{TOKEN}"  # kingfisher:ignore\n')
    repository.commit()
    (repository.root / "keys.py").unlink()
    repository.commit()
    result = result_of(repository.scan("history", history="all"), "history")
    assert result.status is Status.PASSED
    (note,) = notes_of(result, "hidden by")
    assert "keys.py" in note


def test_what_semgrep_leaves_out_by_a_comment_is_named(repository: Repository) -> None:
    """It prints nothing about it: recorded of semgrep 1.182.0."""
    match: dict[str, Any] = {
        "check_id": "no-eval",
        "path": SOURCE,
        "start": {"line": 5, "col": 12},
        "extra": {"message": "no", "severity": "ERROR", "metadata": {}},
    }
    report: dict[str, Any] = {
        "errors": [],
        "paths": {"scanned": [SOURCE]},
        "skipped_rules": [],
    }
    every = json.dumps({**report, "results": [match]})
    heeded = json.dumps({**report, "results": []})
    repository.stand_in(
        "semgrep",
        '[ "$1" = --version ] && { echo 1.182.0; exit; }\n'
        f"case \"$*\" in *--disable-nosem*) echo '{every}';; *) echo '{heeded}';; esac",
    )
    repository.write(".semgrep.yml", "rules: []\n")
    repository.write(SOURCE, EVAL.replace("(text)\n", "(text)  # nosemgrep: no-eval\n"))
    repository.write("src/.semgrepignore", "*.py\n")
    result = result_of(repository.scan("semgrep"), "semgrep")
    (note,) = notes_of(result, "hidden by")
    assert f"{SOURCE}:5 no-eval" in note
    assert notes_of(result, "not used: src/.semgrepignore (1 entry)")


BASELINE: dict[str, object] = {
    "version": "1.5.0",
    "plugins_used": [{"name": "GitHubTokenDetector"}],
    "filters_used": [{"path": "detect_secrets.filters.allowlist.is_line_allowlisted"}],
    "results": {},
    "generated_at": "2026-01-01T00:00:00Z",
}


def excluding(pattern: str) -> dict[str, object]:
    path = "detect_secrets.filters.regex.should_exclude_file"
    return {"filters_used": [{"path": path, "pattern": [pattern]}]}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, f'a = "{TOKEN}"  # pragma: allowlist secret\n'),
        (excluding(r"keys\.py"), f'a = "{TOKEN}"\n'),
    ],
)
def test_what_detect_secrets_leaves_out_is_counted_and_named(
    change: dict[str, object], text: str, repository: Repository
) -> None:
    repository.write("keys.py", text)
    repository.write(".secrets.baseline", json.dumps({**BASELINE, **change}))
    repository.commit()
    result = result_of(repository.scan("detect-secrets"), "detect-secrets")
    assert (result.status, result.findings) == (Status.PASSED, [])
    (note,) = notes_of(result, "hidden by")
    assert "keys.py:1 github-token" in note
    assert notes_of(result, "selects 1 plugins: GitHubTokenDetector")


@pytest.mark.parametrize("change", [{"plugins_used": []}, excluding(".*")])
def test_a_baseline_by_which_nothing_is_examined_is_not_run(
    change: dict[str, object], repository: Repository
) -> None:
    repository.write("keys.py", f'a = "{TOKEN}"\n')
    repository.write(".secrets.baseline", json.dumps({**BASELINE, **change}))
    repository.commit()
    run = repository.scan("detect-secrets")
    assert run.verdict is Verdict.ERROR
    assert "nothing was examined" in result_of(run, "detect-secrets").reason


def test_secrets_that_a_baseline_knows_are_named(repository: Repository) -> None:
    secret = {"type": "GitHub Token", "hashed_secret": "0" * 40, "line_number": 3}
    known = {**BASELINE, "results": {"old.py": [secret]}}
    repository.write(".secrets.baseline", json.dumps(known))
    repository.commit()
    result = result_of(repository.scan("detect-secrets"), "detect-secrets")
    assert notes_of(result, "1 secret is known by .secrets.baseline: old.py:3 GitHub")


def commit_message(root: Repository, *words: str) -> None:
    git(root.root, "commit", "--quiet", "--allow-empty", *words)


def dropped(repository: Repository) -> None:
    """A commit that was amended before anybody saw it."""
    repository.write("keys.py", f'a = "{TOKEN}"\n')
    repository.commit()
    repository.write("keys.py", "a = 1\n")
    git(repository.root, "add", "--all")
    commit_message(repository, "--amend", "--message", "state")


def in_a_message(repository: Repository) -> None:
    commit_message(repository, "--message", f"use {TOKEN} to push")
    commit_message(repository, "--message", "more")


def in_a_tag(repository: Repository) -> None:
    git(repository.root, "tag", "--annotate", "v1", "--message", f"token {TOKEN}")


def kept_in_part(repository: Repository) -> None:
    """An amended commit whose file is in the one that replaced it."""
    repository.write("keys.py", f'a = "{TOKEN}"\n')
    repository.commit()
    commit_message(repository, "--amend", "--message", "another text")


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (dropped, ""),
        (in_a_message, "in the message of commit "),
        (in_a_tag, "in the message of tag v1"),
        (kept_in_part, "in commit "),
    ],
)
def test_the_history_is_what_branches_and_tags_lead_to(
    make: Callable[[Repository], None], place: str, repository: Repository
) -> None:
    repository.commit()
    make(repository)
    run = repository.scan("history", history="all")
    findings = result_of(run, "history").findings
    assert [place in finding.message for finding in findings] == [True] * bool(place)
    change = repository.scan("history", history="change", since="HEAD~1")
    if make is not in_a_tag:
        assert bool(result_of(change, "history").findings) == bool(
            place and make is not in_a_message
        )
    for report in repository.reports.iterdir():
        assert TOKEN not in report.read_text(encoding="utf-8"), report.name


def test_bandit_of_the_repository_is_not_run(
    repository: Repository, tmp_path: object
) -> None:
    """What is installed in the project's environment is chosen by the project."""
    programs = repository.root / ".venv" / "bin"
    script(programs, "bandit", "echo '{}'; exit 0")
    repository.write(SOURCE, EVAL)
    result = result_of(repository.scan("bandit"), "bandit")
    assert result.environment == "isolated, locked by ci-framework"
    assert result.status is Status.FAILED
