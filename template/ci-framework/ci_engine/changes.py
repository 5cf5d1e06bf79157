"""Decide what a change touches, and so what has to run for it.

Whatever cannot be told runs everything: a path of no known kind, a base that is not
known, an event that is not about a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from ci_engine.globs import matching, specificity
from ci_engine.settings import ChangePatterns, Settings

__all__ = ["Category", "Decision", "Kinds", "Reason", "Tests", "decide", "everything"]

Category = Literal[
    "always-run",
    "ci",
    "dependencies",
    "generated",
    "source",
    "tests",
    "docs",
    "unknown",
    "everything",
]

# A change of these reaches further than anybody can tell from a name.
_FAR_REACHING = frozenset({"always-run", "ci", "dependencies", "unknown", "everything"})
_HARMLESS = frozenset({"docs", "generated"})


class Reason(msgspec.Struct, frozen=True):
    """What one path is, and why; an empty path stands for the change as a whole."""

    path: str
    category: Category
    because: str


class Tests(msgspec.Struct, frozen=True):
    """Which tests have to run.

    Attributes:
        mode: all, some (those in ``paths``) or none.
        paths: files or directories of tests.
    """

    __test__ = False

    mode: Literal["all", "some", "none"]
    paths: list[str] = msgspec.field(default_factory=list[str])


class Decision(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a change touches: the result of ``ci changes``.

    Attributes:
        schema: version of this format.
        base: the commit the change started from, empty if it is not known.
        head: the commit the change ends with.
        docs_only: whether nothing but documentation and generated files changed.
        source_changed: whether code changed, or something that may change it.
        performance_sensitive: whether the code may run slower or faster now.
        security_relevant: whether a security scan may find something else now.
        docs_changed: whether documentation changed.
        packages: the packages that are touched; empty outside of a monorepo.
        tests: the tests that have to run.
        reasons: what each path is, and why.
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


@dataclass(frozen=True)
class Kinds:
    """Tells what kind of file a path is.

    Attributes:
        patterns: the framework's own patterns.
        settings: the project's directories and patterns.
    """

    patterns: ChangePatterns
    settings: Settings

    def of(self, path: str) -> Reason:
        """Name the kind of one path, given from the top of the repository with /."""
        changes = self.settings.changes
        fixed: list[tuple[Category, str, Sequence[str]]] = [
            ("always-run", "always-run", changes.always_run),
            ("ci", "a file of the CI itself", self.patterns.ci),
            ("dependencies", "versions", self.patterns.dependencies),
            ("generated", "generated-patterns", changes.generated_patterns),
        ]
        for category, name, patterns in fixed:
            pattern = matching(path, patterns)
            if pattern is not None:
                return Reason(path, category, f"{name}: {pattern}")
        return self._by_place(path)

    def _by_place(self, path: str) -> Reason:
        """Let the rule decide that says most about where the file is."""
        settings, changes = self.settings, self.settings.changes
        rules: list[tuple[Category, str, Sequence[str]]] = [
            ("source", "source-paths", _directories(settings.source_paths)),
            ("tests", "test-paths", _directories(settings.test_paths)),
            ("tests", "test-patterns", changes.test_patterns),
            ("docs", "docs-patterns", changes.docs_patterns),
            ("source", "source-patterns", changes.source_patterns),
        ]
        best = Reason(path, "unknown", "no pattern fits")
        weight = -1
        for category, name, patterns in rules:
            pattern = matching(path, patterns)
            if pattern is not None and specificity(pattern) > weight:
                weight = specificity(pattern)
                best = Reason(path, category, f"{name}: {pattern}")
        return best


def _directories(paths: Iterable[str]) -> list[str]:
    return ["**" if path == "." else f"{path.strip('/')}/" for path in paths]


def decide(kinds: Kinds, paths: Sequence[str], base: str, head: str) -> Decision:
    """Judge a change by the paths it touches; no path at all runs everything."""
    if not paths:
        return everything("no file changed, so nothing can be left out", base, head)
    reasons = [kinds.of(path) for path in sorted(set(paths))]
    found = {reason.category for reason in reasons}
    far = bool(found & _FAR_REACHING)
    source = far or "source" in found
    docs_only = found <= _HARMLESS
    return Decision(
        base=base,
        head=head,
        docs_only=docs_only,
        source_changed=source,
        performance_sensitive=source,
        security_relevant=source,
        docs_changed=far or "docs" in found,
        tests=Tests("none" if docs_only else "all"),
        reasons=reasons,
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
