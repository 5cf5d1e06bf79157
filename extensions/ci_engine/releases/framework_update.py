"""Merge a release of the framework with Copier, in a clone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ToolError, UsageError
from ci_engine.github.pushing import BOT
from ci_engine.processes.child_environment import child_variables, manager_variables
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.engine_lock import read_engine_lock
from ci_engine.project.git import Git
from ci_engine.project.repository import Manager, Project
from ci_engine.releases.framework_changes import read_changes

BRANCH = "ci-framework/update"
# https://docs.github.com/en/actions/reference/security/secure-use
ACTIONS_LOCK = ".github/workflows/actions.lock"
_SECONDS = 1200.0
_GATE_SECONDS = 3600.0
_MARKS = (b"<<<<<<< before updating", b">>>>>>> after updating")
_LOCKS: dict[Manager, tuple[str, tuple[str, ...]]] = {
    "uv": ("uv.lock", ("uv", "lock")),
    "poetry": ("poetry.lock", ("poetry", "lock")),
    "pixi": ("pixi.lock", ("pixi", "lock")),
}
_VERDICTS = {0: "green", 1: "red", 2: "wrong configuration", 3: "could not run"}


class MadeUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A merged update, as passed from one job to the next.

    Attributes:
        current: the project's version.
        latest: the new version; empty if there is none.
        commit: the commit with the update, empty if there is none.
        changed: the changed files.
        conflicts: the files with conflict markers in the commit.
        conflict_lines: the lines of these files where a conflict starts.
        changes: the sections of the changelog about the new versions, as Markdown.
        notes: notes for reviewers.
        verdicts: the commands that validated it, and their results.
    """

    current: str
    latest: str = ""
    commit: str = ""
    changed: list[str] = msgspec.field(default_factory=list[str])
    conflicts: list[str] = msgspec.field(default_factory=list[str])
    conflict_lines: dict[str, list[int]] = msgspec.field(
        default_factory=dict[str, list[int]]
    )
    changes: str = ""
    notes: list[str] = msgspec.field(default_factory=list[str])
    verdicts: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class _Versions(msgspec.Struct):
    """The report of `copier check-update`."""

    update_available: bool
    current_version: str = ""
    latest_version: str | None = None


@dataclass
class FrameworkUpdate:
    """One update, merged in a clone of the repository.

    Attributes:
        answers: the file with the answers.
        clone: the path of the clone, which does not exist yet.
    """

    project: Project
    answers: str
    clone: Path
    cancel: threading.Event
    notes: list[str] = field(default_factory=list[str])

    def make(self, *, validate: bool) -> MadeUpdate:
        """Look for a newer version, and merge it.

        Raises:
            ToolError: if Copier or git fails, or the template is not available.
        """
        source = Git(self.project.root)
        source.succeed("clone", "--quiet", "--no-hardlinks", ".", str(self.clone))
        versions = self._versions()
        if not versions.update_available:
            return MadeUpdate(current=versions.current_version)
        self._copier("update", "--defaults", "--quiet")
        conflicts = sorted({*self._unmerged(), *self._marked()})
        lines = {name: self._starts_of_conflicts(name) for name in conflicts}
        self._refresh_lock(conflicts)
        latest = versions.latest_version or "the latest version"
        commit = self._commit(latest)
        changed = self._git.succeed(
            "diff", "--name-only", "-z", "HEAD~1", "HEAD"
        ).names()
        self._look_at_actions(changed)
        verdicts: dict[str, str] = {}
        if validate and not conflicts:
            verdicts = dict(self._validate())
        return MadeUpdate(
            current=versions.current_version,
            latest=latest,
            commit=commit,
            changed=changed,
            conflicts=conflicts,
            conflict_lines=lines,
            changes=read_changes(
                self._git, self.clone / self.answers, versions.current_version
            ),
            notes=self.notes,
            verdicts=verdicts,
        )

    def bundle(self, path: Path) -> None:
        """Write a git bundle of the commit for another job."""
        self._git.succeed("branch", "--force", BRANCH, "HEAD")
        self._git.succeed(
            "bundle", "create", "--quiet", str(path), f"{BRANCH}~1..{BRANCH}"
        )

    @property
    def _git(self) -> Git:
        return Git(self.clone, child_variables(BOT))

    def _versions(self) -> _Versions:
        outcome = self._copier("check-update", "--output-format=json")
        try:
            return msgspec.json.decode(outcome.stdout, type=_Versions)
        except msgspec.DecodeError as error:
            raise ToolError(
                f"copier: unusable output: {outcome.tail(3)}",
                hint="run `copier check-update` yourself",
            ) from error

    def _copier(self, *words: str) -> Outcome:
        tool = isolated_tool(self.project, "copier", self.cancel)
        outcome = run_program(
            [tool.program(), *words, f"--answers-file={self.answers}"],
            cwd=self.clone,
            timeout=_SECONDS,
            variables=child_variables(),
            cancel=self.cancel,
        )
        if outcome.code != 0:
            offline = network_failure(outcome)
            because = f"needs the network: {offline}" if offline else outcome.tail(5)
            raise ToolError(
                f"copier {words[0]}: {because}",
                hint=f"run `copier {words[0]}` in a clean clone to see why",
            )
        return outcome

    def _unmerged(self) -> list[str]:
        command = ("diff", "--name-only", "--diff-filter=U", "-z")
        return self._git.succeed(*command).names()

    def _marked(self) -> Iterator[str]:
        """Files with conflict markers, for which Copier reports success."""
        command = ("ls-files", "-z", "--modified", "--others", "--exclude-standard")
        for name in self._git.succeed(*command).names():
            path = self.clone / name
            rows = path.read_bytes().splitlines() if path.is_file() else []
            if name.endswith(".rej") or any(row.startswith(_MARKS) for row in rows):
                yield name

    def _starts_of_conflicts(self, name: str) -> list[int]:
        path = self.clone / name
        rows = path.read_bytes().splitlines() if path.is_file() else []
        return [n for n, row in enumerate(rows, 1) if row.startswith(_MARKS[0])]

    def _refresh_lock(self, conflicts: list[str]) -> None:
        """Let the manager update its lock file, if there is one."""
        lock, command = _LOCKS.get(self.project.manager, ("", ()))
        if not lock or not (self.clone / lock).is_file():
            return
        if {"pyproject.toml", "pixi.toml"}.intersection(conflicts):
            self.notes.append(
                f"{lock} was not updated: resolve the conflicts, then run "
                f"`{' '.join(command)}`"
            )
            return
        if find_program(command[0]) is None:
            self.notes.append(f"{command[0]} is not installed: {lock} was not updated")
            return
        outcome = run_program(
            command,
            cwd=self.clone,
            timeout=_SECONDS,
            variables=manager_variables(),
            cancel=self.cancel,
        )
        if outcome.code != 0:
            self.notes.append(f"{lock} was not updated: {outcome.tail(3)}")

    def _look_at_actions(self, changed: list[str]) -> None:
        """Note that the lock file for actions needs an update."""
        folder = ".github/workflows/"
        workflows = any(n.startswith((folder, ".github/actions/")) for n in changed)
        if workflows and (self.clone / ACTIONS_LOCK).is_file():
            self.notes.append(
                f"{ACTIONS_LOCK} pins actions that this changes: run `gh actions-lock` "
                "on the branch and commit the file, or the workflows can't start"
            )
        if (self.clone / "ci-framework" / "ci_engine").is_dir():
            self.notes.append("the engine is vendored: run `ci-framework/ci vendor`")

    def _commit(self, latest: str) -> str:
        git = self._git
        git.succeed("add", "--all")
        message = f"chore: update ci-framework to {latest}"
        git.succeed("commit", "--quiet", "--no-verify", "--message", message)
        return git.commit("HEAD")

    def _validate(self) -> Iterator[tuple[str, str]]:
        """Run the updated commands on the updated project."""
        launcher = self.clone / "ci-framework" / "ci"
        for command in ("validate", "gate"):
            outcome = run_program(
                ["bash", str(launcher), command],
                cwd=self.clone,
                timeout=_GATE_SECONDS,
                variables=child_variables({"GITHUB_OUTPUT": os.devnull}),
                cancel=self.cancel,
            )
            text = _VERDICTS.get(outcome.code or 0, outcome.describe_exit())
            if outcome.code is None:
                text = outcome.describe_exit()
            yield f"ci-framework/ci {command}", text


def answers_file(root: Path) -> str:
    """The file with the answers, as named in engine.lock.

    Raises:
        UsageError: if the template did not render this repository.
    """
    answers = read_engine_lock(root).answers
    if not answers or not (root / answers).is_file():
        raise UsageError(
            "there is no answers file of the template here, so the project cannot be "
            "updated",
            hint="adopt the repository with `ci-framework adopt .`",
        )
    return answers
