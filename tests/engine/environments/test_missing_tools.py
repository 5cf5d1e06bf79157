"""A tool that is missing, crashes or reports nothing never makes a run green."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    assert_green,
    assert_not_run,
    assert_red,
    program,
)

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

# Nothing can be installed: neither uv nor pip may reach an index.
OFFLINE = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1", "UV_NO_CACHE": "1"}

# An interpreter of the tests that says it has other programs.
PROBE = """\
import json, os, subprocess, sys
done = subprocess.run([{python!r}, *sys.argv[1:]], capture_output=True, text=True)
facts = json.loads(done.stdout) if "probe.py" in " ".join(sys.argv) else None
if facts is None:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
facts["programs"].update({programs!r})
print(json.dumps(facts))
"""


@pytest.fixture
def bare(project: DemoProject, tmp_path: Path) -> dict[str, str | None]:
    """The project's .venv has no packages, and nothing can be installed."""
    (project.root / ".venv").unlink()
    words = [sys.executable, "-m", "venv", "--without-pip", str(project.root / ".venv")]
    subprocess.run(words, check=True)
    program(tmp_path / "bin", "uv", "raise SystemExit('uv: no network')\n")
    return {**OFFLINE, "PATH": str(tmp_path / "bin")}


def pretend(project: DemoProject, name: str, script: str) -> None:
    """Give the project's environment a program of ours under a known name."""
    venv = project.root / ".venv"
    if venv.is_symlink():
        venv.unlink()
        (venv / "bin").mkdir(parents=True)
        (venv / "pyvenv.cfg").write_text("home = /nowhere\n", encoding="utf-8")
    fake = program(venv / "bin", name, script)
    text = PROBE.format(python=sys.executable, programs={name: str(fake)})
    program(venv / "bin", "python", text)


def test_an_environment_that_cannot_be_made_is_not_run(
    project: DemoProject, bare: dict[str, str | None]
) -> None:
    run = project.gate("test,coverage,typecheck", variables=bare)
    for name in ("test", "typecheck"):
        assert_not_run(run, name, "the environment could not be created")
    assert_not_run(run, "coverage", "the tests did not run")
    assert "next" in run.stdout or "again" in run.stdout


def test_without_uv_and_without_a_network_nothing_is_green(
    project: DemoProject, bare: dict[str, str | None], tmp_path: Path
) -> None:
    (tmp_path / "bin" / "uv").unlink()
    run = project.gate("lint,test", variables=bare)
    assert_not_run(run, "test", "the environment could not be created")
    assert_not_run(run, "lint", "a locked tool could not be installed")


def test_a_locked_tool_that_cannot_be_installed_is_not_run(
    project: DemoProject, bare: dict[str, str | None]
) -> None:
    run = project.gate("no-conflict-markers,lint,format", variables=bare)
    assert run.check("no-conflict-markers")["status"] == "passed"
    assert_not_run(run, "lint", "a locked tool could not be installed")
    assert_not_run(run, "format", "a locked tool could not be installed")


def test_red_beats_what_could_not_run(
    project: DemoProject, bare: dict[str, str | None]
) -> None:
    project.write("left.rej", "@@ -1 +1 @@\n")
    run = project.gate("no-conflict-markers,lint", variables=bare)
    assert run.code == 1
    assert run.check("lint")["status"] == "not-run"


def test_an_advisory_check_that_cannot_run_is_reported(
    project: DemoProject, bare: dict[str, str | None]
) -> None:
    project.configure("[tool.ci-framework.checks.lint]\nblocking = false\n")
    run = project.gate("no-conflict-markers,lint", variables=bare)
    assert run.code == 0
    assert run.check("lint")["status"] == "not-run"
    assert "| lint | NOT RUN |" in run.summary


def test_the_pretended_environment_is_green_with_honest_tools(
    project: DemoProject,
) -> None:
    real = Path(sys.executable).parent / "ruff"
    script = f"import os, sys\nos.execv({str(real)!r}, ['ruff', *sys.argv[1:]])\n"
    pretend(project, "ruff", script)
    assert_green(project.gate("lint,format,test"))


GARBAGE = "print('Segmentation fault, sort of')\n"
CRASH = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"


@pytest.mark.parametrize(
    "script",
    [
        "",
        GARBAGE,
        CRASH,
        "print('[')\n",
        "print('{}')\n",
        "print('null')\n",
        "import sys\nprint('[]')\nsys.exit(1)\n",
        "import sys\nprint('[]')\nsys.exit(2)\n",
        "import sys\nprint('[]')\nsys.exit(101)\n",
    ],
)
def test_a_ruff_that_does_not_do_its_work_is_not_green(
    project: DemoProject, script: str
) -> None:
    pretend(project, "ruff", script)
    run = project.gate("lint,format")
    assert_not_run(run, "lint", "ruff")
    assert_not_run(run, "format", "ruff")


def test_a_ruff_that_finds_something_and_says_that_all_is_well_is_not_green(
    project: DemoProject,
) -> None:
    violation = {
        "code": "F401",
        "filename": "src/demo/__init__.py",
        "message": "unused",
        "location": {"row": 1, "column": 1},
    }
    pretend(project, "ruff", f"print({json.dumps([violation])!r})\n")
    assert_not_run(project.gate("lint"), "lint", "ruff: exit code 0")


def pyright_report(files: int = 1, severity: str = "") -> str:
    diagnostic = {
        "file": "src/demo/__init__.py",
        "severity": severity,
        "message": "wrong",
        "range": {"start": {"line": 0, "character": 0}},
    }
    report = {
        "generalDiagnostics": [diagnostic] if severity else [],
        "summary": {"filesAnalyzed": files},
    }
    return json.dumps(report)


@pytest.mark.parametrize(
    "script",
    [
        "",
        GARBAGE,
        CRASH,
        "print('{}')\n",
        f"import sys\nprint({pyright_report()!r})\nsys.exit(1)\n",
        f"import sys\nprint({pyright_report()!r})\nsys.exit(3)\n",
        f"print({pyright_report(severity='error')!r})\n",
    ],
)
def test_a_pyright_that_does_not_do_its_work_is_not_green(
    project: DemoProject, script: str
) -> None:
    pretend(project, "pyright", script)
    assert_not_run(project.gate("typecheck"), "typecheck", "pyright")


def test_a_pyright_that_looked_at_nothing_is_not_green(project: DemoProject) -> None:
    pretend(project, "pyright", f"print({pyright_report(files=0)!r})\n")
    run = project.gate("typecheck")
    assert run.code in (1, 3)


def test_notices_before_the_report_of_pyright_are_no_obstacle(
    project: DemoProject,
) -> None:
    script = "import sys\nprint('a new version is there {really}')\n"
    script += f"print({pyright_report(severity='error')!r})\nsys.exit(1)\n"
    pretend(project, "pyright", script)
    assert_red(project.gate("typecheck"), "typecheck", "src/demo/__init__.py", 1)


@pytest.mark.parametrize(
    "script",
    [
        "",
        GARBAGE,
        CRASH,
        "import sys\nsys.exit(1)\n",
        "import sys\nsys.exit(2)\n",
        "print('Success: no issues found in 0 source files')\n",
        "print('src/a.py:1:1: error: wrong  [misc]\\nSuccess: 1 source file')\n",
    ],
)
def test_a_mypy_that_does_not_do_its_work_is_not_green(
    project: DemoProject, script: str
) -> None:
    pretend(project, "mypy", script)
    variables = {"CI_FRAMEWORK_QUALITY_TYPE_CHECKER": "mypy"}
    run = project.gate("typecheck", variables=variables)
    assert_not_run(run, "typecheck", "mypy")


def test_a_tool_that_hangs_is_killed_with_its_children(project: DemoProject) -> None:
    marker = project.root / "child"
    pretend(
        project,
        "ruff",
        "import subprocess, sys, time\n"
        "code = 'import time; time.sleep(99)'\n"
        "child = subprocess.Popen([sys.executable, '-c', code])\n"
        f"open({str(marker)!r}, 'w').write(str(child.pid))\ntime.sleep(99)\n",
    )
    run = project.gate("lint", "--timeout", "4")
    assert run.code == 1
    assert run.check("lint")["status"] == "timed-out"
    pid = marker.read_text(encoding="utf-8")
    state = Path("/proc", pid, "stat")
    if Path("/proc/self").exists() and state.exists():
        assert state.read_text(encoding="utf-8").split()[2] == "Z"


@pytest.mark.parametrize("script", ["", GARBAGE, CRASH, "print('{}')\n"])
def test_an_interpreter_that_does_not_answer_is_not_run(
    project: DemoProject, script: str
) -> None:
    pretend(project, "ruff", "")
    program(project.root / ".venv" / "bin", "python", script)
    run = project.gate("test,typecheck", variables=OFFLINE)
    assert run.code == 3, str(run)
    assert {check["status"] for check in run.result["checks"]} == {"not-run"}


def test_a_defect_of_the_engine_is_neither_green_nor_red(
    project: DemoProject, own_engine: Path
) -> None:
    module = own_engine / "ci_engine/checks/lint/conflict_markers.py"
    text = module.read_text()
    old = "    findings, unread = find_conflicts(context.project)\n"
    assert old in text
    module.write_text(text.replace(old, "    1 / 0\n"))
    variables = {"CI_FRAMEWORK_ENGINE": str(own_engine)}
    run = project.gate("no-conflict-markers,lint", variables=variables)
    assert_not_run(run, "no-conflict-markers", "an internal error of ci-framework")
    assert "ZeroDivisionError" in run.check("no-conflict-markers")["output"]
    assert run.check("lint")["status"] == "passed"
