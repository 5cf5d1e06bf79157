"""Tests may replace functions and clocks that our plugin needs."""

from __future__ import annotations

import pytest

from tests.support.projects import WITH_XDIST, DemoProject, Location, assert_green

MORE = "tests/test_more.py"
# What is replaced for the whole run: https://github.com/pytest-dev/pytest/issues/4761,
# issues/10787 and issues/185 are of the same kind.
WHOLE_RUN = """\
import json
import os
import time
from unittest import mock

import pytest


@pytest.fixture(scope="session", autouse=True)
def replaced():
    with (
        mock.patch("os.getpid", return_value=7),
        mock.patch("json.dumps", return_value="x"),
        mock.patch("os.path.realpath", side_effect=OSError),
        mock.patch("time.monotonic", return_value=0.0),
    ):
        yield
"""
ONE_TEST = """\
import os


def test_windows(monkeypatch) -> None:
    monkeypatch.setattr(os, "name", "nt")


def test_failing() -> None:
    number = 1
    assert number == 0
"""
# https://github.com/spulec/freezegun/issues/433
FALSE_CLOCK = """\
import pytest

SECONDS = {"setup": 1.6e9, "call": float("nan"), "teardown": -1.6e9}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    report.duration = SECONDS[report.when]
"""
UNORDERED = """\
import pytest


@pytest.mark.parametrize("letter", set("abcdefgh"))
def test_letter(letter: str) -> None:
    pass
"""


@pytest.mark.heavy
def test_what_tests_replace_changes_no_verdict(project: DemoProject) -> None:
    project.write("tests/conftest.py", WHOLE_RUN)
    project.write(MORE, ONE_TEST.partition("\n\n\ndef test_failing")[0])
    run = project.gate("test")
    assert_green(run)
    assert [test["outcome"] for test in run.check("test")["tests"]] == ["passed"] * 2


@pytest.mark.heavy
@pytest.mark.parametrize("style", ["native", "long"])
def test_each_style_of_traceback_names_the_line(
    project: DemoProject, style: str
) -> None:
    project.write(MORE, ONE_TEST)
    run = project.gate("test", variables={"PYTEST_ADDOPTS": f"--tb={style}"})
    assert run.locations("test") == [Location(MORE, 10)]


@pytest.mark.heavy
def test_a_duration_that_no_clock_could_measure_is_none(project: DemoProject) -> None:
    project.write("tests/conftest.py", FALSE_CLOCK)
    run = project.gate("test")
    assert_green(run)
    (case,) = run.junit.iter("testcase")
    assert case.get("time") == "0.000"


@pytest.mark.heavy
def test_workers_that_disagree_about_the_tests_are_no_file(
    project: DemoProject,
) -> None:
    """https://github.com/pytest-dev/pytest-xdist/issues/432"""
    project.write(MORE, UNORDERED)
    options = {**WITH_XDIST, "PYTEST_ADDOPTS": "-n2", "PYTHONHASHSEED": None}
    run = project.gate("test", variables=options)
    assert run.code == 1, str(run)
    (finding,) = run.findings("test")
    assert "Different tests were collected" in finding["message"]
    assert (finding["path"], finding["line"]) == ("", 0)
