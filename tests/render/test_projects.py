"""Every tool passes in a new project from the start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.parsing import read_toml
from tests.support.points import LONG_NAME
from tests.support.programs import package_index, run, tool
from tests.support.renders import render, render_once

TYPES = ["library", "application", "mcp-server", "monorepo"]
MANAGERS = ["pixi", "uv", "pip", "poetry"]


def project(
    template: Path, shared: Path, kind: str, name: str = "My Project", **more: object
) -> Path:
    parts = [kind, name[:10].replace(" ", "-"), *map(str, more.values())]
    answers = {"project_name": name, "project_type": kind, "load_testing": "yes"}
    answers |= more
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


@pytest.mark.heavy
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


# What differs beside the manager, so that each value meets a real tool.
VARIANTS: dict[str, dict[str, object]] = {
    "pixi": {"build_backend": "hatchling", "type_checker": "pyright"},
    "uv": {"build_backend": "setuptools", "type_checker": "mypy"},
    "pip": {"build_backend": "setuptools", "type_checker": "pyright"},
    "poetry": {"type_checker": "mypy", "python_versions": ["3.10", "3.14"]},
}


def lock(path: Path, manager: str, variables: dict[str, str]) -> None:
    """Lock as the message after the copy says; pixi comes only from conda."""
    if manager == "uv":
        run("uv", "lock", "--quiet", cwd=path, variables=variables)
    if manager == "poetry":
        with (path / "pyproject.toml").open("a", encoding="utf-8") as stream:
            # The simple index is the one that every mirror has.
            stream.write('\n[[tool.poetry.source]]\nname = "simple"\n')
            stream.write(f'url = "{package_index()}"\n')
        run("poetry", "lock", cwd=path, variables=variables)
        run("poetry", "check", "--lock", cwd=path, variables=variables)
        for document in path.glob("**/pyproject.toml"):
            published = read_toml(document).get(
                "project", {"requires-python": ">=3.10"}
            )
            assert published["requires-python"] == ">=3.10"


# Each manager with one package and with several, and each other kind with two managers.
COMBINATIONS = [
    *((kind, manager) for kind in ("library", "monorepo") for manager in MANAGERS),
    *(("application", manager) for manager in ("uv", "poetry")),
    *(("mcp-server", manager) for manager in ("pixi", "pip")),
]


@pytest.mark.heavy
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("kind", "manager"), COMBINATIONS)
def test_a_new_project_is_green_at_each_tier(
    template: Path, tmp_path: Path, poetry: Path, manager: str, kind: str
) -> None:
    answers = {
        "project_name": "Fresh One",
        "project_type": kind,
        "package_manager": manager,
        "coverage_threshold": 100,
        **VARIANTS[manager],
    }
    path = render(template, tmp_path / "project", answers)
    programs = [str(tool("uv").parent), os.environ["PATH"]]
    variables = {
        "PATH": os.pathsep.join([*([str(poetry)] * (manager == "poetry")), *programs]),
        # One for all kinds, so that packages are fetched once.
        "POETRY_CACHE_DIR": str(poetry / "cache"),
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    }
    run("git", "init", "--quiet", cwd=path)
    lock(path, manager, variables)
    run("git", "add", ".", cwd=path)
    scripts = path / "ci-framework" / "scripts"
    gate = scripts / "local-quality-gates.sh"
    checks = run(gate, "--tier=full", "--dry-run", cwd=path).split()
    # What an audit finds depends on the day, and on a server; pixi.lock needs pixi.
    left_out = {"audit", "lock"} if manager == "pixi" else {"audit"}
    only = ",".join(name for name in checks if name not in left_out)
    if kind == "library":
        # Its environment depends on the manager alone.
        run(gate, "--tier=essential", cwd=path, variables=variables)
    run(gate, "--tier=full", "--only", only, cwd=path, variables=variables)
    if kind != "monorepo":
        return
    run(scripts / "selective-ci.sh", "--tier=essential", cwd=path, variables=variables)
    for name in ("fresh-one-core", "fresh-one-cli"):
        assert (path / f".ci-framework/gate/{name}/coverage.xml").is_file()
    said = run(scripts / "package-detection.py", "--configure", cwd=path)
    assert "release-please-config.json: up to date" in said
    assert "release-please-manifest.json: up to date" in said


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
