"""Validate an adoption: first static checks, then those that run code."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Literal

from rich.console import Console

from ci_engine.scanning.waivers import WAIVERS_FILE
from ci_framework.analysis.own_commands import own_commands
from ci_framework.repository import Repository
from ci_framework.validating import commits, contents, linters
from ci_framework.validating.behavior import (
    BEHAVIOR_CHECKS,
    NO_BASELINE,
    NO_ENVIRONMENT,
    Behavior,
    observe,
)
from ci_framework.validating.clones import Clones
from ci_framework.validating.model import (
    AdoptionFacts,
    Check,
    Outcome,
    Validation,
    not_run,
    skipped,
    timed,
    verdict_of,
)
from ci_framework.validating.scan import Scanned, scans
from ci_framework.validating.settings import read_settings
from ci_framework.validating.suites import shown_command
from ci_framework.validating.test_environment import decide, planned_installations

# static: no code of the project is run, as requested; not-agreed: the same without
# a request, which proves nothing.
Scope = Literal["static", "not-agreed", "full"]
# The limit in seconds for one run of the project's tests.
TIMEOUT = 1200.0
_NOT_AGREED = "no consent to run the project's code"
_STATIC_FAILED = "a static check failed"
# Follow-ups of another check or an answer: one step about that is enough.
_FOLLOWING = (_NOT_AGREED, _STATIC_FAILED, NO_ENVIRONMENT, NO_BASELINE)


def validate(
    repository: Repository,
    adoption: AdoptionFacts,
    clones: Clones,
    *,
    scope: Scope,
    console: Console | None = None,
    timeout: float = TIMEOUT,
) -> Validation:
    """Validate an adoption in clean clones.

    No code of the project runs unless the user agreed.
    """
    started = time.monotonic()
    report = _reporter(console)
    seen = Behavior()
    checks = _static(repository, adoption, clones, report)
    if scope == "static":
        checks += _left_out(skipped("--static: no code of the project was run"))
    elif scope == "not-agreed":
        checks += _left_out(not_run(_NOT_AGREED))
    elif any(check.status == "failed" for check in checks):
        checks += _left_out(not_run(_STATIC_FAILED))
    else:
        seen = observe(clones, adoption, timeout, report)
        checks += seen.checks
    return Validation(
        verdict=verdict_of(checks, static_only=scope == "static"),
        base=adoption.base,
        adopted=adoption.adopted,
        checks=checks,
        tests=seen.tests,
        tools=seen.tools,
        gate=seen.gate.statuses if seen.gate else {},
        red_today=seen.red_today,
        next_steps=_next_steps(checks, seen.red_today, seen.scan),
        baseline=seen.baseline,
        seconds=time.monotonic() - started,
    )


def _reporter(console: Console | None) -> Callable[[str], None]:
    def report(text: str) -> None:
        if console is not None:
            # Names of tests and files may contain escape sequences: make them visible.
            shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
            console.print(shown, markup=False, highlight=False)

    return report


def _static(
    repository: Repository,
    adoption: AdoptionFacts,
    clones: Clones,
    report: Callable[[str], None],
) -> list[Check]:
    """Run the checks that run no code of the project."""
    both = commits.Commits(repository, adoption)
    adopted = clones.adopted.repository
    makers: dict[str, Callable[[], Outcome]] = {
        "planned-changes": partial(commits.check_planned, both),
        "files-parse": partial(contents.check_parse, both),
        "old-keys": partial(contents.check_keys, both),
        "old-lines": partial(contents.check_lines, both),
        "workflows": partial(commits.check_workflows, both),
        "locks": partial(commits.check_locks, both),
        "not-ignored": partial(commits.check_ignored, both, adopted),
        "second-plan": partial(commits.check_replan, both, adopted),
        "actionlint": partial(linters.check_actionlint, clones, adoption),
        "zizmor": partial(linters.check_zizmor, clones, adoption),
        "hooks-file": partial(linters.check_hooks_file, clones),
        "settings": partial(linters.check_settings, clones),
    }
    checks: list[Check] = []
    for name, make in makers.items():
        check = timed(name, "static", make)
        checks.append(check)
        report(f"{name}: {check.status}: {check.reason}")
    return checks


def _left_out(outcome: Outcome) -> list[Check]:
    return [timed(name, "behavior", lambda: outcome) for name in BEHAVIOR_CHECKS]


_REMEDIES = {
    "not-ignored": "change the pattern of .gitignore that matches the files above",
    "second-plan": "report this: a second plan must be empty",
    "tests": "read the messages of the tests below; `ci-framework rollback` undoes "
    "everything",
    "own-checks": "exclude ci-framework/ where the tool above is configured: the plan "
    "has the line",
    "gate": "run `ci-framework/ci gate` on the adopted branch and read its output",
    "scan": "run it with a network, list what it cannot read in `exclude-patterns` of "
    "[tool.ci-framework.scan]; then run `ci-framework validate` again before you merge",
    "environments": "correct the installation, then run `ci-framework validate` again",
}


def _next_steps(
    checks: list[Check], red_today: list[str], scan: Scanned | None
) -> list[str]:
    steps: list[str] = []
    if any(check.reason == _NOT_AGREED for check in checks):
        steps.append(
            f"{_NOT_AGREED}: run `ci-framework validate --yes` if the commands "
            "above may run; `--static` runs none of them"
        )
    for check in checks:
        if check.reason in _FOLLOWING:
            continue
        if check.status in ("failed", "not-run"):
            first = next(iter(check.details), "")
            new = first.rpartition(": ")[2] not in check.reason
            example = f", such as {first}" if new else ""
            remedy = _REMEDIES.get(check.name, "")
            dash = f": {remedy}" if remedy else ""
            steps.append(
                f"{check.name} ({check.status}): {check.reason}{example}{dash}"
            )
    if red_today:
        steps.append(
            f"fix what was red before and stays red ({len(red_today)}): CI is not "
            "green until then"
        )
    if scan is not None and scan.red_today:
        steps.append(
            "revoke each secret and remove it from the repository; add a waiver for a "
            f"false positive to {WAIVERS_FILE}"
        )
    return list(dict.fromkeys(steps))


def planned_commands(clones: Clones, adoption: AdoptionFacts) -> list[str]:
    """List the commands of the project that a validation will run, for display.

    Raises:
        ConfigurationError: if a file of the project is broken.
    """
    settings = read_settings(clones.adopted.root)
    recipe = decide(clones.base, settings)
    test = settings.test or ["python", "-m", "pytest"]
    shown = test if isinstance(test, str) else shown_command(test)
    rows = ["in two temporary clones, before and after the adoption:"]
    rows.append("  install the project and its development dependencies")
    rows += [f"  install for its tests: {row}" for row in planned_installations(recipe)]
    rows.append(f"  {shown}")
    rows += [f"  {item.shown}" for item in own_commands(adoption.inventory)]
    rows.append(f"  ci-framework/ci gate --tier {settings.tier}")
    if scans(adoption):
        rows.append("  ci-framework/ci scan --history all")
    return rows
