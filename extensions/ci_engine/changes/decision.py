"""Decide what a change affects, and so what has to run.

If anything is unknown, everything runs: a path of unknown kind, an unknown base, or an
event that is not about a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.changes.categories import Classifier, Reason
from ci_engine.errors import UsageError
from ci_engine.project.document_pages import is_page

# A change to these may affect every test.
_FAR_REACHING = frozenset({"always-run", "ci", "dependencies", "unknown", "everything"})
HARMLESS = frozenset({"docs", "generated"})
_CODE = frozenset({"source", "data"})


class Tests(msgspec.Struct, frozen=True):
    """The tests that have to run.

    Attributes:
        mode: all, some (those in ``paths``) or none.
        paths: the test files that the change can break; if all run, these run
            first.
    """

    __test__ = False

    mode: Literal["all", "some", "none"]
    paths: list[str] = msgspec.field(default_factory=list[str])


class Chain(msgspec.Struct, frozen=True):
    """Why a test file is affected: the path from a changed file to it."""

    path: str
    way: list[str]


class AffectedTests(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The results of the analysis of affected tests.

    Attributes:
        engine: what read the imports: ci-framework; empty if nothing did.
        everything: why all tests run, empty if they need not.
        chains: the affected ones, each with the path from a changed file to it.
        left_out: the test files that are not affected.
        unreached: changed code that no test is known to reach, so that all tests run.
        hubs: files that import code by computed names: if their tests are missed,
            list the loaded files under always-run.
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
    """What a change affects: the result of ``ci changes``.

    Attributes:
        base: the diff base, empty if it is not known.
        docs_only: whether only documentation and generated files changed, and
            no test reads one of them.
        source_changed: whether code changed, or something that affects code.
        performance_sensitive: whether the speed of the code may have changed.
        security_relevant: whether a security scan may have other findings now.
        packages: the affected packages; empty outside of a monorepo.
        reasons: the category of each path, and why.
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
    """Decide by the changed paths; without any path, everything runs."""
    if not paths:
        return everything("no file changed, so nothing can be skipped", base, head)
    reasons = [classifier.classify(path) for path in sorted(set(paths))]
    found = {reason.category for reason in reasons}
    far = bool(found & _FAR_REACHING)
    source = far or not found.isdisjoint(_CODE)
    quiet = found <= HARMLESS
    # Code and settings in documentation directories are still considered.
    inside = any(r.category == "docs" and not is_page(r.path) for r in reasons)
    tests = Tests("none" if quiet else "all")
    if affected is not None:
        # If only documents changed, only the tests that read them can break.
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
    """The decision to run everything."""
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
    """Read the report of ``ci changes``.

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
