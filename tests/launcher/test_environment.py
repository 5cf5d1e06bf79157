"""Which Python starts the engine, and with which packages."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.launcher.conftest import Template
from tests.support.interpreters import need_python
from tests.support.launching import LaunchedProject, show
from tests.support.projects import DemoProject, assert_green, git, program

GATE = ("gate", "--only", "no-conflict-markers")


def private(project: DemoProject | LaunchedProject) -> list[Path]:
    """The private environments in the user's cache."""
    found = project.cache.glob("environments/*.*")
    return [path for path in found if path.is_dir()]


def use_python(
    launched: LaunchedProject, python: object, name: str = "python3"
) -> None:
    launched.add_program(name, f'#!/bin/sh\nexec "{python}" "$@"\n')


def test_an_interpreter_that_has_the_packages_is_used(
    launched: LaunchedProject, origin: Template
) -> None:
    use_python(launched, sys.executable)
    run = launched.run("--verbose")
    assert show(run)["engine"] == launched.engine(origin.commit)
    assert f"engine: this interpreter ({sys.executable})" in run.stderr
    assert show(run)["bytecode"] == [False, str(launched.cache / "bytecode")]
    assert not private(launched)


def test_packages_are_installed_with_their_hashes_into_the_cache(
    launched: LaunchedProject,
) -> None:
    run = launched.run("--verbose")
    [prefix] = private(launched)
    assert show(run)["prefix"] == str(prefix)
    assert f"engine: private environment ({prefix}" in run.stderr
    log = launched.log.read_text(encoding="utf-8")
    assert "--require-hashes" in log
    assert "--only-binary :all:" in log
    assert git(launched.root, "status", "--porcelain", "--ignored").count("\n") == 2


@pytest.mark.heavy
def test_other_requirements_get_another_environment(
    launched: LaunchedProject, origin: Template, tmp_path: Path
) -> None:
    launched.run()
    other = tmp_path / "checkout"
    shutil.copytree(origin.root, other)
    path = other / "extensions" / "ci_engine" / "requirements.txt"
    path.write_text(path.read_text("utf-8") + "# another\n", encoding="utf-8")
    launched.shown(CI_FRAMEWORK_ENGINE=str(other))
    assert len(private(launched)) == 2


@pytest.mark.heavy
def test_packages_that_cannot_be_installed_end_with_what_to_do(
    launched: LaunchedProject,
) -> None:
    launched.add_program("uv", "#!/bin/sh\necho no network today >&2\nexit 1\n")
    run = launched.run(PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert run.code == 3, str(run)
    assert "ci: the engine's packages could not be installed" in run.stderr
    assert "\nuv: no network today\nvenv: " in run.stderr
    assert "hint: check the network, or install msgspec pyyaml for " in run.stderr
    assert not private(launched)


def test_no_python_at_all_ends_with_what_to_do(launched: LaunchedProject) -> None:
    for name in ("python3", "uv"):
        (launched.tools / name).unlink()
    run = launched.run()
    assert run.code == 3, str(run)
    assert run.stderr == (
        "ci: no Python 3.10 or later, uv or pixi on the path\n"
        "hint: install one of them, or set CI_FRAMEWORK_ENGINE_PYTHON\n"
    )


def test_a_python_that_is_too_old_is_passed_over(launched: LaunchedProject) -> None:
    launched.add_program("python3", "#!/bin/sh\nexit 1\n")
    use_python(launched, sys.executable, "python")
    assert f"this interpreter ({sys.executable})" in launched.run("--verbose").stderr


def test_the_python_of_the_engine_can_be_named(launched: LaunchedProject) -> None:
    launched.run()
    run = launched.run("--verbose", CI_FRAMEWORK_ENGINE_PYTHON=sys.executable)
    assert f"engine: this interpreter ({sys.executable})" in run.stderr


@pytest.mark.parametrize("name", ["uv", "pixi"])
def test_uv_or_pixi_find_a_python_where_none_is_on_the_path(
    launched: LaunchedProject, name: str
) -> None:
    """Called in another directory: the repository could name a server for them."""
    (launched.tools / "python3").unlink()
    (launched.tools / "uv").unlink()
    launched.add_program(
        name,
        f'#!/bin/sh\n[ "$PWD" = / ] || exit 1\necho {sys.executable}\n',
    )
    run = launched.run("--verbose")
    assert show(run)["repository"] == str(launched.root)
    assert f"engine: this interpreter ({sys.executable})" in run.stderr


@pytest.fixture
def poison(tmp_path: Path) -> Path:
    """Modules that must not be taken for ours."""
    folder = tmp_path / "poison"
    names = ("msgspec", "yaml", "rich", "ci_engine", "argparse", "json", "encodings")
    for name in names:
        (folder / name).mkdir(parents=True)
        text = f"raise SystemExit('poison: {name}')\n"
        (folder / name / "__init__.py").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("packages", [True, False])
def test_modules_elsewhere_do_not_replace_ours(
    launched: LaunchedProject, poison: Path, packages: bool
) -> None:
    variables = {"PYTHONPATH": str(poison), "PYTHONSTARTUP": str(poison)}
    if packages:
        variables["CI_FRAMEWORK_ENGINE_PYTHON"] = sys.executable
    command = [str(launched.launcher)]
    for _ in range(2):
        show(launched.call(command, variables, poison))
    show(launched.call(command, {**variables, "PYTHONHOME": str(poison)}, poison))


@pytest.mark.parametrize(
    ("script", "option"),
    [
        ("local-quality-gates.sh", "--coverage-threshold"),
        ("monorepo-ci.sh", "--analyze-dependencies"),
        ("package-detection.py", "--configure"),
        ("selective-ci.sh", "--changed-only"),
        ("setup-local-ci.sh", "--no-hooks"),
        ("validate-config.sh", "--report-dir"),
    ],
)
def test_the_scripts_start_the_commands(
    project: DemoProject, tmp_path: Path, script: str, option: str
) -> None:
    path = project.root / "ci-framework" / "scripts" / script
    variables = {"CI_FRAMEWORK_ENGINE_PYTHON": sys.executable}
    run = project.run("--help", command=[str(path)], variables=variables, cwd=tmp_path)
    assert run.code == 0, str(run)
    assert option in run.stdout


@pytest.mark.heavy
@pytest.mark.parametrize("with_uv", [True, False])
def test_the_locked_packages_can_be_installed(
    project: DemoProject, tmp_path: Path, bare_python: Path, with_uv: bool
) -> None:
    tools = tmp_path / "tools"
    program(tools, "python3", "").write_text(
        f'#!/bin/sh\nexec "{bare_python}" "$@"\n', encoding="utf-8"
    )
    for name in ("bash", "git", *(["uv"] if with_uv else [])):
        found = shutil.which(name)
        assert found is not None, name
        (tools / name).symlink_to(found)
    command = [str(project.root / "ci-framework" / "ci")]
    for _ in range(2):
        run = project.run(*GATE, command=command, variables={"PATH": str(tools)})
        assert_green(run)
    [prefix] = private(project)
    assert (prefix / "lib").is_dir()
    assert not list(prefix.rglob("pip")) or not with_uv


@pytest.mark.heavy
@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13", "3.14"])
def test_the_engine_runs_on_every_supported_python(
    project: DemoProject, version: str
) -> None:
    python = str(need_python(version))
    run = project.run(*GATE, command=project.command(python=python))
    assert_green(run)
    assert len(private(project)) == 1
