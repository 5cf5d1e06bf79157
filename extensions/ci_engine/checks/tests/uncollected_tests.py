"""Find tests that pytest did not collect.

Reasons are a file with another name, a class with a constructor, or ``--lf``: pytest
skips such tests without mentioning them in a report.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath

from ci_engine.checks.context import Context
from ci_engine.checks.sources import bytes_of, is_below, is_framework_file
from ci_engine.checks.tests.pytest_events import TestRun
from ci_engine.findings.results import TestCase
from ci_engine.project.python_sources import last_name, parse_python

_OUTSIDE = "pytest did not search this file"
_UNNAMED = "it defines tests, but its name does not match python_files"
_PASSED_OVER = "pytest did not collect it"
# Reasons that a list of names does not repeat.
SILENT = (_OUTSIDE, _PASSED_OVER)
_DEFINITION = re.compile(
    rb"^(?:async +def +test_\w+|def +test_\w+|class +\w*Test\w*)", re.M
)
_CLASS = re.compile(r"^Test|Tests?$")


def uncollected(context: Context, run: TestRun) -> Iterator[TestCase]:
    """Test files that pytest never examined, and tests that it did not collect."""
    request = context.request
    if request.paths or request.partial or not run.files:
        return
    files = _TestFiles(context, run)
    for name, path in files.project:
        if os.path.realpath(path) in files.seen:
            yield from _passed_over(files, name, path)
        elif files.is_named_so(name):
            yield _case(name, name, _OUTSIDE)
        elif _is_misnamed(files, name, path):
            yield _case(name, name, _UNNAMED)


def _case(test: str, path: str, message: str, line: int = 0) -> TestCase:
    return TestCase(
        id=test, outcome="not-collected", path=path, line=line, message=message
    )


@dataclass(frozen=True)
class _TestFiles:
    """The Python files of a project, and how pytest treated them."""

    context: Context
    run: TestRun

    @cached_property
    def project(self) -> list[tuple[str, Path]]:
        """Names and paths, without those of the framework and of nested packages."""
        inner = self.context.request.inner
        named = (
            (self.context.project.relative(p), p) for p in self.context.project.files
        )
        return [
            (name, path)
            for name, path in named
            if path.suffix == ".py"
            and not is_framework_file(name)
            and not is_below(name, inner)
        ]

    @cached_property
    def seen(self) -> set[str]:
        """The paths that pytest examined, resolved."""
        return {os.path.realpath(path) for path in self.run.files}

    @cached_property
    def collected(self) -> set[str]:
        """The collected tests and their parents, without parameters and groups."""
        tests = (
            *self.run.selected,
            *self.run.deselected,
            *self.run.elsewhere,
            *(t.id for t in self.run.tests),
        )
        names = {re.split(r"\[|@", name, maxsplit=1)[0] for name in tests}
        classes = {name.rpartition("::")[0] for name in names}
        return names | classes

    @cached_property
    def texts(self) -> list[bytes]:
        """The content of the files that pytest examined."""
        return [bytes_of(path) for path in map(Path, sorted(self.seen))]

    def is_named_so(self, name: str) -> bool:
        """Whether the name of a file matches pytest's patterns."""
        short = PurePosixPath(name).name
        return any(fnmatch(name if "/" in p else short, p) for p in self.run.patterns)

    def has(self, name: str, test: str) -> bool:
        """Whether a test of a file was collected.

        Ids are relative to pytest's root, which may be inside or above the project.
        """
        parts = (self.context.project.root / name).as_posix().split("/")
        tops = ("/".join(parts[first:]) for first in range(len(parts)))
        return any(f"{top}::{test}" in self.collected for top in tops)

    def is_used(self, pattern: str) -> bool:
        """Whether an examined file contains such a text."""
        text = re.compile(pattern.encode())
        return any(text.search(data) for data in self.texts)


def _passed_over(files: _TestFiles, name: str, path: Path) -> Iterator[TestCase]:
    """The tests of an examined file that were not collected."""
    failed = {test.path for test in files.run.collection}
    skipped = {test.path for test in files.run.skipped_files}
    if not files.is_named_so(name) or name in failed | skipped:
        return
    for test, line in _definitions(bytes_of(path)):
        if files.has(name, test):
            continue
        if files.is_used(rf"(?m)^class +\w+\(.*\b{test}\b"):
            # Other classes may inherit the tests of this one.
            continue
        yield _case(f"{name}::{test}", name, _PASSED_OVER, line)


def _is_misnamed(files: _TestFiles, name: str, path: Path) -> bool:
    """Whether a file beside the tests defines tests and no other file imports it."""
    stem = PurePosixPath(name).stem
    beside = is_below(name, files.context.settings.test_paths)
    if not beside or stem in ("conftest", "__init__"):
        return False
    if not any(_definitions(bytes_of(path))):
        return False
    name = re.escape(stem)
    used = rf"\bimport\b.*\b{name}\b|\b{name} +import\b|\b{name}[\"']"
    return not files.is_used(used)


def _definitions(data: bytes) -> Iterator[tuple[str, int]]:
    """The functions and classes at the top of a module that are named like tests."""
    tree = parse_python(data) if _DEFINITION.search(data) else None
    for node in tree.body if tree is not None else ():
        name = _test_name(node)
        if isinstance(node, ast.ClassDef) and _holds_tests(node):
            name = node.name if _CLASS.search(node.name) else ""
        if name:
            yield name, node.lineno


def _holds_tests(node: ast.ClassDef) -> bool:
    """Whether a class has test methods, and does not set ``__test__`` to false."""
    assigned = {
        last_name(target)
        for part in node.body
        if isinstance(part, ast.Assign)
        for target in part.targets
    }
    return "__test__" not in assigned and any(map(_test_name, node.body))


def _test_name(node: ast.stmt) -> str:
    """The name of a test function that is not a fixture, else empty."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ""
    decorators = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list)
    fixture = any(last_name(decorator) == "fixture" for decorator in decorators)
    return node.name if node.name.startswith("test_") and not fixture else ""
