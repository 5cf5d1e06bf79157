"""Before a version is tagged, every problem of the release is red."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monorepos import package as files_of
from tests.support.projects import DemoProject, Run, assert_green, git

PACKAGING = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/demo"]
"""
CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.1.0] - 2026-01-31

### Added

- A way to double numbers.

## [1.0.0] - 2025-12-01

- The first release.
"""
MAIN = '''\
"""The command."""


def main() -> None:
    """Greet."""
    print("hello")
'''


# The classifier that keeps a package from package indexes.
PRIVATE = 'readme = "README.md"\nclassifiers = ["Private :: Do Not Upload"]\n'
SDIST = """
[tool.hatch.build.targets.sdist]
exclude = ["data.txt"]
"""


@pytest.fixture
def package(project: DemoProject) -> DemoProject:
    """A package whose version 1.1.0 can be released."""
    old = 'version = "1.0"\nrequires-python = ">=3.10"\n'
    new = (
        'version = "1.1.0"\nrequires-python = ">=3.10"\nreadme = "README.md"\n'
        'license = "MIT"\nlicense-files = ["LICENSE"]\n'
        'scripts = { demo = "demo.command:main" }\n'
    )
    project.replace("pyproject.toml", old, new)
    project.configure(PACKAGING)
    project.write("README.md", "# demo\n\nA demo.\n")
    project.write("LICENSE", "MIT\n")
    project.write("CHANGELOG.md", CHANGELOG)
    project.write("src/demo/command.py", MAIN)
    project.git_init()
    git(project.root, "branch", "--move", "main")
    git(project.root, "tag", "v1.0.0", "HEAD", "--message", "1.0.0")
    return project


def release(project: DemoProject, *words: str, **variables: str) -> Run:
    return project.run("release", "check", *words, variables=variables)


def rules_of(run: Run) -> dict[str, list[str]]:
    """The rules that each check reports."""
    names = [check["id"] for check in run.result["checks"]]
    return {name: rules for name in names if (rules := run.rules(name))}


@pytest.mark.heavy
def test_a_release_that_is_ready(package: DemoProject, tmp_path: Path) -> None:
    output = tmp_path / "output"
    git(package.root, "tag", "v1.1.0")
    run = release(package, "--tag", "v1.1.0", GITHUB_OUTPUT=str(output))
    assert_green(run)
    assert rules_of(run) == {}
    built = {path.name for path in (run.reports / "dist").iterdir()}
    assert built == {"demo-1.1.0-py3-none-any.whl", "demo-1.1.0.tar.gz"}
    notes = (run.reports / "notes.md").read_text(encoding="utf-8")
    assert notes == "### Added\n\n- A way to double numbers.\n"
    assert run.check("proof")["notes"] == ["started with --help: demo"]
    lines = output.read_text(encoding="utf-8").splitlines()
    assert {"version=1.1.0", "tag=v1.1.0", "prerelease=false"} <= {*lines}


@pytest.mark.heavy
def test_a_release_that_would_break(package: DemoProject) -> None:
    package.replace("pyproject.toml", 'readme = "README.md"\n', PRIVATE)
    package.configure(SDIST)
    package.write("src/demo/data.txt", "data\n")
    package.write("src/demo/old.orig", "stray\n")
    package.append("src/demo/__init__.py", '\n__version__ = "1.0.0"\n')
    package.replace("src/demo/command.py", 'print("hello")', "raise KeyError(1)")
    package.replace("CHANGELOG.md", "[Unreleased]\n", "[Unreleased]\n\n- Late.\n")
    run = release(package, "--version", "1.2.0")
    assert run.code == 1
    assert rules_of(run) == {
        "checkout": ["uncommitted"],
        "build": ["not-in-wheel"],
        "metadata": ["private"],
        "version": ["version-mismatch"],
        "changelog": ["unreleased"],
        "proof": [
            *("stray-file", "stray-file"),
            *("wheel-differs", "stated-version", "command-fails"),
        ],
    }
    assert run.check("metadata")["status"] == "failed"
    texts = [finding["message"] for finding in run.findings("proof")]
    assert texts[2].endswith("not that of the sdist, contains demo/data.txt")
    assert texts[4] == "`demo --help` ends with KeyError: 1"
    assert "hello" not in run.stdout


SETUP = """\
from setuptools import setup

setup(
    name="demo",
    {version},
    description="A demo.",
    url="https://example.org",
    license="MIT",
    python_requires=">=3.10",
    long_description="A demo.",
    long_description_content_type="text/markdown",
    package_dir={{"": "src"}},
    packages=["demo"],
)
"""


@pytest.mark.heavy
@pytest.mark.parametrize(
    "version",
    ['version="1.1.0"', 'use_scm_version=True, setup_requires=["setuptools_scm"]'],
    ids=["static", "from-git"],
)
def test_a_package_with_only_a_setup_script_is_built_and_released(
    package: DemoProject, version: str
) -> None:
    (package.root / "pyproject.toml").unlink()
    package.write("setup.py", SETUP.format(version=version))
    package.write(".gitignore", ".ci-framework/\nbuild/\n*.egg-info/\n")
    git(package.root, "add", "--all")
    git(package.root, "commit", "--quiet", "--message", "setup.py only")
    run = release(package, "--version", "1.1.0")
    assert_green(run)
    built = {path.name for path in (run.reports / "dist").iterdir()}
    assert built == {"demo-1.1.0-py3-none-any.whl", "demo-1.1.0.tar.gz"}
    assert run.check("proof")["status"] == "passed"
    package.replace("setup.py", 'description="A demo."', "description=1 / 0")
    git(package.root, "commit", "--quiet", "--all", "--message", "broken")
    broken = release(package, "--version", "1.1.0")
    assert broken.code == 1
    assert {f["path"] for f in broken.findings("build")} == {"setup.py"}


def test_what_is_no_release(project: DemoProject) -> None:
    run = release(project)
    assert (run.code, "this is not a git repository" in run.stderr) == (2, True)
    run = project.run("release", "publish")
    assert "expected the action check, got 'publish'" in run.stderr
    run = release(project, "--tag", "v1.0", "--version", "1.0")
    assert "--version: cannot be combined with --tag" in run.stderr
    run = release(project, "--dry-run")
    assert (run.code, run.stdout.split()[0]) == (0, "checkout")


def test_a_repository_that_only_holds_packages_asks_for_one(
    project: DemoProject,
) -> None:
    for name, text in {**files_of("libs/core"), **files_of("libs/cli", "core")}.items():
        project.write(name, text)
    project.write("pyproject.toml", '[tool.uv.workspace]\nmembers = ["libs/*"]\n')
    project.write("CHANGELOG.md", CHANGELOG)
    project.git_init()
    run = release(project, "--version", "1.1.0")
    assert run.code == 2
    assert "--package: expected one of cli, core, got nothing" in run.stderr
    assert "hint: run `ci-framework/ci release check --package " in run.stderr
