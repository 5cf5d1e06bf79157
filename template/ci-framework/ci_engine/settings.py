"""The settings of a project: their names, types, defaults and limits.

This module is the one list of what ``[tool.ci-framework]`` may hold. The JSON
schema that editors use is generated from it; the defaults are data, in
``configs/quality-tiers.yaml``.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec

__all__ = [
    "CheckName",
    "CheckSettings",
    "Environments",
    "Matrix",
    "Platform",
    "Quality",
    "QualityTiers",
    "Settings",
    "Tier",
    "TierDefinition",
    "check_names",
]

Tier = Literal["essential"]
CheckName = Literal[
    "no-conflict-markers", "lint", "format", "typecheck", "test", "coverage"
]
TypeChecker = Literal["pyright", "mypy"]
PythonVersion = Annotated[str, msgspec.Meta(pattern=r"^3\.\d+$")]
Platform = Literal["linux", "macos", "windows"]
Percentage = Annotated[int, msgspec.Meta(ge=0, le=100)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Profile = Literal["tiered", "comprehensive"]
Command = Text | Annotated[list[Text], msgspec.Meta(min_length=1)]


class _Table(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="kebab",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A table: keys in kebab-case, none but the listed ones."""


class Quality(_Table, frozen=True):
    """How strict the gate is.

    Attributes:
        tier: the tier that runs when none is asked for.
        coverage_threshold: least share of covered code in percent; 0 turns it off.
        fail_fast: stop at the first check that fails.
        type_checker: the type checker of the project.
    """

    tier: Tier
    coverage_threshold: Percentage
    fail_fast: bool
    type_checker: TypeChecker


class Matrix(_Table, frozen=True):
    """Where CI tests: every Python on the first platform, the ends elsewhere.

    Attributes:
        python_versions: versions such as ``3.12``.
        platforms: linux, macos, windows.
    """

    python_versions: Annotated[list[PythonVersion], msgspec.Meta(min_length=1)]
    platforms: Annotated[list[Platform], msgspec.Meta(min_length=1)]


class Environments(_Table, frozen=True):
    """Which environment each tier uses: a pixi environment or a dependency group.

    Attributes:
        essential: the environment of the essential tier; empty = the default one.
        test: the environment of one Python of the matrix, for managers that have
            one environment for each; ``{python}`` stands for ``311`` and the like.
    """

    essential: str
    test: str


class CheckSettings(_Table, frozen=True):
    """Settings of one check.

    Attributes:
        timeout: seconds after which it is killed.
        blocking: whether its failure makes the run red.
    """

    timeout: Seconds
    blocking: bool


class Settings(_Table, frozen=True):
    """Everything under ``[tool.ci-framework]``.

    Attributes:
        version: version of the framework that wrote the table.
        profile: tiered (an environment for each tier) or comprehensive (one).
        source_paths: directories with the project's code.
        test_paths: directories with the project's tests.
        quality: how strict the gate is.
        matrix: where CI tests.
        environments: which environment each tier uses.
        commands: the project's own command for a check.
        checks: settings of single checks.
    """

    version: Text
    profile: Profile
    source_paths: list[Text]
    test_paths: list[Text]
    quality: Quality
    matrix: Matrix
    environments: Environments
    commands: dict[CheckName, Command]
    checks: dict[CheckName, CheckSettings]


class TierDefinition(_Table, frozen=True):
    """One tier of ``configs/quality-tiers.yaml``."""

    description: Text
    checks: list[CheckName]


class QualityTiers(_Table, frozen=True):
    """``configs/quality-tiers.yaml``: what each tier runs, where, how long at most.

    Attributes:
        tiers: the checks of each tier, in the order they are reported.
        runners: the hosted runner of each platform.
        defaults: the value of every setting that nobody set.
    """

    tiers: dict[Tier, TierDefinition]
    runners: dict[Platform, Text]
    defaults: Settings


def check_names() -> tuple[CheckName, ...]:
    """The names of all checks."""
    return get_args(CheckName)
