"""Add a file to the commit of an adoption, while it is the last commit."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ci_framework.applying.commits import author_of, commit_tree, stage, tree_with
from ci_framework.applying.journal import home, read_journal, scratch
from ci_framework.applying.lock import exclusive
from ci_framework.applying.prepare import missing_parents, step_of
from ci_framework.applying.records import (
    Head,
    Journal,
    Reference,
    Transition,
    current_head,
)
from ci_framework.applying.recover import attempt, refuse_interrupted
from ci_framework.planning.plan import Change
from ci_framework.preflight import check_ready
from ci_framework.repository import Repository


def amend(repository: Repository, files: Mapping[str, bytes]) -> Journal | None:
    """Add files to the adoption's commit; a rollback removes them with the rest.

    Returns:
        The journal afterwards; None if there was nothing to do, because the files
        exist already or because commits follow the adoption, which others
        may have.

    Raises:
        UsageError: if the work tree is not clean or another command is running.
        ToolError: if git or the file system failed; everything was undone.
    """
    with exclusive(home(repository)):
        refuse_interrupted(repository)
        journal = read_journal(repository)
        if journal is None or not journal.in_force:
            return None
        changes = [
            Change(path, repository.read(path), content, "100644")
            for path, content in sorted(files.items())
            if repository.read(path) != content
        ]
        own = Head(branch=f"refs/heads/{journal.branch}", commit=journal.commit)
        if not changes or current_head(repository) != own:
            return None
        check_ready(repository, changes)
        begun = _begin(repository, journal, changes)
        what = "amend the adoption's commit"
        return attempt(repository, begun, before=journal, what=what)


def _begin(repository: Repository, journal: Journal, changes: list[Change]) -> Journal:
    """Create the new commit and describe the transition."""
    location = scratch(repository)
    entries = stage(repository, changes, location)
    tree = tree_with(repository, journal.commit, entries, location)
    message = repository.git("log", "-1", "--format=%B", journal.commit).decode()
    author = author_of(repository)
    commit = commit_tree(repository, tree, journal.base, message, author)
    branch = f"refs/heads/{journal.branch}"
    amendment = Transition(
        head_before=Head(branch=branch, commit=journal.commit),
        head_after=Head(branch=branch, commit=commit),
        steps=[step_of(repository, item, entries[item.path]) for item in changes],
        references=[
            Reference(name=item.name, before=item.after, after=commit)
            for item in journal.adoption.references
            if item.after == journal.commit
        ],
        creates=missing_parents(repository.root, [item.path for item in changes]),
    )
    return msgspec.structs.replace(journal, phase="amending", amendment=amendment)
