"""The history of ``ci bench --store``: add results to it, and report changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.benchmarks.change_points import find_trend
from ci_engine.benchmarks.history import FILE, add_runs, read_history, runs_of
from ci_engine.benchmarks.history_store import (
    Change,
    history_branch,
    store_in_directory,
)
from ci_engine.configuration.settings import Settings
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import CommandError, UsageError
from ci_engine.findings.benchmark_history import Trend
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Finding, RunResult, Status
from ci_engine.github.branch_writer import ReadOnlyError
from ci_engine.github.event import read_event
from ci_engine.github.outputs import add_summary
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project
from ci_engine.reports.gathered import gather_jobs
from ci_engine.reports.result_json import to_json
from ci_engine.reports.trend_page import (
    describe_trend,
    to_trend_markdown,
    to_trend_page,
)

# Used where there is no remote, and so no default branch.
_USUAL_BRANCHES = ("main", "master")


@dataclass(frozen=True)
class HistoryUpdate:
    """Results to add to the history.

    Attributes:
        destination: ``branch``, or a directory.
        reports: where to write the report on the history.
    """

    project: Project
    settings: Settings
    surroundings: Surroundings
    destination: str
    reports: Path
    cancel: threading.Event

    def add(self, results: Sequence[RunResult]) -> CheckResult:
        """Add results and report on the history; forks may lack access to it."""
        check = CheckResult(id="benchmark-history")
        refused = self._refused()
        if refused:
            check.status, check.reason = Status.SKIPPED, refused
            return check
        dates = dict(self._dates(results))
        runs = runs_of(results, dates)
        if not runs:
            check.status = Status.SKIPPED if results else Status.NOT_RUN
            check.reason = "there is no time of a committed state to add"
            return check

        def change(text: str) -> str:
            return add_runs(text, runs, self._origin)

        try:
            text = self._store(change)
        except ReadOnlyError as error:
            reason = f"the history cannot be written with this token: {error}"
            check.status, check.reason = Status.SKIPPED, reason
            return check
        except CommandError as error:
            mark_not_run(check, error)
            return check
        history = read_history(text, self._origin)
        performance = self.settings.performance
        trend = find_trend(self.project, history, performance, self.cancel)
        self._report(check, trend)
        return check

    @property
    def _branch(self) -> str:
        wanted = self.destination == "branch"
        return self.settings.performance.history_branch if wanted else ""

    @property
    def _origin(self) -> str:
        return f"{self._branch or self.destination}/{FILE}"

    def _store(self, change: Change) -> str:
        if self._branch:
            root, variables = self.project.repository, self.surroundings.variables
            return history_branch(root, self._branch, variables).store(change)
        return store_in_directory(
            self.surroundings.directory / self.destination, change
        )

    def _refused(self) -> str:
        """Why nothing may be stored here, empty if storing is allowed."""
        git, event = self.project.git, read_event(self.surroundings.variables)
        if git is None:
            return "there is no git repository here"
        if event.restricted:
            return event.restricted
        if event.name:
            wanted = event.default_branch
            found = event.ref.removeprefix("refs/heads/")
            if event.pull_request:
                return f"only {wanted} is stored, and this is a pull request"
        else:
            found = git.run("branch", "--show-current").stdout.strip()
            remote = git.run("symbolic-ref", "--short", "refs/remotes/origin/HEAD")
            wanted = remote.stdout.strip().removeprefix("origin/")
        usual = (wanted,) if wanted else _USUAL_BRANCHES
        if found in usual:
            return ""
        return f"only {' or '.join(usual)} is stored, and this is {found or 'a commit'}"

    def _dates(self, results: Sequence[RunResult]) -> Iterator[tuple[str, str]]:
        """When the measured commits were made."""
        git = self.project.git
        for check in (check for result in results for check in result.checks):
            head = check.comparison.head if check.comparison else ""
            if head and git is not None:
                shown = git.run("show", "--no-patch", "--format=%cI", head, "--")
                today = self.surroundings.today.isoformat()
                yield head, shown.stdout.strip() if shown.code == 0 else today

    def _report(self, check: CheckResult, trend: Trend) -> None:
        project = self.project.distribution or self.project.repository.name
        write_text(self.reports / "trend.html", to_trend_page(trend, project))
        write_text(self.reports / "trend.json", to_json(trend))
        markdown = to_trend_markdown(trend)
        write_text(self.reports / "trend.md", markdown)
        add_summary(markdown, self.surroundings.variables)
        check.findings = list(_alerts(trend))
        check.notes = [describe_trend(trend), *filter(None, [trend.unsearched])]


def _alerts(trend: Trend) -> Iterator[Finding]:
    """Warn about each benchmark that became slower recently and stayed slower."""
    for series in trend.series:
        for change in series.changes:
            if change.alert:
                point = series.points[change.position]
                yield Finding(
                    tool="ci-framework",
                    rule="benchmark-trend",
                    message=f"{series.name} takes {change.ratio - 1:.0%} longer since "
                    f"commit {point.commit[:12]} of {point.date[:10]}",
                    path=series.benchmark.partition("::")[0],
                    severity="warning",
                    test=series.benchmark,
                )


def read_results(directory: Path) -> list[RunResult]:
    """Read the results of ``ci bench`` below a directory.

    Raises:
        UsageError: if there is none, or one cannot be read.
    """
    jobs, unread = gather_jobs(directory)
    if unread:
        raise UsageError(f"--results: {unread[0]}", hint="download the reports again")
    found = [job.result for job in jobs if job.result.command == "bench"]
    if not found:
        raise UsageError(
            f"--results: {directory}: there is no report of `ci bench`",
            hint="name the directory that holds the directories of the reports",
        )
    return found
