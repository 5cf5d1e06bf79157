"""The tests of a package of a monorepo, divided among runners and judged as one run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ci_engine.checks.tests.durations import durations_below
from tests.support.monorepos import package
from tests.support.projects import DemoProject, Run, add_uv, git

PYTEST = '\n[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n'
CODE = (
    '"""Code."""\n\n\ndef half(number: int) -> int:\n    """Halve."""\n'
    "    if number % 2:\n        return 0\n    return number // 2\n"
)
ONE, TWO = "libs/core/tests/test_core.py", "libs/core/tests/test_more.py"
TESTS = {
    ONE: "import core\n\n\ndef test_even():\n    assert core.half(4) == 2\n",
    TWO: "import core\n\n\ndef test_odd():\n    assert core.half(3) == 0\n",
}
WHOLE = "test,coverage,patch-coverage"


@pytest.fixture
def monorepo(project: DemoProject, tmp_path: Path) -> DemoProject:
    for name in ("core", "cli"):
        for path, text in package(f"libs/{name}", code=CODE, more=PYTEST).items():
            project.write(path, text)
    for path, text in TESTS.items():
        project.write(path, text)
    project.git_init()
    git(project.root, "branch", "start")
    add_uv(tmp_path / "tools")
    return project


def gate(monorepo: DemoProject, reports: str, *words: str, shards: str = "") -> Run:
    """Run the engine with the uv that installs nothing."""
    own = monorepo.root.parent / "tools"
    variables = {"PATH": f"{own}:{Path(sys.executable).parent}:/usr/bin:/bin"}
    where = monorepo.root / ".ci-framework" / reports
    return monorepo.run(
        *("gate", "--since=start", "--report-dir", str(where), *words),
        variables={**variables, "SHARDS": shards},
        reports=where,
    )


def run_shards(monorepo: DemoProject, *checks: str) -> list[Run]:
    return [
        gate(
            monorepo,
            f"shards/shard-core-linux-py3.11-{index}-of-2-1",
            *("--package=core", f"--only={','.join(checks)}", f"--shard={index}/2"),
        )
        for index in (1, 2)
    ]


def matrix(checks: str, *labels: str) -> str:
    """The shards that a workflow expects."""
    entries = [
        {
            "label": f"{label}-{index}-of-2",
            "shard": f"{index}/2",
            "package": "core",
            "checks": checks,
        }
        for label in labels
        for index in (1, 2)
    ]
    return json.dumps({"include": entries})


def ids(run: Run) -> list[str]:
    return sorted(test["id"] for test in run.check("test")["tests"])


@pytest.mark.heavy
def test_the_shards_of_a_package_are_judged_as_one_run_of_it(
    monorepo: DemoProject,
) -> None:
    monorepo.append("libs/core/src/core/__init__.py", "\n\nMORE = half(8)\n")
    whole = gate(monorepo, "whole", "--package=core", f"--only={WHOLE}")
    runs = run_shards(monorepo, *WHOLE.split(","))
    assert [run.code for run in (whole, *runs)] == [0, 0, 0], "".join(map(str, runs))
    # Without a matrix, as on a laptop, the reports say which package it is.
    durations = monorepo.root / "durations.json"
    known = {"libs/cli/tests/test_cli.py::test_cli": 3.0}
    durations.write_text(json.dumps({"schema": 1, "seconds": known}))
    combine = (
        *("--combine=.ci-framework/shards", f"--only={WHOLE}"),
        "--durations=durations.json",
    )
    for shards in ("", matrix(WHOLE, "core-linux-py3.11")):
        done = gate(monorepo, "combined", *combine, shards=shards)
        assert done.code == 0, str(done)
        core = Run(0, "", "", done.reports / "core-linux-py3.11")
        assert core.result["package"] == "core"
        assert ids(core) == ids(whole) == sorted([*ids(runs[0]), *ids(runs[1])])
        paths = {test["path"] for test in core.check("test")["tests"]}
        assert paths == {ONE, TWO}
        for name in ("coverage", "patch-coverage"):
            assert core.check(name)["coverage"] == whole.check(name)["coverage"] == 100
    # The durations of other packages' tests stay.
    seconds = json.loads(durations.read_text())["seconds"]
    assert set(seconds) == {*known, *ids(whole)}
    short = durations_below(seconds, "libs/core/")
    assert set(short) == {name.removeprefix("libs/core/") for name in ids(whole)}
    again = gate(
        monorepo,
        "again",
        *("--package=core", "--only=test", "--shard=1/2"),
        "--durations=durations.json",
    )
    assert "divided by 2 recorded durations" in str(again.check("test")["notes"])


@pytest.mark.heavy
def test_a_dependent_of_a_change_is_judged_by_its_tests_alone(
    monorepo: DemoProject,
) -> None:
    for path in TESTS:
        monorepo.write(path, "def test_nothing():\n    pass\n")
    assert [run.code for run in run_shards(monorepo, "test")] == [0, 0]
    combine = "--combine=.ci-framework/shards"
    # Nothing is covered, and coverage was not requested.
    done = gate(monorepo, "x", combine, shards=matrix("test", "core-linux-py3.11"))
    assert done.code == 0, str(done)
    core = Run(0, "", "", done.reports / "core-linux-py3.11")
    assert [check["id"] for check in core.result["checks"]] == ["test"]
    # Shards of a package that left no report are not run, whatever the others did.
    both = matrix("test", "core-linux-py3.11", "core-linux-py3.12")
    assert gate(monorepo, "x", combine, shards=both).code == 3
