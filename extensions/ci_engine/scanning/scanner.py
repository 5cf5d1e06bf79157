"""The input of scanner adapters, and the results they may return."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ci_engine.changes.diff_base import DiffBase
from ci_engine.checks.dependencies.inventory import Dependencies
from ci_engine.checks.dependencies.package_metadata import Described
from ci_engine.checks.outcomes import EarlyResultError, skipped
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.configuration.security_profiles import (
    Level,
    ScannerName,
    SecurityProfiles,
)
from ci_engine.configuration.settings import Settings
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import Outcome, find_program
from ci_engine.scanning.files import Files

Kind = Literal["code", "secret", "dependency", "image", "license", "inventory"]
# With these, a workflow of the repository could make a scanner skip files.
_CONFIGURATION = re.compile(
    r"SEMGREP_(?:RULES|BASELINE|TIMEOUT|ENABLE)"
    r"|(?:TRIVY|GRYPE|SYFT)_\w*(?:CONFIG|IGNORE|EXCLUDE|ONLY|SKIP|SEVERITY|VEX|FAIL|POLICY)",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\b\d+(?:\.\d+)+[\w.+-]*")
# The start of the reason if a scanner did its work, except for some files.
PARTLY_READ = "not everything was read"
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# Some check for their own updates when they start, and hang without a network.
_NO_UPDATES = {
    "SEMGREP_ENABLE_VERSION_CHECK": "0",
    "SEMGREP_SEND_METRICS": "off",
    "GRYPE_CHECK_FOR_APP_UPDATE": "false",
    "SYFT_CHECK_FOR_APP_UPDATE": "false",
    "TRIVY_SKIP_VERSION_CHECK": "true",
    "TRIVY_DISABLE_TELEMETRY": "true",
}

_Decoded = TypeVar("_Decoded")
SECRET_SCORE = 8.5
_REVOKE = (
    "revoke it where it was issued, then remove it from the files; "
    "treat what was ever pushed as leaked"
)


def scanner_variables(plain: Mapping[str, str]) -> dict[str, str]:
    """The variables for a scanner, without those that exclude files."""
    kept = {name: v for name, v in plain.items() if not _CONFIGURATION.match(name)}
    return {**kept, **_NO_UPDATES}


@dataclass(frozen=True, kw_only=True)
class Scan(Workspace):
    """Everything that the adapter of a scanner may use.

    Attributes:
        reports: the directory for files of scanners.
        read_dependencies: reads the project's dependencies, once for all scanners.
        read_licenses: reads the same with licenses, also once.
        diff_base: finds the commit to compare with, also once.
        history: which commits to search for secrets.
        search_path: the directories to search for installed programs.
    """

    scanner: ScannerName
    settings: Settings
    level: Level
    profiles: SecurityProfiles
    files: Files
    reports: Path
    read_dependencies: Callable[[], Dependencies]
    read_licenses: Callable[[], Described]
    diff_base: Callable[[], DiffBase]
    history: Literal["none", "change", "all"]
    search_path: str

    @property
    def required(self) -> bool:
        """Whether the level requires the scanner."""
        return self.scanner in self.level.required

    @property
    def timeout(self) -> float:
        """Seconds after which each program of the scanner is killed."""
        return self.profiles.timeouts[self.scanner]

    def installed_tool(self, *names: str) -> Tool | None:
        """The first of several programs that is installed on this machine."""
        for name in names:
            path = find_program(name, self.search_path)
            if path is None:
                continue
            variables = self.tool_variables(child_variables())
            origin = "installed on this machine"
            tool = Tool(name, "", (str(path),), variables, origin)
            printed = self.execute(tool, ["--version"], 60.0)
            version = _VERSION.search(f"{printed.stdout}\n{printed.stderr}")
            text = version.group() if version else ""
            return Tool(name, text, tool.command, variables, origin)
        return None

    def run(
        self,
        tool: Tool,
        arguments: Sequence[str | Path],
        directory: Path | None = None,
    ) -> Outcome:
        """Run a tool in the repository, within the scanner's time limit."""
        return self.execute(tool, arguments, self.timeout, directory)

    def tool_variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The variables for a scanner, without those that exclude anything."""
        return scanner_variables(super().tool_variables(variables))


@dataclass(frozen=True)
class Scanner:
    """One scanner.

    Attributes:
        run: its adapter; the docstring is the documentation.
        gate: the gate's check with the same findings, empty = none: its
            entries in the baseline apply here as well.
    """

    name: ScannerName
    kind: Kind
    run: Callable[[Scan], CheckResult]
    gate: str = ""

    @property
    def recorded(self) -> str:
        """Its name in the baseline, which differs from those of the gate's checks.

        A level may have more or fewer findings than the gate: neither may remove
        the other's entries from the baseline.
        """
        return f"scan-{self.name}" if self.name == self.gate else self.name


def conclude(
    scan: Scan,
    tool: Tool,
    findings: Sequence[Finding],
    given: int,
    unread: Mapping[str, str] | None = None,
    noun: str = "files parsed",
) -> CheckResult:
    """The result of a scanner that ran; unread files are listed with reasons."""
    # Some scanners report the same findings in varying order.
    ordered = sorted(findings, key=lambda f: (f.path, f.line, f.column, f.rule))
    result = CheckResult(
        status=Status.FAILED if findings else Status.PASSED,
        findings=ordered,
        tool=tool.label,
        environment=tool.environment,
    )
    left_out = unread or {}
    list_unread(scan, result, f"{given - len(left_out)} of {given} {noun}", left_out)
    return result


def list_unread(
    scan: Scan, result: CheckResult, count: str, unread: Mapping[str, str]
) -> None:
    """Note what was scanned; a scanner that skipped anything counts as not run."""
    listed = f", {len(unread)} listed" if unread else ""
    result.notes.insert(0, f"{scan.scanner}: {count}{listed}")
    if unread:
        rows = [f"{name}: {reason}" for name, reason in unread.items()]
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        result.status = Status.NOT_RUN
        result.reason = f"{PARTLY_READ}: {rows[0]}{more}"
        result.output = "\n".join(rows)


def decoded(
    tool: Tool, outcome: Outcome, kind: type[_Decoded], file: Path | None = None
) -> _Decoded:
    """Decode the output of a scanner, or its report file, which is removed.

    Raises:
        EarlyResultError: if the scanner did not do its work.
    """
    try:
        content = outcome.stdout if file is None else file.read_bytes()
        return msgspec.json.decode(content, type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise unusable_output(tool, outcome) from error
    finally:
        if file is not None:
            file.unlink(missing_ok=True)


def unusable_output(tool: Tool, outcome: Outcome) -> EarlyResultError:
    """The result of a scanner with unusable output.

    The output is not repeated: it may contain a secret.
    """
    status = Status.TIMED_OUT if outcome.timed_out else Status.NOT_RUN
    rows = _ESCAPE.sub("", outcome.stderr).strip().splitlines()
    errors = [row for row in rows if re.search("error|fatal|fail", row, re.IGNORECASE)]
    last = (errors or rows or [""])[-1].strip()[:300]
    because = f": {last}" if last and not outcome.timed_out else ""
    reason = f"{tool.name}: unusable output ({outcome.describe_exit()}){because}"
    return EarlyResultError(
        CheckResult(
            status=status,
            reason=reason,
            tool=tool.label,
            environment=tool.environment,
        )
    )


def not_installed(scan: Scan, reason: str) -> CheckResult:
    """The result of a missing scanner: not run if the level requires it."""
    result = skipped(reason)
    result.status = Status.NOT_RUN if scan.required else Status.SKIPPED
    return result


def secret_found(
    tool: str, rule: str, kind: str, path: str, line: int, column: int = 0
) -> Finding:
    """One secret; its value stays out of the report."""
    return Finding(
        tool=tool,
        rule=rule,
        message=kind,
        path=path.removeprefix("./"),
        line=line,
        column=column,
        score=SECRET_SCORE,
        fix=_REVOKE,
    )


def conclude_secrets(
    scan: Scan, tool: Tool, findings: Sequence[Finding]
) -> CheckResult:
    """The result of a scanner that got every file."""
    unread = scan.files.unread_files()
    given = len(scan.files.everything) + len(unread)
    return conclude(scan, tool, findings, given, unread, "files searched")
