"""Environments for tests of projects that nothing can install, such as services."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ci_framework.validating.settings import read_settings
from ci_framework.validating.test_environment import Prepared, decide, prepare
from tests.companion.validating.test_suites import clone_of
from tests.support.adoptions import Content
from tests.support.projects import program

# A uv whose environments stay empty; one is refused if a file says so.
UV = """\
import subprocess, sys
from pathlib import Path
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[1] == "venv":
    make = [sys.executable, "-I", "-m", "venv", "--without-pip", sys.argv[-1]]
    subprocess.run(make, check=True)
elif sys.argv[1:3] == ["python", "find"]:
    print(sys.executable)
elif Path("REFUSED").exists() and "/validation/" not in " ".join(sys.argv):
    print("header.h: no such file", file=sys.stderr)
    sys.exit(1)
"""
OWN = '[tool.ci-framework.commands]\ntest = ["python", "-m", "unittest"]\n'
SERVICE: dict[str, Content] = {
    "requirements.txt": "flask\n",
    "tests.py": "import unittest\n",
    "ci-framework.toml": OWN,
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The calls of uv."""
    path = tmp_path / "uv.log"
    program(tmp_path / "tools", "uv", UV.format(log=str(path)))
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}")
    return path


def prepared(path: Path, **more: Content) -> Prepared:
    clone = clone_of(path, {**SERVICE, **more})
    return prepare(clone, decide(clone, read_settings(clone.root)))


def test_tests_without_pytest_run_where_the_gate_runs_them(
    tmp_path: Path, log: Path
) -> None:
    assert prepared(tmp_path).of_gate
    calls = log.read_text()
    assert "--requirement requirements.txt" in calls
    assert " pytest" not in calls


def test_a_refused_environment_is_replaced_by_one_with_the_same_requirements(
    tmp_path: Path, log: Path
) -> None:
    found = prepared(tmp_path, REFUSED="")
    assert not found.of_gate
    # The last line of the installer is the reason.
    assert "could not be created: header.h: no such file (" in found.notes[0]
    assert "installed: requirements.txt" in found.notes
    assert " pytest" not in log.read_text()


@pytest.mark.heavy
def test_pytest_is_added_for_tests_that_need_it(tmp_path: Path, log: Path) -> None:
    prepared(tmp_path, **{"ci-framework.toml": ""})
    assert log.read_text().splitlines()[-1].endswith(" pytest")
