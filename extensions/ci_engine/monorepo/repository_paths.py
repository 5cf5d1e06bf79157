"""Convert paths in the result of one package to those of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ci_engine.findings.results import CheckResult
from ci_engine.project.repository import Project


def seen_from_top(project: Project, result: CheckResult) -> None:
    """Make the paths and the tests of a result relative to the repository's root."""
    prefix = project.prefix
    if not prefix:
        return
    result.findings = [
        msgspec.structs.replace(
            finding,
            path=_path(project, finding.path),
            test=_test(prefix, finding.test),
        )
        for finding in result.findings
    ]
    result.tests = [
        msgspec.structs.replace(
            test, path=_path(project, test.path), id=_test(prefix, test.id)
        )
        for test in result.tests
    ]


def _path(project: Project, path: str) -> str:
    if not path:
        return ""
    if not Path(path).is_absolute():
        return os.path.normpath(f"{project.prefix}{path}").replace(os.sep, "/")
    for location in (path, os.path.realpath(path)):
        for top in (project.repository, Path(os.path.realpath(project.repository))):
            if Path(location).is_relative_to(top):
                return Path(location).relative_to(top).as_posix()
    return path


def _test(prefix: str, test: str) -> str:
    """A test's id; if pytest's root is the repository's, it is complete already."""
    return test if not test or test.startswith(prefix) else f"{prefix}{test}"
