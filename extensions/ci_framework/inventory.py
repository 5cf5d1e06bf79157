"""The results of the analysis: every fact with its evidence and confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

# certain: stated in a file; likely: several signs agree; guess: a default.
Confidence = Literal["certain", "likely", "guess"]
# Paths are relative to the root of the repository, with / on every system.
Value = str | int | bool | list[str] | dict[str, str] | None

# Part of a reason: what the first run of the tests selects is not all that is run.
OTHERS_SELECT = "other runs select others"


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A record of the inventory: kebab-case keys in JSON."""


class Evidence(_Record, frozen=True):
    """The location that states something.

    Attributes:
        line: its line, from 1; 0 means the whole file.
    """

    path: str
    line: int = 0

    @property
    def shown(self) -> str:
        """The path, with the line if there is one."""
        return f"{self.path}:{self.line}" if self.line else self.path


class Fact(_Record, frozen=True):
    """One fact about the repository.

    Attributes:
        name: its name; ``analysis/facts.py`` lists them all.
        evidence: the locations that state it, the strongest first.
    """

    name: str
    value: Value
    confidence: Confidence
    evidence: list[Evidence]
    because: str


class Tool(_Record, frozen=True):
    """A tool the project uses, and the location of its effective configuration.

    Attributes:
        config: the location the tool reads; None if it runs with its defaults.
        shadowed: locations of configuration that the tool does not read.
        version: the version or range that is required, as written; may be empty.
    """

    name: str
    config: Evidence | None
    shadowed: list[Evidence]
    used: list[Evidence]
    version: str = ""


class Task(_Record, frozen=True):
    """A named command of the project.

    Attributes:
        runner: pixi, hatch, pdm, poe, tox, nox, make, just, taskipy, npm or script.
        environment: the environment it runs in, if it is stated.
        does: its purpose: test, lint, format, typecheck, build, docs, ...
    """

    runner: str
    name: str
    environment: str
    command: str
    does: list[str]
    evidence: Evidence


class Step(_Record, frozen=True):
    """One step of a job.

    Attributes:
        name: as shown by GitHub; derived if the file gives none.
        kind: ``uses`` (an action) or ``run`` (a script).
        text: the action with its version, or the script.
        does: its purposes, named as in capabilities.
    """

    name: str
    kind: Literal["uses", "run", "unknown"]
    text: str
    does: list[str]
    line: int


class Job(_Record, frozen=True):
    """One job of a workflow.

    Attributes:
        id: its key.
        name: as shown by GitHub, expressions unexpanded.
        uses: the reusable workflow it calls, empty if it has steps of its own.
        matrix: the keys of its matrix, with their values as written.
        services: names of its service containers, with their images.
        secrets: names of the secrets it reads; ``inherit`` for all.
        permissions: its permissions, by scope.
        environment: the deployment environment, empty if none.
        lines: the lines of its keys, such as ``services``.
    """

    id: str
    name: str
    line: int
    runs_on: list[str]
    uses: str
    matrix: dict[str, list[str]]
    services: dict[str, str]
    secrets: list[str]
    permissions: dict[str, str]
    environment: str
    needs: list[str]
    steps: list[Step]
    container: str = ""
    lines: dict[str, int] = {}


class Workflow(_Record, frozen=True):
    """One file in .github/workflows.

    Attributes:
        branches: branches its push and pull_request triggers name.
        problem: why GitHub rejects it, empty if no reason is known.
        calls: reusable workflows and local actions it uses, as written.
        referred_by: what refers to it: workflow_run, ``uses:``, badges, documents.
        inputs: the inputs from users or callers.
        secrets: names of secrets that it reads outside its jobs, or from callers.
        permissions: the default permissions of its jobs, by scope.
        filters: the filters of its events: tags, types, paths and the like, by
            event and key, such as ``push.tags``.
        lines: the lines of its keys, such as ``on`` or ``schedule``.
    """

    path: str
    name: str
    triggers: list[str]
    branches: list[str]
    problem: str
    calls: list[str]
    referred_by: list[Evidence]
    jobs: list[Job]
    schedules: list[str] = []
    inputs: list[str] = []
    outputs: list[str] = []
    secrets: list[str] = []
    permissions: dict[str, str] = {}
    filters: dict[str, list[str]] = {}
    lines: dict[str, int] = {}

    def at(self, line: int) -> Evidence:
        """A line of the file, as evidence."""
        return Evidence(path=self.path, line=line)


class Pipeline(_Record, frozen=True):
    """CI outside GitHub's workflows, or a workflow that never runs.

    Attributes:
        system: its name, such as ``GitLab``; ``disabled`` for what never runs.
    """

    path: str
    system: str
    jobs: list[str]
    because: str


class Hook(_Record, frozen=True):
    """One pre-commit hook.

    Attributes:
        revision: its ``rev:``, as written; empty for local and meta hooks.
        name: its name or alias, empty if the file gives none.
        command: what a local hook runs; empty for other hooks.
    """

    repository: str
    revision: str
    id: str
    name: str
    does: list[str]
    evidence: Evidence
    command: str = ""


class Unreadable(_Record, frozen=True):
    """A file that was ignored because it does not parse; line 0 is unknown."""

    path: str
    line: int
    reason: str


def steps_of(workflows: Iterable[Workflow]) -> Iterator[tuple[Workflow, Job, Step]]:
    """The steps of workflows, each with its job."""
    for workflow in workflows:
        for job in workflow.jobs:
            for step in job.steps:
                yield workflow, job, step


class Inventory(_Record, frozen=True):
    """All results of the analysis.

    Attributes:
        commit: the analyzed commit, empty in a repository without one.
        pipelines: CI of other systems, and workflows that never run.
    """

    commit: str
    files: int
    facts: list[Fact]
    tools: list[Tool]
    tasks: list[Task]
    workflows: list[Workflow]
    hooks: list[Hook]
    unreadable: list[Unreadable]
    pipelines: list[Pipeline] = []
    schema: Literal[1] = 1

    def fact(self, name: str) -> Fact | None:
        """The fact with a name, None if it was not determined."""
        return next((fact for fact in self.facts if fact.name == name), None)

    def text(self, name: str) -> str:
        """The value of a fact that is text; empty if there is none."""
        fact = self.fact(name)
        return fact.value if fact and isinstance(fact.value, str) else ""

    def items(self, name: str) -> list[str]:
        """The value of a fact that is a list; empty if there is none."""
        fact = self.fact(name)
        return list(fact.value) if fact and isinstance(fact.value, list) else []

    @property
    def below(self) -> str:
        """The directory of its only package, empty if that is the root."""
        packages = self.items("distributions")
        return packages[0] if len(packages) == 1 and packages != ["."] else ""

    def mapping(self, name: str) -> dict[str, str]:
        """The value of a fact that is a table; empty if there is none."""
        fact = self.fact(name)
        return dict(fact.value) if fact and isinstance(fact.value, dict) else {}

    def reason(self, name: str) -> str:
        """The reason of a fact, with the first location that states it."""
        fact = self.fact(name)
        if fact is None:
            return "nothing was found"
        return fact.because + (f" ({fact.evidence[0].shown})" if fact.evidence else "")

    def tool(self, name: str) -> Tool | None:
        """The tool with a name, None if the project does not use it."""
        return next((tool for tool in self.tools if tool.name == name), None)
