"""Execute a transition: files, refs, HEAD and index, in that order.

Every part may already be done, so the same call also finishes an interrupted one, and
the reverse transition undoes it. If anything is neither in its old nor in its new
state, someone else changed it, and nothing at all is touched.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.files import (
    OTHER,
    Store,
    content_of,
    put_file,
    remove_file,
)
from ci_framework.applying.index import (
    lock_path,
    refuse_locked,
    remove_our_lock,
    set_entries,
)
from ci_framework.applying.journal import scratch, store
from ci_framework.applying.records import (
    FileState,
    Head,
    Reference,
    Step,
    Transition,
    current_head,
)
from ci_framework.repository import Entry, Repository

_EXECUTABLE = "100755"


def _foreign(repository: Repository, transition: Transition) -> list[str]:
    """Describe everything that is neither in its old nor in its new state."""
    found: list[str] = []
    index = repository.entries()
    for step in transition.steps:
        known = {"" if state is None else state.content for state in step.sides}
        content = content_of(repository.root / step.path)
        if content not in known:
            what = "cannot be read as a file" if content == OTHER else "was changed"
            found.append(f"{step.path} {what if content else 'was removed'}")
        elif index.get(step.path) not in [_entry(state) for state in step.sides]:
            found.append(f"{step.path} was changed in the index")
    present = _references(repository)
    found += [
        f"{item.name} was moved"
        for item in transition.references
        if present.get(item.name, "") not in (item.before, item.after)
    ]
    head = current_head(repository)
    if head not in _heads(transition):
        location = head.name or "a detached HEAD"
        found.append(f"{location} at {head.commit[:12]} is checked out")
    goal = transition.head_after
    moved = {item.name for item in transition.references}
    stays = goal.branch and goal.branch not in moved
    if stays and present.get(goal.branch) != goal.commit:
        found.append(f"{goal.branch} was moved")
    return found


def carry_out(
    repository: Repository,
    transition: Transition,
    name: str,
    *,
    before_switching: Callable[[], None] = lambda: None,
) -> None:
    """Change the work tree from one state to the other, or finish doing so.

    ``before_switching`` is called when the files are done.

    Raises:
        UsageError: if something is neither in its old nor in its new state; nothing
            was touched in this case.
        ToolError: if git or the file system fails.
        OSError: if a file cannot be written.
    """
    _remove_leftovers(repository, transition, name)
    if lock_path(repository).exists():
        raise refuse_locked(repository)
    strange = _foreign(repository, transition)
    if strange:
        rows = "\n  ".join(strange)
        raise UsageError(
            f"changes that ci-framework did not make; nothing was touched:\n  {rows}",
            hint="restore these as they were before or after the interrupted command, "
            "then run the command again",
        )
    _move_files(repository, transition, name)
    before_switching()
    _switch(repository, transition, name)
    repository.forget()


def _entry(state: FileState | None) -> Entry | None:
    return None if state is None else state.entry


def _references(repository: Repository) -> dict[str, str]:
    return repository.references("refs/heads/", "refs/ci-framework/")


def _heads(transition: Transition) -> list[Head]:
    """The possible states of HEAD during a transition."""
    allowed = [transition.head_before, transition.head_after]
    # If a branch is both moved and left, either half may be done alone.
    for item in transition.references:
        for head in (transition.head_before, transition.head_after):
            if head.branch == item.name:
                allowed += [
                    Head(branch=item.name, commit=commit)
                    for commit in (item.before, item.after)
                ]
    return allowed


def _temporary(location: Path, name: str) -> Path:
    return location.with_name(f".ci-framework-{name}.tmp")


def drop_references(repository: Repository, transition: Transition) -> None:
    """Restore the refs of a transition that still have its values."""
    present = _references(repository)
    back = [
        item
        for item in transition.backwards().references
        if present.get(item.name, "") == item.before
    ]
    _update(repository, back)


def _remove_leftovers(
    repository: Repository, transition: Transition, name: str
) -> None:
    """Remove files that a killed command of ours left, known by their names."""
    remove_our_lock(repository)
    for step in transition.steps:
        temporary = _temporary(repository.root / step.path, name)
        # Below a link the directory is not ours.
        if not any(parent.is_symlink() for parent in _between(repository.root, step)):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                temporary.unlink()


def _between(root: Path, step: Step) -> list[Path]:
    parents = PurePosixPath(step.path).parents
    return [root / parent for parent in parents if parent.name]


def _move_files(repository: Repository, transition: Transition, name: str) -> None:
    """Change each file to its new state; removals come first to make room."""
    kept = store(repository)
    umask = _umask()
    for step in transition.steps:
        if step.after is None and step.before is not None:
            location = repository.root / step.path
            if content_of(location) == step.before.content:
                remove_file(location)
    remove_directories(repository.root, transition.removes)
    for step in transition.steps:
        if step.after is not None:
            _bring(repository.root, step, step.after, (kept, umask, name))


def _bring(
    root: Path, step: Step, after: FileState, means: tuple[Store, int, str]
) -> None:
    kept, umask, name = means
    location = root / step.path
    permissions = after.permissions
    if permissions is None:
        permissions = (0o777 if after.mode == _EXECUTABLE else 0o666) & ~umask
    present = content_of(location)
    if present == after.content:
        if location.stat().st_mode & 0o777 != permissions & 0o777:
            location.chmod(permissions)
        return
    content = kept.get(after.content)
    if content is None:
        raise ToolError(
            f"{step.path}: its content {after.content[:12]} is not kept any more",
            hint="restore the directory ci-framework in the git directory",
        )
    location.parent.mkdir(parents=True, exist_ok=True)
    put_file(
        location,
        content,
        permissions=permissions,
        temporary=_temporary(location, name),
        new=not present,
    )


def _umask() -> int:
    """The umask, which can only be read by setting it."""
    present = os.umask(0o077)
    os.umask(present)
    return present


def remove_directories(root: Path, directories: Iterable[str]) -> None:
    """Remove directories, deepest first; those that are not empty stay."""
    for directory in reversed(list(directories)):
        with contextlib.suppress(OSError):
            (root / directory).rmdir()


def _switch(repository: Repository, transition: Transition, name: str) -> None:
    """Move refs, HEAD and index; delete a branch once it is not checked out."""
    present = [item for item in transition.references if item.after]
    gone = [item for item in transition.references if not item.after]
    # HEAD must leave a branch before that branch is moved.
    _update(repository, present)
    _move_head(repository, transition.head_after)
    changes = {step.path: _entry(step.after) for step in transition.steps}
    index = repository.entries()
    if any(index.get(path) != entry for path, entry in changes.items()):
        set_entries(repository, changes, directory=scratch(repository), name=name)
    _update(repository, gone)


def _update(repository: Repository, goals: Sequence[Reference]) -> None:
    """Set refs in one transaction, unless they changed in the meantime."""
    if not goals:
        return
    orders: list[str] = []
    present = _references(repository)
    for item in goals:
        if present.get(item.name, "") == item.after:
            continue
        if not item.after:
            orders.append(f"delete {item.name} {item.before}")
        elif item.before:
            orders.append(f"update {item.name} {item.after} {item.before}")
        else:
            orders.append(f"create {item.name} {item.after}")
    if orders:
        text = "".join(f"{order}\n" for order in orders)
        repository.git(
            "update-ref", "-m", "ci-framework", "--stdin", stdin=text.encode()
        )


def _move_head(repository: Repository, head: Head) -> None:
    present = current_head(repository)
    if present == head:
        return
    if head.branch:
        repository.git("symbolic-ref", "-m", "ci-framework", "HEAD", head.branch)
    else:
        words = ("update-ref", "--no-deref", "-m", "ci-framework", "HEAD")
        repository.git(*words, head.commit)
