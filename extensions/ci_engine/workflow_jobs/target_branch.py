"""Judge the skipped jobs of a pull request by its target branch.

The jobs of a pull request run its own engine, settings and workflow. The engine of the
target branch compares both trees and decides again which jobs may be skipped. It reads
the change, and runs no code of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

from ci_engine.changes.detection import ChangeSource
from ci_engine.changes.diff import changed_files
from ci_engine.changes.diff_base import DiffBase
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.project_settings import configuration_file, read_own_table
from ci_engine.configuration.reading import Table
from ci_engine.errors import CommandError, ToolError
from ci_engine.github.event import read_event
from ci_engine.project.engine_lock import ENGINE_LOCK, parse_engine_lock
from ci_engine.project.git import Git
from ci_engine.project.repository import read_project
from ci_engine.workflow_jobs.job_decision import skips_of

_FRAMEWORK = ("ci-framework", ".github/workflows", ".github/actions")
_OWNERS = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS")
_OF_PACKAGES = ("packages", "cross-package-tests")
_MOST_NAMED = 20
_LONGEST = 300


class TargetBranch:
    """A checkout of the target branch beside one of the change.

    Attributes:
        target: the root of the target branch, whose engine this is.
        change: the root of the change.
    """

    def __init__(
        self, target: Path, change: Path, variables: Mapping[str, str]
    ) -> None:
        self.target, self.change, self.variables = target, change, variables

    def notes(self) -> list[str]:
        """What the change edits that its own checks depend on; usually nothing."""
        files = [*self._files()]
        settings = [*self._settings()]
        notes = [f"this change edits {name}" for name in files[:_MOST_NAMED]]
        more = len(files) - _MOST_NAMED
        notes += (
            [f"and {more} more files that its checks depend on"] if more > 0 else []
        )
        notes += [f"this change sets {text}" for text in settings[:_MOST_NAMED]]
        if notes:
            notes.append(
                "the checks of this change ran with these edits: review them first"
            )
        return notes

    def _files(self) -> Iterator[str]:
        before, after = _listed(self.target), _listed(self.change)
        # Only some are listed; files that control everything else come first.
        for name in sorted(before.keys() | after.keys(), key=_importance):
            if before.get(name) == after.get(name):
                continue
            if name == ENGINE_LOCK:
                old, new = _commit(before.get(name)), _commit(after.get(name))
                pinned = f"the engine of commit {new or 'none'}, before {old or 'none'}"
                yield f"{name}: {pinned}"
            elif name in before and name in after:
                yield name
            else:
                yield f"{name} ({'removed' if name in before else 'added'})"

    def _settings(self) -> Iterator[str]:
        try:
            before, after = _own_table(self.target), _own_table(self.change)
        except CommandError as error:
            yield f"something that cannot be read: {str(error).splitlines()[0]}"
            return
        for key in sorted(before.keys() | after.keys()):
            old, new = before.get(key, "the default"), after.get(key, "the default")
            if old != new:
                yield f"{_short(key)} = {_short(new)}, before {_short(old)}"

    def refuted(self, claimed: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Jobs that the change wrongly skipped.

        Returns:
            These are jobs that the target branch's engine does not skip with the
            settings of the change; and a note for each job that its own settings would
            not skip, and for what could not be decided.
        """
        if not claimed:
            return [], []
        try:
            source = self._source()
            by_package = not claimed.keys().isdisjoint(_OF_PACKAGES)
            own = self._skips(self.change, source, by_package=by_package)
            base = self._skips(self.target, source, by_package=by_package)
        except CommandError as error:
            reason = str(error).splitlines()[0]
            return [], [f"the skipped jobs were not verified: {reason}"]
        wrong = [job for job in claimed if job not in own]
        notes = [
            f"{job} is left out by settings that this change edits"
            for job in claimed
            if job in own and job not in base
        ]
        return wrong, notes

    def _source(self) -> ChangeSource:
        commit = Git(self.target).commit("HEAD")
        git = Git(self.change)
        if not git.commit(commit):
            # Only a directory beside this one is read.
            fetched = git.run("fetch", "--quiet", "--no-tags", str(self.target), "HEAD")
            if fetched.code != 0:
                raise ToolError(f"git fetch: {fetched.tail(1)}")
        base = DiffBase(commit, "the target branch")
        changes = changed_files(self.change, base, work_tree=False)
        event = read_event(self.variables)
        return ChangeSource(event, diff_base=base, changes=changes)

    def _skips(
        self, settings: Path, source: ChangeSource, *, by_package: bool
    ) -> Mapping[str, str]:
        """The skipped jobs with the settings of one of both trees."""
        configuration = load_configuration(settings, self.variables)
        project = read_project(self.change)
        return skips_of(
            project, configuration, source, self.variables, by_package=by_package
        )


def _short(value: str) -> str:
    """Cut a value for display, so that it does not hide others."""
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def _importance(name: str) -> tuple[int, str]:
    """The position of a file in the list, as a change may add many files."""
    starts = (
        ENGINE_LOCK,
        "ci-framework/",
        *_OWNERS,
        ".copier-answers",
        ".github/workflows/",
    )
    ranks = [rank for rank, start in enumerate(starts) if name.startswith(start)]
    return (ranks[0] if ranks else len(starts), name)


def _own_table(root: Path) -> dict[str, str]:
    """The settings of a tree by their dotted keys."""
    source = configuration_file(root)
    return dict(_leaves(read_own_table(source), "")) if source else {}


def _leaves(table: Table, prefix: str) -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from _leaves(cast("Table", value), name)
        else:
            yield name, repr(value)


def _listed(root: Path) -> dict[str, bytes]:
    """The content of each framework file; for a link, its target."""
    names = [
        name for name in (*_OWNERS, _answers(root)) if os.path.lexists(root / name)
    ]
    for top in _FRAMEWORK:
        for folder, folders, files in os.walk(root / top):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            paths = (Path(folder, name) for name in (*files, *links))
            names += [path.relative_to(root).as_posix() for path in paths]
    return {name: _content(root / name) for name in names}


def _answers(root: Path) -> str:
    """The file with the answers, which set where the engine is fetched from."""
    lock = root / ENGINE_LOCK
    # A change may have written any bytes to it.
    text = os.fsdecode(_content(lock)) if lock.is_file() else ""
    return parse_engine_lock(text).answers or ".copier-answers.yml"


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return b"link " + os.fsencode(path.readlink())
    return path.read_bytes().replace(b"\r\n", b"\n") if path.is_file() else b"special"


def _commit(lock: bytes | None) -> str:
    return parse_engine_lock(os.fsdecode(lock or b"")).commit[:40]
