"""The settings of a project: names, types and limits, for the JSON schema as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from ci_engine.configuration.api_settings import Api
from ci_engine.configuration.cleanup_settings import Cleanup
from ci_engine.configuration.docs_settings import Docs
from ci_engine.configuration.matrix_settings import Matrix
from ci_engine.configuration.mcp_settings import NO_MCP, Mcp
from ci_engine.configuration.performance_settings import NO_PERFORMANCE, Performance
from ci_engine.configuration.release_settings import Release
from ci_engine.configuration.scan_settings import Scan
from ci_engine.configuration.service_settings import Service, ServiceName
from ci_engine.configuration.value_types import (
    Command,
    Count,
    Glob,
    Percentage,
    Seconds,
    StrictTable,
    Text,
)

Tier = Literal["essential", "extended", "full"]
# Each tier also runs the checks of the tiers before it.
TIERS: tuple[Tier, ...] = ("essential", "extended", "full")
# The built-in checks; a project may add others with its own commands.
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
    "api",
    "declared-imports",
    "mcp",
)
# Checks of one package in a repository with several.
OF_PACKAGES = frozenset({"declared-imports"})
# Checks of the MCP server in the settings.
OF_SERVERS = frozenset({"mcp"})
CheckName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]
SecurityLevel = Literal["low", "medium", "high", "critical"]
CleanupMode = Literal["none", "check", "pull-request", "push"]
TypeChecker = Literal["pyright", "mypy", "pyrefly"]
Profile = Literal["tiered", "comprehensive"]


class Quality(StrictTable, frozen=True):
    """How strict the gate is.

    Attributes:
        tier: the tier that runs if none is requested.
        coverage_threshold: minimum coverage in percent; 0 turns it off.
        fail_fast: whether to stop at the first check that fails.
        type_checker: the type checker of the project.
    """

    tier: Tier
    coverage_threshold: Percentage
    fail_fast: bool
    type_checker: TypeChecker


class Environments(StrictTable, frozen=True):
    """The environment of each tier.

    The name of a pixi environment; for other managers a dependency group, an extra of
    the project, or the path of a requirements file.

    Attributes:
        essential: the environment of the essential tier; empty = the default one.
        extended: that of the extended tier; empty = that of the essential tier.
        full: that of the full tier; empty = that of the extended tier.
        test: the environment of one Python version of the matrix, for managers that
            have one for each; ``{python}`` is replaced by ``311`` and the like.
        benchmarks: that of ``ci bench``; empty = that of the essential tier.
        docs: that of ``ci docs``; empty = the one with the documentation tool.
    """

    essential: str
    extended: str
    full: str
    test: str
    benchmarks: str
    docs: str

    def of_tier(self, tier: Tier) -> str:
        """The environment of a tier, which defaults to that of the tier before it."""
        names = (self.essential, self.extended, self.full)
        reached = names[: TIERS.index(tier) + 1]
        return next(filter(None, reversed(reached)), "")


class CheckSettings(StrictTable, frozen=True):
    """Settings of one check.

    Attributes:
        tier: the first tier that runs it; ``none`` turns it off.
        timeout: seconds after which it is killed.
        blocking: whether its failure fails the run.
        command: the project's own command for it; empty = the built-in check.
    """

    tier: Literal["essential", "extended", "full", "none"] = "essential"
    timeout: Seconds = 600.0
    blocking: bool = True
    command: Command = ""


class Policy(StrictTable, frozen=True):
    """Limits of the code policy; 0 turns a limit off.

    Attributes:
        file_lines: maximum lines of a file.
        function_statements: maximum statements of a function.
        complexity: highest cyclomatic complexity of a function.
        dead_code: whether private names that nothing uses are reported.
        function_lines: the former name of ``function_statements``.
    """

    file_lines: Count
    function_statements: Count
    complexity: Count
    dead_code: bool
    function_lines: Count = 0


class Changes(StrictTable, frozen=True):
    """Kinds of changed paths; see ``configs/change-patterns.yaml``.

    Attributes:
        docs_patterns: documentation; a change runs only the tests that read it.
        source_patterns: code, in addition to everything below ``source-paths``.
        test_patterns: tests, in addition to everything below ``test-paths``.
        config_patterns: settings of tools that no test uses.
        generated_patterns: files that programs write; changes to them run nothing.
        data_patterns: data files, and the Python files that count as changed with them.
        always_run: files whose changes run everything.
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


class Security(StrictTable, frozen=True):
    """How strict ``ci scan`` is, and what security workflows do.

    Attributes:
        level: the level that runs if none is requested.
        scan_containers: whether Dockerfiles and images are scanned.
        generate_sbom: whether to write a CycloneDX SBOM of all components.
        cleanup: what the workflow does about stray development files: check a change,
            open a pull request that removes them, or push their removal.
    """

    level: SecurityLevel
    scan_containers: bool
    generate_sbom: bool
    cleanup: CleanupMode


_NO_SECURITY = Security(
    level="high", scan_containers=False, generate_sbom=True, cleanup="none"
)


class Settings(StrictTable, frozen=True):
    """Everything under ``[tool.ci-framework]``.

    Attributes:
        version: the framework version that wrote the table.
        profile: tiered (an environment for each tier) or comprehensive (one).
        source_paths: directories with the project's code.
        test_paths: directories and files with the project's tests.
        quality: how strict the gate is.
        matrix: the Python versions and platforms of CI, and the number of runners.
        environments: the environment of each tier.
        commands: a short form to set the project's own commands for checks, by name.
        checks: settings of single checks, and the project's own checks.
        policy: limits of the code policy.
        changes: the kinds of changed paths.
        security: how strict ``ci scan`` is.
        scan: settings of ``ci scan``.
        cleanup: which tracked files ``ci cleanup`` finds.
        performance: settings of ``ci bench``.
        docs: settings of ``ci docs``.
        api: settings of the check ``api``.
        mcp: how to start the MCP server, and what to expect of it.
        release: settings of ``ci release``.
        services: services that tests need, by name, such as ``redis``.
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
    docs: Docs
    api: Api
    changes: Changes = _NO_CHANGES
    security: Security = _NO_SECURITY
    scan: Scan = Scan()
    cleanup: Cleanup = Cleanup()
    performance: Performance = NO_PERFORMANCE
    mcp: Mcp = NO_MCP
    release: Release = Release()
    services: dict[ServiceName, Service] = msgspec.field(
        default_factory=dict[ServiceName, Service]
    )

    def command_of(self, check: CheckName) -> Command:
        """The project's own command for a check, empty if it has none."""
        return self.commands.get(check) or self.checks[check].command

    def checks_of(self, tier: Tier, *, package: bool = False) -> list[CheckName]:
        """The checks that a tier runs, including those of the tiers before it."""
        reached = TIERS[: TIERS.index(tier) + 1]
        known = self.known_checks(package=package)
        return [name for name in known if self.checks[name].tier in reached]

    def missing_checks(
        self, tier: Tier, usual: Mapping[CheckName, CheckSettings]
    ) -> dict[CheckName, str]:
        """The checks of a tier that do not run for this project, and why."""
        reached = TIERS[: TIERS.index(tier) + 1]
        own = {name: self.checks[name].tier for name in BUILT_IN_CHECKS}
        return {
            name: f'tool.ci-framework.checks.{name}.tier is "{own[name]}"'
            for name in BUILT_IN_CHECKS
            if name not in self._inapplicable(package=False)
            and usual[name].tier in reached
            and own[name] not in reached
        }

    def known_checks(self, *, package: bool = False) -> list[CheckName]:
        """Every check of any tier that is not turned off."""
        left_out = self._inapplicable(package=package)
        known = [name for name, check in self.checks.items() if check.tier != "none"]
        return [name for name in known if name not in left_out]

    def _inapplicable(self, *, package: bool) -> frozenset[str]:
        """The checks that do not apply to this project."""
        absent = frozenset[str]() if self.mcp.configured else OF_SERVERS
        return absent if package else absent | OF_PACKAGES
