"""A plan as data: operations in order, each with before, after, reason and risk."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from ci_framework.inventory import Evidence

# create: a new file; insert-block: the framework's block in a shared file;
# set-leaf: one of the project's own settings in [tool.ci-framework...];
# retire: remove an existing workflow, only ever on request;
# keep: a file of the project stays as it is, and the framework adapts;
# manual: something only a person can do, with a patch if possible.
Kind = Literal["create", "insert-block", "set-leaf", "retire", "keep", "manual"]
Risk = Literal["none", "low", "medium", "high"]


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A record of the plan: kebab-case keys in JSON."""


class Span(_Record, frozen=True):
    """Bytes that a change inserts into a file.

    Attributes:
        start: offset of the first inserted byte in the new file.
        end: offset after the last one.
    """

    start: int
    end: int


class Operation(_Record, frozen=True):
    """One atomic step of a plan.

    Attributes:
        before: SHA-256 of the file before, empty if it does not exist.
        after: SHA-256 of the file after, empty if it does not exist or nothing is
            written.
        mode: git mode of the file after (100644, 100755), empty if not written.
        patch: a unified diff: the change of an existing file, or a patch for a
            refused change.
    """

    kind: Kind
    path: str
    reason: str
    risk: Risk = "none"
    before: str = ""
    after: str = ""
    mode: str = ""
    patch: str = ""
    evidence: list[Evidence] = []

    @property
    def writes(self) -> bool:
        """Whether it changes a file."""
        return self.kind in ("create", "insert-block", "set-leaf", "retire")


class Capability(_Record, frozen=True):
    """Something that the existing CI does, and its state after the adoption.

    Attributes:
        workflow: path of the workflow, or of another CI's configuration.
        job: id of the job, empty for capabilities of the whole workflow.
        step: name of the step, empty for capabilities of the job.
        does: the capability, such as ``test`` or ``service: redis``.
        state: covered (the framework does it as well), kept (only the existing
            workflow does it, which stays) or manual (a person has to look).
        by: the check, job or file that covers or keeps it.
    """

    workflow: str
    job: str
    step: str
    line: int
    does: str
    state: Literal["covered", "kept", "manual"]
    by: str
    because: str


class AlwaysRed(_Record, frozen=True):
    """Existing findings that no baseline may contain and that fail the gate.

    Attributes:
        rules: the number of findings by rule.
        files: the number of findings by file.
        fixable: the number of findings that the command fixes.
        command: the command that fixes them, empty if none can be fixed automatically.
        remaining: the findings to fix by hand, each with its location and its rule.
        uncounted: why they could not be counted, empty if they were.
    """

    rules: dict[str, int] = {}
    files: dict[str, int] = {}
    fixable: int = 0
    command: str = ""
    remaining: list[str] = []
    uncounted: str = ""


class Template(_Record, frozen=True):
    """The template that a plan renders.

    Attributes:
        source: the recorded ``_src_path``: an address or a path.
        commit: the recorded ``_commit``: a tag, or the output of git describe.
    """

    source: str
    commit: str
    version: str


class Plan(_Record, frozen=True):
    """Everything that an adoption would do.

    Attributes:
        hash: identifies the plan: the same repository, template and answers give the
            same hash.
        answers_file: the file for recorded answers in the repository.
        reasons: the reason for each answer, by question.
        always_red: findings that fail the gate from the first day; not part of the
            hash, because they are not about the changes of the plan.
    """

    hash: str
    base: str
    template: Template
    answers_file: str
    answers: dict[str, object]
    reasons: dict[str, str]
    operations: list[Operation]
    capabilities: list[Capability]
    summary: str = ""
    always_red: AlwaysRed = AlwaysRed()
    schema: Literal[1] = 1

    @property
    def writes(self) -> list[Operation]:
        """The operations that change a file."""
        return [item for item in self.operations if item.writes]


@dataclass(frozen=True)
class Change:
    """The bytes of one file before and after a plan.

    Attributes:
        before: its bytes in the work tree now, None if it does not exist.
        after: its bytes afterwards, None if it is removed.
        mode: git mode afterwards (100644 or 100755); empty if it is removed.
        spans: what is inserted, for a file that exists; offsets in ``after``.
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode: str
    spans: tuple[Span, ...] = ()


def summarize(operations: Sequence[Operation]) -> str:
    """Count the operations by their kind."""
    counts = Counter(operation.kind for operation in operations)
    counted = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    return counted or "nothing to do"


def plan_hash(
    template: Template,
    answers: Mapping[str, object],
    operations: list[Operation],
) -> str:
    """Identify a plan by its content: equal inputs give equal hashes everywhere."""
    content = [template.commit, dict(sorted(answers.items())), operations]
    encoded = msgspec.json.encode(content, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:16]
