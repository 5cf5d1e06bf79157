"""Secrets, with detect-secrets and gitleaks where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.configuration.security_profiles import EngineName
from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.scanning.engine import (
    Scan,
    batches,
    conclude,
    ended_badly,
    not_here,
    without_credentials,
)
from ci_engine.scanning.files import copied
from ci_engine.scanning.scanners.kingfisher import LEAK_SCORE, REVOKE
from ci_engine.scanning.scanners.secrets_baseline import (
    BASELINE,
    Secret,
    SecretsBaseline,
    read_baseline,
)

__all__ = [
    "conclude_secrets",
    "examine_detect_secrets",
    "examine_gitleaks",
    "secret_found",
]


def examine_detect_secrets(scan: Scan) -> CheckResult:
    """Compare with the project's own baseline of detect-secrets."""
    name: EngineName = "detect-secrets"
    path = scan.root / BASELINE
    if not path.is_file():
        reason = f"the project has no {BASELINE}"
        return CheckResult(id=name, status=Status.SKIPPED, reason=reason)
    try:
        content = path.read_bytes()
        own, safe, refused = read_baseline(content)
        tool = _detect_secrets(scan)
    except (ToolError, OSError, msgspec.DecodeError, RecursionError) as error:
        return not_run_because(name, error)
    known = {
        (file, *_identity(s)) for file, found in own.results.items() for s in found
    }
    findings = [_refusal(content, entry) for entry in refused]
    names = [each for each in scan.files.everything if each != BASELINE]
    for batch in batches(names):
        found, outcome = _catalogue(scan, tool, safe, own, batch)
        if found is None:
            return ended_badly(name, tool, outcome)
        findings += [
            secret_found(
                name,
                secret.type.lower().replace(" ", "-"),
                secret.type,
                file,
                secret.line_number,
            )
            for file, secrets in found.results.items()
            for secret in secrets
            if (file, *_identity(secret)) not in known
        ]
    return conclude_secrets(scan, name, tool, findings)


def _refusal(content: bytes, entry: str) -> Finding:
    """Report an entry of the baseline that names code to run."""
    target = entry.rpartition(": ")[2].encode()
    before, found, _ = content.partition(target)
    return Finding(
        tool="detect-secrets",
        rule="baseline-names-code",
        message=f"{entry} is not part of detect-secrets: the scan did not run it",
        path=BASELINE,
        line=before.count(b"\n") + 1 if found else 1,
        score=LEAK_SCORE,
        confidence="high",
        fix=f"remove the entry from {BASELINE}, or run detect-secrets with this code "
        "in a check of your own",
    )


def _identity(secret: Secret) -> tuple[str, str]:
    return secret.type, secret.hashed_secret


def _catalogue(
    scan: Scan, tool: Tool, safe: bytes, own: SecretsBaseline, names: list[str]
) -> tuple[SecretsBaseline | None, Outcome]:
    """Let detect-secrets bring a copy of the baseline up to date.

    The exit code is 0 whatever it finds: the copy says that it did its work.
    """
    copy = scan.context.reports / "detect-secrets-baseline.json"
    # What may be there is replaced, never followed.
    copy.unlink(missing_ok=True)
    copy.write_bytes(safe)
    command = ["scan", "--no-verify", "--baseline", str(copy), *names]
    outcome = scan.run("detect-secrets", tool, command)
    try:
        found = msgspec.json.decode(copy.read_bytes(), type=SecretsBaseline)
    except (OSError, msgspec.DecodeError):
        return None, outcome
    finally:
        copy.unlink(missing_ok=True)
    worked = outcome.code == 0 and found.generated_at != own.generated_at
    return (found if worked and not outcome.timed_out else None), outcome


def _detect_secrets(scan: Scan) -> Tool:
    """detect-secrets of the project's environment, else the locked one.

    Raises:
        ToolError: if it cannot be installed.
    """
    environment = scan.context.environment
    if isinstance(environment, Environment):
        command = environment.program("detect-secrets")
        if command is not None:
            version = environment.version("detect-secrets")
            variables = without_credentials(environment.variables)
            return Tool("detect-secrets", version, command, variables, environment.name)
    return scan.locked("detect-secrets")


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
        with copied(scan.context.project, scan.files.everything) as tree:
            outcome = scan.run(name, tool, command, tree)
    except (ToolError, OSError) as error:
        return not_run_because(name, error)
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
    return conclude_secrets(scan, name, tool, findings)


def secret_found(tool: str, rule: str, kind: str, path: str, line: int) -> Finding:
    """One secret; what it is stays out of the report."""
    return Finding(
        tool=tool,
        rule=rule,
        message=f"a secret: {kind}",
        path=path.removeprefix("./"),
        line=line,
        score=LEAK_SCORE,
        fix=REVOKE,
    )


def conclude_secrets(
    scan: Scan,
    name: EngineName,
    tool: Tool,
    findings: Iterable[Finding],
    unread: Mapping[str, str] | None = None,
) -> CheckResult:
    """The result of an engine that was given every file.

    Args:
        scan: the scan.
        name: the engine.
        tool: what it ran.
        findings: what it found.
        unread: files that it was given and could not read, with the reason.
    """
    files = scan.files
    given = len(files.everything) + len(files.large) + len(files.unread)
    missed = dict.fromkeys(files.large, "too large") | files.unread
    missed |= dict(unread or {})
    return conclude(name, tool, list(findings), given, missed, "files searched")
