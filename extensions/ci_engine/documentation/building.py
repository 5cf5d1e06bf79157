"""Build the documentation, with warnings as errors."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from ci_engine.configuration.settings import Settings
from ci_engine.documentation.build_output import OutputReader
from ci_engine.documentation.docs_environment import DocsTool, find_tool
from ci_engine.documentation.docs_source import DocsSource, find_source
from ci_engine.documentation.inventories import separate_unreachable
from ci_engine.environments import inside
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.activity import activity
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project

# Advertisements in the output of the tools, and color codes.
_QUIET = {
    "NO_MKDOCS_2_WARNING": "1",
    "DISABLE_MKDOCS_2_WARNING": "true",
    "NO_COLOR": "1",
    "PYTHONUTF8": "1",
}
_PROBE_SECONDS = 60.0


@dataclass(frozen=True)
class Build:
    """One build of the documentation.

    Attributes:
        site: the output directory, which is replaced.
    """

    project: Project
    settings: Settings
    site: Path
    cancel: threading.Event

    @property
    def source(self) -> DocsSource:
        """The source of the build."""
        return find_source(self.project, self.settings.docs)

    def execute(self) -> list[CheckResult]:
        """Build; returns the outcome, and what other sites kept from being checked.

        Raises:
            ToolError: if the tool cannot be installed.
        """
        source = self.source
        with activity("preparing the documentation tool"):
            tool = find_tool(
                self.project, source, self.settings.environments, self.cancel
            )
        check = CheckResult(id="docs-build", tool=tool.label)
        check.environment = tool.environment
        check.notes = [tool.note] if tool.note else []
        ignored = self._ignored_plugins(source, tool)
        if ignored:
            check.findings = ignored
            check.status = Status.FAILED
            check.new = len(ignored)
            return [check]
        with activity("building the documentation"):
            outcome = self._build(source, tool)
        findings = OutputReader(self.project, source, tool.module).read(outcome)
        unchecked = separate_unreachable(self.project, findings)
        if unchecked is None:
            self._judge(check, outcome, findings)
            return [check]
        if not unchecked.findings and _only_warned(outcome, source):
            outcome = replace(outcome, code=0)
        self._judge(check, outcome, unchecked.findings)
        return [check, unchecked.report()]

    def _judge(
        self, check: CheckResult, outcome: Outcome, findings: list[Finding]
    ) -> None:
        strict = self.settings.docs.strict
        check.findings = findings
        check.new = len(findings)
        if outcome.timed_out:
            check.status = Status.TIMED_OUT
            check.reason = f"did not end within {self.settings.docs.timeout:.0f} s"
        elif outcome.missing:
            check.status, check.reason = Status.NOT_RUN, outcome.missing
        elif outcome.code != 0 or (strict and findings):
            check.status = Status.FAILED
            if not findings:
                check.reason = f"{check.tool}: {outcome.describe_exit()}"
                check.output = outcome.tail()
        elif not any(self.site.rglob("*.html")):
            check.status = Status.NOT_RUN
            check.reason = f"{check.tool} wrote no page"
            check.output = outcome.tail()

    def _build(self, source: DocsSource, tool: DocsTool) -> Outcome:
        """Build from scratch: unchanged pages would cause no warnings."""
        prepare_directory(self.site.parent, self.project.output)
        shutil.rmtree(self.site, ignore_errors=True)
        zensical = self.project.root / source.site_dir
        existed = zensical.exists()
        outcome = run_program(
            [*tool.command, *self._arguments(source)],
            cwd=self.project.root,
            timeout=self.settings.docs.timeout,
            variables={**tool.variables, **_QUIET},
            cancel=self.cancel,
        )
        if source.builder == "zensical" and zensical.is_dir():
            # It has no option for another directory.
            (shutil.copytree if existed else shutil.move)(zensical, self.site)
        return outcome

    def _arguments(self, source: DocsSource) -> list[str]:
        strict = self.settings.docs.strict
        if source.builder == "sphinx":
            flags = ["-W", "--keep-going"] if strict else []
            doctrees = self.site.parent / "doctrees"
            return [
                *("-q", "-b", "html", "-E", "-a", "--no-color", *flags),
                *("-d", str(doctrees), source.pages, str(self.site)),
            ]
        flags = ["--strict"] if strict else []
        build = ["build", "--clean", *flags, "--config-file", source.config]
        if source.builder == "zensical":
            return build
        return [*build, "--site-dir", str(self.site)]

    def _ignored_plugins(self, source: DocsSource, tool: DocsTool) -> list[Finding]:
        """The plugins that Zensical would silently ignore."""
        if source.builder != "zensical" or not source.plugins:
            return []
        script = inside.DIRECTORY / "zensical_plugins.py"
        outcome = run_program(
            [*tool.interpreter, "-I", script],
            cwd=self.project.root,
            timeout=_PROBE_SECONDS,
            variables=tool.variables,
            cancel=self.cancel,
        )
        known = set(outcome.stdout.split())
        if outcome.code != 0 or not known:
            raise ToolError(
                f"{tool.label} does not report which plugins it supports",
                hint="set docs.tool to mkdocs",
            )
        text = (self.project.root / source.config).read_text("utf-8", "replace")
        rows = text.splitlines()
        return [
            Finding(
                tool="ci-framework",
                rule="ignored-plugin",
                message=f"{tool.label} ignores the plugin {name}\n"
                "hint: remove the plugin, or set docs.tool to mkdocs",
                path=source.config,
                line=next((n for n, row in enumerate(rows, 1) if name in row), 0),
            )
            for name in source.plugins
            if name.removeprefix("material/") not in known
        ]


def _only_warned(outcome: Outcome, source: DocsSource) -> bool:
    """Whether a strict build completed: only its warnings made it fail."""
    if source.builder == "sphinx":
        return outcome.code == 1
    return "in strict mode" in f"{outcome.stderr}{outcome.stdout}"
