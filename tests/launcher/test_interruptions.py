"""A start that is killed, or that finds the disk full, is repaired by the next one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.launcher.conftest import Template
from tests.support.launching import LaunchedProject
from tests.support.projects import wait_until

STEPS = [
    "git init",
    "git fetch",
    "git checkout",
    "uv venv",
    "uv pip install",
]


def kill_at(launched: LaunchedProject, step: str, when: str) -> None:
    """Replace a program by one that kills the launcher at one of its steps."""
    name, _, arguments = step.partition(" ")
    real = launched.tools / f"{name}.real"
    (launched.tools / name).rename(real)
    pattern = f"*' {arguments} '*" if name == "git" else f"'{arguments} '*"
    shown = " $* " if name == "git" else "$* "
    kill = {
        "before": "kill -9 $PPID; exit 1",
        "after": f'"{real}" "$@"; kill -9 $PPID; exit 1',
    }[when]
    launched.add_program(
        name,
        f'#!/bin/sh\ncase "{shown}" in {pattern}) {kill};; esac\nexec "{real}" "$@"\n',
    )


def restore(launched: LaunchedProject, step: str) -> None:
    name = step.partition(" ")[0]
    (launched.tools / f"{name}.real").replace(launched.tools / name)


def assert_repaired(launched: LaunchedProject, origin: Template) -> None:
    """The next start works, and the one after it is warm."""
    shown = launched.shown("gate")
    assert shown["engine"] == launched.engine(origin.commit)
    launched.break_network()
    assert launched.shown("gate") == shown


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_start_that_is_killed_leaves_nothing_half_made(
    launched: LaunchedProject, origin: Template, step: str, when: str
) -> None:
    kill_at(launched, step, when)
    assert launched.run("gate").code == -signal.SIGKILL
    restore(launched, step)
    assert_repaired(launched, origin)


@pytest.mark.parametrize(
    "pattern",
    [
        "engines/new-*/engine/ci_engine",
        "engines/*/ci_engine/__main__.py",
        "environments/*.*/pyvenv.cfg",
        "environments/*-*",
        "engines/*/ci_engine/__pycache__/*",
        "engines/*/ready-*",
    ],
)
def test_a_start_that_is_killed_with_all_its_children_is_repaired(
    launched: LaunchedProject, origin: Template, pattern: str
) -> None:
    process = launched.start("gate")
    wait_until(lambda: process.poll() is not None or any(launched.cache.glob(pattern)))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert_repaired(launched, origin)


def test_an_interrupted_start_ends_with_130(
    launched: LaunchedProject, origin: Template
) -> None:
    launched.add_program("git", "#!/bin/sh\nkill -INT $PPID; sleep 5\n")
    run = launched.run("gate")
    assert run.code == 130
    assert "Traceback" not in run.stderr
    assert not list(launched.cache.glob("engines/*"))


def small_disk(launched: LaunchedProject, kilobytes: int) -> tuple[str, ...]:
    """A command that starts the launcher where no file can be larger."""
    bash = shutil.which("bash")
    script = f'ulimit -f {kilobytes}; trap "" XFSZ; exec "$@"'
    return (str(bash), "-c", script, "bash", str(launched.launcher))


@pytest.mark.parametrize("kilobytes", [0, 1, 4, 16])
def test_a_full_disk_is_repaired_by_the_next_start(
    launched: LaunchedProject, origin: Template, kilobytes: int
) -> None:
    """A limit for files acts like a disk that is full: only a part is written."""
    run = launched.call([*small_disk(launched, kilobytes), "gate"], {})
    assert "Traceback" not in run.stderr
    assert run.code in (0, 3)
    assert_repaired(launched, origin)


@pytest.mark.heavy
def test_a_module_that_was_compiled_in_part_is_not_kept(
    launched: LaunchedProject, origin: Template
) -> None:
    """Before 3.12.9 Python does not notice: https://github.com/python/cpython/issues/126606"""
    first = launched.shown("gate")
    script = Path(launched.engine(origin.commit), "ci_engine", "environments")
    script = script / "inside" / "compile_all.py"
    shutil.rmtree(launched.cache)
    launched.shown("gate")
    [cached] = Path(launched.engine(origin.commit)).glob("ci_engine/__pycache__/cli.*")
    cached.write_bytes(cached.read_bytes()[:40])
    run = launched.call([sys.executable, "-I", str(script), str(cached.parents[1])], {})
    assert run.code == 0, "it is compiled anew, since its source is there"
    assert launched.shown("gate")["engine"] == first["engine"]
