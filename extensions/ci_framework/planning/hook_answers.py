"""Which hooks the framework adds to the project's own, and how they are indented."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.planning.edits import CannotEdit, read_editable
from ci_framework.planning.edits_model import decode
from ci_framework.planning.shapes_model import (
    Shape,
    entries,
    items,
    shape_of_indent,
    table,
)
from ci_framework.planning.yaml_locations import Listing, find_list
from ci_framework.repository import Repository

__all__ = ["HOOKS_FILE", "shape_hooks"]

HOOKS_FILE = ".pre-commit-config.yaml"
_LINTERS = frozenset({"ruff", "ruff-check", "ruff-lint"})
_FORMATTERS = frozenset(
    {"ruff-format", "black", "black-jupyter", "blue", "yapf", "autopep8"}
)
# Files in which a project says that it formats with ruff.
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


def shape_hooks(repository: Repository) -> dict[str, Shape]:
    """The answers about the file of pre-commit."""
    try:
        before = read_editable(repository, HOOKS_FILE)
        text = "" if before is None else decode(before)
        listing = find_list(text, "repos")
    except CannotEdit:
        # Whoever inserts the block says so; a render of both hooks gives the patch.
        return {}
    return dict(_shapes(repository, text, listing))


def _shapes(
    repository: Repository, text: str, listing: Listing
) -> Iterator[tuple[str, Shape]]:
    if "ci" in listing.keys:
        because = "pre-commit.ci runs the hooks, and these need the repository's engine"
        yield "hooks", Shape.at([], because, HOOKS_FILE)
        return
    reasons = dict(_left_out(repository, text))
    if reasons:
        kept = [name for name in ("lint", "format") if name not in reasons]
        yield "hooks", Shape.at(kept, "; ".join(reasons.values()), HOOKS_FILE)
    for shape in shape_of_indent(listing, "repos", HOOKS_FILE):
        yield "hooks_indent", shape


def _left_out(repository: Repository, text: str) -> Iterator[tuple[str, str]]:
    """The hooks that the project does not need, each with the reason."""
    ids = {
        str(table(hook).get("id"))
        for entry in entries(text, "repos")
        for hook in items(entry.get("hooks"))
    }
    linters, formatters = sorted(ids & _LINTERS), sorted(ids & _FORMATTERS)
    if linters:
        yield "lint", f"the project's hook {linters[0]} lints"
    if formatters:
        yield "format", f"the project's hook {formatters[0]} formats"
    elif not _formats_with_ruff(repository):
        yield "format", "the project does not format with ruff"


def _formats_with_ruff(repository: Repository) -> bool:
    """Whether a command or a configuration says so."""
    for path in repository.tracked:
        if not _COMMANDS.fullmatch(path):
            continue
        content = repository.read(path) or b""
        text = content[:_LARGEST].decode("utf-8", "replace")
        if _RUFF_FORMAT.search(text):
            return True
    return False
