"""The lock file satisfies the requirements of the project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Run,
    assert_green,
    assert_not_run,
    assert_red,
    clean_environment,
    git,
    program,
)

LOCK = """\
version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "demo"
version = "1.0"
source = { virtual = "." }
"""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def with_uv(project: DemoProject) -> DemoProject:
    project.configure("[tool.uv]\n")
    project.write("uv.lock", LOCK)
    return project


def gate(project: DemoProject, **variables: str) -> Run:
    return project.gate("lock", "--tier", "full", variables=variables)


def ask_for_more(project: DemoProject) -> None:
    old = 'requires-python = ">=3.10"\n'
    more = f'{old}dependencies = ["demo-of-nothing"]\n'
    project.replace("pyproject.toml", old, more)


def test_pip_keeps_no_lock(project: DemoProject) -> None:
    run = gate(project)
    assert_green(run)
    assert run.check("lock")["reason"] == "pip has no lock file"


# --- uv, the real one: a lock that fits is seen to fit without the network


def test_a_lock_that_fits(with_uv: DemoProject, tmp_path: Path) -> None:
    before = with_uv.read("uv.lock")
    cache = str(tmp_path / "cache")
    run = gate(with_uv, HTTPS_PROXY=NOWHERE, UV_CACHE_DIR=cache)
    assert_green(run)
    assert run.check("lock")["status"] == "passed"
    assert with_uv.read("uv.lock") == before


def test_a_lock_that_does_not_fit(with_uv: DemoProject) -> None:
    with_uv.replace("pyproject.toml", '">=3.10"', '">=3.11"')
    run = gate(with_uv)
    assert_red(run, "lock", "uv.lock", 1)
    assert run.rules("lock") == ["stale-lock"]
    assert "run `uv lock` and commit uv.lock" in run.summary


def test_a_lock_that_is_garbage(with_uv: DemoProject) -> None:
    with_uv.write("uv.lock", "version = 1\nnonsense\n")
    run = gate(with_uv)
    assert_red(run, "lock", "uv.lock", 2)
    assert run.rules("lock") == ["unreadable-lock"]


def test_a_network_that_does_not_answer_is_no_verdict(
    with_uv: DemoProject, tmp_path: Path
) -> None:
    ask_for_more(with_uv)
    cache = str(tmp_path / "cache")
    run = gate(with_uv, HTTPS_PROXY=NOWHERE, UV_CACHE_DIR=cache, UV_HTTP_RETRIES="0")
    assert_not_run(run, "lock", "needs the network")


def test_a_manager_that_is_not_installed_is_no_verdict(
    with_uv: DemoProject, tmp_path: Path
) -> None:
    shutil.copy2(with_uv.root / "uv.lock", with_uv.root / "pixi.lock")
    with_uv.replace("pyproject.toml", "[tool.uv]", "[tool.pixi.workspace]")
    run = gate(with_uv, PATH=os.pathsep.join(("/usr/bin", "/bin")))
    assert_not_run(run, "lock", "pixi is not installed")


# --- a lock that is missing


@pytest.mark.parametrize(
    ("table", "name", "command"),
    [
        ("tool.uv", "uv.lock", "uv lock"),
        ("tool.poetry", "poetry.lock", "poetry lock"),
        ("tool.pixi.workspace", "pixi.lock", "pixi lock"),
    ],
)
def test_a_missing_lock(
    project: DemoProject, table: str, name: str, command: str
) -> None:
    project.configure(f"[{table}]\n")
    run = gate(project)
    assert_red(run, "lock", "pyproject.toml", 1)
    assert f"there is no {name}: create it with `{command}`" in run.summary


def test_a_lock_that_git_ignores_is_left_out_on_purpose(with_uv: DemoProject) -> None:
    with_uv.git_init()
    with_uv.append(".gitignore", "uv.lock\n")
    git(with_uv.root, "rm", "--quiet", "--cached", "uv.lock")
    with_uv.write("uv.lock", "stale")
    for _ in range(2):
        run = gate(with_uv)
        assert_green(run)
        assert run.check("lock")["status"] == "skipped"
        assert "ignored by git" in run.check("lock")["reason"]
        (with_uv.root / "uv.lock").unlink(missing_ok=True)


def test_a_lock_that_is_not_in_git_is_mentioned(with_uv: DemoProject) -> None:
    with_uv.git_init()
    assert "not in git" not in gate(with_uv).stdout
    git(with_uv.root, "rm", "--quiet", "--cached", "uv.lock")
    run = gate(with_uv)
    assert_green(run)
    assert "uv.lock is not in git yet" in run.stdout


# --- pixi and poetry: stand-ins that answer as their documents and sources say


def stand_in(project: DemoProject, name: str, script: str) -> Run:
    table = {"pixi": "tool.pixi.workspace", "poetry": "tool.poetry"}[name]
    project.configure(f"[{table}]\n")
    project.write(f"{name}.lock", "")
    tools = program(project.root.parent / "bin", name, f"import sys\n{script}").parent
    return gate(project, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")


def answer(code: int, text: str = "") -> str:
    return f"sys.stderr.write({text!r})\nraise SystemExit({code})\n"


STALE = "Error:   \u00d7 lock-file not up-to-date with the workspace\n"


@pytest.mark.parametrize(
    "text",
    [
        STALE,
        STALE.replace("lock-file", "lock file"),
        STALE.replace("workspace", "project"),
    ],
)
def test_pixi_says_that_its_lock_is_stale(project: DemoProject, text: str) -> None:
    run = stand_in(project, "pixi", answer(1, text))
    assert_red(run, "lock", "pixi.lock", 1)
    assert "run `pixi lock` and commit pixi.lock" in run.summary


def test_pixi_is_asked_without_writing_or_installing(project: DemoProject) -> None:
    script = "ok = sys.argv[1:] == ['list', '--locked', '--no-install']\n"
    assert_green(stand_in(project, "pixi", f"{script}raise SystemExit(not ok)\n"))


def test_a_variable_that_makes_pixi_skip_its_check_is_removed(
    project: DemoProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXI_FROZEN", "true")
    script = "import os\nraise SystemExit('PIXI_FROZEN' in os.environ)\n"
    assert_green(stand_in(project, "pixi", script))


@pytest.mark.parametrize("name", ["pixi", "poetry"])
@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (1, "something else broke", "could not check"),
        (2, "error: unexpected argument '--locked' found", "could not check"),
        (101, "thread 'main' panicked", "exit code 101"),
        (1, "failed to fetch: dns error", "needs the network"),
    ],
)
def test_other_failures_are_no_verdict(
    project: DemoProject, name: str, code: int, text: str, reason: str
) -> None:
    run = stand_in(project, name, answer(code, text))
    assert_not_run(run, "lock", reason)


POETRY = (
    "Error: pyproject.toml changed significantly since poetry.lock was last generated."
)


@pytest.mark.parametrize(
    ("text", "rule", "path", "line"),
    [
        (POETRY, "stale-lock", "poetry.lock", 1),
        ("Expected '=' (at line 3, column 2)", "unreadable-lock", "poetry.lock", 3),
        ("Error: Declared README file", "poetry-check", "pyproject.toml", 1),
    ],
)
def test_poetry_says_what_is_wrong(
    project: DemoProject, text: str, rule: str, path: str, line: int
) -> None:
    run = stand_in(project, "poetry", answer(1, text))
    assert_red(run, "lock", path, line)
    assert run.rules("lock") == [rule]


@pytest.mark.heavy
def test_the_real_poetry(project: DemoProject, tmp_path: Path) -> None:
    home = tmp_path / "poetry"
    uv = ["uv", "pip", "install", "--quiet", "--python"]
    for command in (
        ["uv", "venv", "--quiet", "--python", sys.executable, str(home)],
        [*uv, str(home / "bin/python"), "poetry"],
    ):
        subprocess.run(command, check=True, env=clean_environment())
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    old = 'version = "1.0"\n'
    project.replace("pyproject.toml", old, f'{old}description = ""\n')
    project.configure("[tool.poetry]\npackage-mode = false\n")
    subprocess.run(
        [str(home / "bin/poetry"), "lock", "--quiet"],
        cwd=project.root,
        env=clean_environment(),
        check=True,
    )
    assert_green(gate(project, PATH=path))
    ask_for_more(project)
    assert_red(gate(project, PATH=path), "lock", "poetry.lock", 1)
    project.write("poetry.lock", "nonsense\n")
    assert_red(gate(project, PATH=path), "lock", "poetry.lock", 1)
