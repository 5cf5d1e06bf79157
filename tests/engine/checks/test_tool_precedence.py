"""Tools read the same settings with and without the framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import DemoProject, assert_green, assert_not_run

BOTH = "test,coverage"
WRONG = 'def name() -> str:\n    return "a"\n\n\nVALUE: int = name()\n'
MYPY = {"CI_FRAMEWORK_QUALITY_TYPE_CHECKER": "mypy"}
OWN = '[tool.coverage.run]\nbranch = true\nsource = ["src"]\n'
# A file of which one of four statements is run, and settings without sources that
# hide those of pyproject.toml: with those nothing but the source paths counts.
HIDING = {
    ".coveragerc": "[report]\nshow_missing = true\n",
    "setup.cfg": "[coverage:report]\nshow_missing = true\n",
    "tox.ini": "[coverage:report]\nshow_missing = true\n",
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", HIDING)
def test_settings_of_coverage_that_it_does_not_read_do_not_count(
    project: DemoProject, name: str
) -> None:
    project.write(name, HIDING[name])
    run = project.gate(BOTH)
    assert_green(run)
    files = (run.reports / "coverage.json").read_text(encoding="utf-8")
    assert "tests/test_demo.py" not in files


@pytest.mark.heavy
def test_what_an_option_of_the_project_measures_is_measured(
    project: DemoProject,
) -> None:
    project.write("other/more.py", "VALUE = 1\n")
    project.replace("pyproject.toml", OWN, "")
    run = project.gate(BOTH, variables={"PYTEST_ADDOPTS": "--cov=tests"})
    files = (run.reports / "coverage.json").read_text(encoding="utf-8")
    assert "tests/test_demo.py" in files
    assert "src/demo" not in files


# How pytest-cov is kept from measuring, and the reason that is given.
UNMEASURED = {
    "not loaded": ({"PYTEST_PLUGINS": None}, "PYTEST_DISABLE_PLUGIN_AUTOLOAD"),
    "--no-cov": ({"PYTEST_ADDOPTS": "--no-cov -W error"}, "--no-cov"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("how", UNMEASURED)
def test_tests_run_where_nothing_measures_them(project: DemoProject, how: str) -> None:
    variables, reason = UNMEASURED[how]
    run = project.gate(BOTH, variables=variables)
    assert_not_run(run, "coverage", reason)
    assert run.check("test")["status"] == "passed"


@pytest.mark.heavy
def test_a_measurement_that_failed_is_explained(project: DemoProject) -> None:
    project.replace("pyproject.toml", "branch = true", 'omit = ["*"]')
    assert_not_run(project.gate(BOTH), "coverage", "No data to report")
    project.test_file("import no_such_module\n")
    run = project.gate(BOTH)
    reason = run.check("coverage")["reason"]
    assert reason.endswith("pytest stopped: 1 files could not be collected")


@pytest.mark.heavy
def test_tests_import_what_pytest_alone_lets_them_import(project: DemoProject) -> None:
    project.write("tests/helpers.py", "VALUE = 1\n")
    project.test_file(
        "from tests.helpers import VALUE\n\n\ndef test_a() -> None:\n    assert VALUE\n"
    )
    assert project.gate("test").code == 1
    project.replace("pyproject.toml", '["src"]\ntestpaths', '["src", "."]\ntestpaths')
    assert_green(project.gate("test"))


@pytest.mark.heavy
def test_validate_names_settings_that_have_no_effect(project: DemoProject) -> None:
    hidden = {
        ".coveragerc": "coverage",
        "mypy.ini": "mypy",
        "pytest.ini": "pytest",
        "pyrightconfig.json": "pyright",
        ".ruff.toml": "ruff",
    }
    for name, tool in hidden.items():
        project.write(name, "{}\n" if name.endswith("json") else "")
        if tool in ("mypy", "pyright"):
            project.configure(f"[tool.{tool}]\n")
    run = project.run("validate")
    assert run.code == 0, str(run)
    found = {(f["path"], f["message"]) for f in run.findings("tool-settings")}
    text = "these settings of {} have no effect: it reads {} only"
    assert found == {
        ("pyproject.toml", text.format(tool, name)) for name, tool in hidden.items()
    }


@pytest.mark.heavy
def test_type_checkers_look_at_the_project_only(
    make_project: Callable[[Path], DemoProject], tmp_path: Path
) -> None:
    for variables in ({}, MYPY):
        project = make_project(tmp_path / str(len(variables)))
        project.replace(
            "pyproject.toml",
            "[tool.ci-framework]\n",
            '[tool.ci-framework]\nsource-paths = ["."]\n',
        )
        project.write("ci-framework/more.py", WRONG)
        project.configure("[tool.pyright]\n")
        assert_green(project.gate("typecheck", variables=variables))
        project.replace(
            "pyproject.toml", "[tool.pyright]\n", '[tool.pyright]\nexclude = ["*"]\n'
        )
        project.configure('[tool.mypy]\nexclude = "src|tests"\n')
        run = project.gate("typecheck", variables=variables)
        assert run.code in (1, 3), str(run)


@pytest.mark.heavy
def test_type_checkers_that_are_turned_off_are_reported(project: DemoProject) -> None:
    project.write("src/demo/more.py", f"# mypy: ignore-errors\n{WRONG}")
    project.configure('[tool.pyright]\ntypeCheckingMode = "off"\n')
    project.write("mypy.ini", "[mypy]\nignore_errors = True\n")
    notes = project.gate("typecheck").check("typecheck")["notes"]
    assert notes == ["typeCheckingMode in pyproject.toml turns pyright off"]
    notes = project.gate("typecheck", variables=MYPY).check("typecheck")["notes"]
    assert notes == [
        "ignore_errors in mypy.ini hides every error of mypy",
        "1 file turns mypy off with a comment: src/demo/more.py",
    ]


@pytest.mark.heavy
def test_files_that_type_checkers_leave_out_are_counted(project: DemoProject) -> None:
    project.write("src/demo/more.py", WRONG)
    project.configure('[tool.pyright]\nexclude = ["src/demo/more.py"]\n')
    project.configure('[tool.mypy]\nexclude = "more"\n')
    counted = "{} files: its settings exclude the others"
    notes = project.gate("typecheck").check("typecheck")["notes"]
    assert notes == [counted.format("pyright checked 2 of 3")]
    notes = project.gate("typecheck", variables=MYPY).check("typecheck")["notes"]
    assert notes == [counted.format("mypy checked 1 of 2")]
    project.replace("pyproject.toml", "exclude = [", "ignore = [")
    run = project.gate("typecheck")
    assert_green(run)
    text = "ignore in pyproject.toml hides the findings of pyright in some files"
    assert run.check("typecheck")["notes"] == [text]


@pytest.mark.heavy
def test_settings_without_an_effect_are_named(project: DemoProject) -> None:
    project.replace("pyproject.toml", "testpaths", "xfail_strct = true\ntestpaths")
    project.replace("pyproject.toml", "branch = true", "branch = true\nomitt = []")
    run = project.gate(BOTH)
    assert_green(run)
    notes = "\n".join(run.check("test")["notes"])
    assert "pytest: Unknown config option: xfail_strct" in notes
    assert "coverage.py: Unrecognized option '[tool.coverage.run] omitt='" in notes
    assert "xfail_strct" in run.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("option", ["--assert=plain", "--assert=rewrite"])
def test_tests_without_assertions_prove_nothing(
    project: DemoProject, option: str
) -> None:
    """Python that optimizes leaves them out, where pytest does not rewrite them."""
    command = ["python", "-O", "-m", "pytest", option]
    project.configure(f"[tool.ci-framework.commands]\ntest = {command}\n")
    run = project.gate("test")
    if option == "--assert=rewrite":
        assert_green(run)
        assert "python -O" in run.check("test")["notes"][0]
        return
    assert run.code == 1, str(run)
    reason = "Python runs without assertions: nothing was tested"
    assert run.check("test")["reason"] == reason
