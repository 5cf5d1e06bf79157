"""How the engine is started: which Python, which packages, and from where."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.projects import (
    DemoProject,
    Run,
    add_uv,
    assert_green,
    need_python,
    program,
)

GATE = ("gate", "--only", "no-conflict-markers")


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter without any package."""
    prefix = tmp_path_factory.mktemp("bare") / "venv"
    words = [sys.executable, "-m", "venv", "--without-pip", str(prefix)]
    subprocess.run(words, check=True)
    return prefix / "bin" / "python"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A search path that holds what the launcher needs, and nothing else."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("bash", "dirname", "env", "git"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def add_python(tools: Path, python: Path, name: str = "python3") -> None:
    """Put an interpreter on the path; a link would lose its environment."""
    path = tools / name
    path.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
    path.chmod(0o755)


def launch(project: DemoProject, tools: Path, *words: str, **changes: str) -> Run:
    launcher = str(project.root / "ci-framework" / "ci")
    variables = {"PATH": str(tools), **changes}
    return project.run(*words, command=[launcher], variables=variables)


def private(project: DemoProject) -> list[Path]:
    """The private environments of the engine in the user's cache."""
    return [path for path in (project.cache / "engine").glob("*") if path.is_dir()]


def test_an_interpreter_that_has_the_packages_is_used(project: DemoProject) -> None:
    run = project.run(*GATE, "--verbose")
    assert_green(run)
    assert f"engine: this interpreter ({sys.executable})" in run.stderr
    assert not private(project)


def test_a_private_environment_is_made_once_and_used_again(
    project: DemoProject, tools: Path, bare_python: Path
) -> None:
    log = add_uv(tools)
    add_python(tools, bare_python)
    first = launch(project, tools, *GATE, "--verbose")
    assert_green(first)
    assert "engine: making a private environment with uv" in first.stderr
    [made_in] = private(project)
    assert f"engine: private environment ({made_in}" in first.stderr
    made = log.read_text(encoding="utf-8")
    assert "--require-hashes" in made
    second = launch(project, tools, *GATE, "--verbose")
    assert_green(second)
    assert "making" not in second.stderr
    assert_green(launch(project, tools, *GATE))
    assert log.read_text(encoding="utf-8") == made
    left = {path.name for path in (project.root / ".ci-framework").iterdir()}
    assert left == {".gitignore", "gate"}


def test_another_lock_makes_another_environment(
    project: DemoProject, tools: Path, bare_python: Path
) -> None:
    log = add_uv(tools)
    add_python(tools, bare_python)
    assert_green(launch(project, tools, *GATE))
    project.append("ci-framework/ci_engine/requirements.txt", "# another\n")
    assert_green(launch(project, tools, *GATE))
    assert log.read_text(encoding="utf-8").count("venv --quiet") == 2


def test_an_environment_whose_python_is_gone_is_made_anew(
    project: DemoProject, tools: Path, bare_python: Path
) -> None:
    log = add_uv(tools)
    add_python(tools, bare_python)
    assert_green(launch(project, tools, *GATE))
    [made_in] = private(project)
    for python in (made_in / "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/nowhere/python")
    assert_green(launch(project, tools, *GATE))
    assert log.read_text(encoding="utf-8").count("venv --quiet") == 2
    assert len(private(project)) == 1


def test_first_starts_at_the_same_time_do_not_disturb_each_other(
    project: DemoProject, tools: Path, bare_python: Path
) -> None:
    add_uv(tools, wait=0.5)
    add_python(tools, bare_python)
    with ThreadPoolExecutor() as pool:
        words = ("gate", "--only", "no-conflict-markers", "--report-dir")
        folders = [str(project.root / ".ci-framework" / f"r{n}") for n in range(3)]
        runs = [pool.submit(launch, project, tools, *words, f) for f in folders]
    for run in runs:
        assert run.result().code == 0, str(run.result())
    left = {path.name for path in (project.root / ".ci-framework").iterdir()}
    assert left == {".gitignore", "r0", "r1", "r2"}
    assert len(private(project)) == 1


@pytest.mark.heavy
def test_packages_that_cannot_be_installed_end_with_what_to_do(
    project: DemoProject, tools: Path, bare_python: Path
) -> None:
    program(tools, "uv", "raise SystemExit('no network today')\n")
    add_python(tools, bare_python)
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    run = launch(project, tools, *GATE, **variables)
    assert run.code == 3, str(run)
    assert "the engine's packages could not be installed" in run.stderr
    assert "uv: no network today" in run.stderr
    assert "hint: check the network, or install msgspec pyyaml for" in run.stderr
    assert not private(project)


def test_no_python_at_all_ends_with_what_to_do(
    project: DemoProject, tools: Path
) -> None:
    run = launch(project, tools, *GATE)
    assert run.code == 3, str(run)
    assert "ci: no Python >= 3.10, uv or pixi on the path" in run.stderr
    assert "hint: install one of them, or set CI_FRAMEWORK_ENGINE_PYTHON" in run.stderr


def test_a_python_that_is_too_old_is_passed_over(
    project: DemoProject, tools: Path
) -> None:
    program(tools, "python3", "raise SystemExit(1)\n")
    add_python(tools, Path(sys.executable), "python")
    run = launch(project, tools, *GATE, "--verbose")
    assert_green(run)
    assert f"engine: this interpreter ({sys.executable})" in run.stderr


def test_the_python_of_the_engine_can_be_named(
    project: DemoProject, tools: Path
) -> None:
    run = launch(
        project, tools, *GATE, "--verbose", CI_FRAMEWORK_ENGINE_PYTHON=sys.executable
    )
    assert_green(run)
    assert f"engine: this interpreter ({sys.executable})" in run.stderr


def test_uv_finds_a_python_where_none_is_on_the_path(
    project: DemoProject, tools: Path
) -> None:
    script = "import os, sys\nassert sys.argv[1] == 'run', sys.argv\n"
    script += f"os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[7:]])\n"
    program(tools, "uv", script)
    assert_green(launch(project, tools, *GATE))


@pytest.fixture
def poison(tmp_path: Path) -> Path:
    """Modules that must not be taken for ours."""
    folder = tmp_path / "poison"
    names = ("msgspec", "yaml", "ci_engine", "argparse", "json", "encodings")
    for name in names:
        (folder / name).mkdir(parents=True)
        text = f"raise SystemExit('poison: {name}')\n"
        (folder / name / "__init__.py").write_text(text, encoding="utf-8")
    return folder


def test_modules_elsewhere_do_not_replace_ours(
    project: DemoProject, tools: Path, poison: Path
) -> None:
    add_python(tools, Path(sys.executable))
    launcher = [str(project.root / "ci-framework" / "ci")]
    variables: dict[str, str | None] = {
        "PATH": str(tools),
        "PYTHONPATH": str(poison),
        "PYTHONHOME": str(poison),
        "CI_FRAMEWORK_ENGINE_PYTHON": sys.executable,
    }
    assert_green(project.run(*GATE, variables=variables, command=launcher, cwd=poison))
    variables["PYTHONHOME"] = None
    run = project.run(*GATE, variables=variables, command=launcher, cwd=poison)
    assert_green(run)
    assert_green(project.run(*GATE, variables=variables, cwd=poison))


def test_the_private_environment_is_safe_from_modules_elsewhere(
    project: DemoProject, tools: Path, bare_python: Path, poison: Path
) -> None:
    add_uv(tools)
    add_python(tools, bare_python)
    launcher = [str(project.root / "ci-framework" / "ci")]
    variables = {"PATH": str(tools), "PYTHONPATH": str(poison)}
    for _ in range(2):
        run = project.run(*GATE, variables=variables, command=launcher, cwd=poison)
        assert_green(run)


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("local-quality-gates.sh", "--coverage-threshold"),
        ("validate-config.sh", "--report-dir"),
        ("setup-local-ci.sh", "--no-hooks"),
    ],
)
def test_the_scripts_are_doors_to_the_commands(
    project: DemoProject, tools: Path, tmp_path: Path, script: str, word: str
) -> None:
    path = project.root / "ci-framework" / "scripts" / script
    variables = {"CI_FRAMEWORK_ENGINE_PYTHON": sys.executable}
    run = project.run("--help", command=[str(path)], variables=variables, cwd=tmp_path)
    assert run.code == 0, str(run)
    assert word in run.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("with_uv", [True, False])
def test_the_locked_packages_can_be_installed(
    project: DemoProject, tools: Path, bare_python: Path, with_uv: bool
) -> None:
    if with_uv:
        uv = Path(sys.executable).parent / "uv"
        if not uv.exists():
            pytest.skip("uv is not installed")
        (tools / "uv").symlink_to(uv)
    add_python(tools, bare_python)
    run = launch(project, tools, *GATE, "--verbose")
    assert_green(run)
    name = "uv" if with_uv else "venv"
    assert f"making a private environment with {name}\n" in run.stderr


@pytest.mark.heavy
@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13", "3.14"])
def test_the_engine_runs_on_every_supported_python(
    project: DemoProject, version: str
) -> None:
    python = str(need_python(version))
    run = project.run(*GATE, command=project.command(python=python))
    assert_green(run)
    assert len(private(project)) == 1
