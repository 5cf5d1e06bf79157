"""Start the engine from a process that has imported it, as often as tests want.

Each start is a process of its own with its own directory, variables and output, made by
a fork; only the imports are done once, and what is learned of the types of the engine.
Most tests start the engine for a moment: this was two thirds of all their time. How the
launcher starts it has tests of its own.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast

# What a process takes over when it begins, and a fork of another one does not.
_AT_THE_BEGINNING = ("LC_", "LANG", "LD_", "TZ", "PYTHON")


class WarmEngine:
    """A server of this module, and the starts that it is asked for."""

    def __init__(self, engine: Path) -> None:
        command = [sys.executable, "-I", str(Path(__file__).resolve()), str(engine)]
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @staticmethod
    def can_start(variables: Mapping[str, str]) -> bool:
        """Whether a fork is like a process of its own for these variables."""
        mine = {k: v for k, v in os.environ.items() if k.startswith(_AT_THE_BEGINNING)}
        return all(
            mine.get(name) == value
            for name, value in variables.items()
            if name.startswith(_AT_THE_BEGINNING)
        )

    def run(
        self,
        bootstrap: Path,
        arguments: Sequence[str],
        *,
        cwd: Path,
        variables: Mapping[str, str],
        timeout: float,
    ) -> tuple[int, bytes, bytes]:
        """Start the engine; its exit code and what it wrote."""
        assert self._server.stdin
        assert self._server.stdout
        with TemporaryFile() as stdout, TemporaryFile() as stderr:
            request = {
                "argv": [str(bootstrap), *arguments],
                "cwd": str(cwd),
                "variables": dict(variables),
                "output": [
                    f"/proc/{os.getpid()}/fd/{f.fileno()}" for f in (stdout, stderr)
                ],
                "timeout": timeout,
            }
            self._server.stdin.write(json.dumps(request).encode() + b"\n")
            self._server.stdin.flush()
            code = int(self._server.stdout.readline())
            stdout.seek(0)
            stderr.seek(0)
            return code, stdout.read(), stderr.read()


def _serve(engine: str) -> None:
    sys.path.insert(0, engine)
    for module in ("__main__", "environments.engine_environment", "checks.gate_run"):
        import_module(f"ci_engine.{module}")
    for command in cast(
        "Mapping[str, str]", import_module("ci_engine.commands").COMMANDS
    ):
        import_module(f"ci_engine.commands.{command}")
    _learn_types()
    sys.path.remove(engine)
    gc.collect()
    # Otherwise each fork would copy the memory of all these objects to look at them.
    gc.freeze()
    while line := sys.stdin.readline():
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(request)
            return
        sys.stdout.write(f"{_wait(pid, request['timeout'])}\n")
        sys.stdout.flush()


def _learn_types() -> None:
    """Let the engine read its types, as each start of it does first."""
    import_module("ci_engine.processes.thread_pools").prepare_types()
    structure_of = import_module("ci_engine.configuration.typed_tables").structure_of
    settings = import_module("ci_engine.configuration.settings").Settings
    defaults = import_module("ci_engine.configuration.defaults")
    defaults.read_defaults()
    structure_of(settings)
    for command in import_module("ci_engine.commands").COMMANDS:
        module = import_module(f"ci_engine.commands.{command}")
        structure_of(module.COMMAND.request)


def _become(request: dict[str, Any]) -> None:
    """Be the process that was asked for, and end as it ends."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["variables"])
    for descriptor, name in zip(
        (0, 1, 2), (os.devnull, *request["output"]), strict=True
    ):
        flags = os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_APPEND
        os.dup2(os.open(name, flags), descriptor)
    sys.argv = request["argv"]
    runpy.run_path(request["argv"][0], run_name="__main__")


def _wait(pid: int, seconds: float) -> int:
    ended = os.pidfd_open(pid)
    if not select.select([ended], [], [], seconds)[0]:
        os.kill(pid, signal.SIGKILL)
    os.close(ended)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    _serve(sys.argv[1])
