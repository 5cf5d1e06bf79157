"""A clone of this repository in a project: its scripts work, and leave no trace."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from tests.support.launching import copy_checkout
from tests.support.projects import Run, clean_environment, git

# Slow: they run the checks.
pytestmark = pytest.mark.heavy

OF_THE_CLONE = re.compile(r"ci-framework/(tests|extensions|docs|template|actions|\.)")
PYPROJECT = """\
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.10"
{more}"""
SOURCE = (
    '"""A package."""\n\n\ndef double(number: int) -> int:\n    return 2 * number\n'
)
TEST = """\
from demo import double


def test_double() -> None:
    assert double(2) == 4
"""


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as it is now, with one commit."""
    return copy_checkout(tmp_path_factory.mktemp("checkout") / "ci-framework")


class Dropped:
    """A project without any file of ours but a clone, and no settings either."""

    def __init__(self, root: Path, checkout: Path) -> None:
        self.root = root
        more = '\n[tool.pytest.ini_options]\npythonpath = ["src"]\n'
        for name, text in {
            "pyproject.toml": PYPROJECT.format(more=more),
            "src/demo/__init__.py": SOURCE,
            "tests/test_demo.py": TEST,
            ".gitignore": ".venv\n__pycache__/\n*.egg-info/\nbuild/\n",
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        git(root, "init", "--quiet")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", "start")
        git(root, "clone", "--quiet", str(checkout), "ci-framework")
        (root / ".venv").symlink_to(sys.prefix, target_is_directory=True)

    def script(self, name: str, *arguments: str) -> Run:
        command = [f"./ci-framework/scripts/{name}", *arguments]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=self.root,
            env=clean_environment(
                PATH=path,
                CI_FRAMEWORK_CACHE=str(self.root.parent / "cache"),
                CI_FRAMEWORK_ENGINE=None,
            ),
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        return Run(done.returncode, done.stdout, done.stderr, self.root)

    def result(self, command: str) -> dict[str, object]:
        path = self.root / ".ci-framework" / command / "result.json"
        return cast("dict[str, object]", json.loads(path.read_text("utf-8")))


@pytest.fixture
def dropped(tmp_path: Path, checkout: Path) -> Dropped:
    return Dropped(tmp_path / "project", checkout)


def assert_nothing_of_the_clone(dropped: Dropped) -> None:
    for path in (dropped.root / ".ci-framework").rglob("*"):
        if path.is_file() and path.suffix in {".json", ".xml", ".sarif", ".md"}:
            found = OF_THE_CLONE.search(path.read_text(encoding="utf-8"))
            assert found is None, f"{path}: {found}"


def assert_clean(dropped: Dropped, run: Run) -> None:
    assert git(dropped.root, "status", "--porcelain") == "?? ci-framework/\n"
    hint = "ignore it: echo '/ci-framework/' >>.git/info/exclude\n"
    assert hint in run.stderr
    assert git(dropped.root / "ci-framework", "status", "--porcelain") == ""


def test_the_gate_sees_the_project_alone(dropped: Dropped) -> None:
    run = dropped.script("local-quality-gates.sh", "--tier=essential")
    assert run.code in (0, 1), str(run)
    checks = {
        check["id"]: check
        for check in cast("list[dict[str, object]]", dropped.result("gate")["checks"])
    }
    tests = cast("list[dict[str, str]]", checks["test"]["tests"])
    assert [test["id"] for test in tests] == ["tests/test_demo.py::test_double"], run
    for check in checks.values():
        for finding in cast("list[dict[str, str]]", check["findings"]):
            assert not finding["path"].startswith("ci-framework/"), finding
    assert checks["lint"]["status"] == "passed", str(run)
    assert_nothing_of_the_clone(dropped)
    assert_clean(dropped, run)


def test_the_hint_goes_once_it_was_followed(dropped: Dropped) -> None:
    run = dropped.script("local-quality-gates.sh", "--dry-run")
    assert_clean(dropped, run)
    command = run.stderr.partition("ignore it: ")[2].splitlines()[0]
    subprocess.run(["bash", "-c", command], cwd=dropped.root, check=True)
    assert "hint" not in dropped.script("local-quality-gates.sh", "--dry-run").stderr
    assert git(dropped.root, "status", "--porcelain") == ""


@pytest.mark.parametrize("with_git", [True, False])
def test_the_packages_are_those_of_the_project(
    dropped: Dropped, with_git: bool
) -> None:
    if not with_git:
        shutil.rmtree(dropped.root / ".git")
    for script, options in {
        "package-detection.py": ("--scan", "--json"),
        "monorepo-ci.sh": ("--analyze-dependencies", "--format=json"),
    }.items():
        run = dropped.script(script, *options)
        assert run.code == 0, str(run)
        assert "demo" in run.stdout
        assert "ci-framework" not in run.stdout
        assert "my_project" not in run.stdout
    if with_git:
        assert_clean(dropped, dropped.script("package-detection.py", "--scan"))


def test_the_gate_of_a_package_sees_the_project_alone(dropped: Dropped) -> None:
    options = ("--package=demo", "--tier=essential", "--only=lint,test")
    run = dropped.script("selective-ci.sh", *options)
    assert run.code == 0, str(run)
    assert_nothing_of_the_clone(dropped)
    assert_clean(dropped, run)


def test_a_configuration_is_checked_without_files_of_ours(dropped: Dropped) -> None:
    run = dropped.script("validate-config.sh")
    assert run.code in (0, 2), str(run)
    assert_nothing_of_the_clone(dropped)
    assert_clean(dropped, run)


def test_the_environment_is_prepared(dropped: Dropped) -> None:
    (dropped.root / ".venv").unlink()
    run = dropped.script("setup-local-ci.sh", "--no-hooks")
    assert run.code == 0, str(run)
    assert (dropped.root / ".venv").is_dir()
    assert_clean(dropped, run)


def test_a_scan_sees_the_project_alone(dropped: Dropped) -> None:
    secret = "AWS_SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'\n"
    (dropped.root / "src" / "demo" / "keys.py").write_text(secret, encoding="utf-8")
    subprocess.run(
        ["./ci-framework/ci", "scan", "--only=bandit,ruff"],
        cwd=dropped.root,
        env=clean_environment(
            CI_FRAMEWORK_CACHE=str(dropped.root.parent / "cache"),
            CI_FRAMEWORK_ENGINE=None,
        ),
        capture_output=True,
        check=False,
    )
    assert_nothing_of_the_clone(dropped)


def test_a_copy_without_git_is_left_alone_as_well(
    tmp_path: Path, checkout: Path
) -> None:
    """As the archive of a release that was unpacked."""
    dropped = Dropped(tmp_path / "project", checkout)
    shutil.rmtree(dropped.root / "ci-framework" / ".git")
    run = dropped.script("local-quality-gates.sh", "--only=test,no-conflict-markers")
    [*_, test] = cast("list[dict[str, object]]", dropped.result("gate")["checks"])
    tests = cast("list[dict[str, str]]", test["tests"])
    assert {t["id"] for t in tests} == {"tests/test_demo.py::test_double"}, str(run)
