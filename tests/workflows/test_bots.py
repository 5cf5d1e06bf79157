"""Dependabot and Renovate: they leave alone what the framework pins, and only that."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, cast

import pytest

from tests.support.documents import Table, table, tables
from tests.support.parsing import parse_yaml
from tests.support.rendered_workflows import COMBINATIONS
from tests.workflows.test_pins import references

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflows.conftest import Render

RENOVATE = [name for name in COMBINATIONS if name.startswith("renovate")]
# What updates without any date of a release have in common: an age that they never get.
UNDATED = {"lockFileMaintenance", "pin", "pinDigest", "replacement"}


def bot_of(combination: str) -> str:
    answers = COMBINATIONS[combination]
    local = answers.get("ci_mode") == "local"
    return "none" if local else str(answers.get("update_bot", "dependabot"))


def workflows(project: Path) -> set[str]:
    folder = project / ".github" / "workflows"
    return {path.relative_to(project).as_posix() for path in folder.glob("*")}


def updates(project: Path) -> list[Table]:
    text = (project / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    return tables(parse_yaml(text)["updates"])


def renovate(project: Path) -> Table:
    text = (project / ".github" / "renovate.json").read_text(encoding="utf-8")
    return cast("Table", json.loads(text))


def words(value: object) -> list[str]:
    return cast("list[str]", value)


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_there_is_the_bot_that_was_answered_and_no_other(
    combination: str, rendered: Render
) -> None:
    github = rendered(combination) / ".github"
    found = {
        bot
        for bot, name in (
            ("dependabot", "dependabot.yml"),
            ("renovate", "renovate.json"),
        )
        if (github / name).is_file()
    }
    assert found == {bot_of(combination)} - {"none"}


# --- Dependabot ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "combination", [name for name in COMBINATIONS if bot_of(name) == "dependabot"]
)
def test_dependabot_leaves_alone_what_the_template_pins(
    combination: str, rendered: Render
) -> None:
    project = rendered(combination)
    (update,) = (
        update
        for update in updates(project)
        if update["package-ecosystem"] == "github-actions"
    )
    if COMBINATIONS[combination].get("project_state") == "existing":
        # Its own workflows are kept up to date, whatever they use.
        assert set(words(update["exclude-paths"])) == workflows(project)
        assert "ignore" not in update
        return
    # There are no other files, and Dependabot fails where it finds none at all.
    assert "exclude-paths" not in update
    pinned = {line.partition("@")[0] for line in references(project)}
    ignored = {str(entry["dependency-name"]) for entry in tables(update["ignore"])}
    kept = {a for a in pinned if not any(fnmatch(a, i) for i in ignored)}
    idle = {i for i in ignored if not any(fnmatch(a, i) for a in pinned)}
    assert (kept, idle) == (set(), set())


@pytest.mark.parametrize(
    "combination", [name for name in COMBINATIONS if bot_of(name) == "dependabot"]
)
def test_dependabot_file_is_complete_and_the_block_lies_in_its_list(
    combination: str, rendered: Render
) -> None:
    file = rendered(combination) / ".github" / "dependabot.yml"
    manager = COMBINATIONS[combination].get("package_manager", "pixi")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["version: 2", "updates:", "  # >>> ci-framework >>>"]
    assert lines[-1] == "  # <<< ci-framework <<<"
    found = tables(parse_yaml("\n".join(lines))["updates"])
    ecosystems = [update["package-ecosystem"] for update in found]
    assert ecosystems == ["github-actions", "uv" if manager == "uv" else "pip"]
    assert found[1]["exclude-paths"] == ["ci-framework/**"]
    for update in found:
        assert update["directory"] == "/"
        assert table(update["schedule"])["interval"] == "weekly"
        assert table(update["cooldown"])["default-days"] == 7
        assert update["groups"]


# --- Renovate -----------------------------------------------------------------------


def rules(project: Path, **wanted: object) -> list[Table]:
    """The rules of Renovate with these values."""
    return [
        rule
        for rule in tables(renovate(project)["packageRules"])
        if all(rule.get(key) == value for key, value in wanted.items())
    ]


@pytest.mark.parametrize("combination", RENOVATE)
def test_renovate_leaves_alone_the_files_of_the_framework_and_no_others(
    combination: str, rendered: Render
) -> None:
    project = rendered(combination)
    (rule,) = (r for r in rules(project, enabled=False) if "matchFileNames" in r)
    # Alone, so that it means all managers; last of ours, so that nothing undoes it.
    assert set(rule) == {"description", "matchFileNames", "enabled"}
    assert tables(renovate(project)["packageRules"])[-1] == rule
    named = words(rule["matchFileNames"])
    folders = {name.removesuffix("/**") for name in named if name.endswith("/**")}
    there = {p.parent for p in project.glob(".github/actions/*/action.yml")}
    actions = {path.relative_to(project).as_posix() for path in there}
    assert folders == {*actions, "ci-framework"}
    assert {name for name in named if not name.endswith("/**")} == workflows(project)


@pytest.mark.parametrize("combination", RENOVATE)
def test_renovate_leaves_alone_the_blocks(combination: str, rendered: Render) -> None:
    project = rendered(combination)
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("# >>> ci-framework >>>")[2]
    features = set(re.findall(r"^\[tool\.pixi\.feature\.([\w-]+)\.", block, re.M))
    (rule,) = rules(project, matchManagers=["pixi"])
    assert rule["enabled"] is False
    assert {f"feature-{name}" for name in features} <= set(words(rule["matchDepTypes"]))
    hooks = (project / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    names = set(re.findall(r'additional_dependencies: \["([\w-]+)==', hooks))
    found = [
        name
        for rule in rules(project, matchManagers=["pre-commit"], enabled=False)
        for name in words(rule["matchDepNames"])
    ]
    assert set(found) == names
    # Otherwise it would not read the hooks of the project either.
    assert table(renovate(project)["pre-commit"]) == {"enabled": True}


@pytest.mark.parametrize("combination", RENOVATE)
def test_renovate_waits_for_a_week_pins_and_groups(
    combination: str, rendered: Render
) -> None:
    project = rendered(combination)
    document = renovate(project)
    assert document["minimumReleaseAge"] == "7 days"
    assert set(words(document["extends"])) == {
        "config:recommended",
        "docker:pinDigests",
        "helpers:pinGitHubActionDigests",
        "schedule:weekly",
    }
    (undated,) = (r for r in rules(project) if "minimumReleaseAge" in r)
    assert undated["minimumReleaseAge"] is None
    assert set(words(undated["matchUpdateTypes"])) >= UNDATED
    # The template itself is a tag of git, of which nobody knows the day.
    (optional,) = rules(project, minimumReleaseAgeBehaviour="timestamp-optional")
    assert "git-tags" in words(optional["matchDatasources"])
    groups = {rule["groupName"] for rule in rules(project) if "groupName" in rule}
    assert groups == {"actions", "python-minor"}
