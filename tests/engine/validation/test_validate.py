"""``ci validate``: everything that is wrong, with file, key, line and what is allowed.

The validators are those of the environment of these tests, put where the locked ones
would be installed; one heavy test installs the locked ones.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    Run,
    assert_green,
    engine_version,
    install_tool,
    program,
)
from tests.support.renders import render

PARTS = [
    "framework-files",
    "output",
    "settings",
    "waivers",
    "blocks",
    "answers",
    "packages",
    "tool-settings",
    "schemas",
]
BLOCK = "# >>> ci-framework >>>\n{}# <<< ci-framework <<<\n"
WORKFLOW = """\
name: CI
on:
  push:
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: "true"
      - run: "true"
"""


@pytest.fixture
def validators(project: DemoProject) -> None:
    """Put the installed validators where the locked ones would be."""
    install_tool(project, "check-jsonschema")


def validate(project: DemoProject, **variables: str) -> Run:
    """Validate; without the validators that part cannot run, and nothing is green."""
    tools = project.root.parent / "tools"
    program(tools, "uv", "raise SystemExit('uv: no network')\n")
    return project.run("validate", variables={"PATH": str(tools), **variables})


def assert_wrong(run: Run, part: str, location: Location, *words: str) -> None:
    assert run.code == 2, str(run)
    assert run.check(part)["status"] == "failed"
    assert run.result["verdict"] == "red"
    assert location in run.locations(part), f"{run.locations(part)}\n{run}"
    shown = f"{location.path}:{location.line}" if location.line else location.path
    assert shown in run.stdout
    assert shown in run.summary
    for word in words:
        assert word in run.stdout, f"{word!r} is not in\n{run.stdout}"


def line_of(project: DemoProject, text: str, name: str = "pyproject.toml") -> int:
    rows = project.read(name).splitlines()
    return next(number for number, row in enumerate(rows, 1) if text in row)


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_a_small_project_is_green(project: DemoProject) -> None:
    run = validate(project)
    assert_green(run)
    assert [check["id"] for check in run.result["checks"]] == PARTS
    assert {check["status"] for check in run.result["checks"]} == {"passed"}


@pytest.mark.heavy
@pytest.mark.parametrize("manager", ["uv", "pixi", "pip", "poetry"])
@pytest.mark.usefixtures("validators")
def test_what_the_template_renders_is_green(
    project: DemoProject, template: Path, manager: str
) -> None:
    shutil.rmtree(project.root / "ci-framework")
    answers = {"project_name": "demo", "package_manager": manager}
    render(template, project.root, answers)
    assert_green(validate(project))


@pytest.mark.heavy
def test_the_locked_validators_can_be_installed(project: DemoProject) -> None:
    run = project.run("validate")
    assert_green(run)
    tools = (project.cache / "tools").iterdir()
    assert len([path for path in tools if path.is_dir()]) == 1


def test_validators_that_cannot_be_had_are_not_green(project: DemoProject) -> None:
    run = validate(project)
    assert run.code == 3
    assert run.check("schemas")["status"] == "not-run"


HOSTILE = [
    ("QUALITY_TIER", "full\n::error::made up"),
    ("QUALITY_COVERAGE_THRESHOLD", "0; touch made-up"),
    ("MATRIX_PYTHON_VERSIONS", '3.12,$(touch made-up)", "3.13'),
    ("MATRIX_PLATFORMS", "linux,\n::set-output name=x::y"),
    ("MATRIX_SHARDS", "2 `touch made-up`"),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE)
def test_what_a_caller_hands_to_the_reusable_workflow_is_data(
    project: DemoProject, name: str, value: str
) -> None:
    """Its inputs are variables, and a wrong one is a setting that is not valid."""
    variables = {f"CI_FRAMEWORK_{name}": value, "GITHUB_ACTIONS": "true"}
    run = validate(project, **variables)
    assert_wrong(run, "settings", Location("", 0), f"CI_FRAMEWORK_{name}: expected ")
    assert "validate: green" not in run.stdout
    assert not [row for row in run.stdout.splitlines() if row.startswith("::set-")]
    assert "\n::error::made up" not in f"{run.stdout}{run.stderr}"
    assert not (project.root / "made-up").exists()


def test_settings_that_do_not_fit_are_named_with_their_lines(
    project: DemoProject,
) -> None:
    project.replace("pyproject.toml", "= 90", '= "90"')
    project.configure('[tool.ci-framework.matrix]\nplatforms = ["amiga"]\n')
    run = validate(project)
    line = line_of(project, "coverage-threshold")
    words = (
        "tool.ci-framework.quality.coverage-threshold: expected an integer from 0 to "
        "100, got '90'",
    )
    assert_wrong(run, "settings", Location("pyproject.toml", line), *words)
    line = line_of(project, "amiga")
    assert_wrong(run, "settings", Location("pyproject.toml", line), "platforms[0]")
    assert run.check("settings")["new"] == 2


@pytest.mark.parametrize(
    ("tables", "marker", "words"),
    [
        (
            '[tool.ci-framework.matrix]\npython-versions = ["3.9", "3.12"]\n',
            "python-versions",
            ("python-versions[0]: expected", "requires-python = '>=3.10'", "got '3.9'"),
        ),
        (
            '[tool.ci-framework.environments]\nessential = "qality"\n'
            '[dependency-groups]\nquality = ["pytest"]\n',
            "essential =",
            ("environments.essential: expected a dependency group", "got 'qality'"),
        ),
    ],
)
def test_settings_that_do_not_fit_the_repository_are_wrong(
    project: DemoProject, tables: str, marker: str, words: tuple[str, ...]
) -> None:
    project.configure(tables)
    location = Location("pyproject.toml", line_of(project, marker))
    assert_wrong(validate(project), "settings", location, *words)


def test_an_unknown_pixi_environment_is_wrong(project: DemoProject) -> None:
    project.configure(
        '[tool.ci-framework.environments]\nessential = "qality"\n'
        '[tool.pixi.workspace]\nchannels = []\nplatforms = ["linux-64"]\n'
        '[tool.pixi.environments]\nquality = ["q"]\n[tool.pixi.feature.q]\n'
    )
    location = Location("pyproject.toml", line_of(project, "essential ="))
    words = ("a pixi environment", "default, quality")
    assert_wrong(validate(project), "settings", location, *words)


def test_another_version_than_that_of_the_engine_is_wrong(project: DemoProject) -> None:
    project.replace("pyproject.toml", f'"{engine_version()}"', '"1.9.0"')
    location = Location("pyproject.toml", line_of(project, "1.9.0"))
    words = (f"expected '{engine_version()}'", "copier update", "got '1.9.0'")
    assert_wrong(validate(project), "settings", location, *words)


def test_a_source_path_that_is_missing_is_wrong(project: DemoProject) -> None:
    project.replace(
        "pyproject.toml",
        "[tool.ci-framework.quality]",
        'source-paths = ["src", "lib"]\n\n[tool.ci-framework.quality]',
    )
    location = Location("pyproject.toml", line_of(project, "source-paths"))
    words = ("source-paths[1]: expected a directory", "got 'lib'")
    assert_wrong(validate(project), "settings", location, *words)


def test_one_file_of_tests_is_a_test_path(project: DemoProject) -> None:
    project.write("tests.py", "def test_nothing() -> None: ...\n")
    project.replace(
        "pyproject.toml",
        "[tool.ci-framework.quality]",
        'test-paths = ["tests.py", "test.py"]\n\n[tool.ci-framework.quality]',
    )
    location = Location("pyproject.toml", line_of(project, "test-paths"))
    words = ("test-paths[1]: expected a directory or file", "got 'test.py'")
    run = validate(project)
    assert_wrong(run, "settings", location, *words)
    assert "test-paths[0]" not in str(run.findings("settings"))


@pytest.mark.heavy
def test_bytecode_that_an_update_left_behind_is_no_vendored_engine(
    project: DemoProject,
) -> None:
    project.write("ci-framework/ci_engine/__pycache__/cli.cpython-311.pyc", b"old")
    run = project.run("validate")
    assert run.findings("framework-files") == []


def test_broken_toml_is_wrong_and_leaves_no_earlier_report(
    project: DemoProject,
) -> None:
    assert (validate(project).reports / "result.json").is_file()
    project.append("pyproject.toml", "broken = \n")
    run = validate(project)
    assert run.code == 2
    line = line_of(project, "broken")
    assert f"not valid TOML: Invalid value (at line {line}, " in run.stderr
    assert not (run.reports / "result.json").exists()


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("pyproject.toml", "\n# >>> ci-framework >>>\n", 0),
        ("pyproject.toml", "\n# <<< ci-framework <<<\n", 0),
        (".gitignore", "# <<< ci-framework <<<\n# >>> ci-framework >>>\n", 2),
        (".gitignore", BLOCK.format("x\n") * 2, 1),
        (".gitattributes", "\r\n# >>> ci-framework >>>\r\n", 2),
    ],
)
def test_a_block_that_is_not_whole_is_wrong(
    project: DemoProject, name: str, text: str, line: int
) -> None:
    if name == "pyproject.toml":
        project.configure(text)
        line = line_of(project, "ci-framework <<<" if "<<<\n" in text else ">>>")
    else:
        project.write(name, text)
    assert_wrong(validate(project), "blocks", Location(name, line), "restore them")


def test_whole_blocks_are_right(project: DemoProject) -> None:
    project.write(".gitignore", "x\n" + BLOCK.format("y\n") + "z\n")
    assert validate(project).check("blocks")["status"] == "passed"


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [\n", "a: b: c\n", ""])
def test_an_answers_file_that_is_broken_is_wrong(
    project: DemoProject, text: str
) -> None:
    project.write(".copier-answers.yml", text)
    run = validate(project)
    assert run.code == 2, str(run)
    assert run.check("answers")["status"] == "failed"
    assert run.findings("answers")[0]["path"] == ".copier-answers.yml"


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_conflict_markers_are_reported_once_for_each_file(project: DemoProject) -> None:
    """Those of a file with recorded hashes are reported with its way out."""
    both = "<<<<<<< x\nb: 1\n=======\nb: 2\n>>>>>>> y\n"
    block = BLOCK.format("").replace("block", "")
    owned = ".github/workflows/python-ci.yml"
    for name in (".github/workflows/own.yml", owned):
        project.write(name, "name: CI\n" + both)
    project.write(".github/dependabot.yml", "version: 2\n" + both + block)
    project.write("ci-framework/files.sha256", f"{'0' * 64}  {owned}\n")
    run = validate(project)
    for part, name in (
        ("schemas", ".github/workflows/own.yml"),
        ("blocks", ".github/dependabot.yml"),
        ("framework-files", owned),
    ):
        assert_wrong(run, part, Location(name, 2), "conflict markers")
        assert run.stdout.count(f"  {name}") == 1, run.stdout


def test_an_answers_file_with_conflict_markers_is_wrong(project: DemoProject) -> None:
    project.write(
        ".copier-answers.yml", "a: 1\n<<<<<<< x\nb: 1\n=======\nb: 2\n>>>>>>> y\n"
    )
    run = validate(project)
    assert run.code == 2
    assert "line 2 is a conflict marker" in run.stdout


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_the_line_is_that_of_the_item_that_is_wrong(project: DemoProject) -> None:
    name = ".github/workflows/ci.yml"
    text = WORKFLOW.replace(
        '      - run: "true"\n      - run: "true"\n',
        '      - run: "true"\n        timeout-minutes: 3\n'
        '      - run: "true"\n        timeout-minutes: []\n',
    )
    project.write(name, text)
    assert Location(name, 11) in validate(project).locations("schemas")


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_a_workflow_that_is_no_yaml_is_wrong(project: DemoProject) -> None:
    project.write(".github/workflows/ci.yaml", "name: [\n")
    run = validate(project)
    assert_wrong(run, "schemas", Location(".github/workflows/ci.yaml", 0))


ACTION = """\
name: Mine
description: Mine
runs:
  using: composite
  steps:
    - run: echo
      shell: bash
"""
DEPENDABOT = """\
version: 2
updates:
  - package-ecosystem: pip
    directory: /
    schedule:
      interval: weekly
"""
PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: x
        name: x
        entry: x
        language: system
"""
# Each file, what is right in it, what is wrong in it, and the line that is named.
FAULTS = {
    ".github/workflows/a.yml": (WORKFLOW, "    runs-on: ubuntu-latest\n", "", 5),
    ".github/workflows/b.yml": (WORKFLOW, "    steps:", "    stepz:", 5),
    ".github/workflows/c.yml": (WORKFLOW, "name: CI", "name: [1]", 1),
    ".github/actions/mine/action.yml": (ACTION, "description: Mine\n", "", 1),
    ".github/dependabot.yml": (DEPENDABOT, "weekly", "sometimes", 6),
    ".pre-commit-config.yaml": (PRE_COMMIT, "        entry: x\n", "", 0),
}


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_files_of_other_tools_that_do_not_fit_are_wrong(project: DemoProject) -> None:
    for name, (text, _, _, _) in FAULTS.items():
        project.write(name, text)
    assert_green(validate(project))
    for name, (text, old, new, _) in FAULTS.items():
        project.write(name, text.replace(old, new))
    run = validate(project)
    for name, (_, _, _, line) in FAULTS.items():
        assert_wrong(run, "schemas", Location(name, line))
    assert "interval" in run.stdout
    assert "sometimes" in run.stdout
    assert "entry" in run.stdout


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_each_value_of_pyproject_that_does_not_fit_is_wrong(
    project: DemoProject,
) -> None:
    project.replace("pyproject.toml", 'name = "demo"', 'name = "-demo-"')
    wide = 'line-length = "wide"\nlint.ignore = [\n    "E501",\n    "NONE9"\n]'
    project.replace("pyproject.toml", "line-length = 88", f"{wide}\nlines = 3")
    run = validate(project)
    for marker, problem in (
        ("-demo-", "project.name: expected pep508-identifier, got '-demo-'"),
        ("wide", "tool.ruff.line-length: expected a value that its schema allows"),
        ("lint.ignore", "tool.ruff.lint.ignore[1]: expected a value that"),
        ("[tool.ruff]", "tool.ruff: unknown 'lines'"),
    ):
        location = Location("pyproject.toml", line_of(project, marker))
        assert_wrong(run, "schemas", location, problem)


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_a_rule_about_several_keys_of_pyproject_is_reported_in_its_words(
    project: DemoProject,
) -> None:
    both = 'version = "1.0"\ndynamic = ["version"]'
    project.replace("pyproject.toml", 'version = "1.0"', both)
    run = validate(project)
    location = Location("pyproject.toml", line_of(project, 'version = "1.0"'))
    assert_wrong(run, "schemas", location, "you cannot provide a value")


def outputs(path: Path) -> dict[str, str]:
    rows = path.read_text(encoding="utf-8").splitlines()
    return dict(row.split("=", 1) for row in rows)


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_the_matrix_has_all_versions_on_the_first_platform(
    project: DemoProject, tmp_path: Path
) -> None:
    project.configure(
        "[tool.ci-framework.matrix]\n"
        'python-versions = ["3.13", "3.10", "3.9", "3.12", "3.10"]\n'
        'platforms = ["macos", "linux", "windows", "linux"]\n'
    )
    project.replace("pyproject.toml", 'requires-python = ">=3.10"\n', "")
    run = validate(project, GITHUB_OUTPUT=str(tmp_path / "output"))
    assert_green(run)
    found = outputs(tmp_path / "output")
    assert (found["manager"], found["tier"]) == ("pip", "essential")
    matrix_jobs = json.loads(found["matrix"])["include"]
    assert [
        (matrix_job["platform"], matrix_job["python-version"])
        for matrix_job in matrix_jobs
    ] == [
        ("macos", "3.9"),
        ("macos", "3.10"),
        ("macos", "3.12"),
        ("macos", "3.13"),
        ("linux", "3.9"),
        ("linux", "3.13"),
        ("windows", "3.9"),
        ("windows", "3.13"),
    ]
    assert all(matrix_job["runner"] for matrix_job in matrix_jobs)


@pytest.mark.heavy
@pytest.mark.usefixtures("validators")
def test_one_version_gives_one_matrix_job_for_each_platform(
    project: DemoProject, tmp_path: Path
) -> None:
    project.configure(
        '[tool.ci-framework.matrix]\npython-versions = ["3.12"]\n'
        'platforms = ["linux", "windows"]\n'
    )
    validate(project, GITHUB_OUTPUT=str(tmp_path / "output"))
    matrix_jobs = json.loads(outputs(tmp_path / "output")["matrix"])["include"]
    assert len(matrix_jobs) == 2


def test_a_project_that_is_not_valid_gives_no_matrix(
    project: DemoProject, tmp_path: Path
) -> None:
    (tmp_path / "output").write_text("", encoding="utf-8")
    project.replace("pyproject.toml", "= 90", "= 900")
    run = validate(project, GITHUB_OUTPUT=str(tmp_path / "output"))
    assert run.code == 2
    assert (tmp_path / "output").read_text(encoding="utf-8") == ""


def test_json_is_the_only_thing_on_standard_output(project: DemoProject) -> None:
    validate(project)
    tools = {"PATH": str(project.root.parent / "tools")}
    run = project.run("validate", "--json", variables=tools)
    assert json.loads(run.stdout) == run.result
