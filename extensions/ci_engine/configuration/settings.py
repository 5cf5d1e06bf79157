"""The settings of a project: their names, types, defaults and limits.

This module is the one list of what ``[tool.ci-framework]`` may hold. The JSON
schema that editors use is generated from it; the defaults are data, in
``configs/quality-tiers.yaml``.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = [
    "BUILT_IN_CHECKS",
    "OF_PACKAGES",
    "TIERS",
    "ChangePatterns",
    "Changes",
    "CheckName",
    "CheckSettings",
    "Cleanup",
    "Environments",
    "Matrix",
    "Platform",
    "Policy",
    "Quality",
    "QualityTiers",
    "Scan",
    "Security",
    "SecurityLevel",
    "Settings",
    "Tier",
    "TierDefinition",
]

Tier = Literal["essential", "extended", "full"]
# A tier runs the checks of the tiers before it as well.
TIERS: tuple[Tier, ...] = ("essential", "extended", "full")
# The checks the framework has; a project may add others with commands of its own.
BUILT_IN_CHECKS = (
    "no-conflict-markers",
    "lint",
    "format",
    "typecheck",
    "test",
    "coverage",
    "imports",
    "security",
    "audit",
    "hooks",
    "policy",
    "build",
    "patch-coverage",
    "lock",
    "metadata",
    "declared-imports",
)
# These are about one package of a repository with several.
OF_PACKAGES = frozenset({"declared-imports"})
CheckName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
SecurityLevel = Literal["low", "medium", "high", "critical"]
CleanupMode = Literal["none", "check", "pull-request", "push"]
TypeChecker = Literal["pyright", "mypy"]
PythonVersion = Annotated[str, msgspec.Meta(pattern=r"^3\.\d+$")]
Platform = Literal["linux", "macos", "windows"]
Percentage = Annotated[int, msgspec.Meta(ge=0, le=100)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
# Without `!`, which gitignore reads as "not", and with / on every system.
Glob = Annotated[str, msgspec.Meta(pattern=r"^[^!\s\\][^\\]*$")]
Profile = Literal["tiered", "comprehensive"]
Command = str | Annotated[list[Text], msgspec.Meta(min_length=1)]


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
    """Which environment each tier uses.

    A pixi environment; for the other managers a dependency group, an extra of the
    project, or the path of a requirement file.

    Attributes:
        essential: the environment of the essential tier; empty = the default one.
        extended: that of the extended tier; empty = that of the essential tier.
        full: that of the full tier; empty = that of the extended tier.
        test: the environment of one Python of the matrix, for managers that have
            one environment for each; ``{python}`` stands for ``311`` and the like.
    """

    essential: str
    extended: str
    full: str
    test: str

    def of_tier(self, tier: Tier) -> str:
        """The environment of a tier: its own, or that of the tier before it."""
        names = {
            "essential": self.essential,
            "extended": self.extended or self.essential,
            "full": self.full or self.extended or self.essential,
        }
        return names[tier]


class CheckSettings(_Table, frozen=True):
    """Settings of one check.

    Attributes:
        tier: the first tier that runs it; ``none`` turns it off.
        timeout: seconds after which it is killed.
        blocking: whether its failure makes the run red.
        command: the project's own command for it; empty = the framework's way.
    """

    tier: Literal["essential", "extended", "full", "none"] = "essential"
    timeout: Seconds = 600.0
    blocking: bool = True
    command: Command = ""


class Policy(_Table, frozen=True):
    """Limits of the code policy; 0 turns a limit off.

    Attributes:
        file_lines: most lines of a file.
        function_statements: most statements of a function.
        complexity: highest cyclomatic complexity of a function.
        dead_code: whether private names that nothing uses are reported.
        function_lines: the former name of ``function_statements``.
    """

    file_lines: Count
    function_statements: Count
    complexity: Count
    dead_code: bool
    function_lines: Count = 0


class Changes(_Table, frozen=True):
    """Which kind of file a changed path is; see ``configs/change-patterns.yaml``.

    Attributes:
        docs_patterns: documentation; of tests, only those that read it run.
        source_patterns: code, beside everything below ``source-paths``.
        test_patterns: tests, beside everything below ``test-paths``.
        config_patterns: settings of tools that no test runs.
        generated_patterns: files a program writes; a change of them runs nothing.
        data_patterns: data files, each pattern with patterns of the Python files that
            read them; a change of the data counts as one of these.
        always_run: files whose change runs everything.
    """

    docs_patterns: list[Glob]
    source_patterns: list[Glob]
    test_patterns: list[Glob]
    config_patterns: list[Glob]
    generated_patterns: list[Glob]
    data_patterns: dict[Glob, list[Glob]]
    always_run: list[Glob]


_NO_CHANGES = Changes(
    docs_patterns=[],
    source_patterns=[],
    test_patterns=[],
    config_patterns=[],
    generated_patterns=[],
    data_patterns={},
    always_run=[],
)


class Security(_Table, frozen=True):
    """How strict ``ci scan`` is, and what workflows do about security.

    Attributes:
        level: the level that runs when none is asked for.
        scan_containers: whether Dockerfiles and images are scanned.
        generate_sbom: whether a CycloneDX list of all components is written.
        cleanup: what the workflow does about files of developers: check a change, open
            a pull request that removes them, or push that to the branch it runs on.
    """

    level: SecurityLevel
    scan_containers: bool
    generate_sbom: bool
    cleanup: CleanupMode


class Scan(_Table, frozen=True):
    """What ``ci scan`` looks at.

    Attributes:
        images: names of container images to scan.
        exclude_patterns: files that no engine is given; the report counts them.
        denied_licences: licenses that no dependency may have, as SPDX expressions
            or beginnings of them, such as ``AGPL-``.
    """

    images: list[Text] = msgspec.field(default_factory=list[Text])
    exclude_patterns: list[Glob] = msgspec.field(default_factory=list[Glob])
    denied_licences: list[Text] = msgspec.field(default_factory=list[Text])


class Cleanup(_Table, frozen=True):
    """Which tracked files of developers ``ci cleanup`` finds.

    Attributes:
        patterns: further files that do not belong into the repository.
        keep: files that do, although a pattern says otherwise.
    """

    patterns: list[Glob] = msgspec.field(default_factory=list[Glob])
    keep: list[Glob] = msgspec.field(default_factory=list[Glob])


_NO_SECURITY = Security(
    level="high", scan_containers=False, generate_sbom=True, cleanup="none"
)


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
        commands: the project's own command for a check, by name, for short.
        checks: settings of single checks, and checks of the project's own.
        policy: limits of the code policy.
        changes: which kind of file a changed path is.
        security: how strict ``ci scan`` is.
        scan: what ``ci scan`` looks at.
        cleanup: which tracked files ``ci cleanup`` finds.
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
    policy: Policy
    changes: Changes = _NO_CHANGES
    security: Security = _NO_SECURITY
    scan: Scan = Scan()
    cleanup: Cleanup = Cleanup()

    def command_of(self, check: CheckName) -> Command:
        """The project's own command for a check, empty if it has none."""
        return self.commands.get(check) or self.checks[check].command

    def checks_of(self, tier: Tier, *, package: bool = False) -> list[CheckName]:
        """The checks that a tier runs, those of the tiers before it included.

        Args:
            tier: the tier.
            package: whether it runs for one package of a repository with several.
        """
        reached = TIERS[: TIERS.index(tier) + 1]
        return [
            name
            for name, check in self.checks.items()
            if check.tier in reached and (package or name not in OF_PACKAGES)
        ]

    def known_checks(self, *, package: bool = False) -> list[CheckName]:
        """Every check that is not turned off, of whichever tier."""
        return [
            name
            for name, check in self.checks.items()
            if check.tier != "none" and (package or name not in OF_PACKAGES)
        ]


class TierDefinition(_Table, frozen=True):
    """One tier of ``configs/quality-tiers.yaml``.

    Attributes:
        description: what it is for.
        hypothesis_examples: examples that property tests try; 0 = the project's own.
    """

    description: Text
    hypothesis_examples: Count


class QualityTiers(_Table, frozen=True):
    """``configs/quality-tiers.yaml``: what each tier runs, where, how long at most.

    Attributes:
        tiers: what each tier is for.
        runners: the hosted runner of each platform.
        defaults: the value of every setting that nobody set.
    """

    tiers: dict[Tier, TierDefinition]
    runners: dict[Platform, Text]
    defaults: Settings


class ChangePatterns(_Table, frozen=True):
    """``configs/change-patterns.yaml``: kinds of files by their names.

    Attributes:
        ci: files of the CI itself; a change of them runs everything.
        dependencies: files that name versions; so does a change of them.
        defaults: the patterns that nobody set otherwise.
    """

    ci: list[Glob]
    dependencies: list[Glob]
    defaults: Changes
