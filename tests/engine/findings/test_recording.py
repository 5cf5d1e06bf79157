"""Recording findings in the baseline: it shrinks, and grows only on request."""

from __future__ import annotations

import pytest

from tests.support.baselines import BASELINE, FAILING, KNOWN, baseline, entries, record
from tests.support.projects import (
    DemoProject,
    assert_green,
)

# A tool that is not installed: the check is not-run, and the run an error.
BROKEN_TYPES = "[tool.ci-framework.commands]\ntypecheck = 'no-such-program'\n"


@pytest.mark.heavy
def test_writing_shrinks_without_a_word_and_does_not_grow(legacy: DemoProject) -> None:
    again = KNOWN.replace("old", "again").replace("==", "!=")
    legacy.write("src/demo/old.py", f"{KNOWN}\n\n{again}")
    record(legacy)
    legacy.write("src/demo/old.py", KNOWN)
    run = legacy.gate("lint")
    assert_green(run)
    assert "1 known findings are resolved" in run.stdout
    assert "--baseline write" in run.stdout
    assert "2 known findings before, 1 now" in record(legacy).stdout
    before = legacy.read(BASELINE)
    legacy.write("src/demo/more.py", KNOWN)
    run = legacy.gate("lint", "--baseline", "write")
    assert run.code == 2
    assert "grow by 1: src/demo/more.py E711" in run.stderr
    assert "--grow" in run.stderr
    assert legacy.read(BASELINE) == before
    record(legacy, "lint", "--grow")
    assert len(entries(legacy)) == 2
    assert_green(legacy.gate("lint"))


@pytest.mark.heavy
def test_a_new_failing_test_does_not_get_in(project: DemoProject) -> None:
    project.test_file(FAILING)
    record(project, "test")
    project.test_file(FAILING.replace("old", "new"))
    run = project.gate("test", "--baseline", "write")
    assert run.code == 2
    assert "tests/test_more.py::test_new" in run.stderr


@pytest.mark.heavy
def test_checks_that_were_not_part_of_the_run_keep_theirs(legacy: DemoProject) -> None:
    legacy.test_file(FAILING)
    record(legacy, "lint,test")
    before = legacy.read(BASELINE)
    record(legacy, "no-conflict-markers")
    assert legacy.read(BASELINE) == before
    record(legacy, "lint")
    assert legacy.read(BASELINE) == before
    run = legacy.gate("no-conflict-markers")
    assert_green(run)
    assert "gone" not in run.stdout


@pytest.mark.heavy
def test_checks_that_could_not_run_keep_theirs(legacy: DemoProject) -> None:
    legacy.write("src/demo/types.py", "x: int = ''\n")
    record(legacy, "lint,typecheck")
    before = legacy.read(BASELINE)
    legacy.configure(BROKEN_TYPES)
    run = legacy.gate("lint,typecheck", "--baseline", "write")
    assert run.code == 3, str(run)
    assert "typecheck" in run.stdout
    assert "not recorded" in run.stdout
    assert legacy.read(BASELINE) == before
    assert "gone" not in legacy.gate("lint,typecheck").stdout


@pytest.mark.heavy
def test_tests_that_crashed_keep_theirs(project: DemoProject) -> None:
    project.test_file(FAILING, "tests/test_z.py")
    record(project, "test")
    before = project.read(BASELINE)
    crash = "import os\n\n\ndef test_crash() -> None:\n    os.abort()\n"
    project.test_file(crash, "tests/test_a.py")
    run = project.gate("test", "--baseline", "write")
    assert run.code == 1, str(run)
    assert project.read(BASELINE) == before
    assert "gone" not in project.gate("test").stdout


def test_a_run_of_some_paths_neither_offers_nor_writes(legacy: DemoProject) -> None:
    record(legacy)
    before = legacy.read(BASELINE)
    run = legacy.gate("lint", "--", "src/demo/__init__.py")
    assert_green(run)
    assert "gone" not in run.stdout
    run = legacy.gate("lint", "--baseline", "write", "--", "src/demo/__init__.py")
    assert run.code == 2
    assert "paths" in run.stderr
    assert legacy.read(BASELINE) == before


def test_grow_is_for_writing(project: DemoProject) -> None:
    run = project.gate("lint", "--grow")
    assert run.code == 2
    assert "--grow" in run.stderr


@pytest.mark.heavy
def test_fail_fast_does_not_cut_a_baseline_short(legacy: DemoProject) -> None:
    legacy.test_file(FAILING)
    run = legacy.gate("lint,test", "--fail-fast", "--baseline", "write")
    assert_green(run)
    assert len(entries(legacy)) == 1
    assert len(baseline(legacy)["tests"]) == 1


def test_the_file_is_the_same_for_the_same_state(legacy: DemoProject) -> None:
    for name in ("b", "a", "ü"):
        legacy.write(f"src/demo/{name}.py", KNOWN)
    record(legacy)
    before = (legacy.root / BASELINE).read_bytes()
    (legacy.root / BASELINE).unlink()
    record(legacy)
    record(legacy)
    assert (legacy.root / BASELINE).read_bytes() == before
    rows = before.decode().splitlines()
    paths = [row.split('"')[3] for row in rows if "fingerprint" in row]
    # One entry on each line, sorted: that is what git merges best.
    assert len(paths) == 4
    assert paths == sorted(paths)
    assert before.endswith(b"}\n")
    assert b"\r" not in before
