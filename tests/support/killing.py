"""Run a command that kills itself before its n-th change of the world.

It is a program of its own, since it forks: for each point a copy of the repository
is made, a child runs the first command and dies, further children run the commands
that follow. One line of JSON per point reports what was left after each of them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from ci_engine.errors import CommandError
from ci_framework.applying.amend import amend
from ci_framework.applying.recover import recover
from ci_framework.applying.rollback import rollback
from ci_framework.repository import open_repository
from tests.support.plans import adopt, picture
from tests.support.programs import run

_P = ParamSpec("_P")
_T = TypeVar("_T")
_WRITERS = {
    "commit-tree",
    "config",
    "hash-object",
    "read-tree",
    "symbolic-ref",
    "update-index",
    "update-ref",
    "write-tree",
}
# Beyond any number of changes that a command makes.
_NEVER = 10**6


class _Countdown:
    """Counts changes of the world, and kills the process before one of them."""

    def __init__(self, point: int) -> None:
        self.point = point
        self.count = 0

    def watch(self, function: Callable[_P, _T]) -> Callable[_P, _T]:
        def watched(*words: _P.args, **options: _P.kwargs) -> _T:
            # What git only reads leaves nothing half done.
            text = str(words)
            git = text.startswith("(['git'")
            if not git or any(repr(writer) in text for writer in _WRITERS):
                self.count += 1
            if self.count == self.point:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*words, **options)

        return watched


def _arm(point: int) -> _Countdown:
    """Count everything by which a file, a directory or git is changed."""
    countdown = _Countdown(point)
    os.fsync = countdown.watch(os.fsync)
    subprocess.run = countdown.watch(subprocess.run)
    for name in ("replace", "unlink", "rmdir", "mkdir", "hardlink_to", "chmod"):
        setattr(Path, name, countdown.watch(getattr(Path, name)))
    shutil.rmtree = countdown.watch(shutil.rmtree)
    return countdown


def _apply(path: Path) -> None:
    adopt(path)


def _resume(path: Path) -> None:
    recover(open_repository(path))


def _rollback(path: Path) -> None:
    rollback(open_repository(path))


def _edit(path: Path) -> None:
    """Commit later work after the adoption."""
    (path / "src/demo.py").write_text("VALUE = 2\n")
    run("git", "commit", "--quiet", "--all", "-m", "work", cwd=path)


def _amend(path: Path) -> None:
    amend(open_repository(path), {"ci-framework/project/baseline.json": b"{}\n"})


_COMMANDS = {
    "amend": _amend,
    "apply": _apply,
    "edit": _edit,
    "resume": _resume,
    "rollback": _rollback,
}


def _child(command: str, path: Path, point: int) -> str:
    """Run a command in a separate process, and return how it ended."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        countdown = _arm(point)
        try:
            _COMMANDS[command](path)
            said = f"done {countdown.count}"
        except CommandError as error:
            said = f"refused {error}"
        except BaseException:
            said = traceback.format_exc()
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else said


def main() -> None:
    """Read the sweep from the command line and print one line per point."""
    origin, work = Path(sys.argv[1]), Path(sys.argv[2])
    commands: list[str] = sys.argv[3].split(",")
    share = int(sys.argv[4])
    victim = commands.index("KILL") + 1
    before, killed, after = (
        commands[: victim - 1],
        commands[victim],
        commands[victim + 1 :],
    )
    point = 0
    ended = ""
    # A share of the points, and always the last one, at which nothing is killed.
    while not ended.startswith("done"):
        point += share
        path = work / "repository"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(origin, path, symlinks=True)
        for command in before:
            name, _, earlier = command.partition("@")
            _child(name, path, int(earlier or _NEVER))
        ended = _child(killed, path, point)
        ends = [ended]
        pictures: list[dict[str, str]] = []
        for command in after:
            ends.append(_child(command, path, _NEVER))
            pictures.append(picture(path, ours=True))
        row = {"point": point, "ends": ends, "pictures": pictures}
        sys.stdout.write(json.dumps(row) + "\n")


def sweep(
    origin: Path, work: Path, commands: str, share: int
) -> list[tuple[int, list[str], list[dict[str, str]]]]:
    """Kill a command at many points, and report what was left each time.

    Args:
        origin: the repository, which is copied for each point.
        work: a directory for the copies.
        commands: names separated by commas; ``KILL`` stands before the one that is
            killed, and ``@`` and a number behind one that is killed before it.
        share: kill at every so many-th point.

    Returns:
        For each point: its number, how the commands ended, and the repository after
        each of those that came after the killed one.
    """
    work.mkdir()
    root = Path(__file__).parent.parent.parent
    output = run(
        sys.executable,
        "-m",
        "tests.support.killing",
        origin,
        work,
        commands,
        str(share),
        cwd=root,
    )
    found: list[tuple[int, list[str], list[dict[str, str]]]] = []
    for line in output.splitlines():
        row = json.loads(line)
        found.append((row["point"], row["ends"], row["pictures"]))
    return found


if __name__ == "__main__":
    main()
