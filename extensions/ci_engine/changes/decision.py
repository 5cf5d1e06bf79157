"""Decide what a change touches, and so what has to run for it.

Whatever cannot be told runs everything: a path of no known kind, a base that is not
known, an event that is not about a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.configuration.settings import ChangePatterns, Settings
from ci_engine.errors import UsageError
from ci_engine.project.document_pages import is_page
from ci_engine.project.path_patterns import matching, specificity
from ci_engine.test_selection.repository_files import is_below

__all__ = [
    "Affected",
    "Category",
    "Chain",
    "Decision",
    "Kinds",
    "Reason",
    "Tests",
    "decide",
    "everything",
    "read_decision",
]

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

# A change of these reaches further than anybody can tell from a name.
_FAR_REACHING = frozenset({"always-run", "ci", "dependencies", "unknown", "everything"})
_HARMLESS = frozenset({"docs", "generated"})
_CODE = frozenset({"source", "data"})


class Reason(msgspec.Struct, frozen=True):
    """What one path is, and why; an empty path stands for the change as a whole."""

    path: str
    category: Category
    because: str


class Tests(msgspec.Struct, frozen=True):
    """Which tests have to run.

    Attributes:
        mode: all, some (those in ``paths``) or none.
        paths: the files of tests that the change can break; where all run, these
            run first.
    """

    __test__ = False

    mode: Literal["all", "some", "none"]
    paths: list[str] = msgspec.field(default_factory=list[str])


class Chain(msgspec.Struct, frozen=True):
    """Why a test file is affected: the way from what changed to it."""

    path: str
    way: list[str]


class Affected(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What is known about the tests that a change can break.

    Attributes:
        engine: what read the imports; empty if nobody did.
        everything: why all tests run, empty if they need not.
        total: how many files of tests there are.
        chains: the affected ones, each with the way from what changed to it.
        left_out: the files of tests that are not affected.
        unreached: changed code that no test is known to reach: all tests run.
        hubs: files that load code by names no text has: list what they load under
            always-run where its tests are missed.
        notes: what a reader must know.
    """

    engine: str = ""
    everything: str = ""
    total: int = 0
    chains: list[Chain] = msgspec.field(default_factory=list[Chain])
    left_out: list[str] = msgspec.field(default_factory=list[str])
    unreached: list[str] = msgspec.field(default_factory=list[str])
    hubs: list[str] = msgspec.field(default_factory=list[str])
    notes: list[str] = msgspec.field(default_factory=list[str])

    def tests(self, *, optimize: bool) -> Tests:
        """The tests to run: these, or all of them with these first."""
        paths = [chain.path for chain in self.chains]
        if self.everything or not optimize or (paths and not self.left_out):
            return Tests("all", paths if self.left_out else [])
        return Tests("some", paths) if paths else Tests("none")


class Decision(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a change touches: the result of ``ci changes``.

    Attributes:
        schema: version of this format.
        base: the commit the change started from, empty if it is not known.
        head: the commit the change ends with.
        docs_only: whether nothing but pages of documentation and generated files
            changed, and no test reads one of them.
        source_changed: whether code changed, or something that may change it.
        performance_sensitive: whether the code may run slower or faster now.
        security_relevant: whether a security scan may find something else now.
        docs_changed: whether documentation changed.
        packages: the packages that are touched; empty outside of a monorepo.
        tests: the tests that have to run.
        reasons: what each path is, and why.
        affected: which tests the change can break, and why.
    """

    schema: int = 1
    base: str
    head: str
    docs_only: bool
    source_changed: bool
    performance_sensitive: bool
    security_relevant: bool
    docs_changed: bool
    packages: list[str] = msgspec.field(default_factory=list[str])
    tests: Tests
    reasons: list[Reason]
    affected: Affected = Affected()


class Kinds(msgspec.Struct, frozen=True):
    """Tells what kind of file a path is.

    Attributes:
        patterns: the framework's own patterns.
        settings: the project's directories and patterns.
        quiet_workflows: workflows that run no tests.
        packages: the directories of Python packages: what is in one may be its data.
    """

    patterns: ChangePatterns
    settings: Settings
    quiet_workflows: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()

    def of(self, path: str) -> Reason:
        """Name the kind of one path, given from the top of the repository with /."""
        changes = self.settings.changes
        if path in self.quiet_workflows and not matching(path, changes.always_run):
            return Reason(path, "config", "a workflow that runs no tests")
        fixed: list[tuple[Category, str, Sequence[str]]] = [
            ("always-run", "always-run", changes.always_run),
            ("ci", "a file of the CI itself", self.patterns.ci),
            ("dependencies", "versions", self.patterns.dependencies),
            ("generated", "generated-patterns", changes.generated_patterns),
            ("data", "data-patterns", list(changes.data_patterns)),
        ]
        for category, name, patterns in fixed:
            pattern = matching(path, patterns)
            if pattern is not None:
                return Reason(path, category, f"{name}: {pattern}")
        return self._by_location(path)

    def _by_location(self, path: str) -> Reason:
        """Let the rule decide that says most about where the file is."""
        settings, changes = self.settings, self.settings.changes
        rules: list[tuple[Category, str, Sequence[str]]] = [
            ("source", "source-paths", _directories(settings.source_paths)),
            ("tests", "test-paths", _directories(settings.test_paths)),
            ("tests", "test-patterns", changes.test_patterns),
            ("docs", "docs-patterns", changes.docs_patterns),
            ("config", "config-patterns", changes.config_patterns),
            ("source", "source-patterns", changes.source_patterns),
        ]
        best = Reason(path, "unknown", "no pattern fits")
        weight = -1
        for category, name, patterns in rules:
            pattern = matching(path, patterns)
            if pattern is not None and specificity(pattern) > weight:
                weight = specificity(pattern)
                best = Reason(path, category, f"{name}: {pattern}")
        if best.category == "docs" and not weight and is_below(path, self.packages):
            return Reason(path, "source", "in a package")
        return best


def _directories(paths: Iterable[str]) -> list[str]:
    return ["**" if path == "." else f"{path.strip('/')}/" for path in paths]


def decide(
    kinds: Kinds,
    paths: Sequence[str],
    base: str,
    head: str,
    *,
    affected: Affected | None = None,
    optimize: bool = True,
) -> Decision:
    """Judge a change by the paths it touches; no path at all runs everything.

    Args:
        kinds: tells what each path is.
        paths: the paths.
        base: the commit the change started from.
        head: the commit it ends with.
        affected: the tests it can break; None if nobody looked.
        optimize: whether other tests may be left out.
    """
    if not paths:
        return everything("no file changed, so nothing can be left out", base, head)
    reasons = [kinds.of(path) for path in sorted(set(paths))]
    found = {reason.category for reason in reasons}
    far = bool(found & _FAR_REACHING)
    source = far or not found.isdisjoint(_CODE)
    quiet = found <= _HARMLESS
    # Code and settings among the documentation are still looked at.
    inside = any(r.category == "docs" and not is_page(r.path) for r in reasons)
    tests = Tests("none" if quiet else "all")
    if affected is not None:
        # Where only texts changed that tests read, these tests are all there is to it.
        tests = affected.tests(optimize=optimize or quiet)
    return Decision(
        base=base,
        head=head,
        docs_only=quiet and not inside and tests.mode == "none",
        source_changed=source,
        performance_sensitive=source,
        security_relevant=source or inside or "config" in found,
        docs_changed=far or "docs" in found,
        tests=tests,
        reasons=reasons,
        affected=affected or Affected(),
    )


def everything(because: str, base: str = "", head: str = "") -> Decision:
    """The decision to leave nothing out."""
    return Decision(
        base=base,
        head=head,
        docs_only=False,
        source_changed=True,
        performance_sensitive=True,
        security_relevant=True,
        docs_changed=True,
        tests=Tests("all"),
        reasons=[Reason("", "everything", because)],
    )


def read_decision(path: Path) -> Decision:
    """Read what ``ci changes`` wrote.

    Raises:
        UsageError: if it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Decision)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(
            f"--selection: {path}: {error}",
            hint="name the changes.json that `ci changes` wrote",
        ) from error
