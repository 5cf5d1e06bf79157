"""Settings that the project owns: adoption writes them once, beside the block."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ci_framework.answers.derive import Answer
from ci_framework.answers.names import TYPE_CHECKERS
from ci_framework.answers.test_requirements import (
    INSTALLED_FILES,
    TEST_REQUIREMENTS,
    needs_by_kind,
    written_requirements,
)
from ci_framework.answers.tiers import pixi_tiers
from ci_framework.inventory import OTHERS_SELECT, Evidence, Inventory

# The usual command of each other test runner, and why it is run.
_COMMANDS: dict[str, tuple[list[str], str]] = {
    "django": (["python", "manage.py", "test"], "its tests are run by Django"),
    "unittest": (["python", "-m", "unittest"], "its tests are run by unittest"),
    "nbdev": (["nbdev_test"], "its tests are notebooks, which nbdev runs"),
    "script": ([], "its tests are run by a script of its own"),
}
# Words that only the program in between, such as tox, substitutes.
_DEFAULT = re.compile(r"\$*\{\w+:-([^{}$]*)\}")
_UNKNOWN = re.compile(r"[{}$`]")
SettingValue = str | int | bool | list[str]


@dataclass(frozen=True)
class OwnSetting:
    """One setting in ``[tool.ci-framework]``, outside the framework's block.

    Attributes:
        key: its path below ``[tool.ci-framework]``.
    """

    key: tuple[str, ...]
    value: SettingValue
    because: str
    evidence: list[Evidence] = field(default_factory=list[Evidence])


def own_settings(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[OwnSetting]:
    """The settings without which the gate would demand more than the project does.

    The answers may be plain values, or values with their reasons.
    """
    values = {
        name: answer.value if isinstance(answer, Answer) else answer
        for name, answer in answers.items()
    }
    return [
        *_environments(inventory, values),
        *_benchmark_environment(inventory, values),
        *_test_command(inventory),
        *_switched_off(inventory),
    ]


def _evidence(inventory: Inventory, name: str) -> list[Evidence]:
    fact = inventory.fact(name)
    return fact.evidence[:3] if fact else []


def _environments(
    inventory: Inventory, answers: Mapping[str, object]
) -> Iterator[OwnSetting]:
    if answers.get("package_manager") != "pixi":
        yield from _group(inventory, answers)
        return
    if answers.get("pixi_tiers") != "project":
        return
    tiers = pixi_tiers(inventory)
    locations = _evidence(inventory, "pixi-environment-tools")
    for name, environment in (
        ("essential", tiers.essential),
        ("extended", tiers.extended),
        ("full", tiers.full),
        ("test", tiers.test),
    ):
        if environment:
            because = "of the project's environments it holds what this tier needs"
            if name == "test":
                because = "the project has one environment for each Python"
            yield OwnSetting(("environments", name), environment, because, locations)


def _group(inventory: Inventory, answers: Mapping[str, object]) -> Iterator[OwnSetting]:
    """The group with the test runner, unless the engine installs it anyway."""
    manager = answers.get("package_manager")
    needs = needs_by_kind(inventory)
    if inventory.below:
        # The environment of each package has its own groups.
        return
    if written_requirements(inventory, answers):
        because = "it holds what the tests need, as no group, extra or file does"
        locations = _evidence(inventory, "test-needs")
        key = ("environments", "essential")
        yield OwnSetting(key, TEST_REQUIREMENTS, because, locations)
        return
    # Without a name, uv installs its default groups, and pip the group dev.
    # What a test runner's own environment installs comes before other groups.
    needed = {line.removeprefix("-r ") for line in inventory.items("test-needs")}
    defaults = inventory.items("default-groups") if manager == "uv" else ["dev"]
    everything = "all" in defaults and needs.get("group")
    if everything or {*defaults} & {*needs.get("group", ())}:
        return
    if {*INSTALLED_FILES} & {*needs.get("file", ())} or manager == "poetry":
        return
    for kind, noun in (
        ("group", "dependency group"),
        ("extra", "extra"),
        ("file", "requirement file"),
    ):
        names = needs.get(kind)
        if names and not (kind == "file" and manager == "uv"):
            ranked = sorted(names, key=lambda name: _rank(name, needed))
            because = f"this {noun} brings the test runner"
            locations = _evidence(inventory, "test-requirements")
            yield OwnSetting(
                ("environments", "essential"), ranked[0], because, locations
            )
            return


def _benchmark_environment(
    inventory: Inventory, answers: Mapping[str, object]
) -> Iterator[OwnSetting]:
    """The group with the benchmark fixture, unless the tests' group has it."""
    needs = inventory.items("benchmark-requirements")
    tests = inventory.items("test-requirements")
    if answers.get("benchmarks") != "yes" or {*needs} & {"project", *tests}:
        return
    wanted = "pixi" if answers.get("package_manager") == "pixi" else "group extra file"
    for kind in wanted.split():
        names = [need.partition(" ")[2] for need in needs if need.startswith(kind)]
        if names and answers.get("pixi_tiers") != "framework":
            because = "it brings what runs the benchmarks"
            locations = _evidence(inventory, "benchmark-requirements")
            key = ("environments", "benchmarks")
            yield OwnSetting(key, names[0], because, locations)
            return


def _rank(name: str, needed: set[str]) -> tuple[bool, bool, bool, str]:
    """Groups that are installed for tests, then those named for them; locked first."""
    plain = name.endswith(".in")
    return name not in needed, not _is_for_tests(name), plain, name


def _is_for_tests(name: str) -> bool:
    """Whether a group, extra or file is named for tests: test, tests, testing."""
    stem = name.rpartition("/")[2].rpartition(".")[0] or name
    return stem.lower() in ("test", "tests", "testing", "requirements-test")


def _test_command(inventory: Inventory) -> Iterator[OwnSetting]:
    runner = inventory.text("test-runner")
    selection = inventory.items("test-selection")
    if selection:
        because = "its tests are only ever run with this selection"
        if OTHERS_SELECT in inventory.reason("test-selection"):
            because = f"its first run of the tests selects these; {OTHERS_SELECT}"
        locations = _evidence(inventory, "test-selection")
        yield OwnSetting(("commands", "test"), selection, because, locations)
    elif runner in _COMMANDS:
        usual, because = _COMMANDS[runner]
        command = shlex.split(inventory.text("test-command")) or usual
        if command and command[0] == "pytest":
            command = usual
        # A default is known; other substitutions only work in a shell or tox.
        command = [_DEFAULT.sub(r"\1", word) for word in command]
        command = [word for word in command if word and not _UNKNOWN.search(word)]
        if len(command) > 1 or runner == "nbdev":
            locations = _evidence(inventory, "test-runner")
            yield OwnSetting(("commands", "test"), command, because, locations)


def _switched_off(inventory: Inventory) -> Iterator[OwnSetting]:
    """Checks that the project does not run, or runs with other tools."""
    if inventory.text("test-runner") == "none" and inventory.items("test-paths"):
        because = "its test directories hold scripts, which no test runner collects"
        locations = _evidence(inventory, "test-paths")
        yield OwnSetting(("checks", "test", "tier"), "none", because, locations)
    yield from _lint_off(inventory)
    formatter = inventory.text("formatter")
    if formatter != "ruff":
        because = "the project formats nothing: adoption does not start it"
        if formatter != "none":
            because = f"{formatter} formats the code, and two formatters would disagree"
        locations = _evidence(inventory, "formatter")
        yield OwnSetting(("checks", "format", "tier"), "none", because, locations)
    checker = inventory.text("type-checker")
    if checker not in TYPE_CHECKERS:
        because = "the project checks no types: adoption does not start it"
        if checker != "none":
            because = f"{checker} checks the types, which the framework does not run"
        locations = _evidence(inventory, "type-checker")
        yield OwnSetting(("checks", "typecheck", "tier"), "none", because, locations)


def _lint_off(inventory: Inventory) -> Iterator[OwnSetting]:
    """Templates of other projects that ruff would read as code or as settings."""
    if inventory.text("linter") == "ruff":
        return
    for name, because in (
        ("templates", "beside its tests it holds templates, which are not code yet"),
        ("template-settings", "ruff stops at settings that are a template"),
    ):
        whole = inventory.items("source-paths") == ["."]
        if inventory.items(name) and (whole or name != "templates"):
            key = ("checks", "lint", "tier")
            yield OwnSetting(key, "none", because, _evidence(inventory, name))
            return
