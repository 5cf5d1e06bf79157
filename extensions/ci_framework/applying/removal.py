"""Remove an adoption from files with later changes.

Updates of the framework change its own files, and people write beside its blocks:
neither prevents a rollback.
"""

from __future__ import annotations

from collections.abc import Mapping

from ci_engine.errors import CommandError
from ci_engine.validation.marked_blocks import SHARED_FILES
from ci_framework.applying.merging import Reversal, store_blob
from ci_framework.applying.records import Journal
from ci_framework.planning.edits import block_of, found_block, with_line_ends
from ci_framework.planning.recorded_answers import (
    ANSWERS_FILE,
    OTHER_ANSWERS_FILE,
    parse_recorded,
)
from ci_framework.rendering import find_source, render
from ci_framework.repository import Entry, Repository

_ANSWERS = (ANSWERS_FILE, OTHER_ANSWERS_FILE)
_Entries = Mapping[str, Entry]


def settle_overlaps(
    repository: Repository, journal: Journal, commit: str, reversal: Reversal
) -> Reversal:
    """Remove the adoption from files that a merge could not separate.

    A file is removed if it is identical to a render of the recorded version. In a
    shared file, an unedited block is removed.
    """
    present = repository.entries(commit)
    adopted = repository.entries(journal.commit)
    before = repository.entries(journal.base)
    rendered = _rendered(repository, present)
    result = dict(reversal.entries)
    overlaps: list[str] = []
    for path in reversal.overlaps:
        sides = (present.get(path), adopted.get(path), before.get(path))
        ours = path in _ANSWERS or _is_rendered(repository, path, sides[0], rendered)
        if ours and sides[2] is None:
            result[path] = None
        elif path in SHARED_FILES and None not in sides[:2]:
            content = _without_block(repository, sides, rendered.get(path, b""))
            if content is None:
                overlaps.append(path)
            else:
                result[path] = _entry(repository, sides, content)
        else:
            overlaps.append(path)
    for path in rendered:
        new = path not in adopted and path not in before
        if new and _is_rendered(repository, path, present.get(path), rendered):
            result[path] = None
    return Reversal(result, overlaps)


def _rendered(repository: Repository, present: _Entries) -> dict[str, bytes]:
    """The render of the recorded version, empty if it is not available."""
    for path in _ANSWERS:
        entry = present.get(path)
        recorded = parse_recorded(path, _content(repository, entry)) if entry else None
        if recorded is None:
            continue
        try:
            source = find_source(recorded.source, recorded.commit)
            files = render(source, recorded.answers, recorded.path).files
        except CommandError:
            return {}
        return {name: file.content for name, file in files.items()}
    return {}


def _is_rendered(
    repository: Repository,
    path: str,
    entry: Entry | None,
    rendered: Mapping[str, bytes],
) -> bool:
    if entry is None or path not in rendered or not entry.is_file:
        return False
    return _plain(_content(repository, entry)) == _plain(rendered[path])


def _without_block(
    repository: Repository,
    sides: tuple[Entry | None, Entry | None, Entry | None],
    rendered: bytes,
) -> bytes | None:
    """A shared file without the adoption's insertion; None if that was edited."""
    ours, ancestor, theirs = (
        _content(repository, entry) if entry else b"" for entry in sides
    )
    block, known = block_of(ours), block_of(ancestor)
    if block is None or known is None:
        return None
    if found_block(ours) not in (found_block(ancestor), found_block(rendered)):
        return None
    inserted = _inserted(theirs, ancestor).replace(known, block)
    if inserted and ours.count(inserted) == 1 and (theirs or ours == inserted):
        return ours.replace(inserted, b"")
    # In a file that the adoption created, later additions may need their context.
    return ours.replace(block, b"").strip(b"\r\n") + b"\n" if not theirs else None


def _inserted(before: bytes, after: bytes) -> bytes:
    """The only insertion that made a file longer, empty if there is no such one."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    # Use whole lines if the insertion starts like the line after it.
    for position in (before.rfind(b"\n", 0, start) + 1, start):
        end = len(after) - (len(before) - position)
        if after[end:] == before[position:]:
            return after[position:end]
    return b""


def _entry(
    repository: Repository,
    sides: tuple[Entry | None, Entry | None, Entry | None],
    content: bytes,
) -> Entry | None:
    """The file with other bytes; its original state if nothing is left."""
    ours, _, theirs = sides
    if ours is None or not content.strip():
        return theirs
    return Entry(ours.mode, store_blob(repository, content))


def _content(repository: Repository, entry: Entry) -> bytes:
    return repository.git("cat-file", "blob", entry.blob)


def _plain(content: bytes) -> bytes:
    return with_line_ends(content, b"\n")
