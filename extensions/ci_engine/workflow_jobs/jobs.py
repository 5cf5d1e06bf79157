"""Plan the jobs of a workflow for a change, with their checks and matrices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ci_engine.changes.decision import Decision
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.settings import CheckName, Settings
from ci_engine.github.event import Event

# Checks whose results may depend on the Python version or the platform.
ON_THE_MATRIX = frozenset({"test", "coverage", "patch-coverage"})
# Checks of code or versions only, which documentation does not affect.
_BLIND_TO_DOCS = frozenset(
    {"typecheck", "security", "audit", "policy", "lock", "api", "mcp"}
)
# If every test runs, each module that matters is imported anyway.
BESIDE_A_SELECTION = frozenset({"imports"})
# Checks that compare with the base of the change.
_NEED_HISTORY = frozenset({"patch-coverage", "api"})
_DOCS_ONLY = "only documentation and generated files changed"


class MatrixJob(msgspec.Struct, frozen=True, rename="kebab"):
    """One job of the matrix."""

    platform: str
    runner: str
    python_version: str

    @property
    def title(self) -> str:
        """The name for display."""
        return f"{self.platform} {self.python_version}"


class Jobs(msgspec.Struct, frozen=True):
    """The jobs of a workflow.

    Attributes:
        matrix_jobs: the matrix jobs for tests.
        test_checks: the checks that every matrix job runs.
        skips: why jobs are skipped, by job id.
        security_skips: the same for the jobs of the security audit.
        history: whether the jobs need all commits to derive the version.
        impossible: why requested optional jobs are impossible.
    """

    quick: MatrixJob
    quick_checks: Sequence[CheckName]
    matrix_jobs: Sequence[MatrixJob]
    test_checks: Sequence[CheckName]
    skips: Mapping[str, str]
    security_skips: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    more: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    history: bool = False
    impossible: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])

    def outputs(self) -> dict[str, str]:
        """The outputs of a step: flat, short and without names that users chose."""
        checks = {*self.quick_checks, *self.test_checks}
        history = self.history or not _NEED_HISTORY.isdisjoint(checks)
        return {
            "matrix": as_matrix(self.matrix_jobs),
            "test-checks": ",".join(self.test_checks),
            # The number of commits that a checkout fetches; 0 means all.
            "test-history": "0" if history else "1",
            "quick-runner": self.quick.runner,
            "quick-python": self.quick.python_version,
            "quick-checks": ",".join(self.quick_checks),
            "skips": msgspec.json.encode(self.skips).decode(),
            "security-skips": msgspec.json.encode(self.security_skips).decode(),
            **self.more,
        }


def plan_jobs(
    decision: Decision,
    configuration: Configuration,
    event: Event,
    *,
    spot_check: bool = False,
) -> Jobs:
    """Plan the jobs for a change.

    With ``spot_check`` a change is tested by two matrix jobs only; events other than
    changes are tested by all of them.
    """
    tier = configuration.settings.quality.tier
    checks = configuration.settings.checks_of(tier)
    blind = _BLIND_TO_DOCS if decision.docs_only else frozenset[str]()
    if decision.docs_only or decision.tests.mode == "all":
        blind |= BESIDE_A_SELECTION
    quick = [name for name in checks if name not in ON_THE_MATRIX | blind]
    tests = [name for name in checks if name in ON_THE_MATRIX]
    whole = any(reason.category == "everything" for reason in decision.reasons)
    few = spot_check and not whole
    skips: dict[str, str] = {}
    if not quick:
        skips["quick-checks"] = f"the tier {tier} has no check for it"
    if not tests:
        skips["comprehensive-tests"] = f"the tier {tier} has no check for it"
    elif decision.docs_only:
        skips["comprehensive-tests"] = _DOCS_ONLY
    elif decision.tests.mode == "none":
        skips["comprehensive-tests"] = "no test depends on what changed"
    scanning = _no_scanning(decision, event, quick)
    if scanning:
        skips["code-scanning"] = scanning
    if not event.pull_request or event.restricted:
        skips["comment"] = event.restricted or "there is no pull request"
    return Jobs(
        quick=newest_of(configuration),
        quick_checks=quick,
        matrix_jobs=(spot_check_of if few else matrix_of)(configuration),
        test_checks=tests,
        skips=skips,
        security_skips=_security_skips(event),
    )


def with_conformance(jobs: Jobs, decision: Decision, settings: Settings) -> Jobs:
    """Add why the job with the conformance suite of an MCP server is skipped."""
    because = ""
    if not (settings.mcp.command or settings.mcp.http_command):
        return jobs
    if not settings.mcp.conformance:
        because = "tool.ci-framework.mcp.conformance is empty"
    elif decision.docs_only:
        because = _DOCS_ONLY
    skips = {**jobs.skips, "conformance": because} if because else jobs.skips
    return msgspec.structs.replace(jobs, skips=skips)


def _security_skips(event: Event) -> dict[str, str]:
    """Why jobs of the security audit are skipped; its scan never is."""
    skips: dict[str, str] = {}
    paid = "code scanning of private repositories is a paid feature of GitHub"
    because = paid if event.private else event.restricted
    if because:
        skips["security-upload"] = because
    if event.name != "pull_request":
        skips["dependency-review"] = "there is no pull request"
    elif event.private:
        skips["dependency-review"] = (
            "the dependency graph of private repositories is a paid feature of GitHub"
        )
    return skips


def _no_scanning(decision: Decision, event: Event, quick: Sequence[CheckName]) -> str:
    """Why nothing is uploaded to GitHub's code scanning, empty if something is."""
    if decision.docs_only:
        # An upload without results would close the alerts of the last one.
        return _DOCS_ONLY
    if not quick:
        return "nothing was scanned"
    if event.private:
        return "code scanning of private repositories is a paid feature of GitHub"
    return event.restricted


def matrix_of(configuration: Configuration) -> list[MatrixJob]:
    """The jobs of the whole matrix.

    Every Python on the first platform; on the others the oldest and the newest,
    which show most differences between platforms.
    """
    named = set(configuration.settings.matrix.python_versions)
    versions = sorted(named, key=lambda version: int(version.split(".")[1]))
    ends = list(dict.fromkeys((versions[0], versions[-1])))
    platforms = dict.fromkeys(configuration.settings.matrix.platforms)
    return [
        MatrixJob(platform, configuration.tiers.runners[platform], version)
        for position, platform in enumerate(platforms)
        for version in (ends if position else versions)
    ]


def spot_check_of(configuration: Configuration) -> list[MatrixJob]:
    """The oldest and the newest Python on the first platform."""
    first = on_first_platform(configuration)
    return list(dict.fromkeys((first[0], first[-1])))


def on_first_platform(configuration: Configuration) -> list[MatrixJob]:
    """Every Python on the first platform."""
    matrix_jobs = matrix_of(configuration)
    return [job for job in matrix_jobs if job.platform == matrix_jobs[0].platform]


def newest_of(configuration: Configuration) -> MatrixJob:
    """The newest Python on the first platform, for checks that need one job only."""
    return spot_check_of(configuration)[-1]


def as_matrix(matrix_jobs: Iterable[object]) -> str:
    """Write matrix jobs as GitHub's ``strategy.matrix``, on one line."""
    return json.dumps({"include": msgspec.to_builtins(list(matrix_jobs))})
