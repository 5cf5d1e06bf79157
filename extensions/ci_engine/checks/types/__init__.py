"""Check types with the type checker of the project."""

from __future__ import annotations

from ci_engine.checks.context import Context
from ci_engine.checks.types import mypy, pyright
from ci_engine.findings.results import CheckResult


def check(context: Context) -> CheckResult:
    """Run pyright or mypy on what its settings name, else on the source paths."""
    checkers = {"pyright": pyright.check, "mypy": mypy.check}
    return checkers[context.settings.quality.type_checker](context)
