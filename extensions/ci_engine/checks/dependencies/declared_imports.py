"""A package may import the standard library, itself, and what it declares.

The modules of the repository's other packages are known. For everything else, the
environment maps modules to distributions. Modules that are not installed, and optional
imports, are not judged.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_findings, skipped
from ci_engine.environments import inside
from ci_engine.environments.environment import environment_error
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, name_some
from ci_engine.monorepo.absolute_imports import Import, read_imports
from ci_engine.monorepo.package_layout import is_below, is_test
from ci_engine.monorepo.sibling_packages import Declared, Siblings
from ci_engine.project.repository import normalize

_CHECK = "declared-imports"
# Modules that newer Pythons removed, and modules that every environment has.
_FORMER = frozenset(
    {"asynchat", "asyncore", "distutils", "imp", "smtpd", "telnetlib", "cgi", "crypt"}
    | {"pipes", "imghdr", "sndhdr", "aifc", "audioop", "lib2to3", "tomllib", "__main__"}
    | {"annotationlib", "compression", "_typeshed"}
)
_MOST_NAMED = 8


class _Environment(msgspec.Struct):
    """What ``inside/import_names.py`` reports of an environment."""

    names: dict[str, list[str]]
    standard: list[str]
    requires: list[str] | None


@dataclass(frozen=True)
class _Judge:
    """The facts needed to judge an import."""

    siblings: Siblings
    declared: Declared
    environment: _Environment | None
    local: frozenset[str]
    root: Path

    def problem(self, found: Import, name: str, *, test: bool) -> tuple[str, str]:
        """The severity and the message, both empty if the import is fine."""
        first = found.module.partition(".")[0]
        allowed = self.declared.for_tests if test else self.declared.for_code
        of = self.siblings.of_import(found)
        if self.siblings.own in of or self._is_beside(first, name):
            return "", ""
        if of:
            missing = sorted(name for name in of if name not in allowed)
            if not missing or len(missing) < len(of):
                return "", ""
            return "error", _undeclared(found, missing[0])
        if first in self.local or first in self._standard():
            return "", ""
        brought = self._brought(first)
        if not brought or allowed.intersection(brought) or not self.declared.complete:
            return "", ""
        message = _undeclared(found, brought[0])
        # Tests may get their dependencies in ways that no manifest shows.
        return "warning" if test else "error", message

    def _is_beside(self, first: str, name: str) -> bool:
        """Whether a file may import a name from its own directory."""
        folder = (self.root / name).parent
        return (folder / f"{first}.py").is_file() or (folder / first).is_dir()

    def _standard(self) -> frozenset[str]:
        own = frozenset(sys.stdlib_module_names) | _FORMER
        return own | frozenset(self.environment.standard if self.environment else ())

    def _brought(self, first: str) -> list[str]:
        """The distributions that provide a top-level name, normalized."""
        names = self.environment.names.get(first, []) if self.environment else []
        return sorted(map(normalize, names))

    def known(self, found: Import) -> bool:
        """Whether the source of an import is known."""
        first = found.module.partition(".")[0]
        return bool(
            self.siblings.of_import(found)
            or first in self.local
            or first in self._standard()
            or self._brought(first)
        )


def _undeclared(found: Import, name: str) -> str:
    return f"imports {found.module} of {name}, which the package does not declare"


def check(context: Context) -> CheckResult:
    """Compare the imports of a package with its declared dependencies."""
    siblings = context.request.siblings
    if siblings is None:
        return skipped("only for the packages of a monorepo")
    environment: _Environment | None = None
    problem: ToolError | None = None
    try:
        environment = _read_environment(context)
    except ToolError as error:
        problem = error
    requires = environment.requires if environment is not None else None
    files = _files(context, siblings)
    judge = _Judge(
        siblings,
        siblings.declared(requires),
        environment,
        _local(context, files),
        context.project.root,
    )
    findings, unknown, unread = _judge_all(context, judge, files)
    if problem is not None and not findings:
        raise problem
    left_out = {"installed": unknown, "parsed": unread}
    notes = [
        f"not {what}, not judged: {name_some(names, _MOST_NAMED)}"
        for what, names in left_out.items()
        if names
    ]
    return from_findings(findings, _CHECK, "ci-framework", notes)


def _read_environment(context: Context) -> _Environment:
    script = inside.DIRECTORY / "import_names.py"
    _, outcome = context.run_script(script, [context.project.distribution])
    try:
        return msgspec.json.decode(outcome.stdout, type=_Environment)
    except msgspec.DecodeError as error:
        what = "the names that can be imported cannot be listed"
        raise environment_error(what, outcome) from error


def _files(context: Context, siblings: Siblings) -> list[tuple[str, bool]]:
    """The code and test files of the package, and which of them are tests."""
    settings = context.settings
    found: list[tuple[str, bool]] = []
    for path in context.project.files:
        name = context.project.relative(path)
        if not name.endswith(".py") or name.startswith(tuple(siblings.inner)):
            continue
        test = is_test(name, settings.test_paths)
        if test or is_below(name, settings.source_paths):
            found.append((name, test))
    request = context.request
    if request.paths:
        return [(name, test) for name, test in found if name in request.code_paths]
    return found


def _local(context: Context, files: Sequence[tuple[str, bool]]) -> frozenset[str]:
    """The names that a file of the package may import from its own directory."""
    parts = (name.removesuffix(".py").split("/") for name, _ in files)
    return frozenset(chain(*parts)) - frozenset(context.settings.source_paths)


def _judge_all(
    context: Context, judge: _Judge, files: Sequence[tuple[str, bool]]
) -> tuple[list[Finding], list[str], list[str]]:
    findings: list[Finding] = []
    unknown: dict[str, None] = {}
    unread: list[str] = []
    for name, test in files:
        imports = read_imports(context.project.root / name)
        if imports is None:
            unread.append(name)
            continue
        for found in sorted(imports, key=lambda one: one.line):
            if found.guarded:
                continue
            severity, message = judge.problem(found, name, test=test)
            if severity:
                findings.append(
                    Finding(
                        tool=_CHECK,
                        rule="undeclared",
                        message=message,
                        path=name,
                        line=found.line,
                        severity=severity,
                    )
                )
            elif not judge.known(found):
                unknown[found.module.partition(".")[0]] = None
    return findings, sorted(unknown), unread
