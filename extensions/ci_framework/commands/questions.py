"""Ask the maintainer for the decisions of an adoption, at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import questionary
from questionary import Choice

from ci_framework.planning.build import PlanRequest
from ci_framework.planning.plan import Plan

_COMPLETE, _SMALLEST, _NOTHING = "complete", "smallest", "nothing"
_TIERS = {
    "extended": "essential, and security, dependencies, hooks and code policy",
    "essential": "lint, format, types, tests and coverage",
    "full": "extended, and the build, the lock file and the coverage of each change",
}
_AUDIT = ".github/workflows/{prefix}security-audit.yml"


def ask_decisions(plan: Plan, request: PlanRequest) -> PlanRequest | None:
    """Ask what to adopt, except for decisions that options made.

    Returns:
        The request with the decisions; None if nothing is to be adopted.
    """
    smallest = request.smallest or _ask_size(plan)
    if smallest is None:
        return None
    answers = dict(request.answers)
    if not smallest:
        parts = _ask_parts(plan, answers)
        if parts is None:
            return None
        answers |= parts
    if "quality_tier" not in answers:
        tier = _ask_tier(str(plan.answers.get("quality_tier", "extended")))
        if tier is None:
            return None
        if tier != plan.answers.get("quality_tier"):
            answers["quality_tier"] = tier
    return replace(request, answers=answers, smallest=smallest)


def _ask_size(plan: Plan) -> bool | None:
    """Whether to adopt only the gate; None for nothing at all."""
    files = len({item.path for item in plan.writes})
    size = _select(
        "How much do you want to adopt?",
        [
            Choice(f"everything in this plan ({files} files)", _COMPLETE),
            Choice("only the gate: settings, launcher and one workflow", _SMALLEST),
            Choice("nothing", _NOTHING),
        ],
        _COMPLETE,
    )
    return None if size in (None, _NOTHING) else size == _SMALLEST


def _ask_parts(plan: Plan, given: Mapping[str, object]) -> dict[str, object] | None:
    """The parts to adopt: answers that exclude all others."""
    offered = {
        title: answer
        for title, answer in _parts(plan).items()
        if not answer.keys() & given.keys()
    }
    if not offered:
        return {}
    choices = [Choice(title, checked=True) for title in offered]
    chosen: object = questionary.checkbox(
        "Which parts do you want? (space toggles a choice)", choices=choices
    ).ask()
    if chosen is None:
        return None
    wanted = msgspec.convert(chosen, list[str])
    answers: dict[str, object] = {}
    for title, answer in offered.items():
        if title not in wanted:
            answers |= answer
    return answers


def _parts(plan: Plan) -> dict[str, dict[str, object]]:
    """The parts of the plan, each with the answer that excludes it."""
    paths = {item.path for item in plan.writes}
    audit = _AUDIT.format(prefix=plan.answers.get("github_prefix", ""))
    unmanaged = plan.answers.get("unmanaged")
    others: list[object] = [*unmanaged] if isinstance(unmanaged, list) else []
    parts: dict[str, dict[str, object]] = {}
    if ".github/dependabot.yml" in paths:
        parts["updates of dependencies by Dependabot"] = {"update_bot": "none"}
    if plan.answers.get("hooks") and ".pre-commit-config.yaml" in paths:
        parts["pre-commit hooks"] = {"hooks": []}
    if audit in paths:
        parts["a weekly security audit"] = {"unmanaged": [*others, audit]}
    return parts


def _ask_tier(default: str) -> str | None:
    """The checks that the gate runs."""
    choices = [Choice(f"{tier}: {what}", tier) for tier, what in _TIERS.items()]
    return _select("What does the gate check?", choices, default)


def _select(question: str, choices: Sequence[Choice], default: str) -> str | None:
    """One of several choices; None if the user interrupts the question."""
    chosen: object = questionary.select(
        question, choices=[*choices], default=default
    ).ask()
    return chosen if isinstance(chosen, str) else None
