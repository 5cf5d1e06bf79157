"""What each level runs and what makes it red: ``configs/security-profiles.yaml``."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec

from ci_engine.configuration.settings import Security, SecurityLevel
from ci_engine.configuration.value_types import Count, Seconds, StrictTable, Text

__all__ = ["ENGINE_NAMES", "EngineName", "Level", "SecurityProfiles"]

EngineName = Literal[
    "ruff",
    "bandit",
    "semgrep",
    "audit",
    "safety",
    "kingfisher",
    "history",
    "detect-secrets",
    "gitleaks",
    "trufflehog",
    "zizmor",
    "hadolint",
    "trivy",
    "grype",
    "licenses",
    "sbom",
]
# In the order in which they are reported; of two that find the same flaw, the first
# one with the highest score tells it.
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)
Rule = Annotated[str, msgspec.Meta(pattern=r"^S\d+$")]
Grave = Literal["critical", "high", "low"]


class Level(StrictTable, frozen=True):
    """One level.

    Attributes:
        description: what it is for.
        code: least severity of a flaw in code, workflows and containers that is red.
        unsure: whether a flaw that its engine is not sure of may be red.
        vulnerabilities: which known vulnerabilities of dependencies are red.
        not_run: what an engine that could not do its work makes of the run.
        history: which commits are searched for secrets.
        persona: how strict zizmor is.
        required: engines that have to do their work where there is any.
        optional: engines that run where they are installed or configured.
    """

    description: Text
    code: Literal["none", "critical", "high", "medium", "low"]
    unsure: bool
    vulnerabilities: Literal["none", "fixable", "any"]
    not_run: Literal["warning", "error"]
    history: Literal["none", "change", "all"]
    persona: Literal["regular", "pedantic", "auditor"]
    required: list[EngineName]
    optional: list[EngineName]

    @property
    def engines(self) -> list[EngineName]:
        """Every engine of the level, in the order in which they are reported."""
        ours = {*self.required, *self.optional}
        return [name for name in ENGINE_NAMES if name in ours]


class SecurityProfiles(StrictTable, frozen=True):
    """``configs/security-profiles.yaml``: levels, limits and defaults of ``ci scan``.

    Attributes:
        timeouts: seconds after which an engine is killed.
        largest_code_file: most bytes of a file that engines for code read.
        largest_file: most bytes of a file that engines for secrets read.
        levels: what each level runs and what makes it red.
        ruff_severities: how grave rules of ruff are; others are medium.
        ruff_unsure: rules of ruff that are often wrong.
        defaults: the value of every setting that nobody set.
    """

    timeouts: dict[EngineName, Seconds]
    largest_code_file: Count
    largest_file: Count
    levels: dict[SecurityLevel, Level]
    ruff_severities: dict[Grave, list[Rule]]
    ruff_unsure: list[Rule]
    defaults: Security
