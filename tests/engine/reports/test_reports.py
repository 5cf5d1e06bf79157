"""Reports are complete, valid, and safe with any names of files and tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.projects import DemoProject, Location, Run, assert_green, assert_red

HOSTILE = [
    "src/demo/new\nline.py",
    "src/demo/<script>alert(1)<script>.py",
    "src/demo/a|b.py",
    "src/demo/tick`tick.py",
    "src/demo/per%cent, comma.py",
    "src/demo/quote'\".py",
    "src/demo/\x1b[31mred.py",
    "::error ::oops.py",
    "src/demo/ünï-日本.py",
]


def github(tmp_path: Path) -> dict[str, str | None]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }


def annotated(run: Run) -> list[str]:
    return [row for row in run.stderr.splitlines() if row.lstrip().startswith("::")]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_name_breaks_no_report(
    project: DemoProject, tmp_path: Path, name: str
) -> None:
    project.configure('[tool.ruff.lint]\nselect = ["F"]\n')
    project.write(name, "import os\n")
    run = project.gate("lint", variables=github(tmp_path))
    assert run.code == 1, str(run)
    assert run.locations("lint") == [Location(name, 1)]
    (case,) = run.junit.findall("testsuite[@name='lint']/testcase")
    if "\x1b" not in name:
        assert (case[0].text or "").startswith(f"{name}:1: F401: ")
    (annotation,) = annotated(run)
    assert annotation.startswith("::error file=")
    assert ",line=1,col=8,title=lint%3A F401::`os` imported but unused" in annotation
    escaped = name.replace("%", "%25").replace("\n", "%0A").replace("\x1b", "\\x1b")
    escaped = escaped.replace(":", "%3A").replace(",", "%2C")
    assert f"file={escaped},line=1" in annotation
    (line,) = [row for row in run.summary.splitlines() if "**F401**" in row]
    assert line.startswith("- `")
    assert "\x1b" not in run.summary
    assert "\x1b" not in run.stderr.replace(annotation, "")
    assert run.summary in (tmp_path / "summary").read_text(encoding="utf-8")


@pytest.mark.heavy
def test_hostile_messages_break_no_report(project: DemoProject, tmp_path: Path) -> None:
    project.test_file(
        "def test_wrong() -> None:\n"
        '    text = "<script> | ![x](y) ```` \\n::error ::oops\\n\\x1b[31m ]]> \\x00"\n'
        "    print(text)\n    raise ValueError(text)\n"
    )
    run = project.gate("test", variables=github(tmp_path))
    assert_red(run, "test", "tests/test_more.py", 4)
    (annotation,) = annotated(run)
    assert "oops" not in annotation.partition("::error file=")[0]
    assert "<script>" not in run.summary.replace("````", "")
    assert "\x1b" not in run.stdout


def test_annotations_stop_at_ten_and_count_the_rest(
    project: DemoProject, tmp_path: Path
) -> None:
    names = [f"import m{number}\n" for number in range(15)]
    project.write("src/demo/more.py", "".join(names))
    run = project.gate("lint", variables=github(tmp_path))
    assert len(run.findings("lint")) == 15
    rows = annotated(run)
    assert [row.partition(" ")[0] for row in rows] == ["::error"] * 10 + ["::notice"]
    assert rows[-1].endswith("::5 more in the job summary")


@pytest.mark.heavy
def test_a_check_without_findings_is_annotated_with_its_reason(
    project: DemoProject, tmp_path: Path
) -> None:
    project.write("tests/test_demo.py", "")
    run = project.gate("test", variables=github(tmp_path))
    assert annotated(run) == ["::error title=test%3A failed::no tests were collected"]


def test_advisory_findings_are_annotated_as_warnings(
    project: DemoProject, tmp_path: Path
) -> None:
    project.configure("[tool.ci-framework.checks.lint]\nblocking = false\n")
    project.write("src/demo/more.py", "import os\n")
    run = project.gate("lint", variables=github(tmp_path))
    assert_green(run)
    assert [row.partition(" ")[0] for row in annotated(run)] == ["::warning"]


@pytest.mark.heavy
def test_outputs_and_summary_are_appended(project: DemoProject, tmp_path: Path) -> None:
    (tmp_path / "output").write_text("before=1\n", encoding="utf-8")
    (tmp_path / "summary").write_text("# Before\n", encoding="utf-8")
    run = project.gate("test,coverage", variables=github(tmp_path))
    assert_green(run)
    rows = (tmp_path / "output").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "before=1"
    assert dict(row.split("=", 1) for row in rows[1:]) == {
        "verdict": "green",
        "tier": "essential",
        "coverage": "100.00",
        "new-findings": "0",
        "report-path": run.reports.as_posix(),
    }
    summary = (tmp_path / "summary").read_text(encoding="utf-8")
    assert summary.startswith("# Before\n## gate essential: green\n")
    assert annotated(run) == []


def test_outside_of_github_nothing_is_annotated(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    assert annotated(project.gate("lint")) == []


@pytest.mark.parametrize("actions", ["true", None])
def test_json_is_the_only_thing_on_standard_output(
    project: DemoProject, actions: str | None
) -> None:
    project.write("src/demo/more.py", "import os\n")
    variables = {"GITHUB_ACTIONS": actions}
    run = project.gate("lint", "--json", variables=variables)
    assert run.code == 1
    assert json.loads(run.stdout) == run.result
    assert (run.reports / "result.json").read_text(encoding="utf-8") == run.stdout


def test_the_report_is_on_standard_output(project: DemoProject) -> None:
    run = project.gate("no-conflict-markers")
    assert "gate essential: green" in run.stdout
    assert run.stderr == ""


def test_colours_are_for_those_who_ask(project: DemoProject) -> None:
    check = "no-conflict-markers"
    assert "\x1b" not in project.gate(check).stdout
    forced = {"FORCE_COLOR": "1"}
    assert "\x1b" in project.gate(check, variables=forced).stdout
    both = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert "\x1b[3" not in project.gate(check, variables=both).stdout


def test_the_result_has_the_frozen_keys(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    result = project.gate("lint").result
    assert result["schema"] == 1
    assert result["command"] == "gate"
    assert {"verdict", "python", "checks"} <= set(result)
    frozen = {"id", "tier", "status", "seconds", "findings", "new", "baseline"}
    assert frozen | {"reason", "rerun"} <= set(result["checks"][0])


@pytest.mark.heavy
def test_the_counts_of_junit_are_those_of_its_cases(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\nimport sys\n")
    project.test_file(
        "import pytest\n\n\ndef test_wrong() -> None:\n    assert False\n\n\n"
        "@pytest.fixture\ndef broken() -> int:\n    raise ValueError\n\n\n"
        "def test_error(broken: int) -> None:\n    pass\n\n\n"
        "@pytest.mark.skip\ndef test_skipped() -> None:\n    pass\n"
    )
    junit = project.gate("lint,test").junit
    suites = {suite.get("name"): suite for suite in junit.findall("testsuite")}
    counts = ("tests", "failures", "errors", "skipped")
    assert [suites["lint"].get(count) for count in counts] == ["2", "2", "0", "0"]
    assert [suites["test"].get(count) for count in counts] == ["4", "1", "1", "1"]
    assert (junit.get("tests"), junit.get("failures")) == ("6", "3")


@pytest.mark.heavy
def test_reports_go_where_they_are_wanted(project: DemoProject, tmp_path: Path) -> None:
    other = tmp_path / "some where" / "reports"
    (tmp_path / "some where").mkdir()
    run = project.run(
        "gate",
        "--only",
        "test,coverage",
        "--report-dir",
        "some where/reports",
        cwd=tmp_path,
        reports=other,
    )
    assert_green(run)
    assert not project.reports.exists()
    assert (other / "coverage.json").is_file()


def test_reports_below_the_repository_are_ignored_by_git(project: DemoProject) -> None:
    run = project.gate("no-conflict-markers")
    ignore = project.root / ".ci-framework" / ".gitignore"
    assert ignore.read_text(encoding="utf-8") == "*\n"
    assert_green(run)


def test_a_foreign_report_directory_loses_nothing(
    project: DemoProject, tmp_path: Path
) -> None:
    """Only what a command writes itself is replaced."""
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in (".coveragerc", "coverage.xml", ".coverage.mine", "notes.txt"):
        (mine / name).write_text("mine", encoding="utf-8")
    words = ("gate", "--only", "lint", "--report-dir", str(mine))
    assert_green(project.run(*words, reports=mine))
    kept = {path.name for path in mine.iterdir() if path.read_bytes() == b"mine"}
    assert kept == {".coveragerc", "coverage.xml", ".coverage.mine", "notes.txt"}
    assert not (mine / ".gitignore").exists()
    assert not project.reports.exists()
