"""Run the engine that an adoption pins, on either of its two commits."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

import ci_engine
from ci_engine.errors import ToolError
from ci_engine.findings.results import RunResult
from ci_engine.processes.programs import run_program
from ci_framework.validating.clones import Clone, child_environment
from ci_framework.validating.ending import new_mark


def run_engine(
    adopted: Clone,
    target: Clone,
    arguments: Sequence[str],
    *,
    timeout: float,
    variables: Mapping[str, str] | None = None,
) -> RunResult:
    """Run a command of the engine and return its result.

    Uses the launcher of ``adopted``; ``variables`` are settings that ``target``
    lacks.

    Raises:
        ToolError: if the engine wrote no result.
    """
    reports = target.root / ".ci-framework" / "validation" / arguments[0]
    path = reports / "result.json"
    path.unlink(missing_ok=True)
    outcome = run_program(
        [
            *_launcher(adopted.root),
            f"--repository={target.root}",
            *arguments,
            "--report-dir",
            str(reports),
        ],
        cwd=target.root,
        timeout=timeout,
        # Its checks run in separate sessions, which are ended together with it.
        variables=child_environment(**(variables or {}), **new_mark()),
    )
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunResult)
    except (OSError, msgspec.DecodeError) as error:
        command = f"ci-framework/ci {' '.join(arguments)}"
        raise ToolError(
            f"`{command}` gave no result: {outcome.describe_exit()}\n{outcome.tail()}",
            hint=f"run `{command}` on the adopted branch and read its output",
        ) from error


def _launcher(root: Path) -> list[str]:
    """The second stage of the launcher, which needs no shell.

    A commit from an earlier release has none; it is run with our own engine.
    """
    bootstrap = root / "ci-framework" / "bootstrap"
    if not bootstrap.is_file():
        bootstrap = Path(ci_engine.__file__).with_name("__main__.py")
    return [sys.executable, "-I", str(bootstrap)]
