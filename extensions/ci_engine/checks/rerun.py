"""The command that repeats one check of a gate."""

from __future__ import annotations

import shlex

from ci_engine.checks import DEPENDS_ON
from ci_engine.checks.request import GateRequest
from ci_engine.configuration.settings import CheckName
from ci_engine.findings.results import CheckResult

# With more failing tests than this, repeat the whole check.
_MOST_TESTS_NAMED = 5


def rerun_command(
    name: CheckName, result: CheckResult, request: GateRequest, prefix: str
) -> str:
    """The command that repeats a check, limited to the failed tests."""
    argv = ["ci-framework/ci", "gate", "--tier", request.tier]
    argv += ["--package", request.package] if request.package else []
    argv += ["--only", ",".join(filter(None, (DEPENDS_ON.get(name), name)))]
    if request.python:
        argv += ["--python", request.python]
    if request.resolution != "highest":
        argv += ["--resolution", request.resolution]
    if request.decision is not None:
        argv += ["--affected"]
    if request.since:
        argv += ["--since", request.since]
    tests = list(dict.fromkeys(f.test for f in result.findings if f.test))
    if 0 < len(tests) <= _MOST_TESTS_NAMED:
        argv += ["--", *tests]
    elif request.paths:
        argv += ["--", *(f"{prefix}{path}" for path in request.paths)]
    return shlex.join(argv)
