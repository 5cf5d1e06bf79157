"""The project's environment: find the declared one, or make one and say so."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.environments import inside
from ci_engine.environments.installer import python_of
from ci_engine.errors import ToolError
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project

__all__ = [
    "Environment",
    "Probe",
    "probe_environment",
    "python_of",
]

# Programs that checks look for in the project's environment.
PROGRAMS = (
    "ruff",
    "pyright",
    "mypy",
    "bandit",
    "pip-audit",
    "pre-commit",
    "prek",
    "detect-secrets",
    "semgrep",
)


class Probe(msgspec.Struct, frozen=True):
    """What ``inside/probe.py`` says about an environment."""

    python: str
    executable: str
    prefix: str
    source: str
    programs: dict[str, str]
    modules: list[str]
    versions: dict[str, str]


@dataclass(frozen=True)
class Environment:
    """An environment in which checks can run.

    Attributes:
        name: for people, for example ``uv: group quality``.
        probe: what it has.
        variables: the environment variables its programs run with.
        prefix: words before every command, for managers that start programs.
        substitute: why it stands for the declared one, empty if it is that.
    """

    name: str
    probe: Probe
    variables: Mapping[str, str]
    prefix: tuple[str, ...] = ()
    substitute: str = ""

    def program(self, name: str) -> tuple[str, ...] | None:
        """The command that starts a program of this environment, if it has it."""
        path = self.probe.programs.get(name)
        return (*self.prefix, path) if path else None

    def module(self, name: str) -> tuple[str, ...] | None:
        """The command that runs a module of this environment, if it has it."""
        if name not in self.probe.modules:
            return None
        return (*self.prefix, self.probe.executable, "-m", name)

    def version(self, name: str) -> str:
        """Version of a tool as this environment's metadata states it, or empty."""
        return self.probe.versions.get(name, "")


def probe_environment(
    python: Sequence[str | Path],
    *,
    project: Project,
    variables: Mapping[str, str],
    cancel: threading.Event | None = None,
) -> Probe:
    """Ask an interpreter what its environment has.

    Raises:
        ToolError: if it does not run or does not answer.
    """
    script = inside.DIRECTORY / "probe.py"
    command = [*python, "-I", script, project.distribution, *PROGRAMS]
    outcome = run_program(
        command, cwd=project.root, timeout=60, variables=variables, cancel=cancel
    )
    lines = outcome.stdout.strip().splitlines()
    if outcome.code != 0 or not lines:
        raise environment_error("the interpreter does not answer", outcome)
    try:
        return msgspec.json.decode(lines[-1], type=Probe)
    except msgspec.DecodeError as error:
        raise environment_error("the interpreter answers nonsense", outcome) from error


def probe_virtual_environment(
    prefix: Path,
    *,
    project: Project,
    variables: Mapping[str, str],
    cancel: threading.Event | None = None,
) -> Probe:
    """Ask a virtual environment, or recall what it said while it is unchanged.

    Installing, upgrading or removing a package changes the directories that the
    recalled answer is bound to.

    Raises:
        ToolError: if its interpreter does not run or does not answer.
    """
    identity = _identity(prefix, project.distribution)
    memory = project.output / "probes" / f"{identity}.json"
    try:
        return msgspec.json.decode(memory.read_bytes(), type=Probe)
    except (OSError, msgspec.DecodeError):
        pass
    python = (python_of(prefix),)
    probe = probe_environment(
        python, project=project, variables=variables, cancel=cancel
    )
    # Where the repository cannot be written, the environment is asked every time.
    with contextlib.suppress(ToolError):
        prepare_directory(memory.parent, project.output)
        write_text(memory, msgspec.json.encode(probe).decode())
    return probe


def _identity(prefix: Path, distribution: str) -> str:
    """Change with every package that comes or goes."""
    script = inside.DIRECTORY / "probe.py"
    watched = [prefix, prefix / "pyvenv.cfg", python_of(prefix), script]
    watched += [python_of(prefix).parent, *prefix.glob("lib*/python*/site-packages")]
    watched += [prefix / "Lib" / "site-packages"]
    times = [(str(p), p.stat().st_mtime_ns) for p in watched if p.exists()]
    return hashlib.sha256(repr((times, distribution, PROGRAMS)).encode()).hexdigest()[
        :24
    ]


def environment_error(what: str, outcome: Outcome) -> ToolError:
    """Say that an environment could not be had, with the end of what was printed."""
    command = " ".join(outcome.command)
    tail = outcome.tail()
    detail = f"\n{tail}" if tail else ""
    return ToolError(
        f"{what}: `{command}`: {outcome.describe_exit()}{detail}",
        hint=f"run `{command}` yourself and correct what it reports",
    )


def find_interpreter(version: str) -> Path | None:
    """Find an installed interpreter: ours, or that of a version such as ``3.12``."""
    if version in ("", f"{sys.version_info[0]}.{sys.version_info[1]}"):
        return Path(sys.executable)
    return find_program(f"python{version}")
