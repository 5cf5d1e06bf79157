"""Plan each rendered file: created, inserted as a block, or blocked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from ci_framework.analysis.survey import PYPROJECT
from ci_framework.answers import OwnSetting
from ci_framework.planning.edits import (
    CannotEdit,
    Edit,
    append_text_block,
    patch_text,
)
from ci_framework.planning.oracle import verify
from ci_framework.planning.plan import Change, Operation
from ci_framework.planning.toml_block import insert_toml_block
from ci_framework.planning.toml_settings import write_value
from ci_framework.planning.yaml_block import LISTS, insert_yaml_item
from ci_framework.rendering import Rendered, RenderedFile
from ci_framework.repository import Repository

SETTINGS_FILE = "ci-framework.toml"
# The files with a block of the framework, and the key of the list around it.
_LISTS = {path: key for key, path in LISTS.items()}
_TEXTS = (".gitignore", ".gitattributes")
_WORKFLOWS = ".github/workflows/"


@dataclass(frozen=True)
class Blocked:
    """A rendered file that cannot be written to its path.

    Attributes:
        patch: a unified diff to apply by hand; may be empty.
    """

    path: str
    reason: str
    patch: str


@dataclass
class FilePlan:
    """The plan for the rendered files."""

    operations: list[Operation] = field(default_factory=list[Operation])
    changes: list[Change] = field(default_factory=list[Change])
    blocked: list[Blocked] = field(default_factory=list[Blocked])


def plan_files(
    repository: Repository,
    rendered: Rendered,
    own: Sequence[OwnSetting],
) -> FilePlan:
    """Plan each rendered file, in the order of their paths.

    The project's own settings are written once, beside the framework's block.
    """
    plan = FilePlan()
    for path, file in sorted(rendered.files.items()):
        settings = own if path in (PYPROJECT, SETTINGS_FILE) else ()
        if not os.path.lexists(repository.root / path):
            _create(plan, path, file, settings)
        elif repository.read(path) == file.content:
            continue
        elif path in (PYPROJECT, SETTINGS_FILE, *_LISTS, *_TEXTS):
            _insert(plan, repository, path, file, settings)
        else:
            reason = "the project has a file of its own by this name"
            plan.blocked.append(Blocked(path, reason, ""))
    return plan


def _create(
    plan: FilePlan, path: str, file: RenderedFile, own: Sequence[OwnSetting]
) -> None:
    content = file.content
    if own:
        content = insert_toml_block(b"", content, own).after
    plan.changes.append(Change(path, None, content, file.mode))
    plan.operations.append(
        Operation(
            kind="create",
            path=path,
            reason=_why(path),
            risk="low" if path.startswith(_WORKFLOWS) else "none",
            after=digest(content),
            mode=file.mode,
        )
    )
    plan.operations += _leaves(path, own, digest(content))


def _insert(
    plan: FilePlan,
    repository: Repository,
    path: str,
    file: RenderedFile,
    own: Sequence[OwnSetting],
) -> None:
    before = repository.read(path)
    entry = repository.tracked.get(path)
    if before is None:
        plan.blocked.append(Blocked(path, "it is a link or no ordinary file", ""))
        return
    try:
        edit = insert_block(path, before, file.content, own)
        verify(path, before, edit)
    except CannotEdit as error:
        plan.blocked.append(Blocked(path, str(error), error.patch))
        return
    mode = entry.mode if entry is not None else "100644"
    plan.changes.append(Change(path, before, edit.after, mode, edit.spans))
    plan.operations.append(
        Operation(
            kind="insert-block",
            path=path,
            reason=_why(path),
            risk="none" if path in _TEXTS else "low",
            before=digest(before),
            after=digest(edit.after),
            mode=mode,
            patch=patch_of(path, before, edit.after),
        )
    )
    plan.operations += _leaves(path, own, digest(edit.after))


def insert_block(
    path: str, before: bytes, block: bytes, own: Sequence[OwnSetting] = ()
) -> Edit:
    """Insert the block of a shared file in the way of its format.

    Raises:
        CannotEdit: if the file has to be left alone.
    """
    if path.endswith(".toml"):
        return insert_toml_block(before, block, own)
    if path in _LISTS:
        return insert_yaml_item(before, block, _LISTS[path])
    return append_text_block(before, block)


def _leaves(path: str, own: Sequence[OwnSetting], after: str) -> list[Operation]:
    return [
        Operation(
            kind="set-leaf",
            path=path,
            reason=f"tool.ci-framework.{'.'.join(item.key)} = "
            f"{write_value(item.value)}: {item.because}",
            risk="low",
            after=after,
            evidence=list(item.evidence),
        )
        for item in own
    ]


def _why(path: str) -> str:
    if path in (PYPROJECT, SETTINGS_FILE):
        return "the framework's settings for this project, in a block of their own"
    if path in _LISTS:
        return f"the framework's entries, as a block in the list {_LISTS[path]!r}"
    if path in _TEXTS:
        return "the framework's lines, as a block at the end"
    if path.startswith(_WORKFLOWS):
        return "the framework's workflow; existing ones stay as they are"
    if path.startswith(".copier-answers"):
        return "the answers, from which `copier update` starts"
    return "a file of the framework's own, which its updates replace"


def digest(content: bytes) -> str:
    """The SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def patch_of(path: str, before: bytes, after: bytes) -> str:
    """A unified diff; bytes that are not UTF-8 are shown escaped."""
    old, new = (raw.decode("utf-8", "backslashreplace") for raw in (before, after))
    return patch_text(path, old, new)
