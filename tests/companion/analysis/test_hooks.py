"""Pre-commit hooks are read with their locations and purposes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.analysis.hooks import read_hooks
from ci_framework.inventory import Hook, Unreadable
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

_FILE = ".pre-commit-config.yaml"
_HOOKS = """\
ci:
  skip: [pytest, mypy]
repos:
- repo: https://github.com/charliermarsh/ruff-pre-commit
  rev: v0.1.0
  hooks:
  - id: ruff
    args: [--fix]
  - id: ruff
    name: ruff-critical
    stages: [push]
  -
    id: ruff-format
- repo: local
  hooks:
    - id: everything
      name: All of it
      entry: bash -c 'pixi run -e dev pytest -q &&
        mypy src'
      language: system
    - id: check
      entry: pixi run check
      args: [--all]
- repo: https://github.com/pre-commit/pre-commit-hooks
  rev: v5.0.0
  hooks: [{id: end-of-file-fixer}, {id: detect-private-key}, {id: check-yaml}]
- {repo: meta, hooks: [{id: check-hooks-apply}]}
"""


def _read(path: Path, raw: str | bytes) -> tuple[list[Hook], list[Unreadable]]:
    return read_hooks(open_repository(make_repository(path, {_FILE: raw})))


def test_hooks_are_read_in_their_order(tmp_path: Path) -> None:
    hooks, unreadable = _read(tmp_path, _HOOKS)
    assert unreadable == []
    assert [(hook.id, hook.name, hook.does, hook.evidence.line) for hook in hooks] == [
        ("ruff", "", ["lint"], 7),
        ("ruff", "ruff-critical", ["lint"], 9),
        ("ruff-format", "", ["format"], 13),
        ("everything", "All of it", ["test", "typecheck"], 16),
        ("check", "", ["gate"], 21),
        ("end-of-file-fixer", "", ["whitespace"], 26),
        ("detect-private-key", "", ["secrets"], 26),
        ("check-yaml", "", ["lint"], 26),
        ("check-hooks-apply", "", ["hooks"], 27),
    ]
    assert (hooks[0].revision, hooks[3].revision) == ("v0.1.0", "")


@pytest.mark.parametrize(
    ("address", "does"),
    [
        ("https://github.com/pre-commit/pygrep-hooks", "lint"),
        ("https://github.com/Pre-Commit/Pygrep-Hooks/", "lint"),
        ("git@github.com:pre-commit/pygrep-hooks.git", "lint"),
        ("ssh://git@github.com/pre-commit/pygrep-hooks", "lint"),
        ("http://www.github.com/pre-commit/pygrep-hooks", "lint"),
        ("https://gitlab.com/pre-commit/pygrep-hooks", "other: odd-name"),
    ],
)
def test_one_repository_has_many_addresses(
    tmp_path: Path, address: str, does: str
) -> None:
    hooks, _ = _read(tmp_path, f"- {{repo: '{address}', hooks: [{{id: odd-name}}]}}")
    assert [hook.does for hook in hooks] == [[does]]


@pytest.mark.parametrize(
    ("raw", "hooks"),
    [
        (b"", 0),
        (b"# nothing\n", 0),
        (b"repos:\n", 0),
        (b"repos: text\n", 0),
        (b"repos: [1, {hooks: x}, {repo: local, hooks: [1, {id: a}]}]\n", 2),
        (b"\xef\xbb\xbfrepos:\r\n- repo: meta\r\n  hooks:\r\n  - id: identity\r\n", 1),
        (b"- repo: x\n  sha: y\n  hooks: [{id: a}]\n", 1),
    ],
)
def test_odd_files_are_read_as_far_as_they_go(
    tmp_path: Path, raw: bytes, hooks: int
) -> None:
    found, _ = _read(tmp_path, raw)
    assert len(found) == hooks


@pytest.mark.parametrize(
    ("raw", "line"), [(b"repos:\n  - {\n", 3), (b"repos:\n\t- a\n", 2), (b"a: \xff", 0)]
)
def test_what_does_not_parse_is_reported(tmp_path: Path, raw: bytes, line: int) -> None:
    hooks, unreadable = _read(tmp_path, raw)
    assert hooks == []
    assert [(item.path, item.line) for item in unreadable] == [(_FILE, line)]


def test_a_repository_without_hooks_has_none(tmp_path: Path) -> None:
    repository = open_repository(make_repository(tmp_path, {"a": ""}))
    assert read_hooks(repository) == ([], [])


def test_what_local_hooks_run_is_a_tool_of_the_project(tmp_path: Path) -> None:
    """Their settings may be in a package below the top, which has no other sign."""
    rows = "".join(
        f"      - {{id: own-{number}, name: x, language: system, entry: {entry}}}\n"
        for number, entry in enumerate(
            ("uv run ruff check --fix", "uv run ruff format", "uv run mypy backend/app")
        )
    )
    files = {
        "backend/app/__init__.py": "",
        ".pre-commit-config.yaml": f"repos:\n  - repo: local\n    hooks:\n{rows}",
    }
    inventory = analyze(open_repository(make_repository(tmp_path / "project", files)))
    found = [inventory.text(n) for n in ("linter", "formatter", "type-checker")]
    assert found == ["ruff", "ruff", "mypy"]


def test_the_linter_that_runs_comes_before_one_that_is_configured(
    tmp_path: Path,
) -> None:
    job = "lint:\n  script:\n    - pylint app\n"
    files = {"app/__init__.py": "", ".flake8": "[flake8]\n", ".gitlab-ci.yml": job}
    inventory = analyze(open_repository(make_repository(tmp_path / "project", files)))
    assert inventory.text("linter") == "pylint"
