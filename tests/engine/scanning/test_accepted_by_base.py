"""A change cannot accept its own findings; the base of the change decides."""

from __future__ import annotations

import json
from datetime import date

import pytest
from msgspec.structs import replace

from ci_engine.changes.base_version import find_base_version
from ci_engine.errors import ConfigurationError
from ci_engine.findings.baseline import (
    AcceptedBefore,
    Baseline,
    judge,
    known_entry,
)
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status, Verdict
from ci_engine.scanning.merge import merge
from ci_engine.scanning.scanners import SCANNERS
from ci_engine.scanning.waivers import WAIVERS_FILE, Waiver, Waivers
from tests.support.projects import git
from tests.support.scanning import Repository, result_of

DAY = date(2026, 11, 22)
EVAL = '"""A package."""\n\n\ndef run(text: str) -> object:\n    return eval(text)\n'
FILE, OTHER = "src/demo/__init__.py", "src/demo/other.py"
BASELINE = "ci-framework/project/baseline.json"
ISSUE = Finding(tool="bandit", rule="B105", message="a password", path="a.py", line=3)
SECRET = replace(ISSUE, tool="kingfisher", rule="github-pat", score=8.5)


def waiver(path: str = "", expires: str = "2026-12-31", **changes: str) -> str:
    keys = {"id": "B307", "reason": "one of ours", "owner": "@team"} | changes
    rows = "".join(f"    {key}: {json.dumps(text)}\n" for key, text in keys.items())
    limit = f"    path: {path}\n" if path else ""
    return f"waivers:\n  -{rows[3:]}    expires: {expires}\n{limit}"


def on_a_branch(repository: Repository) -> None:
    """Commit what is there to main, and begin a change of it."""
    repository.commit()
    git(repository.root, "branch", "-M", "main")
    git(repository.root, "checkout", "--quiet", "-b", "change")


def scan(repository: Repository, **options: object) -> RunResult:
    repository.commit()
    return repository.scan("bandit", today=DAY, **options)  # type: ignore[arg-type]


def about(run: RunResult, name: str = "waivers") -> list[str]:
    return [f"{each.rule}: {each.message}" for each in result_of(run, name).findings]


# --- a finding never hides another one ----------------------------------------------


def of(name: str, *findings: Finding) -> CheckResult:
    return CheckResult(id=name, status=Status.FAILED, findings=list(findings))


def merged(*results: CheckResult, waive: str = "") -> dict[str, list[Finding]]:
    entry = Waiver(id=waive, reason="r", owner="o", expires="2026-12-31")
    waivers = Waivers([entry] if waive else [], DAY)
    for result in results:
        result.findings = [waivers.apply(finding) for finding in result.findings]
    by_name = {str(name): scanner for name, scanner in SCANNERS.items()}
    pairs = [(by_name[result.id], result) for result in results]
    merge(pairs, waivers.apply)
    return {result.id: result.findings for result in results}


@pytest.mark.parametrize("waived", ["S105", "B105"])
def test_a_waived_issue_hides_no_secret_on_its_line(waived: str) -> None:
    found = merged(of("bandit", ISSUE), of("kingfisher", SECRET), waive=waived)
    assert [(f.rule, f.waiver) for f in found["kingfisher"]] == [("github-pat", "")]
    assert [bool(f.waiver) for f in found["bandit"]] == [True]


def test_a_waived_secret_hides_no_other_one_on_its_line() -> None:
    other = replace(SECRET, rule="aws-key")
    third = replace(SECRET, tool="detect-secrets", rule="entropy")
    results = (of("kingfisher", SECRET, other), of("detect-secrets", third))
    found = merged(*results, waive="github-pat")
    open_rules = {f.rule for name in found for f in found[name] if not f.waiver}
    assert open_rules == {"aws-key", "entropy"}


def test_the_same_rule_twice_on_a_line_needs_two_fingerprints() -> None:
    two = [replace(SECRET, fingerprint=text, column=n) for n, text in enumerate("ab")]
    found = merged(of("kingfisher", *two), waive="a")["kingfisher"]
    assert [(f.fingerprint, bool(f.waiver)) for f in found] == [
        ("a", True),
        ("b", False),
    ]


@pytest.mark.heavy
def test_a_fingerprint_covers_one_finding_and_no_copy_of_it(
    repository: Repository,
) -> None:
    repository.write(FILE, EVAL)
    (found,) = result_of(scan(repository), "bandit").findings
    repository.write(WAIVERS_FILE, waiver(id=found.fingerprint))
    assert scan(repository).verdict is Verdict.GREEN
    repository.write(OTHER, EVAL)
    run = scan(repository)
    assert run.verdict is Verdict.RED
    waived = [f.path for f in result_of(run, "bandit").findings if f.waiver]
    assert waived == [FILE]


def test_a_known_issue_hides_no_secret_on_its_line() -> None:
    known = replace(ISSUE, known=True)
    found = merged(of("bandit", known), of("kingfisher", SECRET))
    assert [f.known for f in found["kingfisher"]] == [False]
    assert [f.known for f in found["bandit"]] == [True]


def test_an_advisory_is_waived_by_any_name_in_its_image_only() -> None:
    message = "six 1.16 in demo:1: bad"
    trivy = replace(
        ISSUE, tool="trivy", rule="GHSA-1", message=message, also=("CVE-1",)
    )
    grype = replace(ISSUE, tool="grype", rule="CVE-1", message=message)
    found = merged(of("trivy", trivy), of("grype", grype), waive="GHSA-1")
    assert all(f.waiver for name in found for f in found[name])
    elsewhere = replace(grype, message="six 1.16 in other:1: bad")
    found = merged(of("trivy", trivy), of("grype", elsewhere), waive="GHSA-1")
    assert [bool(f.waiver) for f in found["grype"]] == [False]


def test_malware_is_never_waived() -> None:
    found = replace(ISSUE, tool="osv", rule="MAL-2026-1", also=("GHSA-1",))
    for name in ("MAL-2026-1", "GHSA-1"):
        (each,) = merged(of("audit", found), waive=name)["audit"]
        assert each.waiver == ""


# --- waivers of a change ------------------------------------------------------------


def test_a_waiver_of_the_change_does_not_excuse_its_own_issue(
    repository: Repository,
) -> None:
    on_a_branch(repository)
    repository.write(FILE, EVAL)
    repository.write(WAIVERS_FILE, waiver(path="src/"))
    run = scan(repository)
    assert run.verdict is Verdict.RED
    assert [f.waiver for f in result_of(run, "bandit").findings] == [""]
    said = (
        "waiver-added: this change adds or edits the waiver of B307 in src/: one of "
        "ours (@team, until 2026-12-31); it does not count for what the change "
        f"touches: {FILE}:5:12"
    )
    assert about(run) == [said]
    for name in ("summary.md", "report.html", "results.sarif"):
        text = (repository.reports / name).read_text("utf-8")
        assert "one of ours" in text, name
        assert "team, until 2026-12-31" in text, name


def test_a_waiver_of_the_change_excuses_what_was_there_before(
    repository: Repository,
) -> None:
    repository.write(FILE, EVAL)
    on_a_branch(repository)
    repository.write(WAIVERS_FILE, waiver())
    repository.write("README.md", "# changed\n")
    run = scan(repository)
    assert run.verdict is Verdict.GREEN
    (said,) = about(run)
    assert said.startswith("waiver-added: ")
    assert "does not count" not in said


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (waiver("src/"), waiver("src/"), Verdict.GREEN),
        # Narrowed, prolonged while it counted, or reworded: both of them waive it.
        (waiver(), waiver("src/"), Verdict.GREEN),
        (waiver(), waiver(expires="2027-12-31"), Verdict.GREEN),
        (waiver(), waiver(reason="other"), Verdict.GREEN),
        # Widened, prolonged after its end, or of another rule.
        (waiver("docs/"), waiver(), Verdict.RED),
        (waiver(expires="2026-01-01"), waiver(), Verdict.RED),
        (waiver(id="B102"), waiver(), Verdict.RED),
        # One that could not be read has waived nothing.
        ("waivers: 3\n", waiver(), Verdict.RED),
        (waiver(expires="9999-12-31"), waiver(), Verdict.RED),
        # What the change removes does not count either.
        (waiver(), "waivers: []\n", Verdict.RED),
    ],
)
def test_an_edited_waiver_counts_as_far_as_the_base_has_it(
    before: str, after: str, verdict: Verdict, repository: Repository
) -> None:
    repository.write(WAIVERS_FILE, before)
    on_a_branch(repository)
    repository.write(FILE, EVAL)
    repository.write(WAIVERS_FILE, after)
    assert scan(repository).verdict is verdict


def test_a_moved_file_keeps_what_was_accepted_of_it(repository: Repository) -> None:
    repository.write(FILE, EVAL)
    repository.write(WAIVERS_FILE, waiver("src/demo/"))
    on_a_branch(repository)
    (repository.root / "src/demo").rename(repository.root / "src/new")
    repository.write(WAIVERS_FILE, waiver("src/new/"))
    assert scan(repository).verdict is Verdict.GREEN
    repository.write("src/new/__init__.py", f"# edited\n{EVAL}")
    assert scan(repository).verdict is Verdict.RED


@pytest.mark.heavy
def test_the_main_branch_is_judged_by_its_own_waivers(repository: Repository) -> None:
    on_a_branch(repository)
    repository.write(FILE, EVAL)
    repository.write(WAIVERS_FILE, waiver())
    assert scan(repository).verdict is Verdict.RED
    git(repository.root, "branch", "--force", "main", "HEAD")
    assert scan(repository).verdict is Verdict.GREEN
    assert scan(repository, since="HEAD~3").verdict is Verdict.RED


def test_a_pull_request_whose_base_is_not_here_is_not_green(
    repository: Repository,
) -> None:
    repository.write(FILE, EVAL)
    repository.write(WAIVERS_FILE, waiver())
    event = repository.root.parent / "event.json"
    event.write_text('{"pull_request": {"base": {"sha": "' + "0" * 40 + '"}}}', "utf-8")
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
    }
    run = scan(repository, variables=variables)
    assert run.verdict is Verdict.RED
    waivers = result_of(run, "waivers")
    assert waivers.status is Status.NOT_RUN
    assert "the base of the change is not known" in waivers.reason
    repository.write(FILE, "")
    assert scan(repository, variables=variables).verdict is Verdict.ERROR


def test_a_push_to_the_default_branch_is_judged_by_itself(
    repository: Repository,
) -> None:
    on_a_branch(repository)
    repository.commit()
    event = repository.root.parent / "event.json"
    text = '{"repository": {"default_branch": "change"}, "ref": "refs/heads/change"}'
    event.write_text(text, encoding="utf-8")
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REF": "refs/heads/change",
    }
    assert find_base_version(repository.root, "", variables) is None
    assert find_base_version(repository.root, "", {}) is not None


@pytest.mark.parametrize(
    "text",
    [
        waiver(owner="  "),
        waiver(reason="\t"),
        waiver(owner="\u200b"),
        waiver(owner="\u3164\u2800"),
        waiver(reason=".-"),
        waiver(expires="2126-11-22"),
        waiver(expires="2028-11-23"),
    ],
)
def test_blanks_and_days_far_away_are_refused(
    text: str, repository: Repository
) -> None:
    repository.write(WAIVERS_FILE, text)
    with pytest.raises(ConfigurationError, match=r"waivers\[0\]\.\w+: expected a"):
        repository.scan("bandit", today=DAY)


# --- the baseline of a change -------------------------------------------------------


def record(repository: Repository) -> None:
    repository.scan("bandit", baseline="write", grow=True, today=DAY)


@pytest.mark.heavy
def test_an_entry_of_the_change_does_not_excuse_its_own_issue(
    repository: Repository,
) -> None:
    repository.write(FILE, EVAL)
    repository.commit()
    record(repository)
    on_a_branch(repository)
    assert scan(repository).verdict is Verdict.GREEN
    repository.write(OTHER, EVAL.replace("eval", "exec"))
    record(repository)
    run = scan(repository)
    assert run.verdict is Verdict.RED
    known = {f.path: f.known for f in result_of(run, "bandit").findings}
    assert known == {FILE: True, OTHER: False}
    (said,) = about(run, "baseline")
    assert said.startswith("baseline-added: this change adds 1 to the baseline")
    assert said.endswith(f"{OTHER} B102")


def test_a_first_baseline_excuses_what_was_there_before(
    repository: Repository,
) -> None:
    repository.write(FILE, EVAL)
    on_a_branch(repository)
    repository.write("README.md", "# changed\n")
    record(repository)
    run = scan(repository)
    assert run.verdict is Verdict.GREEN
    (said,) = about(run, "baseline")
    assert f"{FILE} B307" in said


@pytest.mark.heavy
def test_moved_lines_and_files_stay_known(repository: Repository) -> None:
    repository.write(FILE, EVAL)
    repository.commit()
    record(repository)
    on_a_branch(repository)
    repository.write(FILE, f"# one line more\n{EVAL}")
    assert scan(repository).verdict is Verdict.GREEN
    (repository.root / FILE).rename(repository.root / OTHER)
    run = scan(repository)
    assert run.verdict is Verdict.GREEN
    assert [f.known for f in result_of(run, "bandit").findings] == [True]


LOCK = ("uv.lock", "\n" * 9 + "x\n")
CODE = ("a.py", "x = 1\n")
TEXT = ("a.md", "x\n")


@pytest.mark.parametrize(
    ("edit", "finding", "touched"),
    [
        (TEXT, {"line": 5}, False),
        (LOCK, {"line": 9}, True),
        (LOCK, {"line": 2}, False),
        (LOCK, {"line": 0}, True),
        (LOCK, {"path": ""}, True),
        (CODE, {"path": "b.py", "tool": "mypy"}, True),
        (TEXT, {"path": "b.py", "tool": "mypy"}, False),
        (CODE, {"test": "t.py::test"}, True),
        (TEXT, {"test": "t.py::test"}, False),
        (("Pipfile.lock", "{}\n"), {"path": "Pipfile.lock", "line": 9}, True),
        (CODE, {"path": "a.py", "tool": "bandit", "line": 9}, True),
        (("a.zip", "x"), {"path": "a.zip!b/c.txt", "tool": "kingfisher"}, True),
        (("a!b.zip", "x"), {"path": "a!b.zip!c", "tool": "kingfisher"}, True),
        (("b.zip", "x"), {"path": "a.zip!c.txt", "tool": "kingfisher"}, False),
        (("\udcff.txt", "x"), {"path": "?.txt", "tool": "kingfisher"}, True),
        (("\udcff.txt", "x"), {"path": "\ufffd.txt", "tool": "kingfisher"}, True),
        (("\udcff.txt", "x"), {"path": "\\xff.txt", "tool": "kingfisher"}, True),
        (("r\udcff.txt", "x"), {"path": "r?.txt", "line": 1}, True),
    ],
)
def test_what_may_come_from_a_change(
    edit: tuple[str, str],
    finding: dict[str, object],
    touched: bool,
    repository: Repository,
) -> None:
    repository.write("uv.lock", "\n" * 9)
    on_a_branch(repository)
    repository.write(*edit)
    repository.commit()
    base = find_base_version(repository.root, "", {})
    assert base is not None
    whole = {"tool": "osv", "rule": "GHSA-1", "message": "", "path": "uv.lock"}
    assert base.touches(Finding(**{**whole, **finding})) is touched  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("earlier", "now", "touches_code", "status"),
    [
        (None, 70.0, True, Status.FAILED),
        (None, 70.0, False, Status.PASSED),
        (70.0, 70.0, True, Status.PASSED),
        (90.0, 70.0, True, Status.FAILED),
        (60.0, None, True, Status.FAILED),
    ],
)
def test_a_change_of_code_cannot_lower_the_coverage(
    earlier: float | None, now: float | None, touches_code: bool, status: Status
) -> None:
    result = CheckResult(
        id="coverage", status=Status.FAILED, coverage=75.0, reason="75 %"
    )
    before = AcceptedBefore(
        Baseline(schema=1, coverage=earlier), lambda _: True, touches_code
    )
    judge(result, Baseline(schema=1, coverage=now), before)
    assert result.status is status


@pytest.mark.parametrize(("rule", "known"), [("MAL-2026-1", False), ("GHSA-1", True)])
def test_malware_is_never_known(rule: str, *, known: bool) -> None:
    finding = Finding(tool="osv", rule=rule, message="m", path="uv.lock", line=1)
    result = CheckResult(id="audit", status=Status.FAILED, findings=[finding])
    judge(result, Baseline(schema=1, findings=[known_entry("audit", finding)]))
    assert result.findings[0].known is known
