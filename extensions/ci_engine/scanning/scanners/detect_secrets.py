"""Secrets that are not in the project's own baseline of detect-secrets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.sources import batches
from ci_engine.checks.workspace import Tool
from ci_engine.errors import ToolError
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.scanning.scanner import (
    SECRET_SCORE,
    Scan,
    conclude_secrets,
    decoded,
    secret_found,
    unusable_output,
)
from ci_engine.scanning.scanners.secrets_baseline import (
    BASELINE,
    Secret,
    SecretsBaseline,
    read_baseline,
)


def run(scan: Scan) -> CheckResult:
    """Compare with the project's ``.secrets.baseline``, with detect-secrets."""
    path = scan.project.root / BASELINE
    if not path.is_file():
        return skipped(f"the project has no {BASELINE}")
    try:
        content = path.read_bytes()
        baseline = read_baseline(content)
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise ToolError(f"{BASELINE}: {error}") from error
    own = baseline.known
    findings = [_refusal(content, entry) for entry in baseline.refused]
    names = [each for each in scan.files.everything if each != BASELINE]
    nothing = own.why_nothing()
    if nothing and not findings:
        return not_run(nothing)
    tool = scan.locked_tool("detect-secrets")
    found = _search(scan, tool, baseline.strict, own, names)
    # Only detect-secrets knows which lines its comments apply to.
    suspects = [name for name in names if name in {file for file, _ in found}]
    shown = set(_search(scan, tool, baseline.heeding, own, suspects))
    findings += [_finding(file, secret) for file, secret in found & shown]
    result = conclude_secrets(scan, tool, findings)
    if nothing:
        result.status, result.reason = Status.NOT_RUN, nothing
    hidden = [_finding(file, secret) for file, secret in found - shown]
    result.notes += hidden_notes(hidden, f"`pragma: allowlist secret` or {BASELINE}")
    result.notes += own.limits()
    return result


def _search(
    scan: Scan, tool: Tool, copy: bytes, own: SecretsBaseline, names: Sequence[str]
) -> set[tuple[str, Secret]]:
    """The secrets in some files that are not in the baseline."""
    known = {(file, s.type, s.hashed_secret) for file, s in own.secrets()}
    return {
        (file, secret)
        for batch in batches(names)
        for file, secret in _update_copy(scan, tool, copy, own, batch).secrets()
        if (file, secret.type, secret.hashed_secret) not in known
    }


def _finding(file: str, secret: Secret) -> Finding:
    rule = secret.type.lower().replace(" ", "-")
    kind = f"a secret: {secret.type}"
    return secret_found("detect-secrets", rule, kind, file, secret.line_number)


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
        score=SECRET_SCORE,
        confidence="high",
        fix=f"remove the entry from {BASELINE}, or run detect-secrets with this code "
        "in a check of your own",
    )


def _update_copy(
    scan: Scan, tool: Tool, safe: bytes, own: SecretsBaseline, names: list[str]
) -> SecretsBaseline:
    """Let detect-secrets update a copy of the baseline.

    The exit code is always 0, so the changed copy proves that it did its work.
    """
    copy = scan.reports / "detect-secrets-baseline.json"
    # Replace existing files there, never follow links.
    copy.unlink(missing_ok=True)
    copy.write_bytes(safe)
    command = ["scan", "--no-verify", "--baseline", str(copy), *names]
    outcome = scan.run(tool, command)
    found = decoded(tool, outcome, SecretsBaseline, copy)
    unchanged = found.generated_at == own.generated_at
    if outcome.timed_out or outcome.code != 0 or unchanged:
        raise unusable_output(tool, outcome)
    return found
