"""The options of ``ci gate``."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ci_engine.commands.command import Request
from ci_engine.commands.options import (
    Baseline,
    DryRun,
    Grow,
    Option,
    Since,
    refuse_growth,
    switch,
)
from ci_engine.configuration.reading import Table
from ci_engine.configuration.settings import BUILT_IN_CHECKS, Tier
from ci_engine.configuration.value_types import (
    Percentage,
    PythonBuild,
    Seconds,
    ShardName,
)
from ci_engine.environments.project_environment import Resolution
from ci_engine.errors import UsageError
from ci_engine.project.repository import normalize

TierName = Annotated[Tier | None, Option("essential, extended or full", "TIER")]
Python = Annotated[PythonBuild | None, Option("the Python that runs tests", "3.X")]
Only = Annotated[list[str], Option("only these checks, comma-separated", "CHECKS")]


class GateOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of a gate; None = as configured.

    Attributes:
        shards: the matrix of the workflow as JSON, with the expected shards.
    """

    tier: TierName = None
    python: Python = None
    only: Only = msgspec.field(default_factory=list[str])
    fail_fast: Annotated[bool, Option("stop at the first failure")] = False
    fix: Annotated[bool, Option("let tools fix what they can")] = False
    coverage_threshold: Annotated[
        Percentage | None, Option("minimum coverage in percent", "PERCENT")
    ] = None
    timeout: Annotated[
        Seconds | None, Option("time limit of each check", "SECONDS")
    ] = None
    baseline: Baseline = "check"
    grow: Grow = False
    since: Since = ""
    affected: Annotated[bool, Option("skip the tests that the change cannot break")] = (
        False
    )
    selection: Annotated[
        str,
        Option(
            "the same, with the selection in the changes.json of `ci changes`", "FILE"
        ),
    ] = ""
    package: Annotated[
        list[str], Option("check these packages, comma-separated", "NAMES")
    ] = msgspec.field(default_factory=list[str])
    shard: Annotated[
        ShardName | None,
        Option("run one of N equal parts of the tests, such as 2/3", "I/N"),
    ] = None
    durations: Annotated[
        str,
        Option(
            "durations of tests: --shard reads them, --combine updates them", "FILE"
        ),
    ] = ""
    combine: Annotated[
        str,
        Option("judge the tests and the coverage of all shards in DIR", "DIR"),
    ] = ""
    shards: str = ""
    resolution: Annotated[
        Resolution,
        Option(
            "test with the lowest versions that the project's dependencies allow",
            "highest|lowest-direct",
        ),
    ] = "highest"
    advisory: Annotated[bool, switch("report failures, but stay green")] = False
    allow_offline: Annotated[
        bool, Option("skip the checks that cannot reach the network")
    ] = False
    dry_run: DryRun = False
    paths: Annotated[
        list[str], Option("only these files, or tests by id", "PATH", name="paths")
    ] = msgspec.field(default_factory=list[str])
    more_paths: Annotated[
        str,
        Option("the same as one text with one path per line", "LINES", name="--paths"),
    ] = ""

    @property
    def subject(self) -> str:
        """The only package that is checked."""
        name = self.package[0] if len(self.package) == 1 else ""
        return normalize(name.strip("./").replace("/", "-"))

    @property
    def overrides(self) -> Table:
        """The settings that the command line overrides."""
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


def refuse_contradictions(options: GateOptions) -> None:
    """Refuse options that contradict each other."""
    selected = options.affected or bool(options.selection)
    limited = bool(options.paths or options.more_paths)
    writes = options.baseline == "write"
    several = len(options.package) > 1
    part = bool(options.shard or options.combine)
    refusals = (
        (
            options.package and selected,
            "--package: cannot be combined with --affected or --selection",
            "leave the selection out: all tests of the package run",
        ),
        (
            several and (limited or options.fix or writes),
            "--package: several packages cannot be combined with paths, --fix or "
            "--baseline write",
            "name one package",
        ),
        (
            writes and limited,
            "--baseline write: cannot be combined with paths, as it records everything",
            "run it without paths; --only limits it to some checks",
        ),
        (
            writes and selected,
            "--baseline write: cannot be combined with a selection of tests, as it "
            "records everything",
            "run it without --affected",
        ),
        (
            writes and part,
            "--baseline write: cannot be combined with shards, as it records all",
            "run it without --shard and --combine",
        ),
        (
            options.combine and (options.shard or options.package or limited),
            "--combine: cannot be combined with --shard, --package or paths",
            "leave them out: the reports of the shards list what ran",
        ),
        (
            selected and limited,
            "--affected: cannot be combined with paths",
            "leave one of them out",
        ),
    )
    for refused, problem, hint in refusals:
        if refused:
            raise UsageError(problem, hint=hint)
    refuse_growth(options.baseline, grow=options.grow)
