"""Workflows, and their capability maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_framework.analysis.workflows.pipelines import read_pipelines
from ci_framework.analysis.workflows.reading import read_workflows
from ci_framework.answers import OwnSetting
from ci_framework.inventory import Inventory, Task, Unreadable, Workflow
from ci_framework.planning.capabilities import map_capabilities
from ci_framework.planning.plan import Capability
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

CI = ".github/workflows/ci.yml"
ANSWERS: dict[str, object] = {
    "ci_mode": "remote",
    "quality_tier": "extended",
    "type_checker": "mypy",
    "python_versions": ["3.10", "3.11", "3.12"],
    "platforms": ["linux", "macos"],
    "test_paths": ["tests"],
    "coverage_threshold": 80,
    "main_branch": "main",
    "integration_branch": "",
}


def inventory_of(
    workflows: Sequence[Workflow] = (),
    *,
    tasks: Sequence[Task] = (),
    unreadable: Sequence[Unreadable] = (),
) -> Inventory:
    return Inventory(
        commit="",
        files=1,
        facts=[],
        tools=[],
        tasks=list(tasks),
        workflows=list(workflows),
        hooks=[],
        unreadable=list(unreadable),
    )


def read(path: Path, text: str, **others: str) -> Inventory:
    files = {
        CI: text,
        **{name.replace("__", "."): body for name, body in others.items()},
    }
    repository = open_repository(make_repository(path, files))
    workflows, unreadable = read_workflows(repository)
    return Inventory(
        commit="",
        files=1,
        facts=[],
        tools=[],
        tasks=[],
        workflows=workflows,
        hooks=[],
        unreadable=unreadable,
        pipelines=read_pipelines(repository),
    )


def workflow_of(*steps: str, head: str = "", on: str = "[push, pull_request]") -> str:
    rows = "".join(
        f"      - {step}\n" if step.startswith("uses:") else f"      - run: {step}\n"
        for step in steps
    )
    return (
        f"on: {on}\njobs:\n  a:\n    runs-on: ubuntu-latest\n{head}    steps:\n{rows}"
    )


def states(found: Sequence[Capability], job: str = "a") -> dict[str, str]:
    return {item.does: item.state for item in found if item.job == job}


def mapped(
    path: Path,
    text: str,
    answers: Mapping[str, object] = ANSWERS,
    retired: Sequence[str] = (),
    own: Sequence[OwnSetting] = (),
) -> list[Capability]:
    return map_capabilities(read(path, text), answers, retired, own)
