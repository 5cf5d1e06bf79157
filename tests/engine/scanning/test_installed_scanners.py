"""Scanners of the machine: real ones if they are installed, else recorded output.

What the made-up programs print was taken from the real ones: semgrep 1.182,
which is too large to be installed for a test.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_engine.findings.results import Status, Verdict
from tests.support.scanning import Repository, result_of
from tests.support.secrets import look_alikes, seeded
from tests.support.tools import require_tool

PYTHON = "src/demo/__init__.py"


# --- gitleaks, for real -------------------------------------------------------------


@pytest.fixture
def with_gitleaks(repository: Repository) -> Repository:
    program = repository.programs / "gitleaks"
    program.symlink_to(require_tool("gitleaks"))
    return repository


@pytest.mark.heavy
def test_gitleaks_finds_secrets_and_passes_look_alikes(
    with_gitleaks: Repository,
) -> None:
    for name, text in look_alikes():
        with_gitleaks.write(name, text)
    run = with_gitleaks.scan("gitleaks")
    result = result_of(run, "gitleaks")
    assert (result.status, result.findings) == (Status.PASSED, [])
    assert result.notes[0] == "gitleaks: 36 of 36 files searched"
    secrets = [secret for _, _, secret in seeded()]
    for name, text, _ in seeded():
        with_gitleaks.write(name, text)
    run = with_gitleaks.scan("gitleaks")
    found = {f.path for f in result_of(run, "gitleaks").findings}
    assert len(found) >= 55
    assert found <= {name for name, _, _ in seeded()}
    assert run.verdict is Verdict.RED
    for report in with_gitleaks.reports.iterdir():
        text = report.read_text(encoding="utf-8")
        assert not [s for s in secrets if "\n" not in s and s in text], report.name


def test_findings_have_an_order_of_their_own(repository: Repository) -> None:
    leaks = [{"RuleID": "x", "File": name} for name in ("c.env", "a.env", "b.env")]
    text = (
        f"while [ \"$1\" != --report-path ]; do shift; done; echo '{json.dumps(leaks)}'"
    )
    repository.stand_in(
        "gitleaks", f'[ "$1" = --version ] && exit; {text} > "$2"; exit 9'
    )
    result = result_of(repository.scan("gitleaks"), "gitleaks")
    assert [f.path for f in result.findings] == ["a.env", "b.env", "c.env"]


# --- semgrep ------------------------------------------------------------------------

MATCH = {
    "check_id": "python.no-eval",
    "path": PYTHON,
    "start": {"line": 5, "col": 12, "offset": 40},
    "end": {"line": 5, "col": 19, "offset": 47},
    "extra": {
        "message": "eval of a text",
        "metadata": {"confidence": "HIGH", "source": "https://example.org/no-eval"},
        "severity": "ERROR",
        "fingerprint": "requires login",
        "validation_state": "NO_VALIDATOR",
        "engine_kind": "OSS",
    },
}
PARTLY = {
    "code": 3,
    "level": "warn",
    "type": ["PartialParsing", [{"path": "src/broken.py"}]],
    "message": "Syntax error at line src/broken.py:2:\n `=` was unexpected",
    "path": "src/broken.py",
}
BAD_RULE = {
    "code": 2,
    "level": "error",
    "type": "Rule parse error",
    "rule_id": "a",
    "message": "Rule parse error in rule a:\n Invalid pattern for Python",
}
BAD_SCHEMA = {
    "code": 4,
    "level": "error",
    "type": "InvalidRuleSchemaError",
    "long_msg": "One of these properties is missing: 'message'",
    "short_msg": "Invalid rule schema",
}


def semgrep(
    repository: Repository,
    *errors: object,
    found: bool = False,
    scanned: tuple[str, ...] = (PYTHON,),
    code: int = 0,
) -> None:
    report = {
        "version": "1.182.0",
        "results": [MATCH] if found else [],
        "errors": errors,
        "paths": {"scanned": scanned},
        "skipped_rules": [],
    }
    version = '[ "$1" = --version ] && { echo 1.182.0; exit; }'
    text = f"{version}\ncat <<'EOF'\n{json.dumps(report)}\nEOF\nexit {code}"
    repository.stand_in("semgrep", text)
    repository.write(".semgrep.yml", "rules: []\n")


def test_semgrep_reports_matches_with_the_whole_name_of_their_rule(
    repository: Repository,
) -> None:
    semgrep(repository, found=True)
    result = result_of(repository.scan("semgrep"), "semgrep")
    (finding,) = result.findings
    assert (finding.rule, finding.path, finding.line) == ("python.no-eval", PYTHON, 5)
    assert (finding.score, finding.confidence) == (8.0, "high")
    assert result.tool == "semgrep 1.182.0"


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (PARTLY, 0, "src/broken.py: Syntax error at line"),
        (BAD_RULE, 0, "did not use every rule: Rule parse error in rule a:"),
        (BAD_SCHEMA, 7, "did not use every rule: Invalid rule schema: One of"),
    ],
)
def test_what_semgrep_left_out_is_reported_although_it_exits_with_0(
    error: object, code: int, reason: str, repository: Repository
) -> None:
    semgrep(repository, error, code=code)
    run = repository.scan("semgrep")
    assert result_of(run, "semgrep").status is Status.NOT_RUN
    assert reason in result_of(run, "semgrep").reason
    assert run.verdict is Verdict.ERROR
    semgrep(repository, error, code=code, found=True)
    assert result_of(repository.scan("semgrep"), "semgrep").findings


def test_rules_that_look_into_nothing_are_no_pass(repository: Repository) -> None:
    semgrep(repository, scanned=())
    result = result_of(repository.scan("semgrep"), "semgrep")
    assert result.status is Status.SKIPPED
    assert result.reason.startswith("its rules apply to none of the files")


def test_semgrep_looks_into_tests_and_looks_for_no_updates(
    repository: Repository, tmp_path: Path
) -> None:
    """It leaves out tests where no list of its own is at the top of a repository."""
    seen = tmp_path / "seen"
    text = f"pwd >> {seen}; ls -aR >> {seen}; env >> {seen}"
    repository.stand_in("semgrep", f"{text}; echo 1.182.0; exit 9")
    repository.write(".semgrep.yml", "rules: []\n")
    repository.write(".semgrep-nothing", "ours")
    repository.scan("semgrep")
    said = seen.read_text(encoding="utf-8").splitlines()
    assert {".git", ".semgrepignore", "test_demo.py"} <= set(said)
    assert "SEMGREP_ENABLE_VERSION_CHECK=0" in said
    assert (repository.root / ".semgrep-nothing").read_text("utf-8") == "ours"
    assert not (repository.root / ".semgrepignore").exists()


# --- images -------------------------------------------------------------------------

IMAGES = {"images": ["demo:1"], "scan-containers": True}
TRIVY = {
    "SchemaVersion": 2,
    "ArtifactName": "demo:1",
    "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "alpine", "Name": "3.9.4"}},
    "Results": [
        {
            "Target": "demo:1 (alpine 3.9.4)",
            "Class": "os-pkgs",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2019-14697",
                    "PkgName": "musl",
                    "InstalledVersion": "1.1.20-r4",
                    "FixedVersion": "1.1.20-r5",
                    "Severity": "CRITICAL",
                    "Title": "musl libc has a flaw",
                    "PrimaryURL": "https://avd.example.org/cve-2019-14697",
                }
            ],
        },
        {"Target": "Cargo.lock", "Class": "lang-pkgs"},
    ],
}


def trivy(repository: Repository, text: str, code: int = 0) -> None:
    version = '[ "$1" = --version ] && { echo Version: 0.69.3; exit; }'
    repository.stand_in("trivy", f"{version}\ncat <<'EOF'\n{text}\nEOF\nexit {code}")


def test_an_issue_of_an_image_is_reported_with_its_fix(repository: Repository) -> None:
    trivy(repository, json.dumps(TRIVY))
    run = repository.scan("trivy", settings=IMAGES)
    (issue,) = result_of(run, "trivy").findings
    assert (issue.rule, issue.fix) == ("CVE-2019-14697", "musl 1.1.20-r5")
    assert (issue.score, issue.path) == (9.5, "Dockerfile")
    assert run.verdict is Verdict.RED


def test_a_system_without_updates_and_a_missing_database_are_no_pass(
    repository: Repository,
) -> None:
    ended = {"OS": {"Family": "alpine", "Name": "3.9.4", "EOSL": True}}
    trivy(repository, json.dumps({**TRIVY, "Metadata": ended, "Results": []}))
    run = repository.scan("trivy", settings=IMAGES)
    assert (
        "alpine 3.9.4 no longer gets security updates" in result_of(run, "trivy").reason
    )
    assert run.verdict is Verdict.ERROR
    trivy(repository, "", 1)
    run = repository.scan("trivy", settings=IMAGES)
    assert result_of(run, "trivy").status is Status.NOT_RUN
    assert run.verdict is Verdict.ERROR
