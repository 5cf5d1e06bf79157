"""Commands that are interrupted or slow, or whose output is not read."""

from __future__ import annotations

import os
import pty
import signal
import sys
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    program,
    wait_until,
)


class SlowProgram:
    """A program that reports its start, and ends when the test allows it."""

    def __init__(self, directory: Path, name: str = "git") -> None:
        self.started, self.over = directory / "started", directory / "over"
        script = (
            "import time\nfrom pathlib import Path\n"
            f"Path({str(self.started)!r}).touch()\n"
            f"while not Path({str(self.over)!r}).exists():\n    time.sleep(0.02)\n"
            "print('git version 2')\n"
        )
        tools = program(directory / "bin", name, script).parent
        self.path = f"{tools}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def slow_git(tmp_path: Path) -> SlowProgram:
    return SlowProgram(tmp_path)


@pytest.mark.heavy
def test_a_command_that_is_interrupted_ends_with_one_line(
    project: DemoProject, slow_git: SlowProgram
) -> None:
    process = project.start("doctor", PATH=slow_git.path)
    wait_until(slow_git.started.exists)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.decode().splitlines()[-1] == "ci doctor: interrupted"
    assert b"Traceback" not in stderr


@pytest.mark.parametrize("words", [["config"], ["--help"], ["gate", "--help"]])
def test_output_that_nobody_reads_is_no_error_of_ours(
    project: DemoProject, words: list[str]
) -> None:
    process = project.start(*words)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    stderr = process.stderr.read()
    assert process.wait(60) == 141
    assert stderr == b""


def read_until(descriptor: int, text: bytes) -> bytes:
    found = b""
    while text not in found:
        part = os.read(descriptor, 1024)
        assert part, found
        found += part
    return found


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_terminal_shows_what_takes_long_and_forgets_it(
    project: DemoProject, slow_git: SlowProgram
) -> None:
    ours, theirs = pty.openpty()
    process = project.start("doctor", stderr=theirs, PATH=slow_git.path)
    os.close(theirs)
    shown = read_until(ours, b"examining this machine (2 s)")
    assert b"\n" not in shown
    slow_git.over.touch()
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"git version 2" in stdout
    assert b"\x1b" not in stdout
    assert read_until(ours, b"\r\x1b[K").endswith(b"\r\x1b[K")
    os.close(ours)


@pytest.mark.heavy
def test_a_log_gets_plain_lines_on_what_takes_long(
    project: DemoProject, slow_git: SlowProgram
) -> None:
    process = project.start("doctor", PATH=slow_git.path)
    assert process.stderr
    line = process.stderr.readline()
    assert line == b"still running: examining this machine\n"
    slow_git.over.touch()
    assert process.wait(60) == 0


def test_a_result_is_shown_while_the_environment_is_being_prepared(
    project: DemoProject, tmp_path: Path
) -> None:
    slow_uv = SlowProgram(tmp_path, "uv")
    (project.root / ".venv").unlink()
    checks = "no-conflict-markers,typecheck"
    process = project.start("gate", "--only", checks, PATH=slow_uv.path)
    assert process.stdout
    first = process.stdout.readline()
    assert first.split()[:2] == [b"ok", b"no-conflict-markers"]
    wait_until(slow_uv.started.exists)
    assert process.poll() is None
    slow_uv.over.touch()
    process.communicate(timeout=60)


@pytest.mark.heavy
def test_a_scan_reports_a_scanner_that_has_ended_while_others_run(
    project: DemoProject, tmp_path: Path
) -> None:
    project.write("uv.lock", "version = 1\nrequires-python = '>=3.10'\n")
    project.write(".semgrep.yml", "rules: []\n")
    slow_semgrep = SlowProgram(tmp_path, "semgrep")
    only = "licenses,sbom,semgrep"
    process = project.start("scan", "--only", only, PATH=slow_semgrep.path)
    assert process.stderr
    first = process.stderr.readline()
    assert first.startswith(b"done: sbom ("), first
    assert process.poll() is None
    slow_semgrep.over.touch()
    process.communicate(timeout=60)
