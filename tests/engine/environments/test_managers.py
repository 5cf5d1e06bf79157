"""Environments of each manager, ours where there is none, and the messages.

The heavy tests install from the package index with the real managers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ci_engine.environments.virtual_environments import Installer
from ci_engine.errors import ToolError
from tests.support.interpreters import find_python
from tests.support.programs import package_index
from tests.support.projects import (
    FULL,
    DemoProject,
    Run,
    add_uv,
    assert_green,
    clean_environment,
    program,
)

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

CHECKS = "test,coverage"
BUILD = """
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/demo"]
"""
GROUP = """
[dependency-groups]
quality = ["pytest", "pytest-cov"]

[tool.ci-framework.environments]
essential = "quality"
"""
PIXI = """
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]

[tool.pixi.environments]
quality = ["quality"]
py312 = ["quality", "py312"]
"""


def gate(project: DemoProject, *words: str, **variables: str | None) -> Run:
    return project.gate(CHECKS, *words, variables={**FULL, **variables})


@pytest.fixture
def plain(project: DemoProject) -> DemoProject:
    """The project without an environment, and without the path to its sources."""
    (project.root / ".venv").unlink()
    project.replace("pyproject.toml", 'pythonpath = ["src"]\n', "")
    return project


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A search path without any manager."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    for name in ("bash", "sh", "dirname", "env", "git"):
        found = shutil.which(name)
        if found is not None:
            (folder / name).symlink_to(found)
    return folder


def real_uv() -> Path:
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("uv is not installed")
    return uv


def another_python() -> tuple[str, Path]:
    """An interpreter of another minor version than ours."""
    current = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for version in ("3.12", "3.13", "3.10", "3.11", "3.14"):
        python = find_python(version) if version != current else None
        if python is not None:
            return version, python
    pytest.skip("there is only one interpreter")


def test_uv_installs_from_its_cache_where_there_is_no_network(
    tmp_path: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks the index again for the build backend of a project that changed."""
    script = "import os, sys\nsys.exit('dns error' if {} else 0)"
    monkeypatch.setenv("PATH", str(tools))
    installer = Installer(tmp_path)
    program(tools, "uv", script.format("'UV_OFFLINE' not in os.environ"))
    assert installer.run("failed", ["uv", "sync"]).code == 0
    program(tools, "uv", script.format("True"))
    with pytest.raises(ToolError, match="dns error"):
        installer.run("failed", ["uv", "sync"])


@pytest.fixture
def with_sources(project: DemoProject) -> DemoProject:
    """For stand-ins that install nothing: the tests find the sources themselves."""
    (project.root / ".venv").unlink()
    return project


def test_another_python_than_the_one_requested_is_red(
    with_sources: DemoProject, tools: Path
) -> None:
    """The stand-in makes an environment of our Python, whatever is asked for."""
    add_uv(tools)
    wanted = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"
    run = gate(with_sources, "--python", wanted, PATH=str(tools))
    found = ".".join(str(part) for part in sys.version_info[:3])
    assert run.code == 1, str(run)
    assert run.check("python")["status"] == "failed"
    reason = f"Python {wanted} was requested, {found} ran"
    assert run.check("python")["reason"] == reason
    assert run.result["python"] == found
    assert reason in run.summary
    assert run.check("test")["status"] == "passed"
    assert f"--python {wanted}" in run.check("test")["rerun"]


def test_the_requested_python_is_reported(
    with_sources: DemoProject, tools: Path
) -> None:
    add_uv(tools)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    run = gate(with_sources, "--python", version, PATH=str(tools))
    assert_green(run)
    assert run.check("python")["status"] == "passed"
    assert run.result["python"].startswith(f"{version}.")
    where = with_sources.root / ".ci-framework" / "environments"
    assert [path.name for path in where.iterdir()] == [f"default-{version}"]
    assert not (with_sources.root / ".venv").exists()


def test_a_python_that_is_not_installed_is_not_run(
    with_sources: DemoProject, tools: Path
) -> None:
    run = gate(with_sources, "--python", "3.99", PATH=str(tools))
    assert run.code == 3, str(run)
    assert run.check("test")["reason"] == "Python 3.99 is not installed"
    assert "hint: install Python 3.99, or uv" in run.check("test")["output"]


def test_without_pixi_uv_makes_the_environment_and_the_result_reports_it(
    with_sources: DemoProject, tools: Path
) -> None:
    log = add_uv(tools)
    with_sources.configure(GROUP + PIXI)
    run = gate(with_sources, PATH=str(tools))
    assert_green(run)
    assert "pixi is not installed" in run.result["environment"]
    assert run.result["environment"].startswith("uv with group quality")
    assert "pixi is not installed" in run.summary
    assert "pytest pytest-cov" in log.read_text(encoding="utf-8")


def test_an_environment_is_created_again_when_what_it_holds_changes(
    with_sources: DemoProject, tools: Path
) -> None:
    log = add_uv(tools)
    with_sources.configure(GROUP)

    def made() -> int:
        assert_green(gate(with_sources, PATH=str(tools)))
        return log.read_text(encoding="utf-8").count("pip install")

    assert made() == 1
    assert made() == 1
    with_sources.replace("pyproject.toml", '"pytest-cov"]', '"pytest-cov", "attrs"]')
    assert made() == 2
    with_sources.replace("pyproject.toml", 'version = "1.0"', 'version = "1.1"')
    assert made() == 3
    with_sources.write("setup.cfg", "[metadata]\nname = demo\n")
    assert made() == 4
    (python,) = with_sources.root.glob(".ci-framework/environments/*/bin/python")
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert made() == 5


def test_a_virtual_environment_without_pytest_is_not_the_one_that_tests(
    with_sources: DemoProject, tools: Path
) -> None:
    add_uv(tools)
    words = [sys.executable, "-m", "venv", "--without-pip"]
    subprocess.run([*words, str(with_sources.root / ".venv")], check=True)
    run = gate(with_sources, PATH=str(tools))
    assert_green(run)
    assert run.result["environment"] == "uv"


# An honest pixi over a virtual environment of the packages of these tests.
STAND_IN = """\
import os, subprocess, sys, sysconfig
from pathlib import Path
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[1] == "install":
    sys.exit(0)
assert sys.argv[1:3] == ["run", "--environment"], sys.argv
name, words = sys.argv[3], sys.argv[5:]
assert sys.argv[4] == "--", sys.argv
if name not in ("quality", "py312"):
    sys.exit(f"unknown environment {{name}}")
prefix = Path({root!r}) / ".pixi" / "envs" / name
if not prefix.exists():
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", prefix])
    (site,) = prefix.glob("lib/python*/site-packages")
    (site / "all.pth").write_text(sysconfig.get_path("purelib"))
os.environ["PATH"] = str(prefix / "bin") + os.pathsep + os.environ["PATH"]
os.execvp(words[0], words)
"""


def add_pixi(project: DemoProject, tools: Path) -> Path:
    log = tools.parent / "pixi.log"
    program(tools, "pixi", STAND_IN.format(log=str(log), root=str(project.root)))
    return log


def test_pixi_runs_the_tests_in_the_environment_of_the_tier(
    with_sources: DemoProject, tools: Path
) -> None:
    log = add_pixi(with_sources, tools)
    with_sources.configure(GROUP + PIXI)
    run = gate(with_sources, PATH=str(tools))
    assert_green(run)
    assert run.result["environment"] == "pixi environment quality"
    assert run.check("test")["environment"] == "pixi environment quality"
    calls = log.read_text(encoding="utf-8").splitlines()
    assert all(call.startswith("run --environment quality -- ") for call in calls)
    with_sources.test_file("def test_wrong() -> None:\n    assert False\n")
    run = gate(with_sources, PATH=str(tools))
    assert run.code == 1
    assert run.check("test")["status"] == "failed"


def test_pixi_kills_a_test_that_hangs_with_all_its_parents(
    with_sources: DemoProject, tools: Path
) -> None:
    add_pixi(with_sources, tools)
    with_sources.configure(GROUP + PIXI)
    with_sources.test_file("import time\n\n\ndef test_it():\n    time.sleep(99)\n")
    run = gate(with_sources, "--timeout", "6", PATH=str(tools))
    assert run.check("test")["status"] == "timed-out", str(run)
    assert run.findings("test")[0]["line"] == 5


def test_pixi_takes_the_environment_of_the_requested_python(
    with_sources: DemoProject, tools: Path
) -> None:
    log = add_pixi(with_sources, tools)
    with_sources.configure(GROUP + 'test = "py{python}"\n' + PIXI)
    run = gate(with_sources, "--python", "3.12", PATH=str(tools))
    assert "run --environment py312 -- " in log.read_text(encoding="utf-8")
    honest = sys.version_info[:2] == (3, 12)
    assert run.check("python")["status"] == ("passed" if honest else "failed")


def test_an_environment_that_pixi_does_not_know_is_not_run(
    with_sources: DemoProject, tools: Path
) -> None:
    add_pixi(with_sources, tools)
    with_sources.configure(GROUP.replace('"quality"\n', '"qality"\n') + PIXI)
    run = gate(with_sources, PATH=str(tools))
    assert run.code == 3, str(run)
    assert "unknown environment qality" in run.check("test")["output"]


def test_setup_lets_pixi_install(with_sources: DemoProject, tools: Path) -> None:
    log = add_pixi(with_sources, tools)
    with_sources.configure(GROUP + PIXI)
    run = with_sources.run("setup", "--no-hooks", variables={"PATH": str(tools)})
    assert_green(run)
    assert log.read_text(encoding="utf-8").startswith("install --quiet\n")


def test_a_uv_project(plain: DemoProject, tools: Path) -> None:
    (tools / "uv").symlink_to(real_uv())
    path = str(tools)
    plain.configure(BUILD + GROUP + '\n[tool.uv]\nrequired-version = ">=0.5"\n')
    run = gate(plain, PATH=path)
    assert_green(run)
    assert run.result["environment"] == "uv with group quality"
    assert (plain.root / "uv.lock").is_file()
    assert_green(gate(plain, PATH=path))
    plain.replace("pyproject.toml", '"pytest-cov"]', '"pytest-cov", "attrs"]')
    run = gate(plain, PATH=path)
    assert run.code == 3, str(run)
    assert "uv could not prepare the environment" in run.check("test")["reason"]
    assert "uv lock" in run.check("test")["output"]
    assert "hint: run `uv sync" in run.check("test")["output"]


def test_lint_alone_makes_no_environment(plain: DemoProject, tools: Path) -> None:
    (tools / "uv").symlink_to(real_uv())
    plain.configure(BUILD + GROUP + '\n[tool.uv]\nrequired-version = ">=0.5"\n')
    plain.test_file("import os\n")
    run = plain.gate("lint,format", variables={"PATH": str(tools)})
    assert run.rules("lint") == ["F401"], str(run)
    assert run.check("format")["status"] == "passed"
    for name in ("lint", "format"):
        (note,) = run.check(name)["notes"]
        assert note.startswith("the project has no environment yet")
    assert not (plain.root / ".venv").exists()
    assert not (plain.root / ".ci-framework" / "environments").exists()


def test_a_uv_project_with_another_python(plain: DemoProject, tools: Path) -> None:
    version, python = another_python()
    (tools / f"python{version}").symlink_to(python.resolve())
    (tools / "uv").symlink_to(real_uv())
    plain.configure(BUILD + GROUP + '\n[tool.uv]\nrequired-version = ">=0.5"\n')
    run = gate(plain, "--python", version, PATH=str(tools))
    assert_green(run)
    assert run.result["python"].startswith(f"{version}.")
    assert run.check("python")["status"] == "passed"
    assert not (plain.root / ".venv").exists()


@pytest.mark.parametrize("with_uv", [True, False])
def test_a_pip_project(plain: DemoProject, tools: Path, with_uv: bool) -> None:
    if with_uv:
        (tools / "uv").symlink_to(real_uv())
    plain.configure(BUILD + '\n[dependency-groups]\ndev = ["pytest", "pytest-cov"]\n')
    run = gate(plain, PATH=str(tools))
    assert_green(run)
    assert run.result["environment"] == ("uv" if with_uv else "venv")
    where = plain.root / ".ci-framework" / "environments"
    assert [path.name for path in where.iterdir()] == ["default"]
    assert not (plain.root / ".venv").exists()


@pytest.mark.heavy
def test_a_pip_project_takes_a_python_of_its_matrix_that_is_there(
    plain: DemoProject, tools: Path
) -> None:
    """By itself uv would prefer another one, and download that."""
    (tools / "uv").symlink_to(real_uv())
    plain.configure(BUILD + '\n[dependency-groups]\ndev = ["pytest", "pytest-cov"]\n')
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    plain.configure(
        f'[tool.ci-framework.matrix]\npython-versions = ["3.99", "{ours}"]\n'
    )
    plain.write(".python-version", "3.99\n")
    (tools / f"python{ours}").symlink_to(Path(sys.executable).resolve())
    run = gate(plain, PATH=str(tools), UV_PYTHON_DOWNLOADS="never")
    assert_green(run)
    assert run.result["python"].startswith(f"{ours}.")


@pytest.mark.heavy
def test_variables_that_contradict_our_options_change_nothing(
    plain: DemoProject, tools: Path
) -> None:
    (tools / "uv").symlink_to(real_uv())
    plain.configure(BUILD + GROUP + '\n[tool.uv]\nrequired-version = ">=0.5"\n')
    steering = {"UV_FROZEN": "1", "UV_LOCKED": "1", "UV_NO_DEV": "1", "UV_NO_SYNC": "1"}
    elsewhere = {"UV_WORKING_DIR": "/", "PYTHONOPTIMIZE": "2", "UV_NO_GROUP": "dev"}
    output = {"RUFF_OUTPUT_FILE": "ruff.txt", "FORCE_COLOR": "1"}
    plain.test_file("def test_wrong() -> None:\n    assert False\n")
    run = gate(plain, PATH=str(tools), **steering, **elsewhere, **output)
    assert run.rules("test") == ["test-failed"], str(run)
    assert not (plain.root / "ruff.txt").exists()


def test_a_pip_project_with_requirement_files(plain: DemoProject, tools: Path) -> None:
    (tools / "uv").symlink_to(real_uv())
    plain.configure(BUILD)
    plain.write("requirements-dev.txt", "pytest\npytest-cov\n")
    assert_green(gate(plain, PATH=str(tools)))


EXTRA = '[project.optional-dependencies]\nTest_Tools = ["pytest", "pytest-cov"]\n'


@pytest.mark.parametrize("manager", ["pip", "uv"])
def test_an_extra_can_be_the_environment(
    plain: DemoProject, tools: Path, manager: str
) -> None:
    (tools / "uv").symlink_to(real_uv())
    uses_uv = '\n[tool.uv]\nrequired-version = ">=0.5"\n' if manager == "uv" else ""
    where = '\n[tool.ci-framework.environments]\nessential = "test-tools"\n'
    plain.configure(BUILD + EXTRA + where + uses_uv)
    run = gate(plain, PATH=str(tools))
    assert_green(run)
    assert "extra Test_Tools" in str(run)


def test_a_requirement_file_can_be_the_environment(
    plain: DemoProject, tools: Path
) -> None:
    (tools / "uv").symlink_to(real_uv())
    name = "requirements/ci.txt"
    where = f'\n[tool.ci-framework.environments]\nessential = "{name}"\n'
    plain.configure(BUILD + where)
    plain.write(name, "pytest\npytest-cov\n")
    run = gate(plain, PATH=str(tools))
    assert_green(run)
    # What the file says is part of what the environment depends on.
    plain.write(name, "pytest\n")
    assert gate(plain, PATH=str(tools)).check("coverage")["status"] == "not-run"


def test_a_pip_project_with_another_python(plain: DemoProject, tools: Path) -> None:
    """Without uv the interpreter is looked for on the path."""
    version, python = another_python()
    script = f'#!/bin/sh\nexec "{python}" "$@"\n'
    (tools / f"python{version}").write_text(script, encoding="utf-8")
    (tools / f"python{version}").chmod(0o755)
    plain.configure(BUILD + '\n[dependency-groups]\ndev = ["pytest", "pytest-cov"]\n')
    run = gate(plain, "--python", version, PATH=str(tools))
    assert_green(run)
    assert run.result["python"].startswith(f"{version}.")


def test_a_poetry_project(plain: DemoProject, tools: Path, tmp_path: Path) -> None:
    environment = clean_environment(UV_TOOL_BIN_DIR=str(tmp_path / "bin"))
    environment["UV_TOOL_DIR"] = str(tmp_path / "uv-tools")
    words = [str(real_uv()), "tool", "install", "--quiet", "poetry"]
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"poetry cannot be installed: {done.stderr}")
    (tools / "poetry").symlink_to(tmp_path / "bin" / "poetry")
    plain.configure(
        '[build-system]\nrequires = ["poetry-core>=2"]\n'
        'build-backend = "poetry.core.masonry.api"\n\n'
        '[tool.poetry]\npackages = [{ include = "demo", from = "src" }]\n\n'
        # The simple index is the one that every mirror has.
        f'[[tool.poetry.source]]\nname = "simple"\nurl = "{package_index()}"\n\n'
        '[tool.poetry.group.dev.dependencies]\npytest = "*"\npytest-cov = "*"\n'
    )
    variables = {"POETRY_CACHE_DIR": str(tmp_path / "cache")}
    run = gate(plain, PATH=str(tools), **variables)
    assert_green(run)
    assert run.result["environment"] == "poetry"
    assert (plain.root / ".venv").is_dir()
