"""The options of ``ci gate``."""

from __future__ import annotations

import argparse
from typing import Literal

import msgspec

from ci_engine.commands.command import Request
from ci_engine.commands.options import (
    add_baseline,
    add_checks,
    add_dry_run,
    add_since,
)
from ci_engine.configuration.reading import Table
from ci_engine.configuration.settings import BUILT_IN_CHECKS, Tier
from ci_engine.configuration.value_types import Percentage, PythonVersion, Seconds
from ci_engine.project.repository import normalize

__all__ = ["GateOptions", "add_options"]


class GateOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """What the command line of a gate holds.

    Attributes:
        tier: the tier, None = as the settings say.
        python: the Python that must run the tests, None = any.
        only: the names of the checks to run; empty = those of the tier.
        fail_fast: stop at the first check that fails.
        fix: let tools correct what they can.
        coverage_threshold: least coverage in percent, None = as the settings say.
        timeout: seconds for each check, None = as the settings say.
        baseline: check against the baseline, or write it.
        grow: whether writing may add entries.
        since: the commit that the change started from, empty = found out.
        affected: leave out the tests that the change cannot break.
        selection: a ``changes.json`` with the tests to run.
        package: the packages to check; empty = the whole repository.
        paths: files or tests the run is limited to.
        more_paths: the same as one text with a path on each line.
    """

    tier: Tier | None = None
    python: PythonVersion | None = None
    only: list[str] = msgspec.field(default_factory=list[str])
    fail_fast: bool = False
    fix: bool = False
    coverage_threshold: Percentage | None = None
    timeout: Seconds | None = None
    baseline: Literal["check", "write"] = "check"
    grow: bool = False
    since: str = ""
    affected: bool = False
    selection: str = ""
    package: list[str] = msgspec.field(default_factory=list[str])
    paths: list[str] = msgspec.field(default_factory=list[str])
    more_paths: str = ""

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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the gate."""
    add_checks(parser)
    parser.add_argument(
        "--fail-fast", action="store_true", help="stop at the first failure"
    )
    parser.add_argument(
        "--fix", action="store_true", help="let tools correct what they can"
    )
    parser.add_argument(
        "--coverage-threshold", metavar="PERCENT", help="least coverage"
    )
    parser.add_argument("--timeout", metavar="SECONDS", help="for each single check")
    add_baseline(parser)
    add_since(parser)
    parser.add_argument(
        "--affected",
        action="store_true",
        help="leave out the tests that the change cannot break",
    )
    parser.add_argument(
        "--selection",
        metavar="FILE",
        help="the same, as decided by `ci changes` in its changes.json",
    )
    parser.add_argument(
        "--package", metavar="NAMES", help="check these packages, comma-separated"
    )
    add_dry_run(parser)
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="only these files, or tests by id"
    )
    parser.add_argument(
        "--paths",
        dest="more_paths",
        metavar="LINES",
        help="the same as one text with a path on each line",
    )
