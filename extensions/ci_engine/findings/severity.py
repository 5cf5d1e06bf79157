"""The common scale of all scanners: CVSS scores from 0.0 to 10.0, with names."""

from __future__ import annotations

from ci_engine.findings.results import Finding

# The most severe first.
SEVERITIES = ("critical", "high", "medium", "low", "info")
# The lowest score of each name, as in CVSS 3 and 4.
_LEAST = {"critical": 9.0, "high": 7.0, "medium": 4.0, "low": 0.1, "info": 0.0}
# Scores for scanners that only report names.
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
    """The lowest score with a name of the scale."""
    return _LEAST[severity]


def severity_of(finding: Finding) -> str:
    """The severity of a finding's score; without a score it is info."""
    score = finding.score or 0.0
    return next(name for name in SEVERITIES if score >= _LEAST[name])
