"""A check that an error kept from running has a reason of one line."""

from __future__ import annotations

from ci_engine.errors import ToolError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Status


def test_the_reason_is_one_line_and_the_output_has_the_rest_and_the_hint() -> None:
    check = CheckResult(id="docs-build")
    mark_not_run(check, ToolError("it failed: exit code 1\nlast\nlines", hint="again"))
    assert (check.status, check.reason) == (Status.NOT_RUN, "it failed: exit code 1")
    assert check.output == "last\nlines\nhint: again"


def test_an_error_of_one_line_leaves_no_output() -> None:
    check = CheckResult(id="docs-build")
    mark_not_run(check, ToolError("git is missing"))
    assert (check.reason, check.output) == ("git is missing", "")
