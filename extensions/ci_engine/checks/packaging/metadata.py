"""Check the contents and the metadata of the wheel of this run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import (
    EarlyResultError,
    from_findings,
    not_run,
    skipped,
    timed_out,
)
from ci_engine.checks.packaging.artifacts import find_wheel
from ci_engine.checks.packaging.distribution import finding_of
from ci_engine.environments import inside
from ci_engine.environments.environment import python_of
from ci_engine.environments.isolated_tools import IsolatedTool, isolated_tool
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome, run_program

_MESSAGE = re.compile(r"^.*?\.whl: (W\d{3}): (.+?)$")
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)$")
_LICENSE = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
# The name that backends use if the package has none.
_NO_NAMES = ("", "unknown")
_TYPED = "Typing :: Typed"


class _Facts(msgspec.Struct):
    """The report of ``inside/wheel_facts.py`` on a wheel."""

    name: str
    version: str
    requires_python: str
    classifiers: list[str]
    license: str
    files: list[str]
    allowed: list[str] | None


def check(context: Context) -> CheckResult:
    """Check the contents and the metadata of the wheel that was built before."""
    build = context.earlier.get("build")
    if build is None:
        return not_run("the build was not part of this run")
    if build.status is Status.SKIPPED:
        return skipped(f"nothing was built: {build.reason}")
    wheel = find_wheel(context.reports)
    if wheel is None:
        return not_run("the build created no wheel")
    interpreter = context.prepared.probe.executable
    tool = isolated_tool(context.project, "build", context.cancel, interpreter)
    findings = [*_contents(context, tool, wheel), *_metadata(context, tool, wheel)]
    environment = "isolated, locked by ci-framework"
    return from_findings(findings, "check-wheel-contents", environment)


def _run(context: Context, tool: IsolatedTool, *command: str | Path) -> Outcome:
    outcome = run_program(
        command,
        cwd=context.project.root,
        timeout=context.timeout,
        variables=tool.variables,
        cancel=context.cancel,
    )
    if outcome.timed_out:
        raise EarlyResultError(timed_out(outcome))
    return outcome


def _contents(context: Context, tool: IsolatedTool, wheel: Path) -> list[Finding]:
    """Run check-wheel-contents with the project's own configuration."""
    outcome = _run(context, tool, tool.program("check-wheel-contents"), wheel)
    found: list[Finding] = []
    for row in outcome.stdout.splitlines():
        match = _MESSAGE.match(row)
        if match:
            found.append(_finding(context, match.group(1), match.group(2)))
        elif found and row.startswith("  "):
            message = f"{found[-1].message} {row.strip()}"
            found[-1] = msgspec.structs.replace(found[-1], message=message)
    if outcome.code != (1 if found else 0):
        reason = f"check-wheel-contents: {outcome.describe_exit()}"
        raise EarlyResultError(not_run(reason, outcome))
    return [msgspec.structs.replace(f, tool="check-wheel-contents") for f in found]


def _metadata(context: Context, tool: IsolatedTool, wheel: Path) -> list[Finding]:
    """Compare the metadata of the wheel with the repository."""
    script = inside.DIRECTORY / "wheel_facts.py"
    versions = [f"3.{minor}" for minor in range(40)]
    python = python_of(tool.scripts.parent)
    outcome = _run(context, tool, python, "-I", script, wheel, *versions)
    try:
        facts = msgspec.json.decode(outcome.stdout, type=_Facts)
    except msgspec.DecodeError as error:
        reason = f"the wheel cannot be read: {outcome.describe_exit()}"
        raise EarlyResultError(not_run(reason, outcome)) from error
    return [
        *_of_identity(context, facts),
        *_of_license(context, facts),
        *_of_types(context, facts),
        *_of_pythons(context, facts),
    ]


def _finding(
    context: Context, rule: str, message: str, key: str = "", severity: str = "error"
) -> Finding:
    """A finding at the relevant key of [project], if it exists."""
    keys = ("project", key) if key else ("project",)
    found = finding_of(context, rule, message, keys, "ci-framework")
    return msgspec.structs.replace(found, severity=severity)


def _of_identity(context: Context, facts: _Facts) -> Iterator[Finding]:
    if facts.name.lower() in _NO_NAMES:
        message = f"the name of the wheel is a placeholder: {facts.name!r}"
        yield _finding(context, "no-name", message, "name")
    if facts.version in ("", "0.0.0"):
        message = (
            f"the version is {facts.version!r}: it is not set, or it comes from git "
            "and the clone has no tags"
        )
        yield _finding(context, "no-version", message, "version", "warning")
    for classifier in facts.classifiers:
        if classifier.startswith("Private ::"):
            message = f"PyPI rejects this package for its classifier {classifier!r}"
            yield _finding(context, "private", message, "classifiers", "warning")


def _of_license(context: Context, facts: _Facts) -> Iterator[Finding]:
    root = context.project.root
    ours = [
        path.name
        for path in context.project.files
        if path.parent == root and _LICENSE.match(path.name)
    ]
    inside = [
        name
        for name in facts.files
        if ".dist-info/" in name and _LICENSE.match(PurePosixPath(name).name)
    ]
    if inside:
        return
    if ours:
        message = f"{ours[0]} is not in the wheel: name it in license-files"
        yield _finding(context, "no-license-file", message, "license-files")
    elif facts.license:
        message = f"the license is {facts.license!r}, but there is no file with it"
        yield _finding(context, "no-license-file", message, "license", "warning")


def _of_types(context: Context, facts: _Facts) -> Iterator[Finding]:
    marked = any(PurePosixPath(name).name == "py.typed" for name in facts.files)
    if _TYPED in facts.classifiers and not marked:
        message = f"the classifier is {_TYPED!r}, but no py.typed is in the wheel"
        yield _finding(context, "no-py.typed", message, "classifiers")


def _of_pythons(context: Context, facts: _Facts) -> Iterator[Finding]:
    """Compare requires-python, the classifiers and the tested versions."""
    requires = facts.requires_python
    if not requires:
        message = "requires-python is not set: pip offers this to every Python"
        yield _finding(context, "no-requires-python", message, "requires-python")
        return
    if facts.allowed is None:
        message = f"requires-python cannot be read: {requires!r}"
        yield _finding(context, "no-requires-python", message, "requires-python")
        return
    matches = (_CLASSIFIER.match(text) for text in facts.classifiers)
    claimed = [match.group(1) for match in matches if match]
    tested = context.settings.matrix.python_versions
    for version in claimed:
        if version not in facts.allowed:
            message = f"a classifier names Python {version}, but {requires} excludes it"
            yield _finding(context, "python-classifiers", message, "classifiers")
    for version in tested:
        if version not in facts.allowed:
            message = f"the matrix tests Python {version}, but {requires} excludes it"
            yield _finding(context, "python-matrix", message, "requires-python")
        elif claimed and version not in claimed:
            message = f"the matrix tests Python {version}, but no classifier names it"
            yield _finding(
                context, "python-classifiers", message, "classifiers", "warning"
            )
    untested = [v for v in claimed if v in facts.allowed and v not in tested]
    if untested:
        message = (
            f"classifiers name Python {', '.join(untested)}, untested by the matrix"
        )
        yield _finding(context, "python-matrix", message, "classifiers", "warning")
