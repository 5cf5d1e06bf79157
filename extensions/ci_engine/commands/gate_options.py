"""The options of ``ci gate``."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ci_engine.commands.command import Request
from ci_engine.commands.options import Baseline, DryRun, Grow, Option, Since
from ci_engine.configuration.reading import Table
from ci_engine.configuration.settings import BUILT_IN_CHECKS, Tier
from ci_engine.configuration.value_types import Percentage, PythonVersion, Seconds
from ci_engine.project.repository import normalize

TierName = Annotated[Tier | None, Option("essential, extended or full", "TIER")]
Python = Annotated[PythonVersion | None, Option("the Python that runs tests", "3.X")]
Only = Annotated[list[str], Option("some checks, comma-separated", "CHECKS")]


class GateOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """What the command line of a gate holds; None = as the settings say."""

    tier: TierName = None
    python: Python = None
    only: Only = msgspec.field(default_factory=list[str])
    fail_fast: Annotated[bool, Option("stop at the first failure")] = False
    fix: Annotated[bool, Option("let tools correct what they can")] = False
    coverage_threshold: Annotated[
        Percentage | None, Option("least coverage", "PERCENT")
    ] = None
    timeout: Annotated[Seconds | None, Option("for each single check", "SECONDS")] = (
        None
    )
    baseline: Baseline = "check"
    grow: Grow = False
    since: Since = ""
    affected: Annotated[
        bool, Option("leave out the tests that the change cannot break")
    ] = False
    selection: Annotated[
        str,
        Option("the same, as decided by `ci changes` in its changes.json", "FILE"),
    ] = ""
    package: Annotated[
        list[str], Option("check these packages, comma-separated", "NAMES")
    ] = msgspec.field(default_factory=list[str])
    dry_run: DryRun = False
    paths: Annotated[
        list[str], Option("only these files, or tests by id", "PATH", name="paths")
    ] = msgspec.field(default_factory=list[str])
    more_paths: Annotated[
        str,
        Option(
            "the same as one text with a path on each line", "LINES", name="--paths"
        ),
    ] = ""

    @property
    def subject(self) -> str:
        """The one package that is checked."""
        name = self.package[0] if len(self.package) == 1 else ""
        return normalize(name.strip("./").replace("/", "-"))

    @property
    def overrides(self) -> Table:
        """The settings that the command line gives."""
        given = {
            "tier": self.tier,
            "fail-fast": self.fail_fast or None,
            "coverage-threshold": self.coverage_threshold,
        }
        table: Table = {"quality": {k: v for k, v in given.items() if v is not None}}
        if self.timeout is not None:
            limit: Table = {"timeout": self.timeout}
            table["checks"] = dict.fromkeys(BUILT_IN_CHECKS, limit)
        return table
