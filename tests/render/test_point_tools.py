"""The tools of each tier are the same wherever a render names them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from itertools import chain
from typing import cast

from packaging.requirements import Requirement

from ci_engine.project.repository import read_project
from tests.support.pixi_rules import pixi_mistakes
from tests.support.rendered import Point, each_point
from tests.support.renders import (
    Document,
)

# --- pixi and the dependency groups ------------------------------------------------


def groups(document: Document) -> dict[str, set[str]]:
    """Name the tools in each dependency group, with those of included groups."""
    raw = cast("dict[str, list[object]]", document.get("dependency-groups", {}))

    def tools(name: str) -> set[str]:
        found: set[str] = set()
        for item in raw[name]:
            if isinstance(item, Mapping):
                found |= tools(cast("Mapping[str, str]", item)["include-group"])
            else:
                found.add(Requirement(str(item)).name)
        return found

    return {name: tools(name) for name in raw}


def tools_of_environments(point: Point) -> dict[str, set[str]]:
    """Name the tools in each pixi environment."""
    pixi = point.tool("pixi")
    features = groups(point.pyproject())
    for name, feature in pixi.get("feature", {}).items():
        listed = set(feature.get("pypi-dependencies", {}))
        features[name] = features.get(name, set()) | listed
    return {
        name: set(chain.from_iterable(features[f] for f in environment["features"]))
        for name, environment in pixi["environments"].items()
    }


TIERS = {
    "quality": {"pytest", "pytest-cov", "pytest-timeout", "ruff"},
    "quality-extended": {"bandit", "pre-commit"},
    "quality-full": {"build", "twine"},
}


@each_point
def test_each_tier_has_its_tools_and_those_of_the_tiers_below(point: Point) -> None:
    if point.pixi:
        having = tools_of_environments(point)
        prefix = cast("str", point.answers["pixi_prefix"])
    elif point.new:
        having, prefix = groups(point.pyproject()), ""
    else:
        return
    expected = {cast("str", point.answers["type_checker"])}
    if point.answers["benchmarks"] == "yes":
        expected.add("pytest-benchmark")
    if point.answers["config_profile"] == "comprehensive":
        everything = expected.union(*TIERS.values())
        assert having[f"{prefix}quality"] == everything
        assert f"{prefix}quality-extended" not in having
    else:
        for tier, tools in TIERS.items():
            expected = expected | tools
            assert having[f"{prefix}{tier}"] == expected
    if point.new:
        assert having["dev"] == expected.union(*TIERS.values())


@each_point
def test_each_python_has_a_pixi_environment_with_the_tools(point: Point) -> None:
    if not point.pixi:
        return
    prefix = cast("str", point.answers["pixi_prefix"])
    having = tools_of_environments(point)
    for version in point.answers["python_versions"]:
        name = f"{prefix}py{version.replace('.', '')}"
        assert having[name] == having[f"{prefix}quality"]
        dependencies = point.tool("pixi")["feature"][name]["dependencies"]
        assert dependencies == {"python": f"{version}.*"}


@each_point
def test_each_pixi_task_finds_its_tool_and_the_tasks_it_needs(point: Point) -> None:
    if not point.pixi:
        assert "pixi" not in point.pyproject()["tool"]
        return
    prefix = cast("str", point.answers["pixi_prefix"])
    having = tools_of_environments(point)
    tasks = cast("dict[str, Document]", point.tool("pixi")["tasks"])
    vocabulary = (
        "test test-cov lint lint-fix format format-check typecheck quality"
        " security-scan pre-commit check-all build clean"
    )
    monorepo = point.answers["project_type"] == "monorepo"
    for_ci = "job-" if prefix == "ci-" else "ci-"
    parts = [
        f"{for_ci}{part}"
        for part in ["lint", "format", "typecheck", "test", "security"]
    ]
    every = [*vocabulary.split(), *parts, f"{for_ci}check"]
    if point.answers["benchmarks"] == "yes" and not monorepo:
        every += ["benchmark", "benchmark-compare"]
    if point.answers["load_testing"] == "yes" and not monorepo:
        every.append("load-test")
    names = {f"{prefix}{name}" for name in every}
    # Where the packages of a monorepo are is found when it is checked.
    unknown = {f"{prefix}build"} if monorepo and not point.packages else set[str]()
    assert tasks.keys() == names - unknown
    if monorepo and point.packages:
        build = cast("str", tasks[f"{prefix}build"]["cmd"])
        locations = [shlex.split(part)[-1] for part in build.split(" && ")]
        assert locations == [package["path"] for package in point.packages]
    for name, task in tasks.items():
        for needed in task.get("depends-on", []):
            assert needed["task"] in tasks, name
            home = tasks[needed["task"]].get("default-environment", f"{prefix}quality")
            assert needed["environment"] == home
        if "cmd" in task:
            home = task["default-environment"]
            assert home in having, name
            command, *rest = cast("str", task["cmd"]).split()
            tool = rest[1] if command == "python" else command
            assert tool in having[home] | {"bash", "git"}, name
            if "--cov" in rest:
                assert "pytest-cov" in having[home]
                share = point.answers["coverage_threshold"]
                assert f"--cov-fail-under={share}" in rest


@each_point
def test_the_parser_of_pixi_accepts_every_table(point: Point) -> None:
    if not point.pixi:
        return
    document = point.pyproject()
    if not point.new:  # the block alone: what stands above it is the project's own
        document["project"] = {"name": "demo"}
        document["tool"]["pixi"]["workspace"] = {"channels": ["conda-forge"]}
    assert pixi_mistakes(document) == []


@each_point
def test_a_new_project_runs_on_the_platforms_it_is_tested_on(point: Point) -> None:
    platforms = cast("list[str]", point.answers["platforms"])
    assert point.tool("ci-framework")["matrix"]["answers"]["platforms"] == platforms
    assert platforms == [p for p in ("linux", "macos", "windows") if p in platforms]
    if point.new and point.pixi:
        machines = point.tool("pixi")["workspace"]["platforms"]
        systems = {"linux": "linux", "osx": "macos", "win": "windows"}
        named = [systems[machine.split("-")[0]] for machine in machines]
        assert list(dict.fromkeys(named)) == platforms


@each_point
def test_the_manager_is_recognisable(point: Point) -> None:
    manager = cast("str", point.answers["package_manager"])
    if point.new or point.pixi:
        assert read_project(point.path).manager == manager
    else:
        assert not {"uv", "poetry"} & point.pyproject()["tool"].keys()
