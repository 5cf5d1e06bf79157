"""Count and name the findings that a comment in a repository hides."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.findings.results import Finding, name_some

_MOST_NAMED = 50


def hidden_notes(findings: Sequence[Finding], by: str) -> list[str]:
    """Note the hidden findings, with their rules and locations.

    Args:
        findings: the hidden findings.
        by: the comment that hides them, for example ``# nosec`` in backticks.
    """
    if not findings:
        return []
    rows = sorted({(each.path, each.line, each.rule) for each in findings})
    named = [
        f"{path}:{line} {rule}" if line else f"{path} {rule}"
        for path, line, rule in rows
    ]
    noun = "finding is" if len(findings) == 1 else "findings are"
    return [f"{len(findings)} {noun} hidden by {by}: {name_some(named, _MOST_NAMED)}"]
