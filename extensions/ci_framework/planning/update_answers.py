"""Answers about the project's update bot and Dependabot's configuration."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ci_engine.configuration.tables import items
from ci_framework.analysis.purposes.vocabulary import word_list
from ci_framework.answers import Answer
from ci_framework.planning.edits import CannotEdit, decode, read_editable
from ci_framework.planning.yaml_locations import find_list, odd_indent, read_entries
from ci_framework.repository import Repository

UPDATES_FILE = ".github/dependabot.yml"
OTHER_NAME = ".github/dependabot.yaml"
_ECOSYSTEMS = {"github-actions": ("github-actions",), "python": ("pip", "uv")}
RENOVATE = word_list("renovate-files")


_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")


def shape_updates(
    repository: Repository, retired: Collection[str] = ()
) -> dict[str, Answer]:
    """The answers about update bots and Dependabot's configuration."""
    renovate = next((path for path in RENOVATE if path in repository.tracked), "")
    if renovate:
        because = f"Renovate keeps the project up to date, by {renovate}"
        return {"update_bot": Answer("none", because)}
    if OTHER_NAME in repository.tracked:
        because = f"the project configures Dependabot in {OTHER_NAME}"
        return {"update_bot": Answer("none", because)}
    try:
        before = read_editable(repository, UPDATES_FILE)
        text = "" if before is None else decode(before)
        listing = find_list(text, "updates")
    except CannotEdit:
        return {}
    shapes = dict(_ecosystems(text, repository, retired))
    if (indent := odd_indent(listing)) is not None:
        because = f"the list updates in {UPDATES_FILE} is indented by {indent}"
        shapes["updates_indent"] = Answer(indent, because)
    return shapes


def _ecosystems(
    text: str, repository: Repository, retired: Collection[str]
) -> Iterator[tuple[str, Answer]]:
    """The ecosystems that remain for the framework's block."""
    there = _at_the_top(text)
    kept = [n for n, names in _ECOSYSTEMS.items() if not there.intersection(names)]
    reasons: list[str] = []
    if len(kept) < len(_ECOSYSTEMS):
        # Dependabot refuses a file with two entries for the same files.
        have = ", ".join(sorted(there))
        reasons.append(f"the project has entries of its own for {have} at its top")
    if "github-actions" in kept and not _own_actions(repository, retired):
        # Dependabot fails if there are no files for an entry.
        kept.remove("github-actions")
        reasons.append("it has no workflows of its own")
    if reasons:
        yield "update_ecosystems", Answer(kept, "; ".join(reasons))


def _own_actions(repository: Repository, retired: Collection[str]) -> bool:
    """Whether Dependabot would find files of the project itself."""
    return any(
        path not in retired
        and (_WORKFLOW.fullmatch(path) or path in ("action.yml", "action.yaml"))
        for path in repository.tracked
    )


def _at_the_top(text: str) -> set[str]:
    """The ecosystems with an entry for the root directory."""
    return {
        str(entry.get("package-ecosystem"))
        for entry in read_entries(text, "updates")
        if looks_at_top(entry)
    }


def looks_at_top(entry: Mapping[str, object]) -> bool:
    """Whether an entry of Dependabot includes files in the root directory."""
    locations = [entry.get("directory"), *items(entry, "directories")]
    return any(
        isinstance(location, str) and _is_top(location) for location in locations
    )


def _is_top(location: str) -> bool:
    return location.strip("/. ") == "" or "*" in location
