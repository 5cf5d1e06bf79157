"""Secrets, with the scanners that a project or a machine already has."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

import msgspec

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.profiles import EngineName
from ci_engine.results import CheckResult, Finding, Status
from ci_engine.scan.engine import (
    Scan,
    batches,
    conclude,
    ended_badly,
    not_here,
    without_credentials,
)
from ci_engine.scan.engines.kingfisher import LEAK_SCORE, REVOKE
from ci_engine.scan.files import copy_of, discard_copy

__all__ = ["examine_detect_secrets", "examine_gitleaks", "examine_trufflehog"]

_BASELINE = ".secrets.baseline"


class _Secret(msgspec.Struct):
    type: str
    line_number: int = 0


class _Hook(msgspec.Struct):
    results: dict[str, list[_Secret]]


def examine_detect_secrets(scan: Scan) -> CheckResult:
    """Compare with the project's own baseline of detect-secrets."""
    name: EngineName = "detect-secrets"
    baseline = scan.root / _BASELINE
    if not baseline.is_file():
        reason = f"the project has no {_BASELINE}"
        return CheckResult(id=name, status=Status.SKIPPED, reason=reason)
    # The hook writes to the baseline that it is given.
    copy = scan.context.reports / "detect-secrets-baseline.json"
    try:
        tool = _detect_secrets(scan)
        shutil.copyfile(baseline, copy)
    except (ToolError, OSError) as error:
        return not_run_because(name, error)
    findings: list[Finding] = []
    names = [each for each in scan.files.everything if each != _BASELINE]
    options = ["--no-verify", "--json", "--baseline", str(copy)]
    try:
        for batch in batches(names):
            outcome = scan.run(name, tool, [*options, *batch])
            # 3: only the lines of known secrets moved, and the copy was written.
            if outcome.code in (0, 3) and not outcome.timed_out:
                continue
            try:
                hook = msgspec.json.decode(outcome.stdout, type=_Hook)
            except msgspec.DecodeError:
                return ended_badly(name, tool, outcome)
            if outcome.code != 1 or outcome.timed_out or not hook.results:
                return ended_badly(name, tool, outcome)
            findings += [
                _secret(name, secret.type.lower().replace(" ", "-"), path, secret)
                for path, secrets in hook.results.items()
                for secret in secrets
            ]
    finally:
        copy.unlink(missing_ok=True)
    return _conclude(scan, name, tool, findings)


def _detect_secrets(scan: Scan) -> Tool:
    """The hook of the project's environment, else the locked one.

    Raises:
        ToolError: if it cannot be installed.
    """
    environment = scan.context.environment
    if isinstance(environment, Environment):
        command = environment.program("detect-secrets-hook")
        if command is not None:
            version = environment.version("detect-secrets")
            variables = without_credentials(environment.variables)
            return Tool("detect-secrets", version, command, variables, environment.name)
    return scan.locked("detect-secrets", "detect-secrets-hook")


class _Leak(msgspec.Struct, rename="pascal"):
    rule_id: str = msgspec.field(name="RuleID")
    description: str = ""
    file: str = ""
    start_line: int = 0
    start_column: int = 0


def examine_gitleaks(scan: Scan) -> CheckResult:
    """Run betterleaks or gitleaks, whichever is installed."""
    name: EngineName = "gitleaks"
    tool = scan.found("betterleaks", "gitleaks")
    if tool is None:
        return not_here(scan, name, "neither betterleaks nor gitleaks is installed")
    report = scan.context.reports / "gitleaks.json"
    report.unlink(missing_ok=True)
    command = ["dir", ".", "--report-format", "json", "--report-path", str(report)]
    command += ["--redact", "--no-banner", "--exit-code", "9"]
    own = scan.root / ".gitleaks.toml"
    command += ["--config", str(own)] if own.is_file() else []
    try:
        tree = copy_of(scan.context.project, scan.files.everything, name)
        outcome = scan.run(name, tool, command, tree)
    except ToolError as error:
        return not_run_because(name, error)
    finally:
        discard_copy(scan.context.project, name)
    try:
        leaks = msgspec.json.decode(report.read_bytes(), type=list[_Leak])
    except (OSError, msgspec.DecodeError):
        return ended_badly(name, tool, outcome)
    finally:
        report.unlink(missing_ok=True)
    if outcome.timed_out or outcome.code != (9 if leaks else 0):
        return ended_badly(name, tool, outcome)
    findings = [
        Finding(
            tool=tool.name,
            rule=leak.rule_id,
            message=leak.description or "a secret",
            path=leak.file.removeprefix("./"),
            line=leak.start_line,
            column=leak.start_column,
            score=LEAK_SCORE,
            fix=REVOKE,
        )
        for leak in leaks
    ]
    return _conclude(scan, name, tool, findings)


class _Filesystem(msgspec.Struct):
    file: str = ""
    line: int = 0


class _Data(msgspec.Struct):
    filesystem: _Filesystem = msgspec.field(
        name="Filesystem", default_factory=_Filesystem
    )


class _Metadata(msgspec.Struct):
    data: _Data = msgspec.field(name="Data", default_factory=_Data)


class _Hog(msgspec.Struct):
    detector: str = msgspec.field(name="DetectorName")
    metadata: _Metadata = msgspec.field(name="SourceMetadata")


def examine_trufflehog(scan: Scan) -> CheckResult:
    """Run trufflehog 3 without sending anything to anybody."""
    name: EngineName = "trufflehog"
    tool = scan.found("trufflehog")
    if tool is None:
        return not_here(scan, name, "trufflehog is not installed")
    if tool.version.startswith("2."):
        reason = "trufflehog 2 is the abandoned Python program: version 3 is needed"
        return not_here(scan, name, reason)
    command = ["filesystem", ".", "--json", "--no-verification", "--no-update"]
    command += ["--fail"]
    try:
        tree = copy_of(scan.context.project, scan.files.everything, name)
        outcome = scan.run(name, tool, command, tree)
    except ToolError as error:
        return not_run_because(name, error)
    finally:
        discard_copy(scan.context.project, name)
    try:
        rows = [row for row in outcome.stdout.splitlines() if row.strip()]
        hogs = [msgspec.json.decode(row, type=_Hog) for row in rows]
    except msgspec.DecodeError:
        return ended_badly(name, tool, outcome)
    # 183 stands for "secrets found".
    if outcome.timed_out or outcome.code != (183 if hogs else 0):
        return ended_badly(name, tool, outcome)
    findings = [
        _secret(
            name,
            hog.detector,
            hog.metadata.data.filesystem.file,
            _Secret(hog.detector, hog.metadata.data.filesystem.line),
        )
        for hog in hogs
    ]
    return _conclude(scan, name, tool, findings)


def _secret(tool: str, rule: str, path: str, secret: _Secret) -> Finding:
    return Finding(
        tool=tool,
        rule=rule,
        message=f"a secret: {secret.type}",
        path=path.removeprefix("./"),
        line=secret.line_number,
        score=LEAK_SCORE,
        fix=REVOKE,
    )


def _conclude(
    scan: Scan, name: EngineName, tool: Tool, findings: Iterable[Finding]
) -> CheckResult:
    files = scan.files
    unread = dict.fromkeys(files.large, "too large") | files.unread
    given = len(files.everything) + len(unread)
    return conclude(name, tool, list(findings), given, unread, "files searched")
