"""Answers about the framework's pre-commit hooks and their indentation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.tables import dig, items
from ci_framework.answers import Answer
from ci_framework.planning.edits import CannotEdit, decode, read_editable
from ci_framework.planning.yaml_locations import (
    Listing,
    find_list,
    odd_indent,
    read_entries,
)
from ci_framework.repository import Repository

HOOKS_FILE = ".pre-commit-config.yaml"
_LINTERS = frozenset({"ruff", "ruff-check", "ruff-lint"})
_FORMATTERS = frozenset(
    {"ruff-format", "black", "black-jupyter", "blue", "yapf", "autopep8"}
)
# Files with which a project formats with ruff.
_RUFF_FORMAT = re.compile(
    r"\bruff(?:\s|\"|'|,)+format\b|\bruff-format\b|^\s*\[(?:tool\.ruff\.)?format\]",
    re.MULTILINE,
)
_COMMANDS = re.compile(
    r"(?:.*/)?(?:pyproject|pixi|hatch|ruff|\.ruff)\.toml|tox\.(?:ini|toml)|setup\.cfg"
    r"|noxfile\.py|tasks\.py|[Mm]akefile|GNUmakefile|\.?[Jj]ustfile|Taskfile\.ya?ml"
    r"|package\.json|\.pre-commit-config\.yaml|\.gitlab-ci\.yml"
    r"|\.github/workflows/[^/]+\.ya?ml|(?:scripts?|bin|tools?)/[^/]+"
)
_LARGEST = 500_000


def shape_hooks(repository: Repository) -> dict[str, Answer]:
    """The answers about the pre-commit configuration."""
    try:
        before = read_editable(repository, HOOKS_FILE)
        text = "" if before is None else decode(before)
        listing = find_list(text, "repos")
    except CannotEdit:
        # Inserting the block reports this; rendering both hooks provides the patch.
        return {}
    return dict(_shapes(repository, text, listing))


def _shapes(
    repository: Repository, text: str, listing: Listing
) -> Iterator[tuple[str, Answer]]:
    if "ci" in listing.keys:
        because = "pre-commit.ci runs the hooks, and these need the repository's engine"
        yield "hooks", Answer([], because)
        return
    reasons = dict(_left_out(repository, text))
    if reasons:
        kept = [name for name in ("lint", "format") if name not in reasons]
        yield "hooks", Answer(kept, "; ".join(reasons.values()))
    if (indent := odd_indent(listing)) is not None:
        because = f"the list repos in {HOOKS_FILE} is indented by {indent}"
        yield "hooks_indent", Answer(indent, because)


def _left_out(repository: Repository, text: str) -> Iterator[tuple[str, str]]:
    """The hooks that the project does not need, each with the reason."""
    ids = {
        str(dig(hook, "id"))
        for entry in read_entries(text, "repos")
        for hook in items(entry, "hooks")
    }
    linters, formatters = sorted(ids & _LINTERS), sorted(ids & _FORMATTERS)
    if linters:
        yield "lint", f"the project's hook {linters[0]} lints"
    if formatters:
        yield "format", f"the project's hook {formatters[0]} formats"
    elif not _formats_with_ruff(repository):
        yield "format", "the project does not format with ruff"


def _formats_with_ruff(repository: Repository) -> bool:
    """Whether a command or a configuration formats with ruff."""
    for path in repository.tracked:
        if not _COMMANDS.fullmatch(path):
            continue
        content = repository.read(path) or b""
        text = content[:_LARGEST].decode("utf-8", "replace")
        if _RUFF_FORMAT.search(text):
            return True
    return False
