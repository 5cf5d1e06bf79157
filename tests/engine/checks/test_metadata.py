"""The content and the metadata of the wheel."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import (
    ENGINE,
    DemoProject,
    Run,
    assert_green,
    assert_not_run,
)

ONLY = "build,metadata"
LICENSED = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/demo"]

[tool.ci-framework.matrix]
python-versions = ["3.10", "3.12"]
"""
CLASSIFIERS = """\
classifiers = [
    "Programming Language :: Python :: 3.10",
    "Programming Language :: Python :: 3.12",
]
"""
REQUIRES = 'requires-python = ">=3.10"\n'


def gate(project: DemoProject) -> Run:
    return project.gate(ONLY, "--tier", "full")


@pytest.fixture
def package(project: DemoProject) -> DemoProject:
    more = f'{REQUIRES}readme = "README.md"\nlicense = "MIT"\n{CLASSIFIERS}'
    project.replace("pyproject.toml", REQUIRES, more)
    project.configure(LICENSED)
    project.write("README.md", "# demo\n")
    project.write("LICENSE", "MIT License\n")
    project.write(".gitignore", ".venv\n.ci-framework/\n__pycache__/\n")
    return project


def test_without_a_build_there_is_nothing_to_look_at(project: DemoProject) -> None:
    run = gate(project)
    assert_green(run)
    assert run.check("metadata")["status"] == "skipped"
    assert "no [build-system]" in run.check("metadata")["reason"]


def test_without_the_build_there_is_no_verdict(project: DemoProject) -> None:
    run = project.gate("metadata", "--tier", "full")
    assert_not_run(run, "metadata", "not part of this run")
    assert "--only build,metadata" in run.check("metadata")["rerun"]


def wheel(directory: Path, fields: str) -> Path:
    path = directory / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo/vendor/other.dist-info/METADATA", "Name: other\n")
        archive.writestr("demo-1.0.dist-info/METADATA", fields)
    return path


def facts(directory: Path, fields: str, *versions: str) -> dict[str, Any]:
    script = ENGINE / "ci_engine" / "environments" / "inside" / "wheel_facts.py"
    command = [sys.executable, "-I", str(script), str(wheel(directory, fields))]
    done = subprocess.run(
        [*command, *versions], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("requires", "allowed"),
    [
        (">=3.10", ["3.10", "3.12"]),
        (">=3.10.4", ["3.10", "3.12"]),
        (">=3.10,!=3.10.*", ["3.12"]),
        ("<3.12", ["3.9", "3.10"]),
        ("==3.12.5", []),
        ("", ["3.9", "3.10", "3.12"]),
        ("nonsense", None),
    ],
)
def test_which_pythons_a_wheel_allows(
    tmp_path: Path, requires: str, allowed: list[str] | None
) -> None:
    fields = f"Name: demo\nVersion: 1.0\nRequires-Python: {requires}\n\nA text.\n"
    found = facts(tmp_path, fields, "3.9", "3.10", "3.12")
    assert found["allowed"] == allowed
    assert (found["name"], found["version"]) == ("demo", "1.0")


@pytest.mark.heavy
def test_a_package_that_says_everything(package: DemoProject) -> None:
    run = gate(package)
    assert_green(run)
    assert run.check("metadata")["status"] == "passed"
    assert run.findings("metadata") == []


@pytest.mark.heavy
def test_everything_that_can_be_wrong(package: DemoProject) -> None:
    package.replace("pyproject.toml", REQUIRES, 'requires-python = ">=3.11"\n')
    package.replace(
        "pyproject.toml",
        "classifiers = [\n",
        'license-files = []\nclassifiers = [\n    "Typing :: Typed",\n'
        '    "Private :: Do Not Upload",\n',
    )
    package.replace("pyproject.toml", 'version = "1.0"\nreq', 'version = "0.0.0"\nreq')
    package.replace("pyproject.toml", '3.12",\n]', '3.13",\n]')
    package.write("src/demo/copy.py", package.read("src/demo/__init__.py"))
    run = gate(package)
    assert run.code == 1, str(run)
    lines = package.read("pyproject.toml").splitlines()
    found = {
        (f["rule"], f["severity"], lines[int(f["line"]) - 1].partition(" ")[0])
        for f in run.findings("metadata")
    }
    assert found == {
        ("W002", "error", "[project]"),
        ("no-license-file", "error", "license-files"),
        ("no-py.typed", "error", "classifiers"),
        ("private", "warning", "classifiers"),
        ("no-version", "warning", "version"),
        ("python-classifiers", "error", "classifiers"),
        ("python-classifiers", "warning", "classifiers"),
        ("python-matrix", "error", "requires-python"),
        ("python-matrix", "warning", "classifiers"),
    }
    number = lines.index("license-files = []") + 1
    assert_red_here(run, number)
    assert "LICENSE is not in the wheel" in run.summary
    assert "src" in run.summary or "demo/copy.py" in run.summary


def assert_red_here(run: Run, line: int) -> None:
    assert f"pyproject.toml:{line}" in run.summary
    assert line in {location.line for location in run.junit_locations("metadata")}


@pytest.mark.heavy
def test_requires_python_is_required(package: DemoProject) -> None:
    package.replace("pyproject.toml", REQUIRES, "")
    run = gate(package)
    assert run.code == 1, str(run)
    assert_red_here(run, 1)
    assert run.rules("metadata") == ["no-requires-python"]


@pytest.mark.heavy
def test_the_projects_own_configuration_of_the_contents_counts(
    package: DemoProject,
) -> None:
    package.write("src/demo/copy.py", package.read("src/demo/__init__.py"))
    assert gate(package).code == 1
    package.configure('[tool.check-wheel-contents]\nignore = ["W002"]\n')
    assert_green(gate(package))


@pytest.mark.heavy
def test_a_build_that_failed_leaves_nothing_to_look_at(package: DemoProject) -> None:
    assert_green(gate(package))
    package.replace("pyproject.toml", "hatchling.build", "no_such_backend")
    run = gate(package)
    assert run.code == 1
    assert run.check("metadata")["status"] == "not-run"
    assert run.check("metadata")["reason"] == "the build created no wheel"
