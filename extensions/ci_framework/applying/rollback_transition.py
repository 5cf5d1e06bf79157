"""Describe the rollback to the state before the adoption as a transition."""

from __future__ import annotations

from collections.abc import Mapping

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.files import content_of
from ci_framework.applying.journal import REFERENCES, store
from ci_framework.applying.merging import differences
from ci_framework.applying.prepare import emptied, missing_parents, state_of
from ci_framework.applying.records import (
    FileState,
    Head,
    Journal,
    Reference,
    Step,
    Transition,
)
from ci_framework.repository import Entry, Repository

_ROLLED_BACK = "refs/ci-framework/rolled-back"


def rollback_transition(
    repository: Repository,
    journal: Journal,
    heads: tuple[Head, Head],
    changes: Mapping[str, Entry | None],
    moved: list[Reference],
) -> Transition:
    """The transition from what is checked out to the goal.

    Raises:
        UsageError: if uncommitted changes would be lost.
    """
    before, after = heads
    _refuse_uncommitted(repository, journal, changes)
    present = repository.entries()
    steps = [
        _step(repository, journal, path, (present.get(path), entry))
        for path, entry in changes.items()
    ]
    gone = [path for path, entry in changes.items() if entry is None]
    new = [path for path, entry in changes.items() if entry is not None]
    known = {step.path for step in journal.adoption.steps}
    foreign = [path for path in gone if path not in known]
    theirs = set(emptied(present, gone, new)) & set(emptied(foreign, foreign, []))
    return Transition(
        head_before=before,
        head_after=after,
        steps=steps,
        references=[*moved, *_references(repository, journal)],
        creates=missing_parents(repository.root, new),
        removes=sorted({*journal.adoption.creates, *theirs}),
    )


def _references(repository: Repository, journal: Journal) -> list[Reference]:
    """Mark our refs as rolled back, and restore those of an earlier adoption."""
    found: list[Reference] = []
    known = repository.references("refs/ci-framework/")
    for name, value in (("base", journal.base), ("applied", journal.commit)):
        full = f"{REFERENCES}/{name}"
        old = f"{_ROLLED_BACK}/{name}"
        kept = f"refs/ci-framework/earlier/{journal.earlier}/{name}"
        earlier = known.get(kept, "") if journal.earlier else ""
        if earlier:
            found.append(Reference(name=kept, before=earlier, after=""))
        present = known.get(full, "")
        if present or earlier:
            found.append(Reference(name=full, before=present, after=earlier))
        replaced = known.get(old, "")
        found.append(Reference(name=old, before=replaced, after=value))
    return found


def _refuse_uncommitted(
    repository: Repository, journal: Journal, changes: Mapping[str, Entry | None]
) -> None:
    """Refuse if anything uncommitted would be lost."""
    changed = sorted({*repository.changed_files()} & changes.keys())
    if changed:
        raise UsageError(
            f"changes that are not committed overlap with the rollback: "
            f"{', '.join(changed)}\n"
            f"{differences(repository, journal, '', changed)}",
            hint="`git stash` or `git commit` them, then run the command again",
        )
    tracked = repository.entries()
    in_the_way = [
        path
        for path, entry in changes.items()
        if entry is not None
        and path not in tracked
        and content_of(repository.root / path)
    ]
    if in_the_way:
        raise UsageError(
            "untracked files are where the rollback restores files: "
            f"{', '.join(in_the_way)}",
            hint="rename or remove them, then run the command again",
        )


def _step(
    repository: Repository,
    journal: Journal,
    path: str,
    sides: tuple[Entry | None, Entry | None],
) -> Step:
    """One file from its current state to its earlier one, or to git's checkout."""
    present, goal = sides
    if any(side is not None and not side.is_file for side in sides):
        raise UsageError(
            f"a link or submodule changed since the adoption: {path}",
            hint=f"git switch {journal.original_branch}, then run the command again",
        )
    kept = store(repository)
    before: FileState | None = None
    permissions: int | None = None
    if present is not None:
        content, mode = (repository.root / path).read_bytes(), goal.mode if goal else ""
        before, permissions = state_of(repository, path, present, content, mode)
    if goal is None:
        return Step(path=path, before=before, after=None)
    after = _as_it_was(journal, path, goal)
    if after is None or kept.get(after.content) is None:
        if before is not None and goal.blob == before.blob:
            name = before.content
        else:
            name = kept.put(_smudged(repository, path, goal.blob))
        after = FileState(
            content=name, blob=goal.blob, mode=goal.mode, permissions=permissions
        )
    return Step(path=path, before=before, after=after)


def _as_it_was(journal: Journal, path: str, goal: Entry) -> FileState | None:
    """The state of the file before the adoption, if it returns to that."""
    for step in journal.adoption.steps:
        if step.path == path and step.before is not None:
            return step.before if step.before.entry == goal else None
    return None


def _smudged(repository: Repository, path: str, blob: str) -> bytes:
    """The bytes that git would check out for an object."""
    done = repository.try_git("cat-file", "--filters", f"--path={path}", blob)
    if done.returncode:
        output = done.stderr.decode("utf-8", "replace").strip()
        raise ToolError(f"git cat-file failed: {output}")
    return done.stdout
