"""The parts that the actions of ``ci docs`` share: pages, checks and reports."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.settings import Settings
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.documentation.addresses import Site
from ci_engine.documentation.building import Build
from ci_engine.documentation.deployment import Deployment, plan_deployment
from ci_engine.documentation.docs_source import DocsSource, find_source
from ci_engine.documentation.external_links import check_external
from ci_engine.documentation.page_sources import PageSources
from ci_engine.documentation.site_check import SiteCheck
from ci_engine.errors import ConfigurationError, ToolError, UsageError
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import (
    CheckResult,
    RunResult,
    Status,
    make_result,
)
from ci_engine.github.event import read_event
from ci_engine.github.outputs import write_outputs
from ci_engine.processes.programs import CanceledError
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project
from ci_engine.reports.publishing import publish, write_reports


@dataclass
class DocsRun:
    """One run of ``ci docs``.

    Attributes:
        given_site: a directory with built pages; empty = build them.
    """

    project: Project
    settings: Settings
    surroundings: Surroundings
    given_site: str
    rerun: str
    cancel: threading.Event

    @property
    def site(self) -> Path:
        """The directory with the pages."""
        if self.given_site:
            return self.surroundings.directory / self.given_site
        return self.project.output / "docs" / "site"

    @property
    def deployment(self) -> Deployment:
        """The deployment of this workflow run."""
        event = read_event(self.surroundings.variables)
        return plan_deployment(self.settings.docs, event)

    @property
    def source(self) -> DocsSource:
        """The source of the documentation.

        Raises:
            ConfigurationError: if it is not found.
        """
        return find_source(self.project, self.settings.docs)

    def steps(self, action: str) -> list[str]:
        """The steps that a run would take."""
        source = self.source
        site = relative_directory(self.site, self.surroundings)
        lines = [] if self.given_site else [f"build {source.config} into {site}"]
        return [*lines, *([f"check {site}"] if action == "check" else [])]

    def build(self) -> list[CheckResult]:
        """Build the pages, unless they are given."""
        if self.given_site:
            if not self.site.is_dir():
                raise UsageError(
                    f"--site: no such directory: {self.given_site}",
                    hint="name the directory with the built pages",
                )
            return []
        build = Build(self.project, self.settings, self.site, self.cancel)
        # An invalid configuration ends the command before anything else.
        source = build.source
        try:
            check, *others = build.execute()
        except CanceledError as error:
            others = list[CheckResult]()
            check = CheckResult(id="docs-build", status=Status.NOT_RUN)
            check.reason = str(error) or "interrupted: the run was canceled"
        except ToolError as error:
            others = list[CheckResult]()
            check = CheckResult(id="docs-build")
            mark_not_run(check, error)
        else:
            if check.status is Status.PASSED:
                site = relative_directory(self.site, self.surroundings)
                check.notes.append(f"{source.config}: the pages are in {site}")
        check.rerun = "ci-framework/ci docs build"
        return [check, *others]

    def check(self, *, external: bool) -> list[CheckResult]:
        """Build and check; the check is skipped if the build fails."""
        checks = self.build()
        if any(not check.green for check in checks) and not self._has_pages():
            return checks
        pages = self.site_check()
        checks += [pages.check_links(), pages.check_pages()]
        if external:
            checks.append(check_external(self.project, pages, self.cancel))
        return checks

    def _has_pages(self) -> bool:
        return self.site.is_dir() and any(self.site.rglob("*.html"))

    def site_check(self) -> SiteCheck:
        """The checker of the pages."""
        docs = self.settings.docs
        source: DocsSource | None = None
        try:
            source = self.source
        except ConfigurationError:
            if not self.given_site:
                raise
        address = docs.site_url or (source.site_url if source else "")
        site = Site.read(self.site, address, versions=docs.versions)
        sources = PageSources(self.project, source, self.site)
        return SiteCheck(site, sources, docs.check)

    def report(self, checks: list[CheckResult], report_dir: str) -> RunResult:
        """Write the reports."""
        surroundings = self.surroundings
        reports = surroundings.reports(report_dir, "docs")
        prepare_directory(reports, self.project.output)
        for check in checks:
            check.findings = fingerprint_findings(self.project.root, check.findings)
            check.seconds = check.seconds or surroundings.seconds
            check.rerun = check.rerun or self.rerun
        result = make_result("docs", checks, surroundings.seconds)
        result.environment = next((c.environment for c in checks if c.environment), "")
        write_reports(result, reports)
        publish(result, reports, surroundings.variables)
        outputs = {"site-path": self.site.as_posix(), "deploy": self.deployment.kind}
        write_outputs(outputs, surroundings.variables)
        return result
