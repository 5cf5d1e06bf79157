"""Tests of packages are divided among shards if that is worth a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from ci_engine.changes.affected_packages import AffectedPackages
from ci_engine.changes.decision import everything
from ci_engine.configuration.loading import load_configuration
from ci_engine.github.event import Event
from ci_engine.project.repository import read_project
from ci_engine.workflow_jobs.jobs import plan_jobs
from ci_engine.workflow_jobs.package_jobs import (
    PackageChanges,
    count_test_files,
    with_packages,
)
from tests.support.monorepos import graph_of, package

Entry = dict[str, str]
COMBINED = {"test", "coverage", "patch-coverage"}
FILES = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*"]\n',
    **package("libs/core"),
    "libs/core/tests/conftest.py": "",
    **{f"libs/core/tests/test_{n}.py": "" for n in range(4)},
    **package("libs/cli", "core"),
    **{f"libs/cli/tests/unit/more_{n}_test.py": "" for n in range(2)},
    **package("libs/small", tests="import small\n"),
}
OLDEST, NEWEST = "3.11", "3.12"


class Planned:
    """The jobs that are planned for changed packages and for those that need them."""

    def __init__(self, root: Path, shards: int, tier: str = "extended") -> None:
        graph = graph_of(root, FILES)
        matrix = {
            "python-versions": [OLDEST, NEWEST],
            "platforms": ["linux"],
            "shards": shards,
        }
        settings = {"matrix": matrix, "quality": {"tier": tier}}
        loaded = load_configuration(root, {}, cast("dict[str, object]", settings))
        found = AffectedPackages({"core": "x", "small": "x"}, {"cli": "core"})
        files = count_test_files(read_project(root), graph)
        changes = PackageChanges(graph, found, planned=True, test_files=files)
        jobs = with_packages(
            plan_jobs(everything("x"), loaded, Event()), changes, loaded
        )
        self.outputs = jobs.outputs()
        self.skips = jobs.skips

    def entries(self, name: str) -> list[Entry]:
        return cast("list[Entry]", json.loads(self.outputs[name])["include"])

    def shards(self, name: str, package: str) -> list[tuple[str, str]]:
        """The Python and the shard of each entry of a package."""
        return [
            (entry["python-version"], entry["shard"])
            for entry in self.entries(name)
            if entry["package"] == package
        ]


def test_the_tests_of_a_package_are_divided_and_its_other_checks_run_once(
    tmp_path: Path,
) -> None:
    planned = Planned(tmp_path, shards=3)
    parts = ["", "1/3", "2/3", "3/3"]
    assert planned.shards("package-matrix", "core") == [
        (python, part) for python in (OLDEST, NEWEST) for part in parts
    ]
    whole = planned.outputs["package-checks"].split(",")
    for entry in planned.entries("package-matrix"):
        checks = set(entry["checks"].split(","))
        if entry["package"] == "small":
            assert checks == set(whole)
        elif entry["shard"]:
            assert checks == COMBINED & set(whole)
        else:
            assert checks == set(whole) - COMBINED
    first = planned.entries("package-matrix")[1]
    assert (first["part"], first["suffix"]) == ("-1-of-3", " (1/3)")
    assert "combined-package-tests" not in planned.skips


def test_a_package_has_no_more_shards_than_files_of_tests(tmp_path: Path) -> None:
    planned = Planned(tmp_path, shards=3)
    # One file and a conftest.py are not two.
    assert {part for _, part in planned.shards("package-matrix", "small")} == {""}
    dependents = planned.shards("cross-matrix", "cli")
    assert {part for _, part in dependents} == {"", "1/2", "2/2"}


def test_the_shards_that_have_to_be_there_are_named_for_the_job_that_combines_them(
    tmp_path: Path,
) -> None:
    planned = Planned(tmp_path, shards=2)
    expected = {
        f"{job}-linux-py{python}-{part}-of-2": (name, checks)
        for job, name, checks in (
            ("core", "core", "test,coverage"),
            ("cross-cli", "cli", "test"),
        )
        for python in (OLDEST, NEWEST)
        for part in (1, 2)
    }
    found = {
        entry["label"]: (entry["package"], entry["checks"])
        for entry in planned.entries("shard-matrix")
    }
    assert found.keys() == expected.keys()
    for label, (name, checks) in expected.items():
        assert found[label][0] == name
        assert set(found[label][1].split(",")) >= set(checks.split(","))
    assert all(entry["shard"] for entry in planned.entries("shard-matrix"))


@pytest.mark.parametrize("shards", [1, 2])
def test_without_divided_tests_the_job_that_combines_is_left_out_for_a_reason(
    tmp_path: Path, shards: int
) -> None:
    planned = Planned(tmp_path, shards=shards)
    reason = planned.skips.get("combined-package-tests", "")
    divided = "the tests are not divided among shards"
    assert reason == ("" if shards > 1 else divided)
    entry = planned.entries("package-matrix")[0]
    assert (entry["shard"], entry["part"], entry["suffix"]) == ("", "", "")


def test_many_packages_get_fewer_shards_than_fit_no_matrix(tmp_path: Path) -> None:
    names = [f"p{n}" for n in range(40)]
    files = {"pyproject.toml": FILES["pyproject.toml"]}
    for name in names:
        files |= package(f"libs/{name}")
        files |= {f"libs/{name}/tests/test_{n}.py": "" for n in range(9)}
    graph = graph_of(tmp_path, files)
    matrix: dict[str, object] = {
        "python-versions": [NEWEST],
        "platforms": ["linux"],
        "shards": 9,
    }
    loaded = load_configuration(tmp_path, {}, {"matrix": matrix})
    test_files = count_test_files(read_project(tmp_path), graph)
    found = AffectedPackages(dict.fromkeys(names, "x"))
    changes = PackageChanges(graph, found, planned=True, test_files=test_files)
    planned = plan_jobs(everything("x"), loaded, Event())
    outputs = with_packages(planned, changes, loaded).outputs()
    entries = json.loads(outputs["package-matrix"])["include"]
    # One job for the other checks and four shards, for each of 40 packages.
    assert len(entries) == 200
    assert {entry["shard"] for entry in entries} == {"", "1/4", "2/4", "3/4", "4/4"}
