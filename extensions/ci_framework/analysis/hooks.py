"""The pre-commit hooks of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ci_framework.analysis.purposes.activities import find_purposes, guess_purpose
from ci_framework.analysis.purposes.vocabulary import HOOKS, MOVED_HOOKS
from ci_framework.analysis.readers.documents import Documents
from ci_framework.analysis.readers.yaml_nodes import EMPTY, Node, NodeError, read_page
from ci_framework.inventory import Evidence, Hook, Unreadable
from ci_framework.repository import Repository

__all__ = [
    "HOOK_FILES",
    "hook_key",
    "read_hooks",
    "same_repository",
    "skipped_by_the_service",
]

HOOK_FILES = (".pre-commit-config.yaml", ".pre-commit-config.yml")


def read_hooks(
    repository: Repository, tasks: Mapping[str, Sequence[str]] | None = None
) -> tuple[list[Hook], list[Unreadable]]:
    """Read the hooks in their order; a file that does not parse is reported.

    Args:
        repository: the repository.
        tasks: the commands of its named tasks, which local hooks may run.
    """
    documents = Documents(repository)
    hooks: list[Hook] = []
    for path in HOOK_FILES:
        for entry in _entries(documents, path):
            hooks += _hooks(path, entry, tasks or {})
    return hooks, list(documents.unreadable.values())


def same_repository(one: str, other: str) -> bool:
    """Whether two addresses of hooks mean one repository."""
    return _plain(one) == _plain(other)


def hook_key(hook: Hook) -> tuple[str, str, str]:
    """What makes a hook the same one: repository, id, and name or alias."""
    return _plain(hook.repository), hook.id, hook.name


def skipped_by_the_service(repository: Repository) -> list[str]:
    """The hooks that ``ci: skip:`` keeps from pre-commit.ci."""
    documents = Documents(repository)
    return [
        word
        for path in HOOK_FILES
        for word in _top(documents, path).get("ci").get("skip").words()
    ]


def _plain(address: str) -> str:
    """An address without what does not matter: protocol, case, ``.git``, ``/``."""
    text = address.strip().lower()
    text = re.sub(r"^(git\+)?(https?|ssh|git)://([^/@]*@)?(www\.)?", "", text)
    text = re.sub(r"^git@([^:/]+):", r"\1/", text)
    text = text.rstrip("/").removesuffix(".git").rstrip("/")
    return MOVED_HOOKS.get(text, text)


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


def _entries(documents: Documents, path: str) -> Sequence[Node]:
    top = _top(documents, path)
    # Before pre-commit 1.0 the whole file was the list.
    return top.get("repos").items or top.items


def _hooks(
    path: str, entry: Node, tasks: Mapping[str, Sequence[str]]
) -> Iterator[Hook]:
    for item in entry.get("hooks").items:
        yield Hook(
            repository=entry.get("repo").text,
            revision=entry.get("rev").text or entry.get("sha").text,
            id=item.get("id").text,
            name=item.get("alias").text or item.get("name").text,
            does=_does(entry.get("repo").text, item, tasks),
            evidence=Evidence(path=path, line=item.line),
        )


def _does(repo: str, item: Node, tasks: Mapping[str, Sequence[str]]) -> list[str]:
    name = item.get("id").text
    if repo == "local" and item.get("entry").text:
        found = find_purposes(_command(item), tasks)
        if any(not does.startswith("other:") for does in found):
            return found
    if repo == "meta":
        return ["hooks"]
    if name in HOOKS:
        return [HOOKS[name]]
    does = find_purposes(name)
    if does and not does[0].startswith("other:"):
        return does
    if _plain(repo) == "github.com/pre-commit/pygrep-hooks":
        return ["lint"]
    if name.startswith(("check-", "forbid-", "pretty-format", "fix-", "python-")):
        return ["lint"]
    return [guess_purpose(name) or f"other: {name}"]


def _command(item: Node) -> str:
    arguments = " ".join(item.get("args").words())
    return f"{item.get('entry').text} {arguments}".strip()
