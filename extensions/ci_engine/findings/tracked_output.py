"""Whether output of the engine is tracked by git.

Environments and answers below the output directory are used again: what git tracks
there was written by whoever made a commit, and nothing of it is trusted.
"""

from __future__ import annotations

from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.repository import OUTPUT_DIRECTORY, Project

_FIX = f"run `git rm -r --cached {OUTPUT_DIRECTORY}` and commit"


def find_tracked_output(project: Project) -> list[Finding]:
    """A finding if git tracks something below the output directory, or in its place.

    Raises:
        ToolError: if git does not say.
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
    """A failed check if output is tracked; nothing if all is well."""
    result = CheckResult(id="tracked-output", tier=tier, tool="git")
    result.rerun = "ci-framework/ci validate"
    try:
        result.findings = find_tracked_output(project)
    except ToolError as error:
        result.status, result.reason = Status.NOT_RUN, str(error)
        return [result]
    if not result.findings:
        return []
    result.status, result.new = Status.FAILED, len(result.findings)
    return [result]


def refuse_tracked_output(project: Project) -> None:
    """Refuse to run anything from below the output directory if git tracks it."""
    for finding in find_tracked_output(project):
        raise ToolError(finding.message.partition(";")[0], hint=_FIX)
