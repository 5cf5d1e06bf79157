"""Environments that checks run in, and their content."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.environments import inside
from ci_engine.environments.installer import python_of
from ci_engine.errors import ToolError
from ci_engine.processes.allowed_variables import installing_variables
from ci_engine.processes.child_environment import activated, child_variables
from ci_engine.processes.installer_errors import first_error
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project

__all__ = [
    "Environment",
    "Probe",
    "environment_error",
    "pixi_environment",
    "probe_virtual_environment",
    "python_of",
    "virtual_environment",
]

# Programs that checks look for in the project's environment.
PROGRAMS = (
    *("ruff", "pyright", "mypy", "pyrefly", "bandit", "pre-commit", "prek"),
    *("detect-secrets", "semgrep", "pytest"),
)


class Probe(msgspec.Struct, frozen=True):
    """The report of ``inside/probe.py`` on an environment."""

    python: str
    executable: str
    prefix: str
    source: str
    programs: dict[str, str]
    modules: list[str]
    versions: dict[str, str]
    free_threaded: bool = False


@dataclass(frozen=True)
class Environment:
    """An environment in which checks can run.

    Attributes:
        name: for display, for example ``uv: group quality``.
        probe: its content.
        variables: the environment variables for its programs.
        prefix: arguments before every command, for managers that start programs.
        substitute: why it replaces the declared one, empty if it is the declared one.
    """

    name: str
    probe: Probe
    variables: Mapping[str, str]
    prefix: tuple[str, ...] = ()
    substitute: str = ""

    def program(self, name: str) -> tuple[str, ...] | None:
        """The command that starts a program of this environment, None if missing."""
        path = self.probe.programs.get(name)
        return (*self.prefix, path) if path else None

    def module(self, name: str) -> tuple[str, ...] | None:
        """The command that runs a module of this environment, None if missing."""
        if name not in self.probe.modules:
            return None
        return (*self.prefix, self.probe.executable, "-m", name)

    def version(self, name: str) -> str:
        """The version of a tool in this environment's metadata, or empty."""
        return self.probe.versions.get(name, "")


def _probe(
    python: Sequence[str | Path],
    *,
    project: Project,
    variables: Mapping[str, str],
    cancel: threading.Event | None = None,
) -> Probe:
    """Inspect an environment with its interpreter."""
    script = inside.DIRECTORY / "probe.py"
    command = [*python, "-I", script, project.distribution, *PROGRAMS]
    outcome = run_program(
        command,
        cwd=project.root,
        timeout=60,
        # pixi may have to install the environment first.
        variables=installing_variables(variables),
        cancel=cancel,
    )
    lines = outcome.stdout.strip().splitlines()
    if outcome.code != 0 or not lines:
        raise environment_error("the interpreter did not run", outcome)
    try:
        return msgspec.json.decode(lines[-1], type=Probe)
    except msgspec.DecodeError as error:
        raise environment_error(
            "the interpreter gave no usable output", outcome
        ) from error


def probe_virtual_environment(
    prefix: Path,
    *,
    project: Project,
    variables: Mapping[str, str],
    cancel: threading.Event | None = None,
) -> Probe:
    """Inspect a virtual environment; cached while it is unchanged.

    Installing, upgrading or removing a package changes the directories that are part
    of the cache key.
    """
    identity = _identity(prefix, project.distribution)
    cached = project.output / "probes" / f"{identity}.json"
    try:
        return msgspec.json.decode(cached.read_bytes(), type=Probe)
    except (OSError, msgspec.DecodeError):
        pass
    probe = _probe(
        [python_of(prefix)], project=project, variables=variables, cancel=cancel
    )
    # If the repository cannot be written, nothing is cached.
    with contextlib.suppress(ToolError):
        prepare_directory(cached.parent, project.output)
        write_text(cached, msgspec.json.encode(probe).decode())
    return probe


def virtual_environment(
    prefix: Path,
    name: str,
    project: Project,
    cancel: threading.Event | None,
    substitute: str = "",
) -> Environment:
    """A virtual environment in which checks can run."""
    variables = activated(prefix)
    probe = probe_virtual_environment(
        prefix, project=project, variables=variables, cancel=cancel
    )
    return Environment(name, probe, variables, substitute=substitute)


def pixi_environment(
    project: Project, name: str, cancel: threading.Event | None, *options: str
) -> Environment:
    """An environment of pixi in which checks can run."""
    prefix = ("pixi", "run", *options, "--environment", name, "--")
    variables = child_variables()
    probe = _probe(
        (*prefix, "python"), project=project, variables=variables, cancel=cancel
    )
    return Environment(f"pixi environment {name}", probe, variables, prefix)


def _identity(prefix: Path, distribution: str) -> str:
    """A key that changes whenever packages are added, removed or upgraded."""
    script = inside.DIRECTORY / "probe.py"
    watched = [prefix, prefix / "pyvenv.cfg", python_of(prefix), script]
    watched += [python_of(prefix).parent, *prefix.glob("lib*/python*/site-packages")]
    watched += [prefix / "Lib" / "site-packages"]
    times = [(str(p), p.stat().st_mtime_ns) for p in watched if p.exists()]
    facts = repr((times, distribution, PROGRAMS))
    return hashlib.sha256(facts.encode()).hexdigest()[:24]


def environment_error(what: str, outcome: Outcome) -> ToolError:
    """The error for an environment that failed: why, and the last lines of output."""
    command = " ".join(outcome.command)
    tail = outcome.tail()
    detail = f"\n{tail}" if tail else ""
    why = first_error(outcome)
    reason = f"{what}: {why}" if why else what
    return ToolError(
        f"{reason} (`{command}`: {outcome.describe_exit()}){detail}",
        hint=f"run `{command}` yourself and correct what it reports",
    )
