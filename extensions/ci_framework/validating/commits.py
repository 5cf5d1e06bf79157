"""Compare the two commits of an adoption, using git."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.repository import Entry, Repository
from ci_framework.validating.model import (
    AdoptionFacts,
    Outcome,
    judged,
    not_run,
    passed,
    skipped,
)


@dataclass(frozen=True)
class Commits:
    """The files of the base commit and of the adopted one."""

    repository: Repository
    adoption: AdoptionFacts

    @cached_property
    def before(self) -> dict[str, Entry]:
        """The files of the base commit."""
        return self.repository.entries(self.adoption.base)

    @cached_property
    def after(self) -> dict[str, Entry]:
        """The files of the adopted commit."""
        return self.repository.entries(self.adoption.adopted)

    @cached_property
    def differing(self) -> list[str]:
        """Every path that differs between the commits."""
        paths = sorted({*self.before, *self.after})
        return [path for path in paths if self.before.get(path) != self.after.get(path)]

    def content(self, entry: Entry | None) -> bytes:
        """The bytes of a file as stored in git; empty if it is not a file."""
        if entry is None or not entry.is_file:
            return b""
        return self.repository.git("cat-file", "blob", entry.blob)

    def hashes(self, commit: str, path: str) -> set[str]:
        """SHA-256 of a file as stored, and as it may be in a work tree.

        The adoption may have changed its attributes: until git checks it out again,
        its copy in the work tree has Windows line endings.
        """
        name = f"{commit}:{path}"
        stored = self.repository.git("cat-file", "blob", name)
        lying = self.repository.try_git("cat-file", "--filters", name)
        contents = [stored] if lying.returncode else [stored, lying.stdout]
        contents.append(stored.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        return {hashlib.sha256(content).hexdigest() for content in contents}


def check_planned(commits: Commits) -> Outcome:
    """Check that the commits differ exactly as planned, byte for byte."""
    adoption = commits.adoption
    operations = adoption.plan.writes
    planned = {item.path for item in operations} | set(adoption.changed)
    faults = [
        f"{path}: changed without a plan"
        for path in commits.differing
        if path not in planned and path not in adoption.later
    ]
    faults += [
        f"{item.path}: planned ({item.kind}), but not changed"
        for item in operations
        if item.path not in commits.differing
    ]
    modes = {item.path: item.mode for item in operations if item.mode}
    for path, hashes in adoption.changed.items():
        if path in commits.differing and path not in adoption.later:
            faults += _content_faults(commits, path, hashes.before, hashes.after)
            mode = commits.after[path].mode if path in commits.after else ""
            if mode and modes.get(path, mode) != mode:
                faults.append(f"{path}: mode {mode}, planned {modes[path]}")
    number = len(planned)
    good = f"only the {number} planned files differ"
    return judged(faults, good, "the commits do not differ as planned")


def _content_faults(commits: Commits, path: str, before: str, after: str) -> list[str]:
    sides = (
        ("before", commits.adoption.base, commits.before, before),
        ("after", commits.adoption.adopted, commits.after, after),
    )
    faults: list[str] = []
    for name, commit, entries, wanted in sides:
        entry = entries.get(path)
        if (entry is None) != (not wanted):
            faults.append(f"{path}: {name}: {'missing' if wanted else 'is there'}")
        elif (
            entry is not None
            and entry.is_file
            and wanted not in commits.hashes(commit, path)
        ):
            faults.append(f"{path}: {name}: its content differs from the plan")
    return faults


def check_workflows(commits: Commits) -> Outcome:
    """Check that existing workflows are unchanged, unless retired on request."""
    retired = commits.adoption.retired
    own = [path for path in commits.before if path.startswith(".github/workflows/")]
    faults = [
        f"{path}: {'changed' if path in commits.after else 'gone'}"
        for path in own
        if commits.after.get(path) != commits.before[path] and path not in retired
    ]
    if not own:
        return skipped("the project has no workflows")
    good = f"all {len(own)} existing workflows are unchanged"
    if retired & set(own):
        good = f"{len(own)} existing workflows; retired on request: " + ", ".join(
            sorted(retired & set(own))
        )
    return judged(faults, good, "existing workflows were changed")


def check_locks(commits: Commits) -> Outcome:
    """Check that lock files are unchanged."""
    own = [
        path
        for path in commits.before
        if PurePosixPath(path).name in word_set("lock-files")
    ]
    faults = [path for path in own if commits.after.get(path) != commits.before[path]]
    if not own:
        return skipped("the project has no lock file")
    return judged(faults, f"unchanged: {', '.join(own)}", "lock files were changed")


def check_ignored(commits: Commits, adopted: Repository) -> Outcome:
    """Check that the repository's own rules ignore no new file."""
    created = sorted(commits.adoption.created)
    if not created:
        return skipped("no file is new")
    done = adopted.try_git(
        "-c",
        f"core.excludesFile={os.devnull}",
        "check-ignore",
        "--no-index",
        "--verbose",
        "-z",
        "--stdin",
        stdin=b"\0".join(os.fsencode(path) for path in created) + b"\0",
    )
    if done.returncode not in (0, 1):
        return not_run(done.stderr.decode("utf-8", "replace").strip())
    fields = [os.fsdecode(field) for field in done.stdout.split(b"\0")]
    rows = zip(*(fields[start::4] for start in range(4)), strict=False)
    faults = [
        f"{path}: ignored by {source}:{line} ({pattern})"
        for source, line, pattern, path in rows
        # A pattern with an exclamation mark means that the file is not ignored.
        if not pattern.startswith("!") and not source.startswith(".git/")
    ]
    good = f"none of the {len(created)} new files is ignored"
    return judged(faults, good, "new files are ignored: git would lose them")


def check_replan(commits: Commits, adopted: Repository) -> Outcome:
    """Check that planning again finds nothing to do."""
    replan = commits.adoption.replan
    if replan is None:
        return not_run("no second plan could be created")
    again = [item for item in replan(adopted) if item.writes]
    if not again:
        return passed("a second plan is empty")
    faults = [f"{item.kind} {item.path}: {item.reason}" for item in again]
    return judged(faults, "", "a second plan is not empty")
