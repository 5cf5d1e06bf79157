"""Validate an adoption: first what can be read, then what can be run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from ci_engine.errors import CommandError
from ci_engine.scanning.waivers import WAIVERS_FILE
from ci_framework.analysis.own_commands import own_commands
from ci_framework.repository import Repository, describe
from ci_framework.validating import commits, contents, linters
from ci_framework.validating.behavior import BEHAVIOUR_CHECKS, Behavior, observe
from ci_framework.validating.clones import Clone, make_clone, scratch_directory
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

__all__ = ["TIMEOUT", "planned_commands", "validate"]

# Seconds that one run of the project's tests may take.
TIMEOUT = 1200.0
_NOBODY_AGREED = "nobody agreed to run code of the project"
_STATIC_FAILED = "the static checks failed: see above"


def validate(
    repository: Repository,
    adoption: AdoptionFacts,
    *,
    static_only: bool = False,
    agreed: bool = False,
    console: Console | None = None,
    timeout: float = TIMEOUT,
) -> Validation:
    """Validate an adoption in clean clones.

    Nothing of the project is run unless the user agreed to it.

    Args:
        repository: the repository; its work tree is not looked at.
        adoption: what was adopted.
        static_only: leave out everything that runs code of the project.
        agreed: whether the user agreed to run code of the project.
        console: where progress is shown.
        timeout: seconds that one run of the project's tests may take.
    """
    started = time.monotonic()
    say = _teller(console)
    seen = Behavior()
    with scratch_directory() as location:
        try:
            base = make_clone(repository, adoption.base, location / "base" / "project")
            adopted = make_clone(
                repository, adoption.adopted, location / "adopted" / "project"
            )
        except CommandError as error:
            checks = [_whole("clones", not_run(describe(error)))]
        else:
            checks = _static(_Parts(repository, adoption, base, adopted), say)
            if static_only:
                checks += _left_out(skipped("--static: no code of the project was run"))
            elif not agreed:
                checks += _left_out(not_run(_NOBODY_AGREED))
            elif any(check.status == "failed" for check in checks):
                checks += _left_out(not_run(_STATIC_FAILED))
            else:
                seen = observe(base, adopted, adoption, timeout, say)
                checks += seen.checks
    verdict = verdict_of(checks, static_only=static_only)
    gate = seen.gate
    red_today = seen.red_today
    return Validation(
        verdict=verdict,
        base=adoption.base,
        adopted=adoption.adopted,
        checks=checks,
        tests=seen.tests,
        tools=seen.tools,
        gate=gate.statuses if gate else {},
        red_today=red_today,
        next_steps=_next_steps(checks, red_today, seen.scan),
        baseline=seen.baseline,
        seconds=time.monotonic() - started,
    )


def _teller(console: Console | None) -> Callable[[str], None]:
    def say(text: str) -> None:
        if console is not None:
            # Names of tests and files may hold escape sequences: they are shown.
            shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
            console.print(shown, markup=False, highlight=False)

    return say


@dataclass(frozen=True)
class _Parts:
    """What the static checks look at."""

    repository: Repository
    adoption: AdoptionFacts
    base: Clone
    adopted: Clone


def _static(parts: _Parts, say: Callable[[str], None]) -> list[Check]:
    """Everything that is found out without running code of the project."""
    both = commits.Commits(parts.repository, parts.adoption)
    clones = (parts.base, parts.adopted)
    makers: dict[str, Callable[[], Outcome]] = {
        "planned-changes": partial(commits.check_planned, both),
        "files-parse": partial(contents.check_parse, both),
        "old-keys": partial(contents.check_keys, both),
        "old-lines": partial(contents.check_lines, both),
        "workflows": partial(commits.check_workflows, both),
        "locks": partial(commits.check_locks, both),
        "not-ignored": partial(commits.check_ignored, both, parts.adopted.repository),
        "second-plan": partial(commits.check_replan, both),
        "actionlint": partial(linters.check_actionlint, *clones, parts.adoption),
        "zizmor": partial(linters.check_zizmor, *clones, parts.adoption),
        "hooks-file": partial(linters.check_hooks_file, *clones),
        "settings": partial(linters.check_settings, *clones),
    }
    checks: list[Check] = []
    for name, make in makers.items():
        check = timed(name, "static", make)
        checks.append(check)
        say(f"{name}: {check.status}: {check.reason}")
    return checks


def _whole(name: str, outcome: Outcome) -> Check:
    return timed(name, "static", lambda: outcome)


def _left_out(outcome: Outcome) -> list[Check]:
    return [timed(name, "behavior", lambda: outcome) for name in BEHAVIOUR_CHECKS]


_STEPS = {
    "not-ignored": "change the pattern of .gitignore that matches the files above",
    "second-plan": "report this: planning twice must find nothing to do",
    "tests": "read what the tests say below; `ci-framework rollback` undoes everything",
    "own-checks": "exclude ci-framework/ where the tool above is configured: the plan "
    "has the line",
    "gate": "run `ci-framework/ci gate` on the adopted branch and read what it says",
    "scan": "give it a network, and name what it cannot read in `exclude-patterns` of "
    "[tool.ci-framework.scan]; then run `ci-framework validate` again before you merge",
    "environments": "mend the installation, then run `ci-framework validate` again",
}


def _next_steps(
    checks: list[Check], red_today: list[str], scan: Scanned | None
) -> list[str]:
    steps: list[str] = []
    if any(check.reason == _NOBODY_AGREED for check in checks):
        steps.append(
            f"{_NOBODY_AGREED}: run `ci-framework validate --yes` if the commands "
            "above may run; `--static` runs none of them"
        )
    for check in checks:
        if check.reason in (_NOBODY_AGREED, _STATIC_FAILED):
            continue
        if check.status in ("failed", "not-run"):
            remedy = _STEPS.get(check.name, "")
            dash = f": {remedy}" if remedy else ""
            steps.append(f"{check.name} ({check.status}): {check.reason}{dash}")
    if red_today:
        steps.append(
            f"mend what was red before and stays red ({len(red_today)}): CI is not "
            "green until then"
        )
    if scan is not None and scan.red_today:
        steps.append(
            "revoke each secret and take it out of the repository; what is none gets a "
            f"waiver in {WAIVERS_FILE}"
        )
    return list(dict.fromkeys(steps))


def planned_commands(repository: Repository, adoption: AdoptionFacts) -> list[str]:
    """What a validation will run of the project, to be shown before it is asked for.

    Reads the files of both commits and runs nothing of them.

    Raises:
        CommandError: if the repository cannot be cloned or read.
    """
    with scratch_directory() as location:
        base = make_clone(repository, adoption.base, location / "base")
        adopted = make_clone(repository, adoption.adopted, location / "adopted")
        settings = read_settings(adopted.root)
        recipe = decide(base, settings.environments, settings.tier)
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
