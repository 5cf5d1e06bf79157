"""No process of a run is left behind, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ci_engine.processes.leftovers import MARK_VARIABLE, end_leftovers, inner_mark
from tests.support.projects import DemoProject, assert_green, clean_environment

ON_LINUX = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(),
    reason="only Linux shows the variables of processes",
)


def is_alive(process: str) -> bool:
    state = Path("/proc", process, "stat")
    return state.exists() and state.read_text(encoding="utf-8").split()[2] != "Z"


@pytest.mark.heavy
@ON_LINUX
@pytest.mark.parametrize(("ending", "limit"), [("pass", 120), ("time.sleep(99)", 8)])
def test_what_a_test_starts_in_a_session_of_its_own_ends_with_the_run(
    project: DemoProject, ending: str, limit: int
) -> None:
    project.test_file(
        "import subprocess, sys, time\n\n\ndef test_starts() -> None:\n"
        "    code = [sys.executable, '-c', 'import time; time.sleep(99)']\n"
        "    child = subprocess.Popen(code, start_new_session=True)\n"
        "    child.returncode = 0\n"
        f"    open('child', 'w').write(str(child.pid))\n    {ending}\n"
    )
    run = project.gate("test", "--timeout", str(limit))
    assert run.check("test")["status"] == (
        "passed" if ending == "pass" else "timed-out"
    )
    assert not is_alive(project.read("child"))


@pytest.mark.heavy
def test_the_next_run_removes_what_a_killed_one_left(project: DemoProject) -> None:
    ready = project.root / "ready"
    project.test_file(
        "import time\n\n\ndef test_waits() -> None:\n"
        f"    open({str(ready)!r}, 'w').close()\n    time.sleep(9)\n"
    )
    project.interrupt(signal.SIGKILL, ready.exists, "gate", "--only", "test")
    running = project.root / ".ci-framework" / "running"
    foreign = running / f"{os.getpid()}-of-another-run"
    foreign.mkdir()
    assert len(list(running.iterdir())) == 2
    project.test_file("def test_a() -> None:\n    pass\n")
    assert_green(project.gate("test"))
    assert list(running.iterdir()) == [foreign]
    foreign.rmdir()
    assert_green(project.gate("test"))
    assert not running.exists()


@pytest.mark.heavy
def test_a_test_that_deletes_the_reports_changes_no_verdict(
    project: DemoProject,
) -> None:
    project.test_file(
        "import shutil\n\n\ndef test_deletes() -> None:\n"
        f"    shutil.rmtree({str(project.reports)!r})\n"
    )
    run = project.gate("test,coverage")
    assert_green(run)
    assert run.check("coverage")["coverage"] == 100.0
    assert (project.reports / "coverage.xml").is_file()


@ON_LINUX
@pytest.mark.parametrize(
    ("mark", "ended"), [("outer", True), ("outer:inner", True), ("out", False)]
)
def test_a_run_ends_what_a_run_inside_of_it_left(mark: str, ended: bool) -> None:
    inside = inner_mark("inner", {MARK_VARIABLE: "outer"})
    assert inner_mark("inner", {}) == "inner"
    lasts = (sys.executable, "-c", "import time; print(flush=True); time.sleep(60)")
    variables = clean_environment(**{MARK_VARIABLE: inside})
    with subprocess.Popen(
        lasts, env=variables, start_new_session=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        # Until it runs, the system may not show its variables.
        assert process.stdout.readline()
        assert bool(end_leftovers(mark)) is ended
        process.kill()
