"""Check types with the type checker of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ci_engine.checks.context import Context
from ci_engine.checks.types import mypy, pyrefly, pyright
from ci_engine.configuration.settings import TypeChecker
from ci_engine.findings.results import CheckResult

_CHECKERS: Mapping[TypeChecker, Callable[[Context], CheckResult]] = {
    "pyright": pyright.check,
    "mypy": mypy.check,
    "pyrefly": pyrefly.check,
}


def check(context: Context) -> CheckResult:
    """Run the type checker on the files in its settings, or the source paths."""
    return _CHECKERS[context.settings.quality.type_checker](context)
