"""Edits of shared files: bytes in, bytes out; what a user wrote is never rewritten."""

from __future__ import annotations

from ci_framework.planning.edits_model import (
    LARGEST,
    CannotEdit,
    Edit,
    line_end,
    patch_text,
    remove_spans,
)
from ci_framework.planning.text_block import append_text_block, remove_block
from ci_framework.planning.toml_block import insert_toml_block
from ci_framework.planning.toml_settings import Setting
from ci_framework.planning.yaml_block import LISTS, insert_yaml_item
from ci_framework.repository import Repository

__all__ = [
    "LARGEST",
    "LISTS",
    "CannotEdit",
    "Edit",
    "Setting",
    "append_text_block",
    "insert_block",
    "insert_toml_block",
    "insert_yaml_item",
    "line_end",
    "patch_text",
    "read_editable",
    "remove_block",
    "remove_spans",
]


def insert_block(path: str, before: bytes, rendered: bytes) -> Edit:
    """Insert what was rendered for a shared file, by its kind.

    Raises:
        CannotEdit: if it has to be left alone.
    """
    for key, name in LISTS.items():
        if path == name:
            return insert_yaml_item(before, rendered, key)
    if path.endswith(".toml"):
        return insert_toml_block(before, rendered)
    return append_text_block(before, rendered)


def read_editable(repository: Repository, path: str) -> bytes | None:
    """Read a shared file, None if there is none.

    Raises:
        CannotEdit: if it is no ordinary, tracked file of a size that people edit.
    """
    location = repository.root / path
    entry = repository.tracked.get(path)
    if location.is_symlink() or (entry is not None and entry.mode == "120000"):
        raise CannotEdit("it is a link: what it points to has an owner of its own")
    if entry is not None and not entry.is_file:
        raise CannotEdit("it is a submodule")
    if not location.exists():
        return None
    if not location.is_file():
        raise CannotEdit("it is a directory")
    if entry is None:
        raise CannotEdit("git does not track it")
    try:
        large = location.stat().st_size > LARGEST
        content = b"" if large else location.read_bytes()
    except OSError as error:
        raise CannotEdit(f"it cannot be read: {error.strerror}") from error
    if large:
        raise CannotEdit(f"it is larger than {LARGEST // 1_000_000} MB")
    return content
