"""Run the engine that an adoption brought, in a clone."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.errors import ToolError
from ci_engine.findings.results import RunResult
from ci_engine.processes.programs import Outcome, run_program
from ci_framework.validating.clones import Clone, child_environment

__all__ = ["EngineRun", "lent_engine", "run_engine"]


@dataclass(frozen=True)
class EngineRun:
    """One run of the engine.

    Attributes:
        result: what it reported.
        outcome: how its process ended.
    """

    result: RunResult
    outcome: Outcome


def run_engine(
    clone: Clone,
    arguments: Sequence[str],
    *,
    timeout: float,
    variables: Mapping[str, str] | None = None,
) -> EngineRun:
    """Run a command of the engine and read its result.

    Raises:
        ToolError: if it did not come to a result.
    """
    reports = clone.root / ".ci-framework" / "validation" / arguments[0]
    reports.parent.mkdir(parents=True, exist_ok=True)
    path = reports / "result.json"
    path.unlink(missing_ok=True)
    # Told on the command line, so that the launcher need not look for a Python.
    environment = child_environment(
        CI_FRAMEWORK_ENGINE_PYTHON=sys.executable, **(variables or {})
    )
    outcome = run_program(
        [*_launcher(clone.root), *arguments, "--report-dir", str(reports)],
        cwd=clone.root,
        timeout=timeout,
        variables=environment,
    )
    try:
        result = msgspec.json.decode(path.read_bytes(), type=RunResult)
    except (OSError, msgspec.DecodeError) as error:
        command = f"ci-framework/ci {' '.join(arguments)}"
        raise ToolError(
            f"`{command}` gave no result: {outcome.describe_exit()}\n{outcome.tail()}",
            hint=f"run `{command}` on the adopted branch and read what it says",
        ) from error
    return EngineRun(result, outcome)


def _launcher(root: Path) -> list[str]:
    """The words that start the engine, on every system."""
    bootstrap = root / "ci-framework" / "ci_engine" / "bootstrap.py"
    if bootstrap.is_file():
        return [sys.executable, "-I", str(bootstrap)]
    # Of a pinned engine the repository has the launcher only.
    return ["bash", str(root / "ci-framework" / "ci")]


@contextmanager
def lent_engine(adopted: Clone, base: Clone) -> Generator[None]:
    """Let the engine of the adopted commit look at the base commit, for a while.

    It is not part of that commit: git ignores it there, and it is gone again before
    anything else of the base commit runs.
    """
    exclude = base.repository.git_directory / "info" / "exclude"
    before = exclude.read_text(encoding="utf-8")
    location = base.root / "ci-framework"
    ours = not location.exists()
    try:
        if ours:
            exclude.write_text(f"{before}/ci-framework/\n", encoding="utf-8")
            ignored = shutil.ignore_patterns("project", "__pycache__")
            shutil.copytree(adopted.root / "ci-framework", location, ignore=ignored)
        yield
    finally:
        if ours:
            # Made above, in a clone that is ours as well.
            shutil.rmtree(location, ignore_errors=True)
            exclude.write_text(before, encoding="utf-8")
