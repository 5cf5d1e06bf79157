"""The facts that the analysis finds in each kind of repository."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.purposes.vocabulary import FACTS
from ci_framework.inventory import Fact, Inventory, Value
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import KINDS, Files
from tests.support.programs import run

# What has to be found in each kind, by the name of the fact.
EXPECTED: dict[str, dict[str, Value]] = {
    "pixi-project": {
        "manager": "pixi",
        "layout": "flat",
        "source-paths": ["sandbox"],
        "native-sources": [],
        "pixi-table": "project",
        "pixi-manifest": "pyproject.toml",
        "pixi-environments": {
            "default": "default",
            "ci": "security default",
            "py310": "py310 default",
            "py311": "py311 default",
        },
        "pixi-environment-pythons": {"py310": "3.10", "py311": "3.11"},
        "python-versions": ["3.10", "3.11"],
        "platforms": ["linux", "macos"],
        "lock-tracked": True,
        "formatter": "ruff",
        "type-checker": "none",
    },
    "pixi-workspace": {"manager": "pixi", "pixi-table": "workspace", "layout": "src"},
    "pixi-toml": {
        "manager": "pixi",
        "pixi-manifest": "pixi.toml",
        "project-name": "recipes",
        "layout": "scripts",
        "source-paths": ["scripts"],
        "python-versions": ["3.12"],
        "platforms": ["linux", "windows"],
    },
    "uv": {
        "manager": "uv",
        "layout": "src",
        "type-checker": "mypy",
        "requires-python": ">=3.11",
        "repository-url": "https://github.com/someone/quick",
        "test-requirements": ["group test", "group dev"],
    },
    "uv-workspace": {
        "manager": "uv",
        "layout": "workspace",
        "workspace-members": ["packages/one", "packages/two"],
        "nested-projects": [
            "examples/demo/pyproject.toml",
            "packages/old/pyproject.toml",
        ],
        "source-paths": ["packages/one/src", "packages/two/src"],
        "test-paths": ["packages/one/tests"],
    },
    "poetry": {
        "manager": "poetry",
        "requires-python": ">=3.11,<4.0",
        "formatter": "black",
        "license": "MIT",
        "author": "Ada Example",
        "author-email": "ada@example.org",
        "repository-url": "https://github.com/someone/verse",
    },
    "pdm": {"manager": "pdm", "test-command": "pytest -q"},
    "hatch": {
        "manager": "hatch",
        "version-source": "vcs",
        "python-versions": ["3.11", "3.13"],
        "test-command": "pytest tests",
        "test-selection": [],
    },
    "setup-cfg": {
        "manager": "setuptools",
        "project-name": "old_one",
        "requires-python": ">=3.9",
        "coverage-threshold": 80,
        "linter": "flake8",
        "license": "Apache-2.0",
        "test-requirements": ["extra testing"],
    },
    "setup-py": {
        "manager": "setuptools",
        "project-name": "script",
        "requires-python": ">=3.10",
        "source-paths": ["script"],
        "test-paths": ["test"],
        "license": "BSD-3-Clause",
        "version-source": "setup.py",
    },
    "requirements": {
        "manager": "pip",
        "source-paths": ["app"],
        "test-requirements": ["file requirements-dev.txt"],
        "build-backend": None,
    },
    "conda": {
        "manager": "conda",
        "native-sources": ["fast/core.pyx"],
        "test-paths": ["fast/tests"],
        "python-versions": ["3.11"],
    },
    "javascript": {
        "layout": "workspace",
        "workspace-members": ["server"],
        "source-paths": ["server/server"],
        "test-paths": ["server/tests"],
        "test-command": "pytest server/tests",
    },
    "no-root": {
        "layout": "workspace",
        "workspace-members": ["one", "two"],
        "source-paths": ["one/src", "two/two"],
        "test-paths": ["one/tests", "two/test"],
        "settings-file-blocked": "there is none",
    },
    "two-packages": {
        "layout": "flat",
        "source-paths": ["left", "right"],
        "test-paths": ["tests", "integration"],
        "nested-projects": ["examples/demo/pyproject.toml"],
        "coverage-threshold": 73,
    },
    "module": {"packages": {"single": "single.py"}, "source-paths": ["."]},
    "empty": {"layout": "none", "test-runner": "none", "test-paths": []},
}


def inventory_of(path: Path, files: Files) -> Inventory:
    """Make a repository and analyze it."""
    return analyze(open_repository(make_repository(path, files)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_recognised(kind: str, tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, KINDS[kind])
    found = {name: inventory.fact(name) for name in EXPECTED[kind]}
    values = {name: fact.value if fact else None for name, fact in found.items()}
    assert values == EXPECTED[kind]
    assert {fact.name for fact in inventory.facts} <= set(FACTS)
    assert inventory.unreadable == []
    assert_evidence_is_true(inventory.facts, tmp_path)


def assert_evidence_is_true(facts: list[Fact], root: Path) -> None:
    """Every path exists, and every line is within its file."""
    for fact in facts:
        for location in fact.evidence:
            path = root / location.path
            assert path.exists(), location
            if location.line:
                lines = path.read_text(encoding="utf-8").splitlines()
                assert location.line <= len(lines), (fact.name, location)
                assert lines[location.line - 1].strip(), (fact.name, location)


def test_an_inventory_is_json(tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, KINDS["uv-workspace"])
    encoded = msgspec.json.encode(inventory)
    assert msgspec.json.decode(encoded, type=Inventory) == inventory


def test_lines_of_evidence_are_exact(tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, KINDS["uv"])
    text = (tmp_path / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for name, start in (
        ("requires-python", "requires-python = "),
        ("type-checker", "[tool.mypy]"),
        ("repository-url", "Repository = "),
        ("test-requirements", 'test = ["pytest>=8"'),
    ):
        fact = inventory.fact(name)
        assert fact is not None
        assert text[fact.evidence[0].line - 1].startswith(start), name


def test_a_fact_without_a_meaning_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Findings().add("no-such-fact", None, "because")


def test_branches_that_only_workflows_know_are_reported(tmp_path: Path) -> None:
    workflow = """\
on:
  push:
    branches: [main, develop, gone, "release/**"]
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{ run: pytest }]
"""
    files = {**KINDS["uv"], ".github/workflows/ci.yml": workflow}
    root = make_repository(tmp_path, files)
    run("git", "branch", "develop", cwd=root)
    inventory = analyze(open_repository(root))
    assert inventory.items("missing-branches") == ["gone"]
    assert inventory.text("main-branch") == "main"
    assert inventory.text("integration-branch") == "develop"


def test_a_default_branch_for_work_leaves_main_to_releases(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "a", KINDS["uv"], branch="development")
    run("git", "branch", "main", cwd=root)
    run("git", "clone", "--quiet", str(root), "b", cwd=tmp_path)
    run("git", "branch", "--track", "main", "origin/main", cwd=tmp_path / "b")
    inventory = analyze(open_repository(tmp_path / "b"))
    assert inventory.text("default-branch") == "development"
    assert inventory.text("main-branch") == "main"
    assert inventory.text("integration-branch") == "development"


def test_tasks_are_known_by_what_they_run(tmp_path: Path) -> None:
    files = {
        **KINDS["pdm"],
        "Makefile": "all: check\ncheck:\n\t@mypy src\n\tpytest -q\nX := 1\n",
        "justfile": "set shell := ['sh']\ngo arg='x':\n    ruff format .\n",
        "tox.ini": "[base]\nrun = -m pytest\n[testenv:quick]\n"
        "commands =\n    python {[base]run} -k 'not slow' {posargs:tests}\n",
        "noxfile.py": "import nox\n\n@nox.session(name='types', python=['3.11'])\n"
        "def check(session):\n    session.run('mypy', 'src')\n",
        "scripts/test": '#!/bin/sh\n${PREFIX}coverage run -m pytest "$@"\n',
    }
    inventory = inventory_of(tmp_path, files)
    does = {(task.runner, task.name): task.does for task in inventory.tasks}
    assert does["pdm", "check"] == ["lint", "test"]
    assert does["make", "check"] == ["typecheck", "test"]
    assert does["just", "go"] == ["format"]
    assert does["nox", "types"] == ["typecheck"]
    assert "test" in does["script", "scripts/test"]
    tox = next(task for task in inventory.tasks if task.runner == "tox")
    assert tox.command == "python -m pytest -k 'not slow' tests"
    lines = (tmp_path / "tox.ini").read_text(encoding="utf-8").splitlines()
    assert lines[tox.evidence.line - 1] == "commands ="


def test_the_remote_is_the_address_without_what_is_secret(tmp_path: Path) -> None:
    root = make_repository(tmp_path, KINDS["empty"])
    address = "https://user:secret@github.com/someone/thing.git"
    run("git", "remote", "add", "origin", address, cwd=root)
    inventory = analyze(open_repository(root))
    assert inventory.text("repository-url") == "https://github.com/someone/thing"
    assert "secret" not in str(inventory)
