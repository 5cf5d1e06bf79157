"""Create the objects of an adoption, and describe its transition."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

from ci_engine.errors import ToolError
from ci_framework import __version__
from ci_framework.applying.commits import (
    author_of,
    commit_tree,
    free_branch,
    stage,
    tree_with,
)
from ci_framework.applying.files import permissions_of
from ci_framework.applying.journal import REFERENCES, now, read_journal, scratch, store
from ci_framework.applying.records import (
    FileState,
    Head,
    Journal,
    Manual,
    Reference,
    Step,
    Transition,
    current_head,
)
from ci_framework.planning.plan import Change, Plan
from ci_framework.repository import Entry, Repository

_EXECUTE = 0o111
_EXECUTABLE = "100755"


def prepare(
    repository: Repository,
    plan: Plan,
    changes: Sequence[Change],
    names: tuple[str, str],
) -> tuple[Journal, list[str]]:
    """Create all objects and the journal; the work tree is not touched."""
    wanted, message = names
    location = scratch(repository)
    head = current_head(repository)
    branch = free_branch(repository, wanted)
    author = author_of(repository)
    try:
        entries = stage(repository, changes, location)
        tree = tree_with(repository, head.commit, entries, location)
        steps = [
            step_of(repository, change, entries[change.path]) for change in changes
        ]
    except OSError as error:
        raise ToolError(
            f"cannot prepare the commit: {error}; nothing was changed",
            hint="free disk space, make the git directory writable, then try again",
        ) from error
    commit = commit_tree(repository, tree, head.commit, message, author)
    earlier = read_journal(repository)
    follows = earlier is not None and earlier.in_force
    transition = Transition(
        head_before=head,
        head_after=Head(branch=f"refs/heads/{branch}", commit=commit),
        steps=steps,
        references=[
            Reference(name=f"refs/heads/{branch}", before="", after=commit),
            *_references(repository, head.commit, commit, earlier if follows else None),
        ],
        creates=missing_parents(
            repository.root, [change.path for change in changes if change.mode]
        ),
        removes=emptied(
            repository.tracked,
            [change.path for change in changes if change.after is None],
            [change.path for change in changes if change.after is not None],
        ),
    )
    return _journal(plan, repository, transition, earlier if follows else None), [
        notice for notice in (author.notice,) if notice
    ]


def _journal(
    plan: Plan,
    repository: Repository,
    transition: Transition,
    earlier: Journal | None,
) -> Journal:
    time = now()
    private, common = repository.private_directory, repository.git_directory
    return Journal(
        id=secrets.token_hex(6),
        phase="prepared",
        tool=__version__,
        plan=plan.hash,
        template=plan.template,
        work_tree=os.path.relpath(private, common).replace(os.sep, "/"),
        base=transition.head_before.commit,
        original_branch=transition.head_before.name,
        branch=transition.head_after.name,
        commit=transition.head_after.commit,
        adoption=transition,
        manual=[
            Manual(path=item.path, reason=item.reason)
            for item in plan.operations
            if item.kind == "manual"
        ],
        earlier=earlier.id if earlier else "",
        started=time,
        updated=time,
    )


def _references(
    repository: Repository, base: str, commit: str, earlier: Journal | None
) -> list[Reference]:
    """Our refs, with which git keeps the objects for a rollback.

    Those of an earlier adoption are kept under another name.
    """
    found: list[Reference] = []
    known = repository.references("refs/ci-framework/")
    for name, value in (("base", base), ("applied", commit)):
        full = f"{REFERENCES}/{name}"
        present = known.get(full, "")
        found.append(Reference(name=full, before=present, after=value))
        if earlier is not None and present:
            kept = f"refs/ci-framework/earlier/{earlier.id}/{name}"
            found.append(Reference(name=kept, before="", after=present))
    return found


def step_of(repository: Repository, change: Change, entry: Entry | None) -> Step:
    """One file before and after, with its contents stored."""
    kept = store(repository)
    before: FileState | None = None
    after: FileState | None = None
    permissions: int | None = None
    if change.before is not None:
        present = repository.tracked[change.path]
        before, permissions = state_of(
            repository, change.path, present, change.before, change.mode
        )
    if change.after is not None and entry is not None:
        after = FileState(
            content=kept.put(change.after),
            blob=entry.blob,
            mode=entry.mode,
            permissions=permissions,
        )
    return Step(path=change.path, before=before, after=after)


def state_of(
    repository: Repository, path: str, entry: Entry, content: bytes, mode: str
) -> tuple[FileState, int]:
    """The current state of a file, with its content stored and its permissions."""
    permissions = permissions_of(repository.root / path)
    state = FileState(
        content=store(repository).put(content),
        blob=entry.blob,
        mode=entry.mode,
        permissions=permissions,
    )
    if mode and mode != entry.mode:
        permissions = _permissions_for(mode, permissions)
    return state, permissions


def _permissions_for(mode: str, permissions: int) -> int:
    """Change the permission bits only as far as the git mode requires."""
    if mode == _EXECUTABLE:
        return permissions | (permissions & 0o444) >> 2
    return permissions & ~_EXECUTE


def missing_parents(root: Path, paths: Iterable[str]) -> list[str]:
    """The directories to create for files, parents first."""
    parents = {
        parent.as_posix()
        for path in paths
        for parent in PurePosixPath(path).parents
        if parent.name
    }
    return sorted(parent for parent in parents if not (root / parent).exists())


def emptied(
    tracked: Iterable[str], gone: Collection[str], new: Collection[str]
) -> list[str]:
    """Directories without tracked files after the removal, parents first."""
    parents = {
        path.rsplit("/", depth)[0]
        for path in gone
        for depth in range(1, path.count("/") + 1)
    }
    stay = [*(path for path in tracked if path not in gone), *new]
    return sorted(
        parent
        for parent in parents
        if not any(path.startswith(f"{parent}/") for path in stay)
    )
