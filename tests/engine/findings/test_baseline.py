"""The baseline of known findings, which may only shrink."""

from __future__ import annotations

import json
from typing import cast

import pytest

from tests.support.baselines import BASELINE, FAILING, KNOWN, baseline, entries, record
from tests.support.projects import (
    DemoProject,
    Location,
    assert_green,
    assert_red,
    git,
    program,
)


# --- what is known
def test_without_a_baseline_everything_is_new(legacy: DemoProject) -> None:
    run = legacy.gate("lint")
    assert_red(run, "lint", "src/demo/old.py", 2)
    assert run.check("lint")["new"] == 1
    assert not (legacy.root / BASELINE).exists()


@pytest.mark.heavy
def test_what_a_change_records_of_itself_does_not_count(legacy: DemoProject) -> None:
    record(legacy)
    legacy.git_init()
    git(legacy.root, "branch", "-M", "main")
    git(legacy.root, "checkout", "--quiet", "-b", "change")
    legacy.write("src/demo/new.py", KNOWN.replace("old", "new"))
    legacy.write("tests/test_old.py", FAILING)
    record(legacy, "lint,test", "--grow")
    git(legacy.root, "add", "--all")
    git(legacy.root, "commit", "--quiet", "--message", "accept our own")
    run = legacy.gate("lint,test")
    assert_red(run, "lint", "src/demo/new.py", 2)
    assert run.check("lint")["baseline"] == 1
    assert run.check("test")["status"] == "failed"
    (added,) = run.findings("baseline")
    assert added["rule"] == "baseline-added"
    assert "src/demo/new.py E711, tests/test_old.py::test_old" in added["message"]
    outputs = legacy.root.parent / "outputs"
    legacy.run("changes", variables={"GITHUB_OUTPUT": str(outputs)})
    assert "test-history=0\n" in outputs.read_text("utf-8")
    # On the main branch it is what was accepted.
    git(legacy.root, "branch", "--force", "main", "HEAD")
    assert_green(legacy.gate("lint,test"))


def test_what_was_recorded_is_green_and_counted(legacy: DemoProject) -> None:
    assert_green(record(legacy))
    assert [(e["path"], e["rule"]) for e in entries(legacy)] == [
        ("src/demo/old.py", "E711")
    ]
    run = legacy.gate("lint")
    assert_green(run)
    check = run.check("lint")
    assert (check["status"], check["new"], check["baseline"]) == ("passed", 0, 1)
    assert check["findings"][0]["known"] is True
    assert "1 known finding remains" in run.stdout
    assert "1 known finding remains" in run.summary
    assert run.junit.find(".//failure") is None


def test_new_beside_known_is_red_and_alone_in_the_reports(legacy: DemoProject) -> None:
    record(legacy)
    legacy.append(
        "src/demo/__init__.py", "\n\ndef f(x: int) -> bool:\n    return x == None\n"
    )
    run = legacy.gate("lint")
    assert_red(run, "lint", "src/demo/__init__.py", 10)
    assert run.junit_locations("lint") == [Location("src/demo/__init__.py", 10)]
    assert "src/demo/old.py" not in run.summary
    assert run.check("lint")["baseline"] == 1


@pytest.mark.parametrize(
    "text",
    [f"# A comment.\n\n{KNOWN}", f"def new() -> None: ...\n\n\n{KNOWN}"],
)
def test_lines_that_move_stay_known(legacy: DemoProject, text: str) -> None:
    record(legacy)
    legacy.write("src/demo/old.py", text)
    assert_green(legacy.gate("lint"))


def test_a_file_that_moves_stays_known_and_does_not_grow(legacy: DemoProject) -> None:
    record(legacy)
    legacy.write("src/demo/sub/moved.py", KNOWN)
    (legacy.root / "src/demo/old.py").unlink()
    run = legacy.gate("lint")
    assert_green(run)
    assert run.check("lint")["baseline"] == 1
    record(legacy)
    assert [entry["path"] for entry in entries(legacy)] == ["src/demo/sub/moved.py"]


def test_a_copy_is_new(legacy: DemoProject) -> None:
    record(legacy)
    legacy.write("src/demo/copy.py", KNOWN)
    run = legacy.gate("lint")
    assert_red(run, "lint", "src/demo/copy.py", 2)
    assert run.check("lint")["new"] == 1


def test_changed_code_is_new(legacy: DemoProject) -> None:
    record(legacy)
    legacy.replace("src/demo/old.py", "return x == None", "return x != None")
    assert_red(legacy.gate("lint"), "lint", "src/demo/old.py", 2)


def test_as_many_equal_lines_as_were_known(legacy: DemoProject) -> None:
    again = KNOWN.replace("old", "again")
    legacy.write("src/demo/old.py", f"{KNOWN}\n\n{again}")
    record(legacy)
    assert len(entries(legacy)) == 2
    legacy.append("src/demo/old.py", KNOWN.replace("old", "third"))
    run = legacy.gate("lint")
    assert run.code == 1, str(run)
    assert (run.check("lint")["new"], run.check("lint")["baseline"]) == (1, 2)


def test_a_known_finding_is_known_to_one_check_only(legacy: DemoProject) -> None:
    record(legacy)
    text = legacy.read(BASELINE).replace('"lint"', '"format"')
    legacy.write(BASELINE, text)
    assert_red(legacy.gate("lint"), "lint", "src/demo/old.py", 2)


@pytest.mark.heavy
def test_known_tests_by_id(project: DemoProject) -> None:
    project.test_file(FAILING)
    record(project, "test")
    assert baseline(project)["tests"] == ["tests/test_more.py::test_old"]
    run = project.gate("test")
    assert_green(run)
    assert run.check("test")["baseline"] == 1
    assert run.junit.find(".//failure") is None
    project.test_file(FAILING + FAILING.replace("old", "new"))
    run = project.gate("test")
    assert_red(run, "test", "tests/test_more.py", 4)
    assert run.check("test")["new"] == 1


@pytest.mark.heavy
def test_a_known_test_that_crashes_python_is_red(project: DemoProject) -> None:
    project.test_file(FAILING)
    record(project, "test")
    project.test_file("import os\n\n\ndef test_old() -> None:\n    os.abort()\n")
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert run.check("test")["status"] == "failed"


@pytest.mark.heavy
def test_coverage_may_not_fall_below_what_it_was(project: DemoProject) -> None:
    project.write("src/demo/old.py", "def a() -> int:\n    return 1\n" * 4)
    assert_green(record(project, "test,coverage"))
    floor = cast("float", baseline(project)["coverage"])
    assert 0 < floor < 90
    run = project.gate("test,coverage")
    assert_green(run)
    assert f"{floor} %" in run.stdout
    # Writing again in the same state keeps the floor.
    record(project, "test,coverage")
    assert baseline(project)["coverage"] == floor
    project.append("src/demo/old.py", "def b() -> int:\n    return 1\n")
    run = project.gate("test,coverage")
    assert run.code == 1
    assert run.check("coverage")["status"] == "failed"
    run = project.gate("test,coverage", "--baseline", "write")
    assert run.code == 2
    assert "lower coverage" in run.stderr
    (project.root / "src/demo/old.py").unlink()
    run = project.gate("test,coverage")
    assert_green(run)
    assert "`--baseline write` removes the floor" in run.stdout
    record(project, "test,coverage")
    assert "coverage" not in baseline(project)


# --- what may not be recorded
@pytest.mark.heavy
@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("lint", "import os\n"),
        ("lint", "print(unknown)\n"),
        ("lint", "def broken(:\n"),
        ("format", "def broken(:\n"),
        ("typecheck", "def broken(:\n"),
    ],
)
def test_syntax_errors_and_f_are_never_recorded(
    project: DemoProject, check: str, code: str
) -> None:
    project.write("src/demo/bad.py", code)
    run = project.gate(check, "--baseline", "write")
    assert run.code == 2, str(run)
    assert "src/demo/bad.py" in run.stderr
    assert "hint:" in run.stderr
    assert not (project.root / BASELINE).exists()
    # The reports still contain the findings.
    assert run.check(check)["status"] == "failed"


def test_mypy_s_syntax_errors_are_never_recorded(project: DemoProject) -> None:
    project.replace(
        "pyproject.toml",
        "coverage-threshold = 90\n",
        'coverage-threshold = 90\ntype-checker = "mypy"\n',
    )
    project.write("src/demo/bad.py", "def broken(:\n")
    assert project.gate("typecheck", "--baseline", "write").code == 2


@pytest.mark.heavy
def test_an_entry_added_by_hand_for_an_f_rule_covers_nothing(
    legacy: DemoProject,
) -> None:
    record(legacy)
    entry = entries(legacy)[0]
    legacy.write("src/demo/bad.py", "import os\n")
    run = legacy.gate("lint")
    found = next(f for f in run.findings("lint") if f["rule"] == "F401")
    forged = {**entry, **{k: found[k] for k in ("path", "rule", "fingerprint")}}
    legacy.write(BASELINE, json.dumps({"schema": 1, "findings": [forged, entry]}))
    assert_red(legacy.gate("lint"), "lint", "src/demo/bad.py", 1)


# --- a file that is not a baseline
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema": 2}',
        b'{"schema": 1, "more": 1}',
        b'{"schema": 1, "findings": [{"path": "a"}]}',
        b'{"schema": 1, "coverage": 101}',
        b"<<<<<<< HEAD\n",
        b"\xff\xfe{}",
    ],
)
def test_what_is_not_a_baseline_is_refused(
    project: DemoProject, content: bytes
) -> None:
    project.write(BASELINE, content)
    run = project.gate("no-conflict-markers")
    assert run.code == 2, str(run)
    assert BASELINE in run.stderr
    assert f"git restore {BASELINE}" in run.stderr
    run = project.gate("no-conflict-markers", "--baseline", "write")
    assert run.code == 2
    assert (project.root / BASELINE).read_bytes() == content


@pytest.mark.heavy
def test_a_failed_check_without_findings_stays_red(legacy: DemoProject) -> None:
    """A baseline is not an excuse for what it does not name."""
    record(legacy)
    legacy.test_file(
        "import pytest\n\n\n@pytest.mark.skip\ndef test_x() -> None: ...\n"
    )
    (legacy.root / "tests/test_demo.py").unlink()
    run = legacy.gate("test")
    assert run.code == 1, str(run)
    assert run.check("test")["status"] == "failed"


def test_own_commands_are_recorded_by_what_they_say(project: DemoProject) -> None:
    tool = program(
        project.root / "tools", "strict", "print('bad'); raise SystemExit(1)"
    )
    project.configure(f"[tool.ci-framework.commands]\nlint = ['{tool}']\n")
    record(project)
    assert_green(project.gate("lint"))
    program(project.root / "tools", "strict", "print('worse'); raise SystemExit(1)")
    assert project.gate("lint").code == 1
