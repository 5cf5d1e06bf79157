"""The tests of a matrix job, divided among several runners and judged as one run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from ci_engine.checks.tests.combined_shards import find_shards
from ci_engine.environments.inside.pytest_hooks.shards import divide
from tests.support.projects import WITH_XDIST, DemoProject, Json, Run

SHUFFLE = """\
import os, random


def pytest_collection_modifyitems(items):
    steps = [item for item in items if "TestSteps" in item.nodeid]
    others = [item for item in items if item not in steps]
    random.Random(os.getpid()).shuffle(others)
    items[:] = [*others, *steps]
"""
Variables = Mapping[str, str | None] | None
ALL = "test,coverage,patch-coverage"
CODE = '''\
"""Numbers."""


def sign(number: int) -> str:
    """Name the sign."""
    if number < 0:
        return "minus"
    elif number > 0:
        return "plus"
    return "zero"


def unused(flag: bool) -> int:
    """Nobody tests it.

    >>> 1 + 1
    2
    """
    if flag:
        return 1
    return 2
'''
ODD = '''\
"""Tests with odd names."""

import unittest

import pytest

from demo import double
from demo.numbers import sign

SEEN = []


@pytest.mark.parametrize("number", [-1, 0, 1, 2])
def test_sign(number):
    assert sign(number)


@pytest.mark.parametrize("text", ["a::b", "c/d", "[x]", "", "é ü", "a b"])
def test_text(text):
    assert isinstance(text, str)


@pytest.mark.parametrize("thing", {"x", "y", "z"})
def test_of_a_set(thing):
    assert thing


@pytest.mark.parametrize("thing", [object(), object()])
def test_of_objects(thing):
    assert thing


class TestSteps:
    @pytest.fixture(scope="class")
    def steps(self):
        return []

    def test_first(self, steps):
        steps.append(1)

    def test_second(self, steps):
        assert steps == [1]

    class TestInner:
        def test_inner(self):
            pass


class Old(unittest.TestCase):
    def test_old(self):
        self.assertEqual(double(2), 4)

    def test_older(self):
        pass


@pytest.mark.skip(reason="later")
def test_skipped():
    pass


@pytest.mark.xfail
def test_expected():
    assert False
'''


@pytest.fixture
def suite(project: DemoProject) -> DemoProject:
    """A change of a repository: a module that its tests cover in part."""
    project.git_init()
    project.write("src/demo/numbers.py", CODE)
    project.write("tests/test_odd.py", ODD)
    for number in range(4):
        text = f"def test_{number}() -> None:\n    assert True\n"
        project.write(f"tests/test_some_{number}.py", text)
    project.replace(
        "pyproject.toml", "testpaths", 'addopts = "--doctest-modules"\ntestpaths'
    )
    project.replace("pyproject.toml", '["tests"]', '["tests", "src"]')
    return project


def run_shard(
    project: DemoProject,
    index: int,
    count: int,
    *more: str,
    variables: Variables = None,
) -> Run:
    directory = project.root / ".ci-framework" / "shards"
    reports = directory / f"shard-linux-{index}-of-{count}-1"
    options = ("--shard", f"{index}/{count}", "--report-dir", str(reports))
    words = ("--only", ALL, *options, *more)
    return project.run("gate", *words, reports=reports, variables=variables)


def combine(project: DemoProject, *words: str, variables: Variables = None) -> Run:
    options = ("--combine", ".ci-framework/shards", "--only", ALL)
    target = project.root / "combined"
    where = ("--report-dir", str(target))
    return project.run(
        "gate", *options, *where, *words, reports=target, variables=variables
    )


def ran_in(run: Run) -> Counter[str]:
    """How often each test ran."""
    ran = ("passed", "failed", "skipped", "xfailed", "xpassed", "error")
    found = run.check("test")["tests"]
    return Counter(test["id"] for test in found if test["outcome"] in ran)


def of_job(run: Run, name: str = "linux") -> Run:
    """The report on one matrix job."""
    return Run(run.code, run.stdout, run.stderr, run.reports / name)


def coverage_of(path: Path) -> Json:
    report = json.loads((path / "coverage.json").read_text("utf-8"))
    lines = ("executed_lines", "missing_lines", "excluded_lines")
    branches = ("executed_branches", "missing_branches")
    files = {
        name: [sorted(map(repr, file.get(part) or [])) for part in (*lines, *branches)]
        for name, file in report["files"].items()
    }
    totals = ("percent_covered", "num_statements", "missing_lines", "num_branches")
    return {"files": files, **{name: report["totals"].get(name) for name in totals}}


@pytest.mark.heavy
def test_the_shards_run_every_test_once_and_reach_the_same_coverage(
    suite: DemoProject,
) -> None:
    whole = suite.gate(ALL, "--coverage-threshold", "50")
    assert whole.code == 0, str(whole)
    runs = [run_shard(suite, index, 3) for index in (1, 2, 3)]
    assert [run.code for run in runs] == [0, 0, 0], "".join(map(str, runs))
    together = sum((ran_in(run) for run in runs), Counter[str]())
    assert together == ran_in(whole)
    assert set(together.values()) == {1}
    assert all(len(ran_in(run)) > 3 for run in runs)
    steps = [any("TestSteps" in name for name in ran_in(run)) for run in runs]
    assert steps.count(True) == 1
    for run in runs:
        assert run.check("coverage")["status"] == "skipped"
        assert "deselected" not in str(run.check("test")["notes"])
    done = combine(suite, "--coverage-threshold", "50")
    assert done.code == 0, str(done)
    combined = of_job(done)
    assert ran_in(combined) == ran_in(whole)
    assert combined.check("coverage")["coverage"] == whole.check("coverage")["coverage"]
    assert coverage_of(combined.reports) == coverage_of(whole.reports)
    assert 50 < combined.check("patch-coverage")["coverage"] < 95
    red = combine(suite, "--coverage-threshold", "95")
    assert red.code == 1
    assert "95 % required" in str(red)
    undivided = suite.gate(ALL, "--coverage-threshold", "95")
    assert undivided.code == 1
    for check in ("coverage", "patch-coverage"):
        assert of_job(red).locations(check) == undivided.locations(check)
        for name in ("reason", "coverage", "findings"):
            theirs = undivided.check(check)[name]
            assert of_job(red).check(check)[name] == theirs, check


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("addopts", "settings"),
    [
        ("-n 2 --dist loadscope", ""),
        ("-k 'not text' -m 'not slow'", 'markers = ["slow"]'),
    ],
)
def test_the_shards_are_the_same_with_other_plugins_and_options(
    suite: DemoProject, addopts: str, settings: str
) -> None:
    suite.replace(
        "pyproject.toml", '"--doctest-modules"', f'"--doctest-modules {addopts}"'
    )
    suite.replace("pyproject.toml", "pythonpath", f"{settings}\npythonpath")
    plugins = WITH_XDIST
    # pytest-xdist refuses ids that differ from one worker to the next.
    suite.replace("tests/test_odd.py", '{"x", "y", "z"}', '("x", "y", "z")')
    suite.write("tests/conftest.py", "" if "-n" in addopts else SHUFFLE)
    whole = ran_in(suite.gate("test", variables=plugins))
    record_durations(suite, whole)
    recorded = ("--durations", "durations.json")
    runs = [run_shard(suite, n, 3, *recorded, variables=plugins) for n in (1, 2, 3)]
    assert [run.code for run in runs] == [0, 0, 0], "".join(map(str, runs))
    together = sum((ran_in(run) for run in runs), Counter[str]())
    assert together == whole
    texts = [any("test_text[" in name for name in ran_in(run)) for run in runs]
    assert texts.count(True) == (3 if "-n" in addopts else 0)
    assert combine(suite, "--coverage-threshold", "50").code == 0


def record_durations(suite: DemoProject, whole: Counter[str]) -> None:
    """Slow parameters, tests that are gone or have another name, and unknown ones."""
    seconds = {name: 9.0 if "test_text[" in name else 0.01 for name in whole}
    seconds = {name: taken for name, taken in seconds.items() if "sign" not in name}
    seconds |= {"tests/test_gone.py::test_gone": 500.0, "tests/test_odd.py::old": 1.0}
    text = json.dumps({"schema": 1, "seconds": seconds})
    suite.write("durations.json", text)


def write_shard(
    directory: Path, index: int, changes: Json | None = None, count: int = 2
) -> Path:
    """A report of a shard, as the gate leaves one."""
    changes = dict(changes or {})
    units = {"here": [f"unit-{index}"], "others": [f"unit-{3 - index}"]}
    record = {"schema": 1, "index": index, "count": count, **units}
    check: Json = {
        "id": "test",
        "status": "passed",
        "tests": [{"id": f"t::{index}", "outcome": "passed", "seconds": index / 2}],
    }
    check |= cast("Json", changes.pop("check", {}))
    verdict = "green" if check["status"] in ("passed", "skipped") else "red"
    result = {
        "schema": 1,
        "command": "gate",
        "verdict": verdict,
        "python": "3.12.1",
        "checks": [check, *cast("list[Json]", changes.pop("more", []))],
    }
    path = (
        directory / f"shard-linux-py3.12-{index}-of-{count}-{changes.pop('attempt', 1)}"
    )
    path.mkdir(parents=True)
    (path / "result.json").write_text(json.dumps(result))
    (path / "shard.json").write_text(json.dumps({**record, **changes}))
    return path


def judge(project: DemoProject, *words: str) -> Run:
    done = combine(project, "--only", "test", *words)
    return of_job(done, "linux-py3.12")


@pytest.fixture
def shards(project: DemoProject) -> Path:
    return project.root / ".ci-framework" / "shards"


def test_two_green_shards_are_green(project: DemoProject, shards: Path) -> None:
    write_shard(shards, 1)
    write_shard(shards, 2)
    run = judge(project, "--durations", "durations.json")
    assert run.code == 0, str(run)
    check = run.check("test")
    assert [test["id"] for test in check["tests"]] == ["t::1", "t::2"]
    assert run.result["python"] == "3.12.1"
    recorded = json.loads(project.read("durations.json"))
    assert recorded["seconds"] == {"t::1": 0.5, "t::2": 1.0}


@pytest.mark.parametrize(
    ("second", "code", "reason"),
    [
        (None, 3, "shard 2 left no report"),
        ({"check": {"status": "failed", "reason": "bad"}}, 1, "shard 2: bad"),
        ({"check": {"status": "timed-out", "reason": "slow"}}, 1, "shard 2: slow"),
        ({"check": {"status": "not-run", "reason": "no"}}, 3, "shard 2: no"),
        ({"check": {"id": "lint"}}, 3, "shard 2 ran no tests"),
        (
            {"more": [{"id": "python", "status": "failed", "reason": "3.9"}]},
            1,
            "shard 2: python: 3.9",
        ),
        ({"others": ["unit-9"]}, 1, "shard 1 and shard 2 collected different tests: "),
        ({"here": ["unit-1", "unit-2"], "others": []}, 1, "several shards ran unit-1"),
        ({"here": [], "others": ["unit-1", "unit-2"]}, 1, "no shard ran unit-2"),
        ({"schema": 2}, 3, "the report of shard 2 cannot be read"),
    ],
)
def test_what_a_shard_did_not_prove_is_never_green(
    project: DemoProject,
    shards: Path,
    second: Json | None,
    code: int,
    reason: str,
) -> None:
    write_shard(shards, 1)
    if second is not None:
        write_shard(shards, 2, second)
    run = judge(project)
    assert run.code == code, str(run)
    assert reason in run.check("test")["reason"]


def test_a_matrix_job_whose_shards_all_left_no_report_is_not_run(
    project: DemoProject, shards: Path
) -> None:
    write_shard(shards, 1)
    write_shard(shards, 2)
    entries = [
        {"label": f"{name}-{n}-of-2", "shard": f"{n}/2"}
        for name in ("linux-py3.12", "macos-py3.12")
        for n in (1, 2)
    ]
    matrix = json.dumps({"include": [*entries, {"label": "other", "shard": ""}]})
    done = combine(project, "--only", "test", variables={"SHARDS": matrix})
    assert done.code == 3, str(done)
    assert of_job(done, "linux-py3.12").check("test")["status"] == "passed"
    lost = of_job(done, "macos-py3.12").check("test")
    assert lost["reason"] == "shard 1 left no report; shard 2 left no report"


def test_the_last_attempt_of_a_shard_counts(project: DemoProject, shards: Path) -> None:
    write_shard(shards, 1)
    write_shard(shards, 2, {"check": {"status": "failed", "reason": "bad"}})
    write_shard(shards, 2, {"attempt": 2})
    assert judge(project).code == 0


def test_a_shard_without_tests_is_not_red_if_others_have_some(
    project: DemoProject, shards: Path
) -> None:
    empty: Json = {
        "status": "skipped",
        "reason": "this shard has no tests",
        "tests": [],
    }
    write_shard(shards, 1, {"here": ["unit-1", "unit-2"], "others": []})
    write_shard(shards, 2, {"check": empty, "here": [], "others": ["unit-1", "unit-2"]})
    assert judge(project).code == 0


def test_tests_that_are_all_skipped_in_all_shards_are_red(
    project: DemoProject, shards: Path
) -> None:
    skipped = {"status": "skipped", "reason": "each of them was skipped"}
    write_shard(shards, 1, {"check": skipped})
    write_shard(shards, 2, {"check": skipped})
    run = judge(project)
    assert run.code == 1
    assert "nothing was tested" in run.check("test")["reason"]


@pytest.mark.heavy
def test_more_shards_than_tests_leave_some_empty_and_the_rest_alone(
    project: DemoProject,
) -> None:
    workers = {**WITH_XDIST, "PYTEST_ADDOPTS": "-n 2"}
    runs = [run_shard(project, n, 3) for n in (1, 2)]
    runs.append(run_shard(project, 3, 3, variables=workers))
    assert [run.code for run in runs] == [0, 0, 0], "".join(map(str, runs))
    checks = [run.check("test") for run in runs]
    assert sorted(c["status"] for c in checks) == ["passed", "skipped", "skipped"]
    reasons = [check["reason"] for check in checks]
    assert reasons.count("this shard has no tests") == 2
    assert of_job(combine(project)).code == 0


def test_a_command_without_pytest_cannot_be_divided(project: DemoProject) -> None:
    project.configure('[tool.ci-framework.commands]\ntest = "echo fine"\n')
    run = run_shard(project, 1, 2)
    assert run.code == 3, str(run)
    assert "its tests cannot be divided" in run.check("test")["reason"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shard", "3/2"), "--shard: expected a shard from 1/2 to 2/2, got 3/2"),
        (("--shard", "0/2"), "--shard: expected a shard such as 2/3, got '0/2'"),
        (("--combine", "nowhere"), "--combine: "),
        (("--combine", "x", "--shard", "1/2"), "--combine: cannot be combined with"),
        (("--shard", "1/2", "--baseline", "write"), "--baseline write: cannot be"),
    ],
)
def test_shards_that_make_no_sense_are_refused(
    project: DemoProject, words: tuple[str, ...], message: str
) -> None:
    run = project.gate("test", *words)
    assert run.code == 2, str(run)
    assert message in run.stderr


def test_recorded_durations_decide_and_the_rest_is_even() -> None:
    weights = {"a": 9.0, "b": 3.0, "c": 3.0, "d": 3.0, "e": 0.0}
    chosen = divide(weights, 2)
    assert {name for name in weights if chosen[name] == chosen["a"]} == {"a", "e"} or {
        name for name in weights if chosen[name] == chosen["a"]
    } == {"a"}
    even = Counter(divide({f"t{n:02}": 1.0 for n in range(30)}, 4).values())
    assert sorted(even.values()) == [7, 7, 8, 8]


def test_shards_without_a_report_are_found_by_their_names(tmp_path: Path) -> None:
    write_shard(tmp_path, 2, count=3)
    (group,) = find_shards(tmp_path, "")
    assert (group.label, group.count) == ("linux-py3.12", 3)
    assert group.unread == ["shard 1 left no report", "shard 3 left no report"]
