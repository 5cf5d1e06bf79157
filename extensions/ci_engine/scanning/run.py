"""Run the engines of a level in parallel and judge them together."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.changes.diff_base import find_diff_base
from ci_engine.checks.context import Context, not_run_because
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.security_profiles import EngineName, Level
from ci_engine.configuration.settings import (
    CheckName,
    CheckSettings,
    SecurityLevel,
    Settings,
)
from ci_engine.environments.environment import Environment
from ci_engine.environments.preparation import prepare_environment
from ci_engine.errors import CommandError, ToolError
from ci_engine.findings.baseline import Baseline
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, Status
from ci_engine.findings.tracked_output import check_tracked_output
from ci_engine.processes.programs import CanceledError
from ci_engine.project.repository import Project, printable
from ci_engine.scanning.engine import Engine, Scan
from ci_engine.scanning.files import list_files
from ci_engine.scanning.judge import grade, settle
from ci_engine.scanning.merge import merge
from ci_engine.scanning.once import Once, dependencies_of, needs_environment
from ci_engine.scanning.scanners import ENGINES
from ci_engine.scanning.waivers import Waivers

__all__ = ["Outcome", "ScanRun"]


@dataclass(frozen=True)
class Outcome:
    """What all engines found together.

    Attributes:
        checks: one result for each engine, every flaw told once.
        separate: the results of the engines as if each one had run alone, without
            the secrets: these are never recorded.
        examined: the same before they were judged.
    """

    checks: list[CheckResult]
    separate: list[CheckResult]
    examined: list[CheckResult]


@dataclass
class ScanRun:
    """One scan.

    Attributes:
        project: the repository.
        configuration: the settings and the levels.
        level_name: the level.
        engines: the engines to run.
        reports: where engines may write.
        search_path: where programs of this machine are looked for.
        waivers: the waivers.
        baseline: what was red before; None if there is none.
        since: the commit that the change started from, empty = found out.
        history: which commits to search for secrets; empty = as the level says.
        cancel: set when the run is called off.
    """

    project: Project
    configuration: Configuration
    level_name: SecurityLevel
    engines: Sequence[EngineName]
    reports: Path
    search_path: str
    waivers: Waivers
    baseline: Baseline | None = None
    since: str = ""
    history: Literal["", "none", "change", "all"] = ""
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def level(self) -> Level:
        """What the level asks for."""
        return self.configuration.security.levels[self.level_name]

    def execute(self) -> Outcome:
        """Run every engine; each one ends in one way or another."""
        engines = [ENGINES[name] for name in self.engines]
        try:
            scan = self._scan()
        except CommandError as error:
            results = [not_run_because(engine.name, error) for engine in engines]
        else:
            run_one = partial(self._run_one, scan)
            with ThreadPoolExecutor(max_workers=max(1, len(engines))) as pool:
                results = list(pool.map(run_one, engines))
        for engine, result in zip(engines, results, strict=True):
            self._name(engine, result)
        return Outcome(self._judge(results), self._separate(results), results)

    def judge(self, outcome: Outcome) -> list[CheckResult]:
        """Judge what was found once more, by another baseline."""
        return self._judge(outcome.examined)

    def _judge(self, examined: Sequence[CheckResult]) -> list[CheckResult]:
        results = [_copy(result) for result in examined]
        pairs = [
            (ENGINES[name], r) for name, r in zip(self.engines, results, strict=True)
        ]
        for engine, result in pairs:
            grade(engine, result, self.level, self.baseline, self.waivers)
        elsewhere = merge(pairs)
        for engine, result in pairs:
            settle(result, elsewhere.get(engine.name, []), self.level)
            if engine.name in self.level.optional and result.status is Status.SKIPPED:
                result.reason += " (optional)"
        tracked = check_tracked_output(self.project, self.level_name)
        return [*tracked, *results, *self._about_waivers(results)]

    def _separate(self, examined: Sequence[CheckResult]) -> list[CheckResult]:
        """Each engine with its own findings, as the baseline records them."""
        results = [_copy(result) for result in examined]
        for name, result in zip(self.engines, results, strict=True):
            engine = ENGINES[name]
            grade(engine, result, self.level, self.baseline, self.waivers)
            result.id = engine.recorded
            _as_if_alone(result)
            if engine.kind == "secret":
                result.findings = []
        return results

    def _name(self, engine: Engine, result: CheckResult) -> None:
        """Say where a result comes from, and give its findings stable names."""
        result.tier = self.level_name
        words = ["ci-framework/ci", "scan", "--level", self.level_name]
        result.rerun = " ".join([*words, "--only", engine.name])
        root = self.project.root
        result.findings = fingerprint_findings(root, result.findings)
        # Names of files are bytes; reports are text.
        result.reason = printable(result.reason)
        result.output = printable(result.output)
        result.notes = [printable(note) for note in result.notes]

    def _scan(self) -> Scan:
        """Collect what engines are given; an environment only where it is needed.

        Raises:
            ToolError: if the files cannot be listed.
        """
        security = self.configuration.security
        settings = self.configuration.settings
        files = list_files(self.project, settings, security)
        limits: dict[CheckName, CheckSettings] = {
            name: CheckSettings(timeout=seconds)
            for name, seconds in security.timeouts.items()
        }
        limits["security"] = limits["bandit"]
        checks = {**settings.checks, **limits}
        context = Context(
            project=self.project,
            settings=msgspec.structs.replace(settings, checks=checks),
            reports=self.reports,
            cancel=self.cancel,
            environment=self._environment(settings),
            since=self.since,
            start=Once(
                lambda: find_diff_base(self.project.root, self.since, os.environ)
            ),
        )
        return Scan(
            context=context,
            level=self.level,
            profiles=security,
            files=files,
            read_dependencies=Once(lambda: dependencies_of(context)),
            history=self.history or self.level.history,
            search_path=self.search_path,
        )

    def _environment(self, settings: Settings) -> Environment | ToolError:
        if not needs_environment(self.project):
            return ToolError("a scan prepares no environment where there is a lock")
        tier = settings.quality.tier
        try:
            return prepare_environment(
                self.project, settings.environments, tier, cancel=self.cancel
            )
        except ToolError as error:
            return error
        except CanceledError:
            return ToolError("the run was called off")

    def _run_one(self, scan: Scan, engine: Engine) -> CheckResult:
        started = time.monotonic()
        try:
            if self.cancel.is_set():
                raise CanceledError
            result = engine.examine(scan)
        except CanceledError:
            reason = "interrupted: the run was called off"
            result = CheckResult(id="", status=Status.NOT_RUN, reason=reason)
        except CommandError as error:
            result = not_run_because(engine.name, error)
        except Exception:  # a defect of one engine must not hide the other results
            result = CheckResult(
                id="",
                status=Status.NOT_RUN,
                reason="an error of ci-framework itself: please report it",
                output=traceback.format_exc(),
            )
        result.id = engine.name
        result.seconds = time.monotonic() - started
        return result

    def _about_waivers(self, results: Sequence[CheckResult]) -> list[CheckResult]:
        """What there is to say about the waivers, if there are any."""
        if not self.waivers.listed:
            return []
        ends = (Status.PASSED, Status.FAILED, Status.SKIPPED)
        ended = all(r.status in ends for r in results)
        everything = set(self.engines) >= set(self.level.engines)
        findings = self.waivers.report(complete=ended and everything)
        number = len(self.waivers.listed)
        result = CheckResult(
            id="waivers",
            tier=self.level_name,
            findings=fingerprint_findings(self.project.root, findings),
            tool="ci-framework",
            notes=[f"waivers: {len(self.waivers.used)} of {number} are in use"],
        )
        return [result]


def _as_if_alone(result: CheckResult) -> None:
    """Set a status by an engine's own findings, as the baseline records them."""
    red = any(f.severity == "error" and not f.waiver for f in result.findings)
    if result.status in (Status.PASSED, Status.FAILED):
        result.status = Status.FAILED if red else Status.PASSED
        result.reason = ""
    result.findings = [finding for finding in result.findings if not finding.waiver]


def _copy(result: CheckResult) -> CheckResult:
    """A result that can be judged without changing the one that was given."""
    return msgspec.structs.replace(
        result, findings=list(result.findings), notes=list(result.notes)
    )
