"""Check whether the framework's files are unchanged since they were rendered."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ci_engine.checks.lint.conflict_markers import MARKED, marker_line
from ci_engine.configuration.reading import read_yaml
from ci_engine.configuration.tables import items
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.findings.results import Finding
from ci_engine.project.engine_lock import ENGINE_LOCK, read_engine_lock
from ci_engine.project.repository import Project
from ci_engine.validation.file_hashes import (
    HASHES,
    hash_file,
    hash_text,
    read_hashes,
)
from ci_engine.validation.vendored_engine import (
    FOLDER,
    LOCK,
    VENDORED,
    edited_files,
    is_for_lock,
    locate_engine,
)

_HEAD = re.compile(rb"(?:#[^\n]*\n)*")
_DIGEST = re.compile(rb"^# digest: *(\w+)", re.MULTILINE)
_PROJECT = f"{FOLDER}/project"
_STARTERS = ("ci", "bootstrap")
_LOCATE_SECONDS = 60.0


def restore(name: str) -> str:
    """How to get one file as the template renders it: an update keeps every edit."""
    command = "copier recopy --defaults --overwrite --vcs-ref=:current: -x '*'"
    return f"restore it: `{command} -x '!/{name}'`"


def check_framework_files(project: Project, *, fetch: bool = True) -> Iterator[Finding]:
    """Report edited or missing files, and an engine that is not pinned.

    Args:
        project: the repository.
        fetch: whether to fetch the pinned engine to compare a copy with it; otherwise
            the copy is compared with the hashes that `ci vendor` recorded.
    """
    root = project.root
    yield from _check_lock(root)
    yield from _check_hashes(project)
    # Updating from a version that rendered the engine leaves bytecode behind.
    if (root / FOLDER / VENDORED / "__main__.py").is_file():
        yield from _check_vendored(root / FOLDER, fetch=fetch)


def _check_lock(root: Path) -> Iterator[Finding]:
    """Check that the installed packages are those of the digest."""
    path = root / ENGINE_LOCK
    if not path.is_file():
        return
    content = path.read_bytes().replace(b"\r\n", b"\n")
    head = _HEAD.match(content)
    start = head.end() if head else 0
    stated = _DIGEST.search(content[:start])
    if stated is None or stated[1].decode() != hash_text(content[start:]):
        yield _finding(
            ENGINE_LOCK,
            "its packages do not have the digest that it states: the engine's own list "
            f"is used\nhint: {restore(ENGINE_LOCK)}",
        )


def _check_hashes(project: Project) -> Iterator[Finding]:
    """Check the recorded hashes, which older templates did not have."""
    root = project.root
    if not (root / HASHES).is_file():
        return
    listed = read_hashes(root / HASHES)
    for name in sorted(_others(root) - listed.keys()):
        yield _finding(
            name,
            "not a file of the framework, and no check reads code here\nhint: move it, "
            f"or put it into {_PROJECT}/",
            severity="warning",
        )
    for name, expected in listed.items():
        if hash_file(root / name) == expected:
            continue
        if not (root / name).exists():
            yield _finding(
                name, f"missing: updates do not restore it\nhint: {restore(name)}"
            )
            continue
        line = marker_line(root / name)
        if line:
            # Its hashes say nothing before both sides are one again.
            yield _finding(
                name,
                f"{MARKED}\nhint: your lines come first, then those of the new "
                f"version; to take all of its lines, {restore(name)}",
                line=line,
            )
            continue
        unmanaged = ", ".join([*_unmanaged(project), name])
        value = shlex.quote(f"unmanaged=[{unmanaged}]")
        keep = f"copier update --defaults --vcs-ref=:current: -d {value}"
        yield _finding(
            name,
            "edited by hand: an update that changes the same lines conflicts\nhint: to "
            f"keep your edit, add it to the answer `unmanaged`: `{keep}` and `git "
            f"checkout HEAD -- {name}`; or {restore(name)}",
        )


def _unmanaged(project: Project) -> list[str]:
    """The files that the project maintains already, as far as its answers are sound."""
    try:
        answers = read_yaml(project.root / read_engine_lock(project.root).answers)
    except (OSError, ConfigurationError):
        return []
    return [name for name in items(answers, "unmanaged") if isinstance(name, str)]


def _others(root: Path) -> set[str]:
    """Other files in the framework's directory that no other check covers."""
    names: set[str] = set()
    for folder, folders, files in os.walk(root / FOLDER):
        inside = Path(folder).relative_to(root).as_posix()
        own = {_PROJECT, f"{FOLDER}/{VENDORED}"}
        folders[:] = [
            name
            for name in folders
            if name != "__pycache__" and f"{inside}/{name}" not in own
        ]
        links = [name for name in folders if Path(folder, name).is_symlink()]
        names |= {f"{inside}/{name}" for name in (*files, *links)}
    # Files in the answer `unmanaged` are in no list.
    return names - {HASHES, *(f"{FOLDER}/{name}" for name in (LOCK, *_STARTERS))}


def _check_vendored(folder: Path, *, fetch: bool) -> Iterator[Finding]:
    """Compare the copy with the pinned engine, or with the recorded hashes."""
    where = f"{FOLDER}/{VENDORED}"
    if not is_for_lock(folder):
        yield _finding(
            where,
            f"it is not the engine that {FOLDER}/{LOCK} pins\nhint: run "
            f"`{FOLDER}/ci vendor`",
        )
        return
    try:
        package = locate_engine(folder.parent, _LOCATE_SECONDS) if fetch else None
    except ToolError:
        package = None
    for path in edited_files(folder, package):
        yield _finding(
            f"{FOLDER}/{path}",
            "it differs from the pinned engine\nhint: remove "
            f"{where}, and run `{FOLDER}/ci vendor`",
        )


def _finding(
    path: str,
    message: str,
    severity: Literal["error", "warning"] = "error",
    line: int = 0,
) -> Finding:
    return Finding(
        tool="ci-framework",
        rule="framework-files",
        message=message,
        path=path,
        line=line,
        severity=severity,
    )
