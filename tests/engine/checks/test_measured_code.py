"""Coverage measures the project, and no code of the framework."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as Xml

import pytest

from tests.support.bare import bare_environment
from tests.support.projects import FULL, WITH_XDIST, DemoProject, Run, assert_green

BOTH = "test,coverage"
OWN = '[tool.coverage.run]\nbranch = true\nsource = ["src"]\n'
# What a project measures that measures everything it has.
EVERYTHING = {"src/demo/__init__.py": 2, "tests/test_demo.py": 3}
SOURCES = {"src/demo/__init__.py": 2}
BACKPORTS = ("exceptiongroup", "tomli", "typing_extensions.py")
RUN_PYTEST = """\
import subprocess
import sys

from demo import double


def test_double() -> None:
    command = [sys.executable, "-m", "pytest", "--no-cov", "-q", "tests/one.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert double(2) == 4
"""


def measured(run: Run) -> dict[str, int]:
    """How many statements each file has in the report of coverage."""
    text = (run.reports / "coverage.json").read_text(encoding="utf-8")
    files = cast("dict[str, Any]", json.loads(text)["files"])
    found = {name: file["summary"]["num_statements"] for name, file in files.items()}
    written = Xml.parse(run.reports / "coverage.xml")  # noqa: S314 - our own
    classes = {each.get("filename", "") for each in written.iter("class")}
    # Names in this report are relative to the sources.
    assert len(classes) == len(found), classes
    assert not [name for name in classes if "framework" in name], classes
    return found


def configure(project: DemoProject, tables: str, addopts: str = "") -> None:
    project.replace("pyproject.toml", OWN, tables)
    if addopts:
        line = f'addopts = "{addopts}"\ntestpaths'
        project.replace("pyproject.toml", "testpaths", line)


def without_pytest_cov(project: DemoProject) -> None:
    """Give the project an environment with pytest and coverage alone."""
    site = bare_environment(project, programs={"ruff": ""})
    (site / "pytest.py").unlink()
    ours = Path(sysconfig.get_path("purelib"))
    names = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
    for name in (*names, "py.py", "coverage", *BACKPORTS):
        if (ours / name).exists():
            (site / name).symlink_to(ours / name)
    for name in ("pytest", "coverage", "pluggy"):
        (metadata,) = ours.glob(f"{name}-*.dist-info")
        (site / metadata.name).symlink_to(metadata)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("tables", "addopts", "expected"),
    [
        pytest.param("", "--cov", EVERYTHING, id="--cov"),
        pytest.param("", "--cov=.", EVERYTHING, id="--cov=."),
        pytest.param(
            '[tool.coverage.run]\nsource = ["."]\n', "", EVERYTHING, id="source"
        ),
        pytest.param(
            '[tool.coverage.run]\nsource = ["."]\nbranch = true\nparallel = true\n'
            "[tool.coverage.report]\ninclude_namespace_packages = true\n",
            "",
            EVERYTHING,
            id="namespace packages",
        ),
        pytest.param(
            '[tool.coverage.run]\ninclude = ["*/demo/*", "*/ci-framework/*"]\n'
            '[tool.coverage.report]\nomit = ["*/tests/*"]\n',
            "--cov",
            SOURCES,
            id="include",
        ),
        pytest.param(
            '[tool.coverage.run]\nsource_pkgs = ["demo"]\n'
            'source = ["tests", "ci-framework"]\n',
            "",
            EVERYTHING,
            id="source_pkgs",
        ),
    ],
)
def test_pytest_cov_measures_only_the_project(
    project: DemoProject, tables: str, addopts: str, expected: Mapping[str, int]
) -> None:
    configure(project, tables, addopts)
    run = project.gate(BOTH, "--coverage-threshold", "100")
    assert_green(run)
    assert measured(run) == expected
    output = (run.reports / "pytest-output.txt").read_text(encoding="utf-8")
    assert "CoverageWarning" not in output


@pytest.mark.heavy
def test_a_coveragerc_that_measures_everything_measures_only_the_project(
    project: DemoProject,
) -> None:
    configure(project, "", "-W error")
    project.write(".coveragerc", "[run]\nsource = .\nbranch = true\n")
    run = project.gate(BOTH, "--coverage-threshold", "100")
    assert_green(run)
    assert measured(run) == EVERYTHING


@pytest.mark.heavy
def test_workers_of_xdist_measure_only_the_project(project: DemoProject) -> None:
    configure(project, '[tool.coverage.run]\nsource = ["."]\n', "-n2")
    run = project.run(
        "gate", "--only", BOTH, "--coverage-threshold", "100", variables=WITH_XDIST
    )
    assert_green(run)
    assert measured(run) == EVERYTHING


@pytest.mark.heavy
def test_processes_that_tests_start_measure_only_the_project(
    project: DemoProject,
) -> None:
    tables = '[tool.coverage.run]\nsource = ["."]\npatch = ["subprocess"]\n'
    configure(project, tables)
    project.write("tests/test_demo.py", RUN_PYTEST)
    project.write("tests/one.py", "def test_one() -> None:\n    pass\n")
    run = project.gate(BOTH, "--coverage-threshold", "1")
    assert run.code == 0, str(run)
    assert set(measured(run)) == {*EVERYTHING, "tests/one.py"}


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("tables", "core", "expected"),
    [
        pytest.param(
            '[tool.coverage.run]\nsource = ["."]\nbranch = true\n',
            "ctrace",
            EVERYTHING,
            id="source",
        ),
        pytest.param(
            '[tool.coverage.run]\nsource = ["src", "ci-framework"]\nparallel = true\n',
            "pytrace",
            SOURCES,
            id="parallel",
        ),
        pytest.param(
            '[tool.coverage.run]\nsource = ["src", "tests", "ci-framework"]\n'
            "[tool.coverage.report]\n"
            'include_namespace_packages = true\nomit = ["tests/*"]\n',
            "sysmon" if sys.version_info >= (3, 12) else "ctrace",
            SOURCES,
            id="namespace packages",
        ),
    ],
)
def test_coverage_without_pytest_cov_measures_only_the_project(
    project: DemoProject, tables: str, core: str, expected: Mapping[str, int]
) -> None:
    configure(project, tables)
    without_pytest_cov(project)
    plain: dict[str, str | None] = dict.fromkeys(FULL)
    run = project.run(
        *("gate", "--only", BOTH, "--coverage-threshold", "100"),
        variables={**plain, "COVERAGE_CORE": core},
    )
    assert_green(run)
    assert measured(run) == expected


@pytest.mark.heavy
@pytest.mark.parametrize(
    "wanted", ['source = ["."]', 'include = ["src/*", "ci-framework/*"]']
)
def test_a_command_of_the_project_measures_only_the_project(
    project: DemoProject, wanted: str
) -> None:
    """Its own threshold holds as it does without the framework."""
    configure(project, f"[tool.coverage.run]\n{wanted}\n")
    without_pytest_cov(project)
    python = project.root / ".venv" / "bin" / "python"
    script = f"{python} -m coverage run -m pytest && {python} -m coverage report -m"
    project.configure(
        f"[tool.ci-framework.commands]\ntest = ['sh', '-c', '''{script}''']\n"
    )
    project.configure("[tool.coverage.report]\nfail_under = 100\n")
    run = project.run("gate", "--only", "test", variables=dict.fromkeys(FULL))
    assert_green(run)
    output = (run.reports / "pytest-output.txt").read_text(encoding="utf-8")
    assert "ci_framework" not in output
    assert "100%" in output
    data = (run.reports / ".coverage").read_bytes()
    assert b"ci_framework_pytest" not in data


@pytest.mark.heavy
def test_only_tests_are_measured_from_the_start_of_their_process(
    project: DemoProject, tmp_path: Path
) -> None:
    """The variables that ask for it reach the tests and nothing else."""
    settings = project.write("all.coveragerc", "[run]\nparallel = true\n")
    path = project.root / ".venv"
    path.unlink()
    shutil.copytree(sys.prefix, path, symlinks=True, ignore=_but_the_programs)
    (site,) = path.glob("lib/python*/site-packages")
    site.joinpath("all.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    log = tmp_path / "log"
    start = f"import os; os.environ.get('COVERAGE_PROCESS_START') and open({str(log)!r}"
    line = f"{start}, 'a').write(str(__import__('sys').orig_argv) + chr(10))\n"
    site.joinpath("start.pth").write_text(line, "utf-8")
    run = project.gate(
        "test,imports", variables={"COVERAGE_PROCESS_START": str(settings)}
    )
    assert run.code == 0, str(run)
    started = log.read_text(encoding="utf-8").splitlines()
    assert started
    assert all("/bin/pytest'" in command for command in started), started


def _but_the_programs(folder: str, names: list[str]) -> list[str]:
    """Leave out what is installed."""
    return names if Path(folder).name == "site-packages" else []
