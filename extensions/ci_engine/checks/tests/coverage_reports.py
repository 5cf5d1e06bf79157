"""Keep the framework's files out of coverage, and write the reports of it."""

from __future__ import annotations

import re

from ci_engine.checks.context import Context
from ci_engine.checks.sources import FRAMEWORK_DIRECTORY
from ci_engine.checks.tests.coverage import REPORT_NAME
from ci_engine.checks.workspace import Tool
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.processes.child_environment import MEASURING

__all__ = ["XML_NAME", "framework_patterns", "report_coverage"]

XML_NAME = "coverage.xml"


def framework_patterns(context: Context) -> list[str]:
    """Patterns for coverage of the framework's files that are in the repository."""
    # Coverage cannot escape these, and refuses a lone bracket: `?` is any character.
    root = re.sub(r"[\[\]*]", "?", str(context.project.root))
    return [f"{root}/{FRAMEWORK_DIRECTORY}/*", f"{root}/.{FRAMEWORK_DIRECTORY}/*"]


def report_coverage(
    context: Context, environment: Environment, variables: dict[str, str]
) -> None:
    """Write the reports if ``coverage run`` measured instead of pytest-cov."""
    modules = environment.probe.modules
    if "pytest_cov" in modules or "coverage" not in modules or context.request.paths:
        return
    script = inside.DIRECTORY / "write_coverage.py"
    command = (*environment.prefix, environment.probe.executable, str(script))
    quiet = {k: v for k, v in variables.items() if k not in MEASURING}
    tool = Tool("coverage", "", command, quiet, environment.name)
    reports = [str(context.reports / name) for name in (REPORT_NAME, XML_NAME)]
    context.run(tool, [*reports, *framework_patterns(context)])
