"""The security levels of ``ci scan``: ``configs/security-profiles.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.settings import Security, SecurityLevel
from ci_engine.configuration.value_types import Count, Seconds, StrictTable, Text
from ci_engine.errors import UsageError, suggest

# The scanners in `scanning/scanners`, as the levels name them.
ScannerName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]*$")]
Rule = Annotated[str, msgspec.Meta(pattern=r"^B\d+$")]
# Scanners of earlier versions and their replacements. The old names are still
# accepted, with a warning.
REMOVED_SCANNERS: Mapping[str, ScannerName] = {
    "ruff": "bandit",
    "safety": "audit",
    "trufflehog": "kingfisher",
    "licences": "licenses",
}
# Well-known tools that were never scanners here, and the scanner with their purpose.
_OTHER_TOOLS: Mapping[str, ScannerName] = {
    "pip-audit": "audit",
    "uv-audit": "audit",
    "osv": "audit",
    "osv-scanner": "audit",
    "dependency-check": "audit",
    "snyk": "audit",
    "ggshield": "kingfisher",
    "git-secrets": "kingfisher",
    "talisman": "kingfisher",
    "pip-licenses": "licenses",
    "liccheck": "licenses",
    "licensecheck": "licenses",
    "cyclonedx": "sbom",
    "cyclonedx-py": "sbom",
    "syft": "sbom",
    "opengrep": "semgrep",
}


class Level(StrictTable, frozen=True):
    """One security level.

    Attributes:
        description: its purpose.
        code: the lowest severity that fails the run, for issues in code, workflows
            and containers.
        unsure: whether issues of low confidence can fail the run.
        vulnerabilities: which known vulnerabilities of dependencies fail the run.
        not_run: the verdict if a scanner could not do its work.
        history: which commits to search for secrets.
        persona: how strict zizmor is.
        required: scanners that must run if there is anything for them to scan.
        optional: scanners that run if they are installed or configured.
    """

    description: Text
    code: Literal["none", "critical", "high", "medium", "low"]
    unsure: bool
    vulnerabilities: Literal["none", "fixable", "any"]
    not_run: Literal["warning", "error"]
    history: Literal["none", "change", "all"]
    persona: Literal["regular", "pedantic", "auditor"]
    required: list[ScannerName]
    optional: list[ScannerName]

    @property
    def scanners(self) -> list[ScannerName]:
        """Every scanner of the level, the required ones first."""
        return [*self.required, *self.optional]


class SecurityProfiles(StrictTable, frozen=True):
    """``configs/security-profiles.yaml``: levels, limits and defaults of ``ci scan``.

    Attributes:
        timeouts: seconds after which each scanner is killed; also the order of the
            scanners in reports.
        largest_code_file: the size limit in bytes for files that code scanners read.
        largest_file: the size limit in bytes for files that secret scanners read.
        levels: the levels by name.
        bandit_high: rules of bandit whose findings are always of high severity.
        bandit_sure: rules of bandit whose findings are always of high confidence.
        defaults: the values of all settings that are not set.
    """

    timeouts: dict[ScannerName, Seconds]
    largest_code_file: Count
    largest_file: Count
    levels: dict[SecurityLevel, Level]
    bandit_high: list[Rule]
    bandit_sure: list[Rule]
    defaults: Security

    def scanners_of(self, level: SecurityLevel) -> list[ScannerName]:
        """Every scanner of a level, in the order of reports."""
        ours = self.levels[level].scanners
        return [name for name in self.timeouts if name in ours]

    def select(self, names: Sequence[str]) -> tuple[list[ScannerName], list[str]]:
        """Resolve scanner names, in order of reports; warn about others.

        Raises:
            UsageError: if a name is unknown.
        """
        others = {**_OTHER_TOOLS, **REMOVED_SCANNERS}
        unknown = [n for n in names if n not in self.timeouts and n not in others]
        if unknown:
            guess = suggest(unknown[0], self.timeouts)
            raise UsageError(
                f"--only: unknown scanner {unknown[0]!r}; {guess}",
                hint="run `ci-framework/ci scan --help`",
            )
        meant = {others.get(name, name) for name in names}
        warnings = [
            f"{name} is {_former(name)}; {others[name]} runs instead"
            for name in names
            if name in others
        ]
        return [name for name in self.timeouts if name in meant], warnings


def _former(name: str) -> str:
    """What a name was, whose scanner is called differently now."""
    if name in REMOVED_SCANNERS:
        return "deprecated: ci scan no longer has this scanner"
    return "not a scanner of ci scan"
