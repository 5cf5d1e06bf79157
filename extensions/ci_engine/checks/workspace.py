"""Run tools in the repository, with its environment or the locked tools."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.environments.environment import Environment
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ToolError
from ci_engine.processes.child_environment import tool_variables
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.repository import Project

_ISOLATED = "isolated, locked by ci-framework"


@dataclass(frozen=True)
class Tool:
    """A program that a check or a scanner runs.

    Attributes:
        command: the beginning of its argument list.
        environment: its origin, for display.
    """

    name: str
    version: str = ""
    command: tuple[str, ...] = ()
    variables: Mapping[str, str] | None = None
    environment: str = ""

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The repository and its environment, for running tools.

    Attributes:
        environment: the project's environment, or why there is none.
    """

    project: Project
    environment: Environment | ToolError
    cancel: threading.Event

    @property
    def prepared(self) -> Environment:
        """The project's environment.

        Raises:
            ToolError: if there is none.
        """
        if isinstance(self.environment, ToolError):
            raise self.environment
        return self.environment

    def tool(self, name: str, interpreter: str = "") -> Tool:
        """The project's own tool, else the framework's locked one."""
        return self.project_tool(name) or self.locked_tool(
            name, interpreter=interpreter
        )

    def project_tool(self, name: str) -> Tool | None:
        """The tool of the project's environment, None if it has none."""
        environment = self.environment
        if isinstance(environment, ToolError):
            return None
        command = environment.program(name)
        if command is None:
            return None
        version = environment.version(name)
        variables = self.tool_variables(environment.variables)
        return Tool(name, version, command, variables, environment.name)

    def locked_tool(self, name: str, program: str = "", interpreter: str = "") -> Tool:
        """A tool in the locked version, in an environment of its own.

        Args:
            name: the tool, as named in ``configs/tool-locks.yaml``.
            program: the program to run, empty = the one with the tool's name.
            interpreter: the Python to run it with, empty = any.
        """
        found = isolated_tool(self.project, name, self.cancel, interpreter)
        variables = self.tool_variables(found.variables)
        command = (found.program(program),)
        return Tool(program or name, found.version, command, variables, _ISOLATED)

    def execute(
        self,
        tool: Tool,
        arguments: Sequence[str | Path],
        timeout: float,
        directory: Path | None = None,
    ) -> Outcome:
        """Run a tool, in the repository unless another directory is given."""
        return run_program(
            [*tool.command, *arguments],
            cwd=directory or self.project.root,
            timeout=timeout,
            variables=tool.variables,
            cancel=self.cancel,
        )

    def run_script(
        self, script: Path, arguments: Sequence[str | Path] = ()
    ) -> tuple[Environment, Outcome]:
        """Run one of our scripts with the interpreter of the project, isolated."""
        environment = self.prepared
        command = (*environment.prefix, environment.probe.executable, "-I", str(script))
        variables = self.tool_variables(environment.variables)
        tool = Tool("python", "", command, variables)
        return environment, self.execute(tool, arguments, 60.0)

    def tool_variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables for a tool whose output is parsed."""
        return tool_variables(variables)
