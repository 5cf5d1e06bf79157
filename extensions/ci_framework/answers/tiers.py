"""Choose the pixi environments of the quality tiers."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.inventory import Inventory

_OWN_ENVIRONMENTS = ("quality", "quality-extended", "quality-full")
# The tasks in the framework's block.
_OWN_TASKS = word_set("framework-tasks")
_PREFIX = "ci-"
# Their names with that prefix, which avoids a doubled `ci`.
_PREFIXED_TASKS = {
    f"{_PREFIX}job-{name.removeprefix('ci-')}"
    if name.startswith("ci-")
    else f"{_PREFIX}{name}"
    for name in _OWN_TASKS
}
# The tools that an environment needs for each tier, the most important first.
_ESSENTIAL = ("pytest", "ruff", "mypy", "pyright", "pyrefly", "pytest-cov")
_EXTENDED = ("bandit", "pre-commit", "prek")
_FULL = ("build", "python-build")
# Among equally suitable environments, prefer the most specific name.
_ESSENTIAL_NAMES = ("quality", "ci", "dev", "test", "tests", "default", "lint")
_EXTENDED_NAMES = ("quality-extended", "extended", "security", "ci", "dev")
_FULL_NAMES = ("quality-full", "full", "build", "quality-ci", "ci", "dev")


@dataclass(frozen=True)
class Tiers:
    """The environments of the tiers.

    Attributes:
        owner: who defines the environments: ``framework`` or ``project``.
        prefix: prefix of the framework's names, if plain ones are taken.
        essential: the project's environment for the essential tier.
        extended: that for the extended tier, empty if it is the same.
        full: that for the full tier, empty if it is the same.
        test: the pattern of its environments for single Pythons, empty if none.
        pythons: the versions with such an environment.
        python: the only version of the essential environment, empty if it is open.
    """

    owner: str
    because: str
    prefix: str = ""
    because_prefix: str = "no name of the framework's is taken"
    essential: str = ""
    extended: str = ""
    full: str = ""
    test: str = ""
    pythons: tuple[str, ...] = ()
    python: str = ""


def pixi_tiers(inventory: Inventory) -> Tiers:
    """Decide whether the framework or the project defines the environments."""
    if inventory.text("manager") != "pixi":
        return Tiers("project", "it has no pixi environments")
    reason = _why_project(inventory)
    return _project(inventory, reason) if reason else _framework(inventory)


def _why_project(inventory: Inventory) -> str:
    """Why the framework adds no environments, empty if it can."""
    if inventory.text("pixi-manifest") == "pixi.toml":
        return "the manifest is pixi.toml, to which the block cannot be added"
    if "pixi.lock" in inventory.items("lock-files"):
        fact = inventory.fact("lock-tracked")
        tracked = "tracked " if fact is not None and fact.value is True else ""
        return f"another feature would make the {tracked}pixi.lock out of date"
    if inventory.text("pixi-block-blocked"):
        return f"its pixi tables take no more: {inventory.text('pixi-block-blocked')}"
    taken = set(inventory.items("taken-names"))
    own = sorted(taken & set(_OWN_ENVIRONMENTS))
    if own:
        return f"the project has {', '.join(own)} of its own"
    prefixed = {*(f"{_PREFIX}{name}" for name in _OWN_ENVIRONMENTS), *_PREFIXED_TASKS}
    if taken & _OWN_TASKS and taken & prefixed:
        return "the names of the framework's tasks are taken, with a prefix as well"
    return ""


def _framework(inventory: Inventory) -> Tiers:
    taken = set(inventory.items("taken-names"))
    clashes = sorted(
        name for name in taken if name in _OWN_TASKS or _is_of_python(name)
    )
    because = "there is no pixi.lock to keep, and the names of the tiers are free"
    if not clashes:
        return Tiers("framework", because)
    note = f"the project has {', '.join(clashes)} of its own"
    return Tiers("framework", because, _PREFIX, note)


def _project(inventory: Inventory, reason: str) -> Tiers:
    tools = inventory.mapping("pixi-environment-tools")
    pythons = inventory.mapping("pixi-environment-pythons")
    held = {name: frozenset(words.split()) for name, words in tools.items()}
    plain = {name: has for name, has in held.items() if not _is_of_python(name)} or held
    essential = _best(plain, _ESSENTIAL, _ESSENTIAL_NAMES, frozenset())
    # The tools that a further tier must have: those of the tier before.
    needed = {*_ESSENTIAL[:2]} & plain.get(essential, frozenset())
    extended = _best(plain, _EXTENDED, _EXTENDED_NAMES, needed)
    full = _best(plain, _FULL, _FULL_NAMES, needed)
    pattern, versions = _pattern(held, pythons)
    return Tiers(
        "project",
        reason,
        because_prefix="the tiers are the project's",
        essential="" if essential == "default" else essential,
        extended=extended if extended != essential else "",
        full=full if full not in (essential, extended) else "",
        test=pattern,
        pythons=versions,
        python=pythons.get(essential or "default", ""),
    )


def _is_of_python(name: str) -> bool:
    return name.startswith("py") and name[2:].isdigit()


def _best(
    held: dict[str, frozenset[str]],
    wanted: tuple[str, ...],
    names: tuple[str, ...],
    needed: Set[str],
) -> str:
    """The environment with most of the wanted tools; empty if none has any."""

    def rank(name: str) -> tuple[list[bool], int, int]:
        has = held[name]
        usual = names.index(name) if name in names else len(names)
        return [tool not in has for tool in wanted], usual, len(has)

    fit = [name for name, has in held.items() if has & set(wanted) and has >= needed]
    return min(fit, key=rank) if fit else ""


def _pattern(
    held: dict[str, frozenset[str]], pythons: dict[str, str]
) -> tuple[str, tuple[str, ...]]:
    """The pattern of the environments for single Pythons, and their versions."""
    found: dict[str, list[str]] = {}
    for name, version in pythons.items():
        digits = version.replace(".", "")
        if digits in name and "pytest" in held.get(name, frozenset()):
            found.setdefault(name.replace(digits, "{python}", 1), []).append(version)
    if not found:
        return "", ()
    plain = "py{python}"
    pattern = plain if plain in found else max(found, key=lambda key: len(found[key]))
    return pattern, tuple(found[pattern])
