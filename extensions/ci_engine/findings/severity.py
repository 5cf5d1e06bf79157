"""The one scale of all engines: CVSS scores from 0.0 to 10.0, and their names."""

from __future__ import annotations

from ci_engine.findings.results import Finding

__all__ = ["SCORES", "SEVERITIES", "least_score", "severity_of", "weight_of"]

# From the gravest to the least grave.
SEVERITIES = ("critical", "high", "medium", "low", "info")
# Where a name begins on the scale, as in CVSS 3 and 4.
_LEAST = {"critical": 9.0, "high": 7.0, "medium": 4.0, "low": 0.1, "info": 0.0}
# What an engine means that has names and no scores.
SCORES = {
    "critical": 9.5,
    "high": 8.0,
    "error": 8.0,
    "medium": 5.5,
    "moderate": 5.5,
    "warning": 5.5,
    "low": 3.0,
    "note": 3.0,
    "style": 0.0,
    "info": 0.0,
    "informational": 0.0,
    "negligible": 0.0,
}


def least_score(severity: str) -> float:
    """The least score that has a name of the scale."""
    return _LEAST[severity]


def severity_of(finding: Finding) -> str:
    """The name of a finding's score; what has no score is only told."""
    score = finding.score or 0.0
    return next(name for name in SEVERITIES if score >= _LEAST[name])


def weight_of(finding: Finding) -> tuple[int, float]:
    """A key that sorts the gravest findings first: what is red, then by score."""
    return (int(finding.severity != "error" or finding.known), -(finding.score or 0.0))
