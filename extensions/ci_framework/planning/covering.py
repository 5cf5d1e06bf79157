"""Decide whether the framework covers existing work, and with which check and job."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import cast

import msgspec

from ci_engine.configuration.defaults import QualityTiers, configs_directory
from ci_engine.configuration.reading import read_yaml
from ci_engine.configuration.settings import TIERS
from ci_framework.analysis.purposes.activities import Activity, find_activities
from ci_framework.analysis.purposes.vocabulary import (
    ACTION_PROGRAMS,
    CHECKS,
    word_set,
)
from ci_framework.answers import OwnSetting
from ci_framework.inventory import Inventory, Step

_PATCH_COVERAGE = ("diff-cover", "diff-quality")
_WORKFLOWS = {"remote": "python-ci.yml", "hybrid": "local-hybrid.yml"}
# Checks that run in every matrix job; the others run in one job.
_IN_THE_MATRIX = ("test", "coverage", "patch-coverage")
# Options of pytest with a value, and those that select tests.
_VALUED = word_set("pytest-values")
_SELECTING = ("-m", "-k", "--deselect", "--ignore", "--ignore-glob", "--lf", "--ff")


@dataclass(frozen=True)
class Coverage:
    """Whether the framework covers something.

    Attributes:
        by: the workflow, its job and the check; empty if not covered.
    """

    by: str
    because: str


@dataclass(frozen=True)
class Covering:
    """The framework's work with these answers."""

    inventory: Inventory
    answers: Mapping[str, object]
    own: Sequence[OwnSetting] = ()

    def text(self, name: str, default: str) -> str:
        """An answer of type text."""
        value = self.answers.get(name)
        return value if isinstance(value, str) else default

    def items(self, name: str) -> list[str]:
        """An answer of type list."""
        value = self.answers.get(name)
        found = cast("list[object]", value) if isinstance(value, list) else []
        return [str(item) for item in found]

    @cached_property
    def workflow(self) -> str:
        """The file of the framework's workflow, empty if there is none."""
        mode = self.text("ci_mode", "remote")
        if mode == "remote" and self.text("project_type", "") == "mcp-server":
            return "mcp-server.yml"
        return _WORKFLOWS.get(mode, "")

    @cached_property
    def checks(self) -> frozenset[str]:
        """The checks that run at the answered tier."""
        tier = self.text("quality_tier", "extended")
        reached = TIERS[: TIERS.index(tier) + 1] if tier in TIERS else ()
        tiers = dict(_default_tiers())
        for setting in self.own:
            if setting.key[:1] == ("checks",) and setting.key[2:] == ("tier",):
                tiers[setting.key[1]] = str(setting.value)
        if self.answers.get("coverage_threshold") in (0, "0"):
            tiers["coverage"] = "none"
        return frozenset(name for name, at in tiers.items() if at in reached)

    @cached_property
    def commands(self) -> dict[str, list[str]]:
        """The project's own commands for checks, as argument lists."""
        found: dict[str, list[str]] = {}
        for setting in self.own:
            if setting.key[:1] == ("commands",) and setting.key[1:]:
                value = setting.value
                words = value if isinstance(value, list) else _split(str(value))
                found[setting.key[1]] = words
        return found

    @cached_property
    def tasks(self) -> dict[str, list[str]]:
        """The commands of the project's tasks, by name."""
        found: dict[str, list[str]] = {}
        for task in self.inventory.tasks:
            found.setdefault(task.name, []).append(task.command)
        return found

    def location(self, check: str) -> str:
        """Where a check runs, for display: ``python-ci.yml: quick-checks (lint)``."""
        job = "comprehensive-tests" if check in _IN_THE_MATRIX else "quick-checks"
        if not self.workflow:
            return f"ci-framework/ci gate ({check})"
        return f"{self.workflow}: {job} ({check})"

    def does(self, step: Step) -> list[str]:
        """What a step does, with the project's tasks resolved."""
        if step.kind != "run" or step.does == ["script"]:
            return step.does or ["other: nothing"]
        named = {item.does for item in find_activities(step.text) if item.guessed}
        found = find_activities(step.text, self.tasks)
        if not any(item.is_known for item in found):
            return step.does or ["other: nothing"]
        looked_up = [item.does for item in found]
        # The task itself is better evidence than a hint by its name.
        named_steps = [
            does for does in step.does if does not in named or does in looked_up
        ]
        return list(dict.fromkeys([*named_steps, *looked_up]))

    def of_step(self, step: Step, does: str) -> Coverage:
        """Whether the framework covers the work of a step."""
        if not self.workflow:
            return Coverage("", "the framework runs on your machine only")
        if step.kind == "uses":
            return self._of_action(step, does)
        found = [
            item for item in find_activities(step.text, self.tasks) if item.does == does
        ]
        if not found:
            return Coverage("", "what its script runs cannot be determined")
        kinds = [self._of_activity(item) for item in found]
        return next((kind for kind in kinds if not kind.by), kinds[0])

    def _of_action(self, step: Step, does: str) -> Coverage:
        known = ACTION_PROGRAMS.get(step.text.split("@", 1)[0].lower())
        if known is None or known[0] != does:
            return Coverage("", "the framework has nothing like it")
        return self._of_check(*self._check(does, known[1]))

    def _of_activity(self, activity: Activity) -> Coverage:
        for check, words in self.commands.items():
            if list(activity.argv) == words:
                return self._of_check(check, f"`{shlex.join(words)}` is its command")
        if activity.guessed:
            return Coverage(
                "", f"what `{activity.program}` runs cannot be determined from its name"
            )
        if activity.does == "test" and activity.program in CHECKS["test"][1]:
            if "test" in self.commands:
                own = shlex.join(self.commands["test"])
                return Coverage("", f"the framework runs `{own}` instead")
            selected = self._selection(activity.argv)
            if selected:
                return Coverage("", f"runs its own selection of tests: {selected}")
        return self._of_check(*self._check(activity.does, activity.program))

    def _check(self, does: str, program: str) -> tuple[str, str]:
        """The check that covers a program, empty if there is none."""
        if program in _PATCH_COVERAGE:
            return "patch-coverage", "the coverage of each change is checked"
        if does == "typecheck":
            asked = self.text("type_checker", "pyright")
            if program == asked:
                return "typecheck", f"{asked} runs as well"
            return "", f"the framework runs {asked}, here it is `{program}`"
        check, programs = CHECKS.get(does, ("", frozenset[str]()))
        if program in programs:
            return check, f"the check `{check}` runs as well"
        if check:
            return "", f"what `{program}` does here is not what check `{check}` does"
        return "", "the framework has nothing like it"

    def _of_check(self, check: str, because: str) -> Coverage:
        if not check:
            return Coverage("", because)
        if check not in self.checks:
            tier = self.text("quality_tier", "extended")
            return Coverage("", f"check `{check}` does not run at tier {tier}")
        return Coverage(self.location(check), because)

    def _selection(self, argv: Sequence[str]) -> str:
        """How a call of pytest differs from the framework's, empty if it does not."""
        chosen = {path.strip("./") for path in self.items("test_paths")}
        words = list(argv[1:])
        if argv[0] == "unittest":
            return ""
        for location, word in enumerate(words):
            option = word.split("=", 1)[0]
            if option in _SELECTING or "${{" in word or word.startswith("$"):
                return " ".join(words[location : location + 2])
            follows = location > 0 and words[location - 1] in _VALUED
            is_path = not word.startswith("-") and not follows
            if is_path and word.strip("./") not in chosen | {""}:
                return word
        return ""


@cache
def _default_tiers() -> Mapping[str, str]:
    """The default tier of each check."""
    raw = read_yaml(configs_directory() / "quality-tiers.yaml")
    checks = msgspec.convert(raw, QualityTiers).defaults.checks
    return {name: str(check.tier) for name, check in checks.items()}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
