"""Check whether git tracks output of the engine.

Environments and other data below the output directory are reused. Tracked files there
could come from anyone who made a commit, so they are not trusted.
"""

from __future__ import annotations

from ci_engine.errors import ToolError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.repository import OUTPUT_DIRECTORY, Project

_FIX = f"run `git rm -r --cached {OUTPUT_DIRECTORY}` and commit"


def find_tracked_output(project: Project) -> list[Finding]:
    """A finding if git tracks the output directory, or something in it.

    Raises:
        ToolError: if git fails.
    """
    names = project.tracked_output
    if not names:
        return []
    files = "1 file" if len(names) == 1 else f"{len(names)} files"
    return [
        Finding(
            tool="ci-framework",
            rule="tracked-output",
            message=f"git tracks {files} of {OUTPUT_DIRECTORY}/, for example "
            f"{names[0]}: nothing in it is trusted; {_FIX}",
            path=names[0],
        )
    ]


def check_tracked_output(project: Project, tier: str = "") -> list[CheckResult]:
    """A failed check if output is tracked; None otherwise."""
    result = CheckResult(id="tracked-output", tier=tier, tool="git")
    result.rerun = "ci-framework/ci validate"
    try:
        result.findings = find_tracked_output(project)
    except ToolError as error:
        mark_not_run(result, error)
        return [result]
    if not result.findings:
        return []
    result.status, result.new = Status.FAILED, len(result.findings)
    return [result]


def refuse_tracked_output(project: Project) -> None:
    """Refuse to run anything from the output directory if git tracks it."""
    for finding in find_tracked_output(project):
        raise ToolError(finding.message.partition(";")[0], hint=_FIX)
