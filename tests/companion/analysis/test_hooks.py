"""Pre-commit hooks are read with their place and their purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.hooks import (
    hook_key,
    read_hooks,
    same_repository,
    skipped_by_the_service,
)
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


def test_tasks_of_local_hooks_are_looked_up(tmp_path: Path) -> None:
    repository = open_repository(make_repository(tmp_path, {_FILE: _HOOKS}))
    hooks, _ = read_hooks(repository, {"check": ["bandit -r src"]})
    assert hooks[4].does == ["security"]


def test_what_the_service_skips_is_read(tmp_path: Path) -> None:
    repository = open_repository(make_repository(tmp_path, {_FILE: _HOOKS}))
    assert skipped_by_the_service(repository) == ["pytest", "mypy"]


@pytest.mark.parametrize(
    "other",
    [
        "https://github.com/astral-sh/ruff-pre-commit",
        "https://github.com/Astral-SH/Ruff-Pre-Commit/",
        "https://github.com/astral-sh/ruff-pre-commit.git",
        "git@github.com:astral-sh/ruff-pre-commit.git",
        "ssh://git@github.com/astral-sh/ruff-pre-commit",
        "http://www.github.com/charliermarsh/ruff-pre-commit",
    ],
)
def test_one_repository_has_many_addresses(other: str) -> None:
    assert same_repository("https://github.com/astral-sh/ruff-pre-commit", other)


def test_other_repositories_are_others() -> None:
    one = "https://github.com/astral-sh/ruff-pre-commit"
    assert not same_repository(one, "https://github.com/astral-sh/uv-pre-commit")
    assert not same_repository(one, "https://gitlab.com/astral-sh/ruff-pre-commit")


def test_a_hook_twice_is_told_apart_by_its_name(tmp_path: Path) -> None:
    hooks, _ = _read(tmp_path, _HOOKS)
    assert hook_key(hooks[0]) == ("github.com/astral-sh/ruff-pre-commit", "ruff", "")
    assert hook_key(hooks[0]) != hook_key(hooks[1])


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
def test_what_does_not_parse_is_told(tmp_path: Path, raw: bytes, line: int) -> None:
    hooks, unreadable = _read(tmp_path, raw)
    assert hooks == []
    assert [(item.path, item.line) for item in unreadable] == [(_FILE, line)]


def test_a_repository_without_hooks_has_none(tmp_path: Path) -> None:
    repository = open_repository(make_repository(tmp_path, {"a": ""}))
    assert read_hooks(repository) == ([], [])
