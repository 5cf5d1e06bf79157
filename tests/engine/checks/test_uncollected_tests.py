"""Tests that pytest does not collect are named in every report.

Public reports of suites that were green for years without such tests: pytest#410 (a
class with a constructor), galaxyproject/pulsar#484 and 389ds/389-ds-base#6900 (names of
files), pytest#5301 (``--lf``).
"""

from __future__ import annotations

import pytest

from tests.engine.checks.test_tests_that_did_not_run import (
    DEMO,
    GREEN,
    MORE,
    assert_named,
    counts,
)
from tests.support.projects import TESTS, DemoProject

METHOD = "    def test_one(self) -> None:\n        pass\n"
# Each in a file of its own, and what is named.
LEFT_OUT = {
    "constructor": (
        MORE,
        f"class TestMore:\n    def __init__(self) -> None:\n        pass\n\n{METHOD}",
        f"{MORE}::TestMore",
    ),
    "name of the class": (MORE, f"class MoreTests:\n{METHOD}", f"{MORE}::MoreTests"),
    "name of the file": ("tests/tests_more.py", TESTS, "tests/tests_more.py"),
}
# What only looks like tests.
NO_TESTS = {
    "tests/test_base.py": f"class BaseTests:\n{METHOD}\n\nclass TestThis(BaseTests):\n"
    "    pass\n",
    "tests/suite.py": TESTS,
    "tests/test_suite.py": "from suite import *\n",
    "tests/test_helper.py": "import pytest\n\n\n@pytest.fixture\n"
    "def test_client() -> int:\n    return 1\n\n\n"
    f"class TestDouble:\n    __test__ = False\n\n{METHOD}\n\n"
    f"class FakeConnection:\n{METHOD}\n\n"
    "@pytest.mark.parametrize('x', [1, 2])\n"
    "def test_both(test_client: int, x: int) -> None:\n    pass\n",
    "src/demo/check.py": "def test_connection() -> bool:\n    return True\n",
}


@pytest.mark.heavy
@pytest.mark.parametrize("how", LEFT_OUT)
def test_what_pytest_does_not_take_for_a_test_is_named(
    project: DemoProject, how: str
) -> None:
    file, text, name = LEFT_OUT[how]
    project.write(file, text)
    run = project.gate("test")
    assert run.code == 0, str(run)
    assert counts(run) == {**GREEN, "not-collected": 1}
    assert_named(run, name)


@pytest.mark.heavy
def test_what_only_looks_like_a_test_is_not(project: DemoProject) -> None:
    for file, text in NO_TESTS.items():
        project.write(file, text)
    options = {"PYTEST_ADDOPTS": "--doctest-modules src tests"}
    run = project.gate("test", variables=options)
    assert counts(run) == {"passed": 5}, str(run)


@pytest.mark.heavy
def test_ids_relative_to_a_directory_above_name_the_same_tests(
    project: DemoProject,
) -> None:
    # As in a package whose pytest configuration is at the top of the repository.
    options = {"PYTEST_ADDOPTS": f"--rootdir={project.root.parent}"}
    run = project.gate("test", variables=options)
    assert counts(run) == GREEN, str(run)


@pytest.mark.heavy
def test_only_what_failed_last_is_not_everything(project: DemoProject) -> None:
    options = {"PYTEST_ADDOPTS": "--lf"}
    project.write(MORE, "def test_wrong() -> None:\n    assert False\n")
    assert project.gate("test", variables=options).code == 1
    project.write(MORE, "def test_wrong() -> None:\n    pass\n")
    run = project.gate("test", variables=options)
    assert counts(run) == {**GREEN, "not-collected": 1}
    assert_named(run, f"{DEMO}::test_double")
