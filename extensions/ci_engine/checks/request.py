"""The request for one run of the gate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ci_engine.changes.decision import Decision
from ci_engine.checks.tests.combined_shards import ShardGroup
from ci_engine.checks.tests.shard import Shard
from ci_engine.configuration.settings import CheckName, Tier
from ci_engine.environments.environment import Environment
from ci_engine.environments.project_environment import Resolution
from ci_engine.findings.results import CheckResult
from ci_engine.monorepo.sibling_packages import Siblings


@dataclass(frozen=True)
class GateRequest:
    """The gate options from the command line.

    Attributes:
        checks: the checks to run, in the order of the tier.
        python: minor version that must run the tests, empty = any.
        paths: files or tests to limit the run to; empty = everything.
        since: the commit to compare with, empty = detected.
        grow: whether writing may add to an existing baseline.
        decision: which tests the change can break; None = not requested.
        explicit: whether the checks were named individually.
        package: the package that is checked; empty = the whole repository.
        shard: the part of the tests to run; None = all of them.
        combined: the shards whose tests are judged; None = run the tests.
        resolution: which versions of the direct dependencies to install.
        advisory: whether failures never fail the run.
        allow_offline: whether to skip checks that cannot reach the network.
        pretended: variables that set the version of a build that has no tag yet.
        legacy: whether to build a package that has only a setup.py.
    """

    tier: Tier
    checks: Sequence[CheckName]
    reports: Path
    python: str = ""
    fail_fast: bool = False
    fix: bool = False
    paths: Sequence[str] = ()
    since: str = ""
    baseline: Literal["check", "write"] = "check"
    grow: bool = False
    decision: Decision | None = None
    explicit: bool = False
    on_result: Callable[[CheckResult], None] = field(default=lambda _: None)
    package: str = ""
    prepare: Callable[[threading.Event], Environment] | None = None
    left_out: Mapping[CheckName, str] = field(default_factory=dict[CheckName, str])
    siblings: Siblings | None = None
    shard: Shard | None = None
    combined: ShardGroup | None = None
    resolution: Resolution = "highest"
    advisory: bool = False
    allow_offline: bool = False
    pretended: Mapping[str, str] = field(default_factory=dict[str, str])
    legacy: bool = False

    @property
    def partial(self) -> bool:
        """Whether tests are skipped that the change cannot break."""
        return self.decision is not None and self.decision.tests.mode != "all"

    @property
    def inner(self) -> tuple[str, ...]:
        """The directories of packages nested in the checked one."""
        inner = self.siblings.inner if self.siblings is not None else ()
        return tuple(path.rstrip("/") for path in inner)

    @property
    def code_paths(self) -> list[str]:
        """The files of the given paths; a test id names its file."""
        return list(dict.fromkeys(path.partition("::")[0] for path in self.paths))
