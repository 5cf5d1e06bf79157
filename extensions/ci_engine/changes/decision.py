"""Decide what a change touches, and so what has to run for it.

What is not known runs everything: a path of no known kind, an unknown base, an event
that is not about a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.changes.categories import Classifier, Reason
from ci_engine.errors import UsageError
from ci_engine.project.document_pages import is_page

# A change of these may reach every test.
_FAR_REACHING = frozenset({"always-run", "ci", "dependencies", "unknown", "everything"})
HARMLESS = frozenset({"docs", "generated"})
_CODE = frozenset({"source", "data"})


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
    """Why a test file is affected: the path from what changed to it."""

    path: str
    way: list[str]


class AffectedTests(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What is known about the tests that a change can break.

    Attributes:
        engine: what read the imports; empty if nothing did.
        everything: why all tests run, empty if they need not.
        chains: the affected ones, each with the path from what changed to it.
        left_out: the files of tests that are not affected.
        unreached: changed code that no test is known to reach: all tests run.
        hubs: files that import code by computed names: list what they load under
            always-run where its tests are missed.
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
        base: the commit the change started from, empty if it is not known.
        docs_only: whether nothing but pages of documentation and generated files
            changed, and no test reads one of them.
        source_changed: whether code changed, or something that may change it.
        performance_sensitive: whether the code may run slower or faster now.
        security_relevant: whether a security scan may find something else now.
        packages: the packages that are touched; empty outside of a monorepo.
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
    affected: AffectedTests = AffectedTests()


def decide(
    classifier: Classifier,
    paths: Sequence[str],
    base: str,
    head: str,
    *,
    affected: AffectedTests | None = None,
    optimize: bool = True,
) -> Decision:
    """Decide by the paths that a change touches; no path at all runs everything."""
    if not paths:
        return everything("no file changed, so nothing can be skipped", base, head)
    reasons = [classifier.classify(path) for path in sorted(set(paths))]
    found = {reason.category for reason in reasons}
    far = bool(found & _FAR_REACHING)
    source = far or not found.isdisjoint(_CODE)
    quiet = found <= HARMLESS
    # Code and settings among the documentation are still looked at.
    inside = any(r.category == "docs" and not is_page(r.path) for r in reasons)
    tests = Tests("none" if quiet else "all")
    if affected is not None:
        # Where only documents changed, the tests that read them are all that can break.
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
        affected=affected or AffectedTests(),
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
