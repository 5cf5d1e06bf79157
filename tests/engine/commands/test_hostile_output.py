"""No command prints a workflow command that comes from the repository."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.log_readers import commands_in, hidden_in
from tests.support.projects import DemoProject, clean_environment, git

FORMS = (
    "::error::x",
    "##[add-mask]e",
    "\n::stop-commands::x",
    "a\r::x::",
    "\u202e::x::",
)
NAMES = (
    *(
        "##[add-mask]e.py",
        "src/demo/##[group]x.py",
        "tests/test_##[x].py",
        "a\n::x::.py",
    ),
    *("::x::", "\u202eevil.py", "a\r::y::.tmp", "\x1b]0;t\x07.log", "@team #1.md"),
)
# What GitHub shows beside the code: printed on purpose, by `github.outputs` only.
MEANT = re.compile(r"::(?:error|warning|notice) [^:]*::")


@pytest.fixture
def hostile(project: DemoProject) -> DemoProject:
    """A project whose every name would be a command."""
    for name in NAMES:
        project.write(name, "import os\nx = '##[add-mask]y'\n")
    project.write(
        "tests/test_demo.py",
        (
            "import pytest\n\n\n"
            "@pytest.mark.parametrize('x', ['##[add-mask]p', '::x::', '\\u202e'])\n"
            "def test_hostile(x: str) -> None:\n"
            "    print('\\n::add-mask::printed\\n##[group]printed')\n"
            "    raise AssertionError('\\n::add-mask::raised ##[x]')\n"
        ),
    )
    git(project.root, "init", "--quiet")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "-m", "##[add-mask]e\n\n::x::")
    return project


COMMANDS = (
    ("gate", "--only", "lint,format,no-conflict-markers"),
    ("gate", "--only", "lint", "--json"),
    ("gate", "--only", "FORM"),
    ("gate", "--FORM"),
    ("FORM",),
    ("changes",),
    ("changes", "--json"),
    ("changes", "--explain", "##[add-mask]e.py"),
    ("changes", "--explain", "FORM"),
    ("changes", "--since", "FORM"),
    ("packages",),
    ("packages", "--package", "FORM"),
    ("scan", "--dry-run"),
    ("scan", "--only", "FORM"),
    ("validate",),
    ("doctor",),
    ("config",),
    ("setup", "--dry-run"),
    ("cleanup",),
    ("cleanup", "--patterns", "*.tmp FORM"),
    ("summary", "--reports", "FORM"),
    ("summary", "--page", "FORM"),
    ("bench", "--dry-run", "--compare-with", "FORM"),
)


@pytest.mark.heavy
@pytest.mark.parametrize("actions", ["", "true"])
def test_no_command_of_the_engine_prints_one(
    hostile: DemoProject, actions: str
) -> None:
    variables = {"CI": "true", "GITHUB_ACTIONS": actions, "NEEDS": "", "SKIPS": ""}
    for command in COMMANDS:
        for form in FORMS if "FORM" in "".join(command) else ("",):
            words = [word.replace("FORM", form) for word in command]
            run = hostile.run(*words, variables=variables)
            assert run.code != 3 or command[0] in ("scan", "bench"), str(run)
            for log in (run.stdout, run.stderr):
                found = [line for line in commands_in(log) if not MEANT.match(line)]
                assert found == [], words
                assert set(hidden_in(log)) <= set(), words
            if not actions:
                assert commands_in(run.stdout + run.stderr) == []


def test_settings_and_answers_are_data(project: DemoProject) -> None:
    for text in (
        '[tool.ci-framework.quality]\ntier = "##[add-mask]e"\n',
        '[tool.ci-framework."##[x]"]\na = 1\n',
        '[tool.ci-framework.quality]\ntier = "\\n::add-mask::e"\n',
        "[tool.ci-framework.quality]\n##[add-mask]e\ntier = = 1\n",
    ):
        project.write("pyproject.toml", text)
        run = project.run("config", variables={"CI": "true"})
        assert run.code == 2, str(run)
        assert commands_in(run.stdout + run.stderr) == [], text


def test_the_error_of_a_defect_is_data(project: DemoProject) -> None:
    """A traceback shows the text of an exception as it is."""
    code = (
        "from ci_engine.errors import run_to_exit_code\n"
        "from ci_engine.github.log_stream import guarded_streams\n"
        "def fail() -> int:\n"
        "    raise ValueError('\\n::add-mask::x\\r##[group]y')\n"
        "with guarded_streams():\n"
        "    raise SystemExit(run_to_exit_code('ci', fail))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, cwd=project.root
    )
    assert done.returncode == 3
    log = done.stderr.decode()
    assert "add-mask" in log
    assert commands_in(log) == []


@pytest.mark.heavy
def test_no_command_of_the_companion_prints_one(hostile: DemoProject) -> None:
    for form in ("##[add-mask]e", "\n::x::"):
        for words in (
            ("analyze",),
            ("plan",),
            ("plan", "--json"),
            ("status",),
            (f"x{form}",),
            ("plan", "--answer", f"python_versions={form}"),
            ("plan", "--answer", f"{form}=1"),
            ("analyze", f"/nowhere{form}"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "ci_framework", *words],
                cwd=hostile.root,
                env={**clean_environment(), "CI": "true"},
                capture_output=True,
                check=False,
            )
            log = (done.stdout + b"\n" + done.stderr).decode()
            assert commands_in(log) == [], words
            assert hidden_in(log) == [], words


@pytest.mark.heavy
def test_the_launcher_prints_none(project: DemoProject, tmp_path: Path) -> None:
    for form in FORMS:
        folder = tmp_path / "launched"
        folder.mkdir(exist_ok=True)
        bootstrap = folder / "bootstrap"
        bootstrap.write_bytes(project.bootstrap.read_bytes())
        lock = folder / "engine.lock"
        lock.write_text(f"# commit: {form.strip()}\n", encoding="utf-8")
        variables = clean_environment(CI_FRAMEWORK_ENGINE=form.replace("\n", "n\n"))
        for environment in (variables, clean_environment()):
            environment.pop(
                "CI_FRAMEWORK_ENGINE", None
            ) if environment is not variables else None
            done = subprocess.run(
                [sys.executable, "-I", str(bootstrap), "gate"],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                check=False,
            )
            log = done.stderr.decode()
            assert done.returncode == 3, log
            assert commands_in(log) == []
            assert hidden_in(log) == []
