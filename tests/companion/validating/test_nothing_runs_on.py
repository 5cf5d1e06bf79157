"""All processes that a validation starts end with it, however it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ci_engine.errors import ToolError
from ci_framework.validating.clones import scratch_directory
from ci_framework.validating.engine import run_engine
from tests.support.adoptions import LAUNCHER, adopt
from tests.support.projects import clean_environment

ON_LINUX = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(),
    reason="only Linux shows the variables of processes",
)
# Starts one program in a session of its own, which holds a pipe open, and hangs.
HANGS = """
import subprocess, sys, threading
code = "import time; print('started', flush=True); time.sleep(60)"
with open(PIPE, "wb") as pipe:
    words = [sys.executable, "-c", code]
    subprocess.Popen(words, stdout=pipe, start_new_session=True).returncode = 0
threading.Event().wait()
"""
VALIDATES = """
import sys
from pathlib import Path
from ci_engine.processes.programs import run_program
from ci_framework.validating.clones import child_environment, scratch_directory

with scratch_directory() as place:
    words = [sys.executable, "-c", sys.argv[1]]
    run_program(words, cwd=place, timeout=60, variables=child_environment())
"""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe whose end is read when all that write to it are gone."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@ON_LINUX
@pytest.mark.heavy
def test_a_gate_out_of_time_ends_with_everything_that_its_checks_started(
    tmp_path: Path, pipe: Path
) -> None:
    hangs = HANGS.replace("PIPE", repr(str(pipe)))
    adopted = adopt(tmp_path / "p", {"a": "a"}, {LAUNCHER: hangs})
    clone = adopted.clones(tmp_path).adopted
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with scratch_directory(), pytest.raises(ToolError, match="no response within"):
        run_engine(clone, clone, ["gate"], timeout=6)
    # Empty, and not "nothing yet": no process has it open any more.
    assert os.read(reader, 99) == b"started\n"
    assert os.read(reader, 99) == b""


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_validation_that_is_killed_leaves_nothing_running(
    pipe: Path, number: signal.Signals
) -> None:
    words = [sys.executable, "-c", VALIDATES, HANGS.replace("PIPE", repr(str(pipe)))]
    quiet = subprocess.DEVNULL
    with (
        subprocess.Popen(words, env=clean_environment(), stderr=quiet) as validation,
        pipe.open("rb") as reader,
    ):
        assert reader.readline() == b"started\n"
        validation.send_signal(number)
        # The pipe ends only when the last process that holds it has exited.
        assert select.select([reader], [], [], 20)[0]
        assert reader.read() == b""
