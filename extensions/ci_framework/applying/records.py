"""The data in the journal."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_framework.planning.plan import Template
from ci_framework.repository import Entry, Repository

# prepared: the work tree is unchanged; writing: files are being written;
# switching: branch and index are being moved; amending: a file is being added to the
# commit; rolling-back: an adoption is being rolled back.
Phase = Literal[
    "prepared",
    "writing",
    "switching",
    "applied",
    "amending",
    "validated",
    "rolling-back",
    "rolled-back",
]


RecordedVerdict = Literal["green", "static", "red", "error"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A record of the journal: kebab-case keys in JSON."""


class FileState(_Record, frozen=True):
    """A file at one moment.

    Attributes:
        content: SHA-256 of its bytes in the work tree.
        blob: its object in the index.
        permissions: its permission bits in the work tree; None if they follow from
            the mode.
    """

    content: str
    blob: str
    mode: str
    permissions: int | None = None

    @property
    def entry(self) -> Entry:
        """Its entry in the index."""
        return Entry(self.mode, self.blob)


class Step(_Record, frozen=True):
    """One file before and after; None where it does not exist."""

    path: str
    before: FileState | None
    after: FileState | None

    @property
    def sides(self) -> tuple[FileState | None, FileState | None]:
        """Both states."""
        return self.before, self.after


class Reference(_Record, frozen=True):
    """One git ref before and after; empty where it does not exist."""

    name: str
    before: str
    after: str


class Head(_Record, frozen=True):
    """The checked-out branch and commit.

    Attributes:
        branch: the branch as ``refs/heads/...``, empty if HEAD is detached.
    """

    branch: str
    commit: str

    @property
    def name(self) -> str:
        """The short name of the branch, empty if HEAD is detached."""
        return self.branch.removeprefix("refs/heads/")


def current_head(repository: Repository) -> Head:
    """The current HEAD."""
    branch = repository.line("symbolic-ref", "--quiet", "HEAD")
    return Head(branch=branch, commit=repository.commit("HEAD"))


class Transition(_Record, frozen=True):
    """A change from one state of a work tree and its refs to another.

    Attributes:
        creates: directories that exist only afterwards, parents first.
        removes: directories to remove if they are empty, parents first.
    """

    head_before: Head
    head_after: Head
    steps: list[Step]
    references: list[Reference]
    creates: list[str] = []
    removes: list[str] = []

    def backwards(self) -> Transition:
        """The reverse transition."""
        return Transition(
            head_before=self.head_after,
            head_after=self.head_before,
            steps=[
                Step(path=step.path, before=step.after, after=step.before)
                for step in self.steps
            ],
            references=[
                Reference(name=item.name, before=item.after, after=item.before)
                for item in self.references
            ],
            creates=self.removes,
            removes=self.creates,
        )

    def contents(self) -> set[str]:
        """The names of all contents needed in both directions."""
        states = (state for step in self.steps for state in step.sides)
        return {state.content for state in states if state is not None}


class Manual(_Record, frozen=True):
    """A part of the plan that only a person can do."""

    path: str
    reason: str


class ValidationRecord(_Record, frozen=True):
    """The result of the last validation of the adoption.

    Attributes:
        verdict: its verdict; static: no code of the project ran, and nothing
            failed.
        at: the time in UTC.
    """

    verdict: RecordedVerdict
    summary: str
    commit: str
    at: str


class Journal(_Record, frozen=True):
    """One adoption, from beginning to end.

    Attributes:
        id: identifies the adoption and its temporary files.
        tool: the version of the companion.
        plan: the hash of the plan.
        work_tree: the work tree in the repository: its git directory relative to
            the shared one.
        base: the commit it started from.
        original_branch: the branch it started from, empty if HEAD was detached.
        rollback: the changes of its rollback; None before that.
        amendment: the changes to its commit; None before and after that.
        earlier: the id of the adoption before this one, empty if there is none.
        started: the time of the start in UTC.
        updated: the time of this record in UTC.
    """

    id: str
    phase: Phase
    tool: str
    plan: str
    template: Template
    work_tree: str
    base: str
    original_branch: str
    branch: str
    commit: str
    adoption: Transition
    started: str
    updated: str
    rollback: Transition | None = None
    amendment: Transition | None = None
    manual: list[Manual] = []
    validation: ValidationRecord | None = None
    earlier: str = ""
    schema: Literal[1] = 1

    @property
    def interrupted(self) -> bool:
        """Whether the command that wrote this did not finish."""
        return self.phase not in ("applied", "validated", "rolled-back")

    @property
    def in_force(self) -> bool:
        """Whether there is an adoption that can be rolled back."""
        return self.phase in ("applied", "validated")

    @property
    def pending(self) -> tuple[str, Transition]:
        """The interrupted command, and its transition."""
        if self.phase == "rolling-back" and self.rollback is not None:
            return "rollback", self.rollback
        if self.phase == "amending" and self.amendment is not None:
            return "amendment", self.amendment
        return "apply", self.adoption

    def contents(self) -> set[str]:
        """The names of all contents that finishing or undoing it needs."""
        transitions = (self.adoption, self.amendment, self.rollback)
        return {name for item in transitions if item for name in item.contents()}

    def folded(self) -> Journal:
        """The journal with the amendment merged into the adoption."""
        amendment = self.amendment
        if amendment is None:
            return self
        commit = amendment.head_after.commit
        moved = {item.name for item in amendment.references}
        steps = {step.path: step for step in self.adoption.steps}
        for step in amendment.steps:
            known = steps.get(step.path, step)
            steps[step.path] = msgspec.structs.replace(step, before=known.before)
        whole = msgspec.structs.replace(
            self.adoption,
            head_after=amendment.head_after,
            steps=list(steps.values()),
            references=[
                msgspec.structs.replace(item, after=commit)
                if item.name in moved
                else item
                for item in self.adoption.references
            ],
            creates=[*self.adoption.creates, *amendment.creates],
        )
        return msgspec.structs.replace(
            self, adoption=whole, amendment=None, commit=commit
        )
