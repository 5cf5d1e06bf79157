"""The pre-commit hooks of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.purposes.activities import find_purposes, guess_purpose
from ci_framework.analysis.purposes.vocabulary import HOOKS
from ci_framework.analysis.readers.documents import Documents
from ci_framework.analysis.readers.yaml_nodes import EMPTY, Node, NodeError, read_page
from ci_framework.inventory import Evidence, Hook, Unreadable
from ci_framework.repository import Repository

HOOK_FILES = (".pre-commit-config.yaml", ".pre-commit-config.yml")
_PYGREP = re.compile(
    r"\s*(.*(//|@))?(www\.)?github\.com[/:]pre-commit/pygrep-hooks/*(\.git)?/*\s*",
    re.IGNORECASE,
)


def read_hooks(repository: Repository) -> tuple[list[Hook], list[Unreadable]]:
    """Read the hooks in order; a file that does not parse is reported."""
    documents = Documents(repository)
    hooks: list[Hook] = []
    for path in HOOK_FILES:
        top = _top(documents, path)
        # Before pre-commit 1.0 the whole file was the list.
        for entry in top.get("repos").items or top.items:
            hooks += _hooks(path, entry)
    return hooks, list(documents.unreadable.values())


def _top(documents: Documents, path: str) -> Node:
    if not documents.has(path):
        return EMPTY
    try:
        page = read_page(documents.text(path))
    except NodeError as error:
        documents.refuse(path, str(error), error.line)
        return EMPTY
    if len(page.documents) > 1:
        documents.refuse(path, "several documents", page.documents[1].line)
    if page.documents and page.documents[0].kind != "map":
        documents.refuse(path, "no mapping", page.documents[0].line)
    return page.documents[0] if page.documents else EMPTY


def _hooks(path: str, entry: Node) -> Iterator[Hook]:
    for item in entry.get("hooks").items:
        yield Hook(
            repository=entry.get("repo").text,
            revision=entry.get("rev").text or entry.get("sha").text,
            id=item.get("id").text,
            name=item.get("alias").text or item.get("name").text,
            does=_does(entry.get("repo").text, item),
            evidence=Evidence(path=path, line=item.line),
            command=_command(entry.get("repo").text, item),
        )


def _command(repo: str, item: Node) -> str:
    """What a local hook runs, empty for the hooks of other repositories."""
    arguments = " ".join(item.get("args").words())
    return f"{item.get('entry').text} {arguments}".strip() if repo == "local" else ""


def _does(repo: str, item: Node) -> list[str]:
    name = item.get("id").text
    if command := _command(repo, item):
        found = find_purposes(command)
        if any(not does.startswith("other:") for does in found):
            return found
    if repo == "meta":
        return ["hooks"]
    if name in HOOKS:
        return [HOOKS[name]]
    does = find_purposes(name)
    if does and not does[0].startswith("other:"):
        return does
    lints = ("check-", "forbid-", "pretty-format", "fix-", "python-")
    if name.startswith(lints) or _PYGREP.fullmatch(repo):
        return ["lint"]
    return [guess_purpose(name) or f"other: {name}"]
