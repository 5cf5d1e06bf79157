"""Find the documentation tool in the project's environment, else isolated."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from ci_engine.configuration.settings import Environments
from ci_engine.configuration.tables import texts
from ci_engine.documentation.declared_tools import declared_group
from ci_engine.documentation.docs_source import Builder, DocsSource
from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool, read_tool_locks
from ci_engine.environments.preparation import prepare_environment
from ci_engine.environments.project_environment import (
    EnvironmentRequest,
    make_environment,
)
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.repository import Project

# The modules that can build; the first installed one is used.
_MODULES: Mapping[Builder, tuple[str, ...]] = {
    "mkdocs": ("properdocs", "mkdocs"),
    "sphinx": ("sphinx",),
    "zensical": ("zensical",),
}
_ISOLATED: Mapping[Builder, str] = {
    "mkdocs": "properdocs",
    "sphinx": "sphinx",
    "zensical": "zensical",
}


@dataclass(frozen=True)
class DocsTool:
    """The program that builds.

    Attributes:
        module: its name as a module.
        command: the command that starts it.
        environment: its origin, for display.
        note: why an isolated one is used although the project declares the tool.
    """

    module: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    version: str
    environment: str
    python: str
    isolated: bool
    note: str = ""

    @property
    def label(self) -> str:
        """The name and the version."""
        return f"{self.module} {self.version}".strip()

    @property
    def interpreter(self) -> tuple[str, ...]:
        """The command that starts Python in the tool's environment."""
        return self.command[:-2]


def find_tool(
    project: Project,
    source: DocsSource,
    environments: Environments,
    cancel: threading.Event,
) -> DocsTool:
    """Find the tool that the project declares, else an isolated one.

    Raises:
        ToolError: if the environment cannot be prepared.
    """
    group = environments.docs or declared_group(project, source.builder, source.config)
    if group is None:
        return _isolated(project, source, cancel)
    own = msgspec.structs.replace(
        environments, essential=group or environments.essential
    )
    listed = group.endswith((".txt", ".in"))
    request = EnvironmentRequest(project, group, "", cancel)
    if listed:
        environment = make_environment(request)
    else:
        environment = prepare_environment(project, own, "essential", cancel=cancel)
    found = _of_environment(environment, source.builder)
    if found is None and project.manager == "pip" and not listed:
        # Its own `.venv` may be for the tests only.
        found = _of_environment(make_environment(request), source.builder)
    if found is not None:
        return found
    note = f"the environment {environment.name} has no {source.builder}"
    wanted = f", which {group} declares" if group else ""
    return replace(_isolated(project, source, cancel), note=f"{note}{wanted}")


def _of_environment(environment: Environment, builder: Builder) -> DocsTool | None:
    for module in _MODULES[builder]:
        command = environment.module(module)
        if command is not None:
            return DocsTool(
                module,
                command,
                environment.variables,
                environment.version(module),
                environment.name,
                environment.probe.python,
                isolated=False,
            )
    return None


def _isolated(
    project: Project, source: DocsSource, cancel: threading.Event
) -> DocsTool:
    name = _ISOLATED[source.builder]
    tool = isolated_tool(project, name, cancel)
    # It imports and documents the code of the project.
    paths = texts(project.written_settings, "source-paths") or ["src", "."]
    there = [
        str(project.root / path) for path in paths if (project.root / path).is_dir()
    ]
    variables = child_variables({**tool.variables, "PYTHONPATH": ":".join(there)})
    command = (tool.program("python"), "-m", name)
    version = read_tool_locks()[name].version
    return DocsTool(name, command, variables, version, "isolated", "", isolated=True)
