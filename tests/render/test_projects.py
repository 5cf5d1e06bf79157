"""A new project is clean in the eyes of every tool, from its first minute."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.points import LONG_NAME
from tests.support.programs import package_index, run, tool
from tests.support.renders import read_toml, render, render_once

SINGLE = ["library", "application"]
TYPES = [*SINGLE, "monorepo"]
MANAGERS = ["pixi", "uv", "pip", "poetry"]


def project(
    template: Path, shared: Path, kind: str, name: str = "My Project", **more: object
) -> Path:
    parts = [kind, name[:10].replace(" ", "-"), *map(str, more.values())]
    answers = {"project_name": name, "project_type": kind, **more}
    return render_once(template, shared / "-".join(parts), answers)


def code_of(kind: str) -> list[str]:
    """Where a project of a kind has its code and its tests."""
    return ["packages"] if kind == "monorepo" else ["src", "tests"]


@pytest.mark.parametrize("name", ["a", "My Project", LONG_NAME, "tests"])
@pytest.mark.parametrize("kind", TYPES)
def test_any_name_gives_code_that_ruff_and_its_defaults_accept(
    template: Path, shared_directory: Path, kind: str, name: str
) -> None:
    path = project(template, shared_directory, kind, name)
    for isolated in ([], ["--isolated"]):
        code = code_of(kind)
        run(tool("ruff"), "check", "--no-cache", *isolated, *code, cwd=path)
        run(
            tool("ruff"),
            "format",
            "--check",
            "--no-cache",
            *isolated,
            *code,
            cwd=path,
        )


@pytest.mark.heavy
@pytest.mark.parametrize("checker", ["pyright", "mypy"])
@pytest.mark.parametrize("kind", TYPES)
def test_the_code_is_strictly_typed_whichever_checker_is_chosen(
    template: Path, shared_directory: Path, kind: str, checker: str
) -> None:
    path = project(template, shared_directory, kind, type_checker=checker)
    python = ["--pythonpath", sys.executable] if checker == "pyright" else []
    run(tool(checker), *python, cwd=path)
    if checker == "pyright" and kind != "monorepo":
        run(tool("mypy"), "--strict", "--cache-dir", os.devnull, "src", cwd=path)


@pytest.mark.parametrize("kind", TYPES)
def test_the_tests_pass_and_reach_every_branch(
    template: Path, shared_directory: Path, tmp_path: Path, kind: str
) -> None:
    path = project(template, shared_directory, kind)
    metadata = tmp_path / "my_project-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: my-project\nVersion: 0.1.0\n"
    )
    sources = [path / "src", *path.glob("packages/*/src")]
    run(
        *(sys.executable, "-m", "pytest", "--cov", "--cov-fail-under=100"),
        *("-p", "no:cacheprovider", "-p", "no:randomly"),
        cwd=path,
        variables={
            "PYTHONPATH": os.pathsep.join(map(str, [*sources, tmp_path])),
            "COVERAGE_FILE": str(tmp_path / "coverage"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


@pytest.mark.heavy
@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("manager", MANAGERS)
def test_a_new_project_is_green_in_a_fresh_environment(
    template: Path, tmp_path: Path, manager: str, kind: str
) -> None:
    backend = {"pixi": "hatchling", "uv": "setuptools"}.get(manager, "hatchling")
    checker = "mypy" if manager in {"uv", "poetry"} else "pyright"
    answers = {
        "project_name": "Fresh One",
        "project_type": kind,
        "package_manager": manager,
        "build_backend": backend,
        "type_checker": checker,
        "coverage_threshold": 100,
    }
    path = render(template, tmp_path / "project", answers)
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", ".", cwd=path)
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    uv = tool("uv")
    run(uv, "venv", "--quiet", "--python", sys.executable, environment, cwd=path)
    run(
        *(uv, "pip", "install", "--quiet", "--python", python),
        *("--editable", ".", "--group", "quality-full"),
        cwd=path,
    )
    programs = environment / "bin"
    run(programs / "pytest", "--cov", "--cov-fail-under=100", cwd=path)
    run(programs / "ruff", "check", cwd=path)
    run(programs / "ruff", "format", "--check", "src", "tests", cwd=path)
    arguments = ["--pythonpath", python] if checker == "pyright" else []
    run(programs / checker, *arguments, cwd=path)
    run(programs / "bandit", "-q", "-r", "-c", "pyproject.toml", "src", cwd=path)
    run(programs / "python", "-m", "build", "--outdir", tmp_path / "dist", cwd=path)
    made = sorted((tmp_path / "dist").iterdir())
    assert len(made) == 2
    run(programs / "twine", "check", "--strict", *made, cwd=path)
    if kind == "application":
        assert run(programs / "fresh-one", "--version", cwd=path) == "0.1.0\n"


@pytest.mark.heavy
@pytest.mark.parametrize("manager", ["uv", "pip"])
def test_a_new_monorepo_is_green_as_a_whole_and_package_by_package(
    template: Path, tmp_path: Path, manager: str
) -> None:
    answers = {
        "project_name": "Fresh One",
        "project_type": "monorepo",
        "package_manager": manager,
        "build_backend": "setuptools" if manager == "pip" else "hatchling",
        "quality_tier": "essential",
        "coverage_threshold": 100,
    }
    path = render(template, tmp_path / "project", answers)
    variables = {"PATH": os.pathsep.join([str(tool("uv").parent), os.environ["PATH"]])}
    if manager == "uv":
        run("uv", "lock", "--quiet", cwd=path, variables=variables)
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", ".", cwd=path)
    scripts = path / "ci-framework" / "scripts"
    run(scripts / "local-quality-gates.sh", cwd=path, variables=variables)
    run(scripts / "selective-ci.sh", cwd=path, variables=variables)
    for name in ("fresh-one-core", "fresh-one-cli"):
        assert (path / f".ci-framework/gate/{name}/coverage.xml").is_file()
    said = run(scripts / "package-detection.py", "--configure", cwd=path)
    assert "release-please-config.json: up to date" in said
    assert "release-please-manifest.json: up to date" in said


@pytest.fixture(scope="module")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a poetry that is alone in its environment."""
    base = tmp_path_factory.mktemp("poetry")
    variables = {"UV_TOOL_DIR": str(base / "tools"), "UV_TOOL_BIN_DIR": str(base)}
    run(
        *(tool("uv"), "tool", "install", "--quiet", "poetry"),
        cwd=base,
        variables=variables,
    )
    return base


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", TYPES)
def test_poetry_locks_a_new_project_whose_tiers_are_green(
    template: Path, tmp_path: Path, poetry: Path, kind: str
) -> None:
    answers = {
        "project_name": "Fresh One",
        "project_type": kind,
        "package_manager": "poetry",
        "python_versions": ["3.10", "3.14"],
    }
    path = render(template, tmp_path / "project", answers)
    with (path / "pyproject.toml").open("a", encoding="utf-8") as stream:
        # The simple index is the one that every mirror has.
        stream.write('\n[[tool.poetry.source]]\nname = "simple"\n')
        stream.write(f'url = "{package_index()}"\n')
    variables = {
        "PATH": os.pathsep.join([str(poetry), os.environ["PATH"]]),
        "POETRY_CACHE_DIR": str(tmp_path / "cache"),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    }
    run("poetry", "lock", cwd=path, variables=variables)
    run("poetry", "check", "--lock", cwd=path, variables=variables)
    for document in path.glob("**/pyproject.toml"):
        published = read_toml(document).get("project", {"requires-python": ">=3.10"})
        assert published["requires-python"] == ">=3.10"
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", ".", cwd=path)
    gate = path / "ci-framework" / "scripts" / "local-quality-gates.sh"
    for tier in ("essential", "extended", "full"):
        checks = run(gate, f"--tier={tier}", "--dry-run", cwd=path).split()
        # What an audit finds depends on the day, and on a server.
        only = ",".join(name for name in checks if name != "audit")
        run(gate, f"--tier={tier}", "--only", only, cwd=path, variables=variables)


@pytest.mark.heavy
@pytest.mark.parametrize("version", ["3.10", "3.15"])
def test_the_tools_can_be_resolved_for_every_python(
    template: Path, tmp_path: Path, version: str
) -> None:
    for checker in ("pyright", "mypy"):
        answers = {
            "type_checker": checker,
            "package_manager": "uv",
            "python_versions": ["3.10", "3.15"],
        }
        path = render(template, tmp_path / checker, answers)
        run(
            *(tool("uv"), "pip", "compile", "--quiet", "--python-version", version),
            *("--group", "pyproject.toml:dev"),
            cwd=path,
        )


@pytest.mark.heavy
def test_the_hooks_find_nothing_to_correct(template: Path, tmp_path: Path) -> None:
    answers = {"description": "é \"quoted\" `code` <b> 'x'", "package_manager": "uv"}
    path = render(template, tmp_path / "project", answers)
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", ".", cwd=path)
    run(
        *(tool("pre-commit"), "run", "--all-files"),
        cwd=path,
        variables={
            "SKIP": "ci-framework-lint,ci-framework-format",
            "PRE_COMMIT_HOME": str(tmp_path / "hooks"),
        },
    )
    (path / "broken.yml").write_bytes(b"a: [\n")
    (path / "loose.txt").write_bytes(b"line \r\nother\nend")
    run("git", "add", ".", cwd=path)
    with pytest.raises(AssertionError, match=r"(?s)end of files.*Failed"):
        run(
            *(tool("pre-commit"), "run", "--all-files"),
            cwd=path,
            variables={
                "SKIP": "ci-framework-lint,ci-framework-format",
                "PRE_COMMIT_HOME": str(tmp_path / "hooks"),
            },
        )
