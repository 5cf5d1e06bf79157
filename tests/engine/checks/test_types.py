"""Faults that a type checker finds."""

from __future__ import annotations

import pytest

from tests.support.projects import DemoProject, assert_green, assert_not_run, assert_red

# Two real type checkers, started for every fault.
pytestmark = pytest.mark.heavy

WRONG = 'def name() -> str:\n    return "a"\n\n\nVALUE: int = name()\n'
MYPY = {"CI_FRAMEWORK_QUALITY_TYPE_CHECKER": "mypy"}


def test_a_type_error_fails_with_pyright(project: DemoProject) -> None:
    project.write("src/demo/more.py", WRONG)
    run = project.gate("typecheck")
    assert_red(run, "typecheck", "src/demo/more.py", 5)
    assert run.check("typecheck")["tool"].startswith("pyright ")


def test_a_type_error_fails_with_mypy(project: DemoProject) -> None:
    clean = project.gate("typecheck", variables=MYPY)
    assert_green(clean)
    assert clean.check("typecheck")["tool"].startswith("mypy ")
    project.write("src/demo/more.py", WRONG)
    run = project.gate("typecheck", variables={**MYPY, "FORCE_COLOR": "1"})
    assert_red(run, "typecheck", "src/demo/more.py", 5)
    assert run.rules("typecheck") == ["assignment"]


def test_a_syntax_error_stops_mypy_and_is_red(project: DemoProject) -> None:
    project.write("src/demo/more.py", "VALUE = 1\ndef broken(:\n")
    run = project.gate("typecheck", variables=MYPY)
    assert_red(run, "typecheck", "src/demo/more.py", 2)


def test_mypy_without_a_file_to_check_is_not_green(project: DemoProject) -> None:
    project.configure('[tool.mypy]\nfiles = ["no_such_directory"]\n')
    run = project.gate("typecheck", variables=MYPY)
    assert_not_run(run, "typecheck", "mypy")


def test_warnings_of_pyright_are_green_but_reported(project: DemoProject) -> None:
    project.configure(
        '[tool.pyright]\ninclude = ["src"]\nreportUnusedVariable = "warning"\n'
    )
    project.write("src/demo/more.py", "def more() -> None:\n    unused = 1\n")
    run = project.gate("typecheck")
    assert_green(run)
    (finding,) = run.findings("typecheck")
    assert finding["severity"] == "warning"
    assert run.check("typecheck")["new"] == 0


def test_pyright_that_analyses_no_file_is_red(project: DemoProject) -> None:
    project.configure('[tool.pyright]\ninclude = ["no_such_directory"]\n')
    run = project.gate("typecheck")
    assert run.code in (1, 3), str(run)
    assert run.check("typecheck")["status"] in ("failed", "not-run")


def test_a_broken_configuration_of_pyright_is_never_green(
    project: DemoProject,
) -> None:
    project.write("pyrightconfig.json", "{ not json")
    run = project.gate("typecheck")
    assert run.code in (1, 3), str(run)


def test_settings_that_pyright_does_not_know_are_named(project: DemoProject) -> None:
    project.configure('[tool.pyright]\ninclude = ["src"]\ntypeCheckingMod = "strict"\n')
    run = project.gate("typecheck")
    assert_green(run)
    note = 'pyright: Config contains unrecognized setting "typeCheckingMod".'
    assert note in run.check("typecheck")["notes"]


def test_imports_are_resolved_in_the_projects_environment(
    project: DemoProject,
) -> None:
    project.write("src/demo/more.py", "import pytest\n\nMARK = pytest.mark.heavy\n")
    assert_green(project.gate("typecheck"))
    project.write("src/demo/more.py", "import no_such_module\n")
    assert_red(project.gate("typecheck"), "typecheck", "src/demo/more.py", 1)


def test_other_formats_of_mypy_are_read(project: DemoProject) -> None:
    """And settings that it leaves out are named: python/mypy#4630 and #17648."""
    project.configure("[tool.mypy]\nshow_error_end = true\nstrct = true\n")
    project.write("src/demo/more.py", WRONG)
    run = project.gate("typecheck", variables=MYPY)
    assert_red(run, "typecheck", "src/demo/more.py", 5)
    assert "Unrecognized option: strct" in run.check("typecheck")["notes"][0]


def test_mypy_that_leaves_out_everything_says_so(project: DemoProject) -> None:
    project.configure('[tool.mypy]\nexclude = ["demo"]\n')
    run = project.gate("typecheck", variables=MYPY)
    assert_not_run(run, "typecheck", "There are no .py[i] files in directory 'src'")
