"""Results of one package name files and tests relative to the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.findings.results import CheckResult, Finding, TestCase
from ci_engine.monorepo.repository_paths import seen_from_top
from ci_engine.project.repository import Project


@pytest.fixture
def package(tmp_path: Path) -> Project:
    top = tmp_path / "repository"
    (top / "packages" / "a").mkdir(parents=True)
    return Project(top / "packages" / "a", "pip", {}, top=top)


def named(project: Project, path: str, test: str = "") -> tuple[str, str]:
    """A path and a test, as they are named from the top."""
    case = TestCase(id=test, outcome="failed", path=path)
    finding = Finding(tool="t", rule="r", message="m", path=path, test=test)
    result = CheckResult(id="test", findings=[finding], tests=[case])
    seen_from_top(project, result)
    assert (result.tests[0].path, result.tests[0].id) == (
        result.findings[0].path,
        result.findings[0].test,
    )
    return result.findings[0].path, result.findings[0].test


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("", ""),
        ("src/a.py", "packages/a/src/a.py"),
        ("./src/a.py", "packages/a/src/a.py"),
        ("../../pyproject.toml", "pyproject.toml"),
        ("../b/src/b.py", "packages/b/src/b.py"),
    ],
)
def test_a_path_of_a_package_starts_at_the_top(
    package: Project, path: str, shown: str
) -> None:
    assert named(package, path)[0] == shown


def test_an_absolute_path_does_too(package: Project, tmp_path: Path) -> None:
    assert package.top
    inside = package.root / "src" / "a.py"
    assert named(package, str(inside))[0] == "packages/a/src/a.py"
    assert named(package, str(package.top / "x.py"))[0] == "x.py"
    outside = str(tmp_path / "elsewhere.py")
    assert named(package, outside)[0] == outside


def test_an_absolute_path_by_way_of_a_link_does_too(
    package: Project, tmp_path: Path
) -> None:
    assert package.top
    link = tmp_path / "link"
    link.symlink_to(package.top)
    linked = Project(link / "packages" / "a", "pip", {}, top=link)
    # A tool may report either name of the file.
    real = str(package.root / "a.py")
    assert named(linked, real)[0] == "packages/a/a.py"
    assert named(linked, str(link / "packages" / "a" / "a.py"))[0] == "packages/a/a.py"
    assert named(package, str(link / "packages" / "a" / "a.py"))[0] == "packages/a/a.py"


@pytest.mark.parametrize(
    ("test", "shown"),
    [
        ("", ""),
        ("tests/test_a.py::test", "packages/a/tests/test_a.py::test"),
        # pytest may have its root at the top of the repository.
        ("packages/a/tests/test_a.py::test", "packages/a/tests/test_a.py::test"),
    ],
)
def test_a_test_is_named_from_the_top(package: Project, test: str, shown: str) -> None:
    assert named(package, "tests/test_a.py", test)[1] == shown


def test_a_repository_without_packages_is_named_as_it_is(tmp_path: Path) -> None:
    whole = Project(tmp_path, "pip", {})
    assert named(whole, "./src/a.py", "t::x") == ("./src/a.py", "t::x")
