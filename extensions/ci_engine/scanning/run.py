"""Run the scanners of a level in parallel and judge them together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec

from ci_engine.changes.diff_base import find_diff_base
from ci_engine.checks.accepted_findings import Acceptance
from ci_engine.checks.dependencies.dependency_files import read_lock
from ci_engine.checks.dependencies.inventory import Dependencies
from ci_engine.checks.dependencies.package_metadata import describe
from ci_engine.checks.dependencies.resolved_packages import resolve
from ci_engine.checks.outcomes import not_run, not_run_because, run_guarded
from ci_engine.checks.workspace import Workspace
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.security_profiles import Level, ScannerName
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.errors import CommandError, ToolError
from ci_engine.findings.baseline import Baseline
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, Status
from ci_engine.findings.tracked_output import check_tracked_output
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import CanceledError
from ci_engine.processes.thread_pools import thread_pool
from ci_engine.project.repository import Project, printable
from ci_engine.scanning.files import list_files
from ci_engine.scanning.judge import grade, settle
from ci_engine.scanning.merge import merge
from ci_engine.scanning.scanner import Scan, Scanner
from ci_engine.scanning.scanners import SCANNERS
from ci_engine.scanning.unused_configuration import unused_notes
from ci_engine.scanning.waivers import Waivers

_NO_ENVIRONMENT = ToolError("a scan prepares no environment: that may run foreign code")
_Value = TypeVar("_Value")


class Memoized(Generic[_Value]):
    """A function whose value, or error, is computed once for all threads."""

    def __init__(self, compute: Callable[[], _Value]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._values: list[_Value | ToolError] = []

    def __call__(self) -> _Value:
        """The value."""
        with self._lock:
            if not self._values:
                try:
                    self._values.append(self._compute())
                except ToolError as error:
                    self._values.append(error)
        value = self._values[0]
        if isinstance(value, ToolError):
            raise value
        return value


@dataclass(frozen=True)
class ScanOutcome:
    """The combined results of all scanners.

    Attributes:
        checks: one result for each scanner, duplicates merged.
        separate: the results of the scanners as if each one had run alone, without
            secrets, which are never recorded.
        unjudged: the same before they were judged.
    """

    checks: list[CheckResult]
    separate: list[CheckResult]
    unjudged: list[CheckResult]


@dataclass
class ScanRun:
    """One scan.

    Attributes:
        reports: the directory for files of scanners.
        search_path: the directories to search for installed programs.
        baseline: the accepted findings; None if there is no baseline.
        acceptance: what counts as accepted, by the base of the change.
        since: the commit to compare with, empty = detected.
        history: which commits to search for secrets; empty = by the level.
        on_result: called with the result of a scanner as soon as it ends, before
            duplicates are merged and the findings are judged.
    """

    project: Project
    configuration: Configuration
    level_name: SecurityLevel
    scanners: Sequence[ScannerName]
    reports: Path
    search_path: str
    waivers: Waivers
    variables: Mapping[str, str]
    baseline: Baseline | None = None
    acceptance: Acceptance = field(default_factory=Acceptance)
    since: str = ""
    history: Literal["", "none", "change", "all"] = ""
    on_result: Callable[[CheckResult], None] = field(default=lambda _: None)
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def level(self) -> Level:
        """The settings of the level."""
        return self.configuration.security.levels[self.level_name]

    def execute(self) -> ScanOutcome:
        """Run every scanner; each one has a result."""
        scanners = [SCANNERS[name] for name in self.scanners]
        try:
            scan = self._scan()
        except CommandError as error:
            results = [not_run_because(error) for _ in scanners]
            for scanner, result in zip(scanners, results, strict=True):
                self._complete(scanner, result)
        else:
            run_one = partial(self._run_one, scan)
            with thread_pool(max(1, len(scanners))) as pool:
                results = list(pool.map(run_one, scanners))
        return ScanOutcome(self._judge(results), self._separate(results), results)

    def judge(self, outcome: ScanOutcome) -> list[CheckResult]:
        """Judge the findings again, with another baseline."""
        return self._judge(outcome.unjudged)

    def _graded(
        self, unjudged: Sequence[CheckResult]
    ) -> list[tuple[Scanner, CheckResult]]:
        """Each scanner with a copy of its result and graded findings."""
        pairs = [
            (SCANNERS[name], msgspec.structs.replace(result, notes=[*result.notes]))
            for name, result in zip(self.scanners, unjudged, strict=True)
        ]
        before = self.acceptance.before(self.baseline)
        for scanner, result in pairs:
            grade(scanner, result, self.level, self.baseline, self.waivers, before)
        return pairs

    def _judge(self, unjudged: Sequence[CheckResult]) -> list[CheckResult]:
        pairs = self._graded(unjudged)
        elsewhere = merge(pairs, self.waivers.apply)
        for scanner, result in pairs:
            others = elsewhere.get(scanner.name, [])
            required = scanner.name in self.level.required
            settle(result, others, self.level, required=required)
            if scanner.name in self.level.optional and result.status is Status.SKIPPED:
                result.reason += " (optional)"
        results = [result for _, result in pairs]
        tracked = check_tracked_output(self.project, self.level_name)
        about = [*self.acceptance.about(self.baseline), *self._about_waivers(results)]
        for result in about:
            result.tier = self.level_name
        return [*tracked, *results, *about]

    def _separate(self, unjudged: Sequence[CheckResult]) -> list[CheckResult]:
        """Each scanner with its own findings, as the baseline records them."""
        pairs = self._graded(unjudged)
        for scanner, result in pairs:
            result.id = scanner.recorded
            findings = [finding for finding in result.findings if not finding.waiver]
            if result.status in (Status.PASSED, Status.FAILED):
                red = any(finding.severity == "error" for finding in findings)
                result.status = Status.FAILED if red else Status.PASSED
                result.reason = ""
            result.findings = [] if scanner.kind == "secret" else findings
        return [result for _, result in pairs]

    def _complete(self, scanner: Scanner, result: CheckResult) -> None:
        """Add the common fields of results, and give findings stable fingerprints."""
        result.id, result.tier = scanner.name, self.level_name
        argv = ["ci-framework/ci", "scan", "--level", self.level_name]
        result.rerun = " ".join([*argv, "--only", scanner.name])
        root = self.project.root
        result.findings = fingerprint_findings(root, result.findings)
        # File names may be any bytes; reports are text.
        result.reason = printable(result.reason)
        result.output = printable(result.output)
        result.notes = [printable(note) for note in result.notes]

    def _scan(self) -> Scan:
        """Collect the input for scanners."""
        security = self.configuration.security
        settings = self.configuration.settings
        workspace = Workspace(
            project=self.project, environment=_NO_ENVIRONMENT, cancel=self.cancel
        )
        read = Memoized(partial(self._read_dependencies, workspace))
        seconds = security.timeouts["sbom"]
        return Scan(
            project=self.project,
            environment=workspace.environment,
            cancel=self.cancel,
            scanner="",
            settings=settings,
            level=self.level,
            profiles=security,
            files=list_files(self.project, settings, security),
            reports=self.reports,
            read_dependencies=read,
            read_licenses=Memoized(lambda: describe(self.project, read(), seconds)),
            diff_base=Memoized(
                partial(find_diff_base, self.project.root, self.since, self.variables)
            ),
            history=self.history or self._usual_history(),
            search_path=self.search_path,
        )

    def _usual_history(self) -> Literal["none", "change", "all"]:
        """The commits to search, if no option says so.

        A level that searches none still searches them for the scanner alone: somebody
        named it.
        """
        usual = self.level.history
        alone = list(self.scanners) == ["history"]
        return "all" if alone and usual == "none" else usual

    def _read_dependencies(self, workspace: Workspace) -> Dependencies:
        """The project's dependencies: from its files, else resolved on the index.

        No environment is prepared, because that would run code of the project.
        """
        settings = self.configuration.settings
        excluded = settings.scan.exclude_patterns
        found = read_lock(self.project, excluded, settings.test_paths)
        if not found.open:
            return found
        timeout = self.configuration.security.timeouts["audit"]
        try:
            with activity("resolving versions, as there is no lock file"):
                resolved = resolve(workspace, found.open, timeout)
        except ToolError as error:
            problem = " ".join(f"{error}; hint: {error.hint}".split())
            return replace(found, problems=(*found.problems, problem))
        return found.and_what_is_installed(resolved)

    def _run_one(self, scan: Scan, scanner: Scanner) -> CheckResult:
        def run() -> CheckResult:
            if self.cancel.is_set():
                raise CanceledError
            own = replace(scan, scanner=scanner.name)
            with activity(scanner.name):
                result = scanner.run(own)
            result.notes += unused_notes(own)
            return result

        reason = "interrupted: the run was canceled"
        result = run_guarded(scanner.name, run, partial(not_run, reason))
        self._complete(scanner, result)
        self.on_result(result)
        return result

    def _about_waivers(self, results: Sequence[CheckResult]) -> list[CheckResult]:
        """A result about the waivers, if there are any."""
        if not self.waivers.listed:
            return []
        ended = (Status.PASSED, Status.FAILED, Status.SKIPPED)
        complete = all(result.status in ended for result in results)
        everything = set(self.scanners) >= set(self.level.scanners)
        findings = self.waivers.report(complete=complete and everything)
        number = len(self.waivers.listed)
        result = CheckResult(
            id="waivers",
            findings=fingerprint_findings(self.project.root, findings),
            tool="ci-framework",
            notes=[f"waivers: {len(self.waivers.used)} of {number} are in use"],
        )
        if self.acceptance.problem:
            result.status, result.reason = Status.NOT_RUN, self.acceptance.problem
        return [result]
