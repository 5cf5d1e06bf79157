"""Exclusions that a project's own update bot still needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import msgspec

from ci_engine.configuration.tables import items, table
from ci_framework.inventory import Evidence
from ci_framework.planning.plan import Operation
from ci_framework.planning.update_answers import (
    OTHER_NAME,
    RENOVATE,
    UPDATES_FILE,
    looks_at_top,
)
from ci_framework.planning.yaml_locations import read_entries
from ci_framework.repository import Repository

_ACTIONS, _WORKFLOWS = ".github/actions/", ".github/workflows/"
_ENGINE = "ci-framework/"
_PYTHON = ("pip", "uv")


def exclusions(
    repository: Repository, rendered: Mapping[str, object]
) -> list[Operation]:
    """What to add by hand to the configuration of the project's bot.

    Updates of the framework also update its pins: if a bot changes them as well, the
    next framework update conflicts.
    """
    return [*_renovate(repository, rendered), *_dependabot(repository, rendered)]


def _renovate(
    repository: Repository, rendered: Mapping[str, object]
) -> Iterator[Operation]:
    path = next((name for name in RENOVATE if name in repository.tracked), "")
    owned = [*_workflows(rendered), *_actions(rendered), f"{_ENGINE}**"]
    if path and not _leaves_alone(repository.blob(path) or b"", owned):
        rule = json.dumps({"matchFileNames": owned, "enabled": False})
        yield _by_hand(path, f"its Renovate: add to packageRules, at the end: {rule}")


def _leaves_alone(content: bytes, owned: list[str]) -> bool:
    """Whether a configuration of Renovate excludes all of this; JSON5 may hide it."""
    try:
        document = table(msgspec.json.decode(content))
    except msgspec.DecodeError:
        return all(f'"{path}"' in content.decode("utf-8", "replace") for path in owned)
    named = {*items(document, "ignorePaths")}
    for rule in map(table, items(document, "packageRules")):
        if rule.get("enabled") is False:
            named |= {*items(rule, "matchFileNames")}
    return named.issuperset(owned)


def _dependabot(
    repository: Repository, rendered: Mapping[str, object]
) -> Iterator[Operation]:
    path = next((n for n in (UPDATES_FILE, OTHER_NAME) if n in repository.tracked), "")
    text = (repository.blob(path) or b"").decode("utf-8", "replace") if path else ""
    for entry in read_entries(text, "updates"):
        if not looks_at_top(entry):
            continue
        name = str(entry.get("package-ecosystem"))
        # From the root, Dependabot finds the workflows, but neither the actions nor the
        # engine's requirements: these need patterns of directories.
        deep = "*" in str(entry.get("directories"))
        owned: list[str] = []
        if name == "github-actions":
            owned = [*_workflows(rendered), *(_actions(rendered) if deep else [])]
        elif name in _PYTHON and deep:
            owned = [f"{_ENGINE}**"]
        missing = [row for row in owned if row not in items(entry, "exclude-paths")]
        if missing:
            rows = f"exclude-paths: {json.dumps(missing)}"
            yield _by_hand(path, f"its Dependabot: add to the entry for {name}: {rows}")


def _workflows(rendered: Mapping[str, object]) -> list[str]:
    return sorted(path for path in rendered if path.startswith(_WORKFLOWS))


def _actions(rendered: Mapping[str, object]) -> list[str]:
    folders = {
        path.rpartition("/")[0] for path in rendered if path.startswith(_ACTIONS)
    }
    # Files directly in it pin nothing, and actions of the project are beside it.
    folders.discard(_ACTIONS.rstrip("/"))
    return sorted(f"{folder}/**" for folder in folders)


def _by_hand(path: str, reason: str) -> Operation:
    return Operation(
        kind="manual",
        path=path,
        reason=f"{reason}; updates of ci-framework bring what these pin",
        risk="low",
        evidence=[Evidence(path=path)],
    )
