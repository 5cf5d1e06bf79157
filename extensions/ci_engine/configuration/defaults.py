"""The framework's own configuration files, which set the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from ci_engine.configuration.matrix_settings import Platform
from ci_engine.configuration.performance_settings import PerformanceThresholds
from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.security_profiles import SecurityProfiles
from ci_engine.configuration.settings import Changes, Settings, Tier
from ci_engine.configuration.typed_tables import Mistake, find_mistakes
from ci_engine.configuration.value_types import Count, Glob, StrictTable, Text
from ci_engine.errors import ConfigurationError

_Structure = TypeVar("_Structure", bound=msgspec.Struct)


class TierDefinition(StrictTable, frozen=True):
    """One tier of ``configs/quality-tiers.yaml``.

    Attributes:
        description: its purpose.
        hypothesis_examples: examples per property test; 0 = the project's own number.
    """

    description: Text
    hypothesis_examples: Count


class QualityTiers(StrictTable, frozen=True):
    """``configs/quality-tiers.yaml``: checks, platforms and time limits of tiers.

    Attributes:
        tiers: the tiers by name.
        runners: the hosted runner of each platform.
        defaults: the values of all settings that are not set elsewhere.
    """

    tiers: dict[Tier, TierDefinition]
    runners: dict[Platform, Text]
    defaults: Settings


class ChangePatterns(StrictTable, frozen=True):
    """``configs/change-patterns.yaml``: kinds of files by their names.

    Attributes:
        ci: files of the CI itself; a change to them runs everything.
        dependencies: files with versions of dependencies; a change to them runs
            everything, too.
        defaults: the patterns for projects that set none.
    """

    ci: list[Glob]
    dependencies: list[Glob]
    defaults: Changes


class Defaults(msgspec.Struct, frozen=True):
    """All configuration files of the framework."""

    tiers: QualityTiers
    patterns: ChangePatterns
    security: SecurityProfiles
    performance: PerformanceThresholds


def configs_directory() -> Path:
    """The directory of the framework's own configuration files."""
    return Path(__file__).resolve().parent.parent / "configs"


def read_defaults() -> Defaults:
    """Read the framework's own files."""
    return Defaults(
        read_config("quality-tiers.yaml", QualityTiers),
        read_config("change-patterns.yaml", ChangePatterns),
        read_config("security-profiles.yaml", SecurityProfiles),
        read_config("performance-thresholds.yaml", PerformanceThresholds),
    )


def read_config(name: str, structure: type[_Structure]) -> _Structure:
    """Read one of the framework's own files, which users may have edited."""
    path = configs_directory() / name
    raw = read_yaml(path)
    try:
        return msgspec.convert(raw, structure)
    except msgspec.ValidationError:
        # Inspecting the structure takes much longer, and is only needed to explain.
        refuse(find_mistakes(raw, structure), path)
        raise


def refuse(mistakes: list[Mistake], path: Path) -> None:
    """End the command if a file has mistakes."""
    if not mistakes:
        return
    text = read_text(path)
    raise ConfigurationError(
        "\n".join(mistake.describe(path.name, text) for mistake in mistakes),
        hint=f"correct {path.name} and run the command again",
    )
