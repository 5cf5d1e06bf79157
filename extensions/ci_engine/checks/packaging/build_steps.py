"""The steps of a build, and how one of them ends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import EarlyResultError, not_run, timed_out
from ci_engine.environments.isolated_tools import IsolatedTool
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import Outcome, find_program, run_program

__all__ = ["Steps"]


class Steps:
    """Programs that are run one after the other; each may end the check."""

    def __init__(
        self, context: Context, tool: IsolatedTool, interpreter: str, directory: Path
    ) -> None:
        self.context = context
        self.tool = tool
        self.interpreter = interpreter
        self.directory = directory
        self.end = time.monotonic() + context.timeout
        self.root = context.project.root
        # An index may have no release yet of what the same change needs.
        self.beside = directory / "beside"

    def step(self, command: Sequence[str | Path], cwd: Path | None = None) -> Outcome:
        """Run one program within the time that is left."""
        variables = {**self.tool.variables, "COLUMNS": "200", "NO_COLOR": "1"}
        if self.beside.is_dir():
            for name, comma in (("UV_FIND_LINKS", ","), ("PIP_FIND_LINKS", " ")):
                locations = (variables.get(name), self.beside.as_uri())
                variables[name] = comma.join(filter(None, locations))
        outcome = run_program(
            command,
            cwd=cwd or self.root,
            timeout=max(1.0, self.end - time.monotonic()),
            variables=variables,
            cancel=self.context.cancel,
        )
        if outcome.timed_out:
            raise EarlyResultError(timed_out(outcome))
        if outcome.code is None or outcome.code < 0:
            self.give_up(Path(outcome.command[0]).name, outcome)
        return outcome

    def give_up(self, what: str, outcome: Outcome) -> None:
        """End the check without a verdict.

        Raises:
            EarlyResultError: always.
        """
        offline = network_failure(outcome)
        because = (
            f"needs the network: {offline}" if offline else outcome.describe_exit()
        )
        raise EarlyResultError(not_run(f"{what}: {because}", outcome))

    def build(self, *arguments: str | Path) -> Outcome:
        """Run the frontend of the build."""
        installer = ["--installer", "uv"] if find_program("uv") else []
        return self.step([self.tool.program("pyproject-build"), *installer, *arguments])
