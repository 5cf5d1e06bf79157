"""Classify paths; no other module decides on the kind of a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from ci_engine.changes.workflow_usage import (
    find_engine_workflows,
    is_unrelated_workflow,
)
from ci_engine.configuration.defaults import ChangePatterns
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import Settings
from ci_engine.monorepo.package_model import Package
from ci_engine.project.path_patterns import matching, specificity
from ci_engine.project.repository import Project
from ci_engine.test_selection.repository_files import Files, is_below

_OF_PAGES = re.compile(
    r"(?:^|/)(?:docs?[-_.]requirements|requirements[-_./]docs?)\.\w+$"
)

Category = Literal[
    "always-run",
    "ci",
    "dependencies",
    "config",
    "generated",
    "data",
    "source",
    "tests",
    "docs",
    "unknown",
    "everything",
]


class Reason(msgspec.Struct, frozen=True):
    """The kind of one path, and why; an empty path means the change as a whole."""

    path: str
    category: Category
    because: str


class Classifier(msgspec.Struct, frozen=True):
    """Classifies paths.

    Attributes:
        engine_workflows: the workflows and actions that run the tests; None = all.
        quiet: changed files that cannot affect tests, with the reason.
        packages: the directories of Python packages, which may contain data.
    """

    patterns: ChangePatterns
    settings: Settings
    engine_workflows: frozenset[str] | None = None
    packages: frozenset[str] = frozenset()
    quiet: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    _known: dict[str, Reason] = msgspec.field(default_factory=dict[str, Reason])

    def with_quiet(self, quiet: Mapping[str, str]) -> Classifier:
        """The same classifier with known quiet files."""
        return msgspec.structs.replace(self, quiet=quiet, _known={})

    def classify(self, path: str) -> Reason:
        """The kind of one path, relative to the root of the repository, with ``/``."""
        if path not in self._known:
            self._known[path] = self._classify(path)
        return self._known[path]

    def _classify(self, path: str) -> Reason:
        changes = self.settings.changes
        always_run = matching(path, changes.always_run)
        related = self.engine_workflows
        unrelated = related is not None and is_unrelated_workflow(path, related)
        if not always_run and unrelated:
            return Reason(path, "config", "a workflow that runs no tests")
        if path in self.quiet and not always_run:
            return Reason(path, "config", self.quiet[path])
        fixed: list[tuple[Category, str, Sequence[str]]] = [
            ("always-run", "always-run", changes.always_run),
            ("ci", "a file of the CI itself", self.patterns.ci),
            ("dependencies", "versions", self.patterns.dependencies),
            ("generated", "generated-patterns", changes.generated_patterns),
            ("data", "data-patterns", list(changes.data_patterns)),
        ]
        for category, name, patterns in fixed:
            pattern = matching(path, patterns)
            if pattern is None:
                continue
            if category == "dependencies" and self._of_pages(path):
                return Reason(path, "docs", "versions for the documentation")
            return Reason(path, category, f"{name}: {pattern}")
        return self._by_location(path)

    def _of_pages(self, path: str) -> bool:
        """Whether versions are only for the documentation, or for its examples."""
        if path.startswith(("docs/", "doc/")):
            settings = self.settings
            return not is_below(path, {*settings.source_paths, *settings.test_paths})
        return path.endswith((".txt", ".in")) and _OF_PAGES.search(path) is not None

    def _by_location(self, path: str) -> Reason:
        """The kind by location: the most specific pattern decides."""
        settings, changes = self.settings, self.settings.changes
        rules: list[tuple[Category, str, Sequence[str]]] = [
            # A single file takes precedence over a configured directory around it.
            ("tests", "test-paths", _files(settings.test_paths)),
            ("source", "source-paths", _directories(settings.source_paths)),
            ("tests", "test-paths", _directories(settings.test_paths)),
            ("tests", "test-patterns", changes.test_patterns),
            ("docs", "docs-patterns", changes.docs_patterns),
            ("config", "config-patterns", changes.config_patterns),
            ("source", "source-patterns", changes.source_patterns),
        ]
        best = Reason(path, "unknown", "no pattern matches")
        weight = -1
        for category, name, patterns in rules:
            pattern = matching(path, patterns)
            if pattern is not None and specificity(pattern) > weight:
                weight = specificity(pattern)
                best = Reason(path, category, f"{name}: {pattern}")
        if best.category == "docs" and not weight and is_below(path, self.packages):
            return Reason(path, "source", "in a package")
        return best

    def within(self, package: Package) -> Classifier:
        """The same classifier for one package, with paths relative to its directory."""
        start = len(package.prefix)
        inside = {p[start:] for p in self.packages if p.startswith(package.prefix)}
        settings = msgspec.structs.replace(
            self.settings,
            source_paths=package.source_paths or ["."],
            test_paths=package.test_paths,
        )
        return Classifier(self.patterns, settings, None, frozenset(inside) - {""})


def _directories(paths: Iterable[str]) -> list[str]:
    return ["**" if path == "." else f"{path.strip('/')}/" for path in paths]


def _files(paths: Iterable[str]) -> list[str]:
    return [f"/{path.strip('/')}" for path in paths if path.endswith(".py")]


def read_classifier(
    project: Project, configuration: Configuration, variables: Mapping[str, str]
) -> Classifier:
    """Create the classifier for the files of a project."""
    files = Files.of(project)
    return Classifier(
        configuration.patterns,
        configuration.settings,
        find_engine_workflows(files, variables),
        files.packages - {""},
    )
