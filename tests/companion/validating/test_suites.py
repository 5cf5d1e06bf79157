"""A project's own tests are run, and each outcome is recorded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ci_engine.environments.environment import Environment, Probe
from ci_engine.errors import ConfigurationError
from ci_framework.repository import open_repository
from ci_framework.validating.clones import Clone, make_clone
from ci_framework.validating.suites import (
    SuiteRun,
    command_for_tests,
    lacks_module,
    run_suite,
    shown_command,
)
from tests.support.adoptable_repositories import make_repository
from tests.support.adoptions import Content

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:xdist"]
UNITTEST = [sys.executable, "-m", "unittest", "discover", "-s", "tests"]
CASES = """\
import unittest

class Case(unittest.TestCase):
    def test_good(self):
        pass

    def test_bad(self):
        self.assertEqual(1, 2)

    @unittest.skip("later")
    def test_later(self):
        pass

    @unittest.expectedFailure
    def test_known(self):
        self.fail()

    def test_parts(self):
        for part in (1, 2):
            with self.subTest(part=part):
                self.assertEqual(part, 1)

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError("no server")

    def test_never(self):
        pass
"""


@pytest.fixture
def environment() -> Environment:
    probe = Probe("3", sys.executable, sys.prefix, "", {}, ["pytest"], {})
    return Environment("these tests", probe, {"PATH": os.environ["PATH"]})


def clone_of(path: Path, files: dict[str, Content]) -> Clone:
    root = make_repository(path / "demo", files)
    repository = open_repository(root)
    return make_clone(repository, repository.head, path / "clone")


def run(
    path: Path, environment: Environment, files: dict[str, Content], *words: str
) -> SuiteRun:
    clone = clone_of(path, files)
    return run_suite(clone, environment, words or PYTEST, 60)


def test_unittest_reports_each_outcome(
    tmp_path: Path, environment: Environment
) -> None:
    files: dict[str, Content] = {"tests/__init__.py": "", "tests/test_a.py": CASES}
    done = run(tmp_path, environment, files, *UNITTEST)
    assert not done.problem, done.ended
    assert {name.rpartition(".")[2]: how for name, how in done.outcomes.items()} == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_later": "skipped",
        "test_known": "xfailed",
        "test_parts": "failed",
        "Broken)": "error",
    }
    assert any("1 != 2" in said for said in done.messages.values())


@pytest.mark.heavy
def test_pytest_reports_each_outcome_and_the_clone_stays_clean(
    tmp_path: Path, environment: Environment
) -> None:
    tests = """\
from pathlib import Path

def test_good():
    Path("left.txt").touch()
    Path("tracked.txt").write_text("changed")

def test_bad():
    import no_such_module
"""
    files: dict[str, Content] = {"test_a.py": tests, "tracked.txt": "as it was\n"}
    clone = clone_of(tmp_path, files)
    done = run_suite(clone, environment, PYTEST, 60)
    assert done.outcomes == {
        "test_a.py::test_good": "passed",
        "test_a.py::test_bad": "failed",
    }
    assert lacks_module(done)
    assert clone.touched() == []
    assert (clone.root / "tracked.txt").read_text() == "as it was\n"


HANGS = """
import subprocess, sys, threading
from pathlib import Path

def test_hangs():
    words = [sys.executable, "-c", "import time; time.sleep(60)"]
    started = subprocess.Popen(words, start_new_session=True)
    Path("PLACE", "started").write_text(str(started.pid))
    threading.Event().wait()
"""


@pytest.mark.heavy
def test_a_run_that_hangs_is_killed_and_names_the_test(
    tmp_path: Path, environment: Environment
) -> None:
    clone = clone_of(tmp_path, {"test_a.py": HANGS.replace("PLACE", str(tmp_path))})
    done = run_suite(clone, environment, PYTEST, 8)
    assert "did not finish within" in done.problem
    assert "test_a.py::test_hangs" in done.problem
    # No process that it started survives, not even in another session.
    state = Path("/proc", (tmp_path / "started").read_text(), "stat")
    assert not state.exists() or state.read_text("utf-8").split()[2] == "Z"


@pytest.mark.heavy
def test_a_run_that_dies_says_nothing_about_the_tests(
    tmp_path: Path, environment: Environment
) -> None:
    dies = "import os\n\ndef test_dies():\n    os._exit(0)\n"
    done = run(tmp_path, environment, {"test_a.py": dies})
    assert "did not finish: exit code 0" in done.problem


def test_a_command_that_is_not_there_is_reported(
    tmp_path: Path, environment: Environment
) -> None:
    done = run(tmp_path, environment, {"a": "a"}, "no-such-command")
    assert "no-such-command" in done.problem


def test_the_own_command_beats_pytest(environment: Environment) -> None:
    assert command_for_tests("make 'a b'", environment) == ["make", "a b"]
    assert command_for_tests(["tox", "-q"], environment) == ["tox", "-q"]
    words = command_for_tests("", environment)
    assert shown_command(words) == "python -m pytest --color=no"
    with pytest.raises(ConfigurationError):
        command_for_tests("make 'a", environment)


def test_a_clone_cannot_push_into_the_repository(tmp_path: Path) -> None:
    clone = clone_of(tmp_path, {"a.txt": "a\n"})
    done = clone.repository.try_git("push", "origin", "HEAD:refs/heads/other")
    assert done.returncode != 0
    original = open_repository(tmp_path / "demo")
    assert original.line("branch", "--list", "other") == ""


def test_hooks_of_the_user_do_not_run_in_a_clone(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "demo", {"a.txt": "a\n"})
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    repository = open_repository(root)
    make_clone(repository, repository.head, tmp_path / "clone")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("code", "outcome"), [(0, "passed"), (1, "failed")])
def test_a_command_that_names_no_tests_counts_by_its_exit_code(
    tmp_path: Path, environment: Environment, code: int, outcome: str
) -> None:
    files: dict[str, Content] = {"manage.py": f"print('Ran 3 tests')\nexit({code})\n"}
    done = run(tmp_path, environment, files, sys.executable, "manage.py", "test")
    assert not done.problem
    assert done.outcomes == {"python manage.py test": outcome}


def test_a_runner_that_did_not_start_is_no_outcome(
    tmp_path: Path, environment: Environment
) -> None:
    done = run(tmp_path, environment, {"a": ""}, sys.executable, "-m", "no_pytest")
    assert done.problem
