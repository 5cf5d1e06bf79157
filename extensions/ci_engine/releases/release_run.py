"""One run of ``ci release check``: the repository's state, and what it builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from msgspec.structs import replace as replace_fields

from ci_engine.checks.context import Context
from ci_engine.checks.gate_run import GateRun
from ci_engine.checks.outcomes import from_findings, not_run, run_guarded
from ci_engine.checks.packaging.distribution import manifest_of
from ci_engine.checks.request import GateRequest
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import CheckName
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.github.event import read_event
from ci_engine.processes.activity import activity
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.repository import Project
from ci_engine.releases.built_files import BuiltFiles, find_built
from ci_engine.releases.changelog_check import check_changelog
from ci_engine.releases.proof import prove
from ci_engine.releases.repository_state import check_checkout, check_tag
from ci_engine.releases.subject import ReleaseSubject
from ci_engine.releases.version_check import check_version, version_of

# The gate's checks that a release needs, in the order of the gate.
GATE_CHECKS: tuple[CheckName, ...] = ("build", "lock", "metadata")
RELEASE_CHECKS = ("checkout", *GATE_CHECKS, "version", "tag", "changelog", "proof")
# Findings that are warnings in the gate, and that package indexes refuse.
_REFUSED = frozenset({"private", "no-version"})


@dataclass
class ReleaseRun:
    """One run.

    Attributes:
        request: the request for the gate's checks.
        report: receives each result as it arrives.
        version: the version of the release, once it is known.
        notes: the release notes in the changelog, empty if there are none.
    """

    project: Project
    configuration: Configuration
    request: GateRequest
    subject: ReleaseSubject
    variables: dict[str, str]
    today: date
    report: Callable[[CheckResult], None]
    rerun: str = ""
    version: str = ""
    notes: str = ""
    results: list[CheckResult] = field(default_factory=list[CheckResult])

    def execute(self) -> list[CheckResult]:
        """Run all checks."""
        event = read_event(self.variables)
        # Files that the build leaves in the work tree must not count.
        self._run("checkout", lambda: check_checkout(self.subject, event))
        gate = self._run_gate()
        built = find_built(self.request.reports)
        self.version = version_of(self.subject, built)
        self._run("version", lambda: check_version(self.subject, built))
        self._run("tag", self._check_tag)
        self._run("changelog", self._check_changelog)
        self._run_proof(gate, built)
        return self.results

    def _run(self, name: str, action: Callable[[], CheckResult]) -> None:
        def canceled() -> CheckResult:
            return not_run("interrupted: the run was canceled")

        with activity(name):
            result = run_guarded(name, action, canceled)
        top = self.project.repository
        found = [self._located(each) for each in result.findings]
        result.findings = fingerprint_findings(top, found)
        result.new = sum(found.severity == "error" for found in result.findings)
        result.rerun = self.rerun
        self._add(result)

    def _located(self, finding: Finding) -> Finding:
        """The finding at the file that describes the package."""
        if finding.path != "pyproject.toml":
            return finding
        return replace_fields(finding, path=manifest_of(self.project))

    def _add(self, result: CheckResult) -> None:
        self.results.append(result)
        self.report(result)

    def _run_gate(self) -> GateRun:
        """Run the gate's checks; findings that an index refuses are errors here."""

        def report(result: CheckResult) -> None:
            _refuse(result)
            result.rerun = self.rerun
            self.report(result)

        pretended = self.subject.pretended
        request = replace(
            self.request, on_result=report, pretended=pretended, legacy=True
        )
        gate = GateRun(self.project, self.configuration, request, self.variables)
        self.results += gate.execute().checks
        return gate

    def _check_tag(self) -> CheckResult:
        if not self.version:
            return not_run("the version is not known")
        return check_tag(self.subject, self.version)

    def _check_changelog(self) -> CheckResult:
        result, self.notes = check_changelog(self.subject, self.version, self.today)
        return result

    def _run_proof(self, gate: GateRun, built: BuiltFiles | None) -> None:
        context = Context(
            project=self.project,
            environment=gate.environment,
            cancel=gate.cancel,
            check="build",
            settings=self.configuration.settings,
            request=gate.request,
            reports=self.request.reports,
        )
        before = on_signals(lambda _number, _frame: gate.interrupt())
        try:
            self._run("proof", lambda: prove(context, built))
        finally:
            restore(before)

    @property
    def dist(self) -> Path:
        """The directory of the files to publish."""
        return self.request.reports / "dist"


def _refuse(result: CheckResult) -> None:
    """Turn warnings of the gate into errors if an index refuses them."""
    if not any(found.rule in _REFUSED for found in result.findings):
        return
    result.findings = [_as_error(found) for found in result.findings]
    judged = from_findings(result.findings)
    result.status = judged.status if result.status is Status.PASSED else result.status
    result.new = sum(f.severity == "error" and not f.known for f in result.findings)


def _as_error(found: Finding) -> Finding:
    return replace_fields(found, severity="error") if found.rule in _REFUSED else found
