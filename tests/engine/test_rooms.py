"""The packages of the engine: which may import which, and the size of files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "extensions" / "ci_engine"
COMPANION = ENGINE.with_name("ci_framework")
# From low to high: a room uses only what comes before it.
ORDER = (
    *("errors", "escaping", "processes", "configuration", "project", "findings"),
    *("github", "monorepo", "environments", "test_selection", "changes"),
    *("workflow_jobs", "reports", "mcp", "checks", "scanning", "benchmarks"),
    *("documentation", "cleanup", "releases", "validation"),
    *("commands", "cli", "__main__"),
)
# What is still to be moved: these lists only ever shrink.
UPWARD = {
    # It starts the engine in another interpreter.
    ("environments", "__main__"),
}
MOST_ROOMS = 20
MOST_LINES = 300
FOREIGN = ("environments/inside/",)
RUNNERS_OF_GIT = frozenset(
    {
        "project/git.py",
        # It starts the engine, and imports as little of it as it can.
        "environments/engine_environment.py",
    }
)
READERS_OF_ENVIRONMENT = frozenset(
    {
        "checks/dependencies/osv_service.py",
        "checks/tests/pytest.py",
        "configuration/surroundings.py",
        "environments/engine_environment.py",
        "environments/installer.py",
        "environments/user_cache.py",
        "processes/child_environment.py",
        "scanning/bill_of_materials.py",
    }
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module by its path; what runs inside a project's environment is apart."""
    for path in sorted(ENGINE.rglob("*.py")):
        name = path.relative_to(ENGINE).as_posix()
        if not name.startswith(FOREIGN):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room_of(module: str) -> str:
    """The room of a file or of a dotted name."""
    first = module.removeprefix("ci_engine").strip(".").replace("/", ".").split(".")[0]
    return first or "ci_engine"


def used_rooms() -> Iterator[tuple[str, str, str]]:
    for name, tree in modules():
        for module in imports(tree):
            if module.startswith("ci_engine."):
                yield name, room_of(name), room_of(module)


def test_every_room_uses_only_lower_ones() -> None:
    upward: dict[tuple[str, str], str] = {}
    for name, room, used in used_rooms():
        if room in ORDER and ORDER.index(used) > ORDER.index(room):
            upward.setdefault((room, used), name)
    assert {pair: name for pair, name in upward.items() if pair not in UPWARD} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for name, tree in modules():
        dotted = f"ci_engine.{name.removesuffix('.py').replace('/', '.')}"
        graph[dotted.removesuffix(".__init__")] = set(imports(tree))
    known = {name: used & graph.keys() - {name} for name, used in graph.items()}
    try:
        TopologicalSorter(known).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_rooms_are_the_listed_ones() -> None:
    names = {path.name for path in ENGINE.iterdir() if (path / "__init__.py").is_file()}
    assert names <= set(ORDER)
    assert len(names) <= MOST_ROOMS


def test_no_file_has_more_than_three_hundred_lines() -> None:
    long = {
        path.relative_to(ENGINE).as_posix()
        for path in ENGINE.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert not long


def test_only_one_module_runs_git() -> None:
    def runs_git(tree: ast.Module) -> bool:
        lists = [n for n in ast.walk(tree) if isinstance(n, (ast.List, ast.Tuple))]
        firsts = [node.elts[0] for node in lists if node.elts]
        return any(isinstance(e, ast.Constant) and e.value == "git" for e in firsts)

    assert {name for name, tree in modules() if runs_git(tree)} <= RUNNERS_OF_GIT


@pytest.mark.heavy
def test_the_environment_is_read_at_the_door() -> None:
    readers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers <= READERS_OF_ENVIRONMENT


def test_the_tests_have_the_rooms_of_what_they_test() -> None:
    tests = Path(__file__).resolve().parents[1]
    for code, mirror in ((ENGINE, "engine"), (COMPANION, "companion")):
        rooms = {path.parent.name for path in code.glob("*/__init__.py")}
        mirrored = {path.parent.name for path in (tests / mirror).glob("*/test_*.py")}
        assert mirrored <= rooms
