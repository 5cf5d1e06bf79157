"""What each level runs and what makes it red: ``configs/security-profiles.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.settings import Security, SecurityLevel
from ci_engine.configuration.value_types import Count, Seconds, StrictTable, Text
from ci_engine.errors import UsageError, suggest

# The scanners of `scanning/scanners`; the levels name them.
ScannerName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]*$")]
Rule = Annotated[str, msgspec.Meta(pattern=r"^B\d+$")]
# Scanners of earlier versions, and what finds the same today. Their names are still
# accepted, with a warning.
REMOVED_SCANNERS: Mapping[str, ScannerName] = {
    "ruff": "bandit",
    "safety": "audit",
    "trufflehog": "kingfisher",
}


class Level(StrictTable, frozen=True):
    """One level.

    Attributes:
        description: what it is for.
        code: least severity of an issue in code, workflows and containers that is
            red.
        unsure: whether an issue of low confidence may be red.
        vulnerabilities: which known vulnerabilities of dependencies are red.
        not_run: what a scanner that could not do its work makes of the run.
        history: which commits are searched for secrets.
        persona: how strict zizmor is.
        required: scanners that have to do their work where there is any.
        optional: scanners that run where they are installed or configured.
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
        timeouts: seconds after which a scanner is killed, for every scanner, in the
            order in which they are reported.
        largest_code_file: most bytes of a file that scanners of code read.
        largest_file: most bytes of a file that scanners of secrets read.
        levels: what each level runs and what makes it red.
        bandit_high: rules of bandit whose findings are all of severity high.
        bandit_sure: rules of bandit whose findings are all of high confidence.
        defaults: the value of every setting that is not set.
    """

    timeouts: dict[ScannerName, Seconds]
    largest_code_file: Count
    largest_file: Count
    levels: dict[SecurityLevel, Level]
    bandit_high: list[Rule]
    bandit_sure: list[Rule]
    defaults: Security

    def scanners_of(self, level: SecurityLevel) -> list[ScannerName]:
        """Every scanner of a level, in the order in which they are reported."""
        ours = self.levels[level].scanners
        return [name for name in self.timeouts if name in ours]

    def select(self, names: Sequence[str]) -> tuple[list[ScannerName], list[str]]:
        """The scanners that some names mean, in order, and a warning for each old name.

        Raises:
            UsageError: if a name is unknown.
        """
        unknown = [n for n in names if n not in (*self.timeouts, *REMOVED_SCANNERS)]
        if unknown:
            guess = suggest(unknown[0], self.timeouts)
            raise UsageError(
                f"--only: unknown scanner {unknown[0]!r}; {guess}",
                hint="run `ci-framework/ci scan --help`",
            )
        meant = {REMOVED_SCANNERS.get(name, name) for name in names}
        warnings = [
            f"{name} is deprecated: ci scan no longer has this scanner; "
            f"{REMOVED_SCANNERS[name]} runs instead"
            for name in names
            if name in REMOVED_SCANNERS
        ]
        return [name for name in self.timeouts if name in meant], warnings
