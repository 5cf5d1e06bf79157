"""Findings of a type checker."""

from __future__ import annotations

import pytest

from tests.support.projects import DemoProject, assert_green, assert_not_run, assert_red

# Two real type checkers, started for every fault.
pytestmark = pytest.mark.heavy

WRONG = 'def name() -> str:\n    return "a"\n\n\nVALUE: int = name()\n'
MYPY = {"CI_FRAMEWORK_QUALITY_TYPE_CHECKER": "mypy"}
PYREFLY = {"CI_FRAMEWORK_QUALITY_TYPE_CHECKER": "pyrefly"}


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


def test_mypy_that_leaves_out_everything_is_reported(project: DemoProject) -> None:
    project.configure('[tool.mypy]\nexclude = ["demo"]\n')
    run = project.gate("typecheck", variables=MYPY)
    assert_not_run(run, "typecheck", "There are no .py[i] files in directory 'src'")


def test_type_errors_fail_with_pyrefly(project: DemoProject) -> None:
    """As its own settings say: here a directory, and one rule as a warning."""
    project.configure('[tool.pyrefly]\nproject-includes = ["src"]\nprojct = 1\n')
    clean = project.gate("typecheck", variables=PYREFLY)
    assert_green(clean)
    assert clean.check("typecheck")["tool"].startswith("pyrefly ")
    assert clean.check("typecheck")["notes"] == [
        "pyrefly: Extra keys found in config: projct"
    ]
    project.write("src/demo/more.py", WRONG)
    run = project.gate("typecheck", variables={**PYREFLY, "FORCE_COLOR": "1"})
    assert_red(run, "typecheck", "src/demo/more.py", 5)
    assert run.rules("typecheck") == ["bad-assignment"]
    project.configure('[tool.pyrefly.errors]\nbad-assignment = "warn"\n')
    warned = project.gate("typecheck", variables=PYREFLY)
    assert_green(warned)
    assert [f["severity"] for f in warned.findings("typecheck")] == ["warning"]


def test_known_findings_of_pyrefly_are_green_but_no_syntax_error(
    project: DemoProject,
) -> None:
    project.configure('[tool.pyrefly]\npreset = "strict"\n')
    project.write("src/demo/more.py", WRONG)
    recorded = project.gate("typecheck", "--baseline", "write", variables=PYREFLY)
    assert recorded.code == 0, str(recorded)
    assert_green(project.gate("typecheck", variables=PYREFLY))
    project.write("src/demo/other.py", WRONG)
    run = project.gate("typecheck", variables=PYREFLY)
    assert_red(run, "typecheck", "src/demo/other.py", 5)
    assert run.check("typecheck")["new"] == 1
    project.write("src/demo/other.py", "VALUE = (\n")
    project.gate("typecheck", "--baseline", "write", variables=PYREFLY)
    syntax = project.gate("typecheck", variables=PYREFLY)
    assert_red(syntax, "typecheck", "src/demo/other.py", 2)


def test_what_weakens_pyrefly_is_named(project: DemoProject) -> None:
    bare = project.gate("typecheck", variables=PYREFLY)
    assert_green(bare)
    assert bare.check("typecheck")["notes"] == [
        "pyrefly has no settings here: its preset basic applies"
    ]
    project.configure('[tool.pyrefly]\nproject-excludes = ["tests/**"]\n')
    project.write(
        "pyrefly.toml",
        'preset = "off"\n'
        'project-includes = ["src/demo/__init__.py", "src/demo/a.py"]\n',
    )
    project.write("src/demo/a.py", "# pyrefly: ignore-errors\nVALUE: int = ''\n")
    project.write("src/demo/b.py", "VALUE = 1\n")
    notes = project.gate("typecheck", variables=PYREFLY).check("typecheck")["notes"]
    assert "its settings exclude the others" in notes[0]
    assert notes[1:] == [
        "pyrefly reads pyrefly.toml only: "
        "its settings in pyproject.toml have no effect",
        'preset in pyrefly.toml is "off": pyrefly reports less',
        "1 file turns pyrefly off with a comment: src/demo/a.py",
    ]


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ('project-includes = ["no_such_directory"]', "failed"),
        ('project-excludes = ["**/demo/**", "**/tests/**"]', "failed"),
        ('preset = "nonsense"', "not-run"),
    ],
)
def test_pyrefly_that_checks_nothing_is_never_green(
    project: DemoProject, settings: str, status: str
) -> None:
    project.configure(f"[tool.pyrefly]\n{settings}\n")
    run = project.gate("typecheck", variables=PYREFLY)
    assert run.code in (1, 3), str(run)
    assert run.check("typecheck")["status"] == status
