"""Findings in Python files. The clean twin is in test_clean_project.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    assert_green,
    assert_not_run,
    assert_red,
    git,
    snapshot,
)

IGNORES_F = '[tool.ruff.lint]\nignore = ["F", "E9"]\n'


def test_an_unused_import_fails_lint(project: DemoProject) -> None:
    project.replace("src/demo/__init__.py", '"""\n\n\ndef', '"""\n\nimport os\n\n\ndef')
    run = project.gate("lint")
    assert_red(run, "lint", "src/demo/__init__.py", 3)
    assert run.rules("lint") == ["F401"]
    assert run.check("lint")["new"] == 1


@pytest.mark.parametrize("name", ["src/demo/broken.py", "tests/test_broken.py"])
def test_a_syntax_error_fails_lint_and_format(project: DemoProject, name: str) -> None:
    project.write(name, "VALUE = 1\n\n\ndef broken(:\n    return 1\n")
    run = project.gate("lint,format")
    assert_red(run, "lint", name, 4)
    assert_red(run, "format", name, 4)


def test_an_undefined_name_fails_although_the_project_ignores_it(
    project: DemoProject,
) -> None:
    project.configure(IGNORES_F)
    assert_green(project.gate("lint"))
    project.write("src/demo/more.py", "VALUE = undefined_name\n")
    run = project.gate("lint")
    assert_red(run, "lint", "src/demo/more.py", 1)
    assert run.rules("lint") == ["F821"]


def test_a_file_that_is_not_utf_8_is_never_passed_over(project: DemoProject) -> None:
    project.configure(IGNORES_F)
    project.write("src/demo/latin.py", b'NAME = "caf\xe9"\n')
    run = project.gate("lint,format")
    assert run.check("lint")["status"] != "passed", str(run)
    assert run.check("format")["status"] != "passed"
    assert run.code in (1, 3)


def test_a_markdown_finding_does_not_hide_a_file_that_could_not_be_read(
    project: DemoProject,
) -> None:
    project.write("README.md", "# Demo\n\n```python\nx=1\n```\n")
    project.write("src/demo/latin.py", b'NAME = "caf\xe9"\n')
    run = project.gate("format")
    assert_not_run(run, "format", "ruff")


def test_an_unformatted_file_is_named_with_its_first_changed_line(
    project: DemoProject,
) -> None:
    project.write("src/demo/more.py", '"""More."""\n\nA = 1\nB  =  2\n\n\n\nC=3\n')
    run = project.gate("format")
    assert_red(run, "format", "src/demo/more.py", 4)
    assert run.rules("format") == ["unformatted"]


def test_a_form_feed_does_not_move_the_line(project: DemoProject) -> None:
    text = '"""More."""\n\nA = 1  # \x0c page \x1c and \u2028 line\nB  =  2\n'
    project.write("src/demo/more.py", text)
    assert_red(project.gate("format"), "format", "src/demo/more.py", 4)


def test_a_badly_formatted_code_block_in_markdown_does_not_fail(
    project: DemoProject,
) -> None:
    project.write("README.md", "# Demo\n\n```python\nx=1\n```\n")
    assert_green(project.gate("lint,format"))


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_forced_colours_change_no_verdict(project: DemoProject, variable: str) -> None:
    project.write("src/demo/more.py", "A  =  1\n")
    run = project.gate("lint,format", variables={variable: "1"})
    assert_red(run, "format", "src/demo/more.py", 1)


def test_fix_corrects_what_ruff_can_correct(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n\nA  =  1\n")
    assert_green(project.gate("lint,format", "--fix"))
    assert project.read("src/demo/more.py") == "A = 1\n"


def test_fix_changes_no_file_of_the_framework(project: DemoProject) -> None:
    project.replace("pyproject.toml", "line-length = 88", "line-length = 40")
    project.configure('[tool.ruff.format]\nquote-style = "single"\n')
    name = "ci-framework/ci_engine/extra.py"
    project.write(name, "import os\nA  =  1\n")
    before = snapshot(project.root / "ci-framework")
    project.write("ci-framework/project/own.py", "import os\nA  =  1\n")
    run = project.gate("lint,format", "--fix")
    assert_green(run)
    assert project.read("ci-framework/project/own.py") == "A = 1\n"
    (project.root / "ci-framework/project/own.py").unlink()
    assert snapshot(project.root / "ci-framework") == before


def test_paths_limit_lint_to_the_named_files(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    assert_green(project.gate("lint", "--", "src/demo/__init__.py"))
    run = project.gate("lint", "--", "src/demo/more.py")
    assert_red(run, "lint", "src/demo/more.py", 1)


def test_findings_in_the_framework_are_not_the_projects(project: DemoProject) -> None:
    project.write("ci-framework/ci_engine/extra.py", "import os\n")
    assert_green(project.gate("lint"))
    project.write("ci-framework/project/own.py", "import os\n")
    assert_red(project.gate("lint"), "lint", "ci-framework/project/own.py", 1)


def test_a_project_without_python_files_says_that_nothing_was_linted(
    project: DemoProject,
) -> None:
    project.configure('[tool.ruff.lint]\nselect = ["E"]\n')
    project.replace("pyproject.toml", "[tool.ruff]\n", '[tool.ruff]\nexclude = ["*"]\n')
    run = project.gate("lint,format")
    assert run.check("lint")["status"] == "skipped"
    assert run.check("lint")["reason"] == "ruff found no Python files"
    assert "skipped" in run.summary


def test_a_manifest_alone_is_no_file_to_format(project: DemoProject) -> None:
    """A package of a monorepo may only require others."""
    include = 'include = ["*.py", "pyproject.toml"]'
    project.replace("pyproject.toml", "[tool.ruff]\n", f"[tool.ruff]\n{include}\n")
    for path in [*project.root.rglob("*.py")]:
        if ".venv" not in path.parts:
            path.unlink()
    check = project.gate("format").check("format")
    assert (check["status"], check["reason"]) == (
        "skipped",
        "ruff found no Python files",
    )


def test_without_a_configuration_only_the_rules_that_always_count_are_held(
    project: DemoProject,
) -> None:
    # ruff's own defaults would complain of the lambda and of the name.
    project.write("src/demo/more.py", "double = lambda l: l * 2\nO = 1\n")
    assert_green(project.gate("lint"))
    project.write("src/demo/more.py", "import os\n")
    assert_red(project.gate("lint"), "lint", "src/demo/more.py", 1)


def test_a_configuration_without_rules_gets_those_of_ruff(project: DemoProject) -> None:
    project.configure('[tool.ruff.lint]\nselect = ["E7"]\n')
    project.write("src/demo/more.py", "double = lambda l: l * 2\n")
    run = project.gate("lint")
    assert set(run.rules("lint")) == {"E731", "E741"}


UNUSED = "import os\n"
LEFT_OUT = "1 file excluded by the settings of ruff: src/demo/more.py"
# Why ruff skips a file that git tracks: the file, further files, the settings of
# ruff, and what is reported.
UNSEEN: dict[str, tuple[str, dict[str, str], str, str]] = {
    "ignored by git": ("src/demo/more.py", {".gitignore": "more.py\n"}, "", "F401"),
    "in an ignored directory": ("lib/more.py", {".gitignore": "lib/\n"}, "", "F401"),
    "called as an environment": ("src/demo/venv/more.py", {}, "", "F401"),
    "exclude": ("src/demo/more.py", {}, 'exclude = ["more.py"]', LEFT_OUT),
    "extend-exclude": (
        "src/demo/more.py",
        {},
        'extend-exclude = ["more.py"]',
        LEFT_OUT,
    ),
    "lint.exclude": ("src/demo/more.py", {}, 'lint.exclude = ["more.py"]', LEFT_OUT),
    "nested settings": (
        "src/demo/more.py",
        {"src/ruff.toml": 'exclude = ["more.py"]\n'},
        "",
        LEFT_OUT,
    ),
    "nested rules": (
        "src/demo/more.py",
        {"src/ruff.toml": '[lint]\nignore = ["F401"]\n'},
        "",
        "F401",
    ),
}


@pytest.mark.heavy
def test_every_tracked_file_is_linted_or_named(
    make_project: Callable[[Path], DemoProject], tmp_path: Path
) -> None:
    for number, (name, files, settings, expected) in enumerate(UNSEEN.values()):
        project = make_project(tmp_path / str(number))
        project.git_init()
        project.write(name, UNUSED)
        project.replace("pyproject.toml", "line-length", f"{settings}\nline-length")
        for path, text in files.items():
            project.write(path, text)
        git(project.root, "add", "--all", "--force", "src", name.split("/")[0])
        run = project.gate("lint")
        if expected == "F401":
            assert run.locations("lint") == [Location(name, 1)], str(run)
            assert run.code == 1
        else:
            assert run.code == 0, str(run)
            assert run.check("lint")["notes"] == [expected]
            assert expected in run.stdout


def test_a_project_that_excludes_everything_is_reported(project: DemoProject) -> None:
    project.replace("pyproject.toml", "line-length", 'exclude = ["*"]\nline-length')
    run = project.gate("lint")
    assert run.check("lint")["status"] == "skipped"
    (note,) = run.check("lint")["notes"]
    assert note.startswith(
        "2 files excluded by the settings of ruff: src/demo/__init__"
    )


def test_files_that_turn_ruff_off_are_named(project: DemoProject) -> None:
    project.write("src/demo/more.py", f"# ruff: noqa\n{UNUSED}")
    run = project.gate("lint")
    note = "1 file turns ruff off with a comment: src/demo/more.py"
    assert run.check("lint")["notes"] == [note]
    assert note in run.junit.findtext("testsuite[@name='lint']/system-out", "")


def test_settings_of_ruff_that_hide_findings_hide_none(
    project: DemoProject, tmp_path: Path
) -> None:
    """https://github.com/astral-sh/ruff/pull/10992 adds the variable."""
    project.replace("pyproject.toml", "line-length = 88", "fix = true\nfix-only = true")
    project.append("src/demo/__init__.py", "import os\n")
    variables = {"RUFF_OUTPUT_FILE": str(tmp_path / "ruff.json")}
    run = project.gate("lint", variables=variables)
    assert run.rules("lint") == ["F401"]
    assert project.read("src/demo/__init__.py").endswith("import os\n")


def test_a_name_like_an_option_is_a_file(project: DemoProject) -> None:
    project.write("--fix.py", "import os\n")
    run = project.gate("lint,format")
    assert_red(run, "lint", "--fix.py", 1)
    assert run.check("format")["status"] == "passed", str(run)


@pytest.mark.parametrize(
    ("excluded", "status"), [("*.py", "skipped"), ("*demo*/*.py", "passed")]
)
def test_what_is_not_formatted_is_named(
    project: DemoProject, excluded: str, status: str
) -> None:
    project.append("src/demo/__init__.py", "VALUES = [1,2]\n")
    project.configure(f"[tool.ruff.format]\nexclude = ['{excluded}']\n")
    run = project.gate("format")
    assert run.code == 0, str(run)
    check = run.check("format")
    assert check["status"] == status
    assert "src/demo/__init__.py" in check["notes"][0]
    assert "not formatted by the settings of ruff" in run.stdout


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("selct = ['E']", "unknown field `selct`"),
        ("required-version = '<0.1'", "Required version `<0.1` does not match"),
    ],
)
def test_settings_that_ruff_refuses_are_the_reason(
    project: DemoProject, line: str, reason: str
) -> None:
    project.replace("pyproject.toml", "line-length = 88", line)
    run = project.gate("lint,format")
    for check in ("lint", "format"):
        assert_not_run(run, check, reason)
        assert not run.check(check)["notes"]
