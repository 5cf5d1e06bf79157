"""The project's files on its packages: what was found, and what a person says.

Each entry that ``ci packages --configure`` writes ends its first line with a
comment that holds a fingerprint of the entry. As long as the entry fits it, the next
run may write the entry anew; once somebody changed it, it is theirs and stays as it
is, to the byte. Entries without such a comment have always been theirs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence

import msgspec

__all__ = ["Entry", "Section", "detected_keys", "quoted", "rewrite"]

_MARK = re.compile(r"  # detected ([0-9a-f]{8})$")
_PLAIN = re.compile(r"[a-z][a-z0-9_./-]*[a-z0-9_]")
_WORDS = frozenset({"on", "off", "yes", "no", "true", "false", "null"})
_KEY = re.compile(r"""^  ("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'][^#]*?):(?=\s|$)""")
_TOP = re.compile(r"^([A-Za-z][\w-]*):(?=\s|$)")


class Entry(msgspec.Struct, frozen=True):
    """One entry of a section: its key, and the lines below it without an indent."""

    key: str
    lines: Sequence[str]

    def written(self) -> list[str]:
        """The entry as it stands in a file."""
        head, body = f"  {quoted(self.key)}:", [f"    {line}" for line in self.lines]
        if not body:
            head += " {}"
        return [f"{head}  # detected {_fingerprint([head, *body])}", *body]


class Section(msgspec.Struct, frozen=True):
    """A section of a file, with everything that was found for it."""

    name: str
    entries: Sequence[Entry]


class _Part(msgspec.Struct):
    """Lines of a file: the head of a section, an entry of one, or anything else."""

    lines: list[str] = msgspec.field(default_factory=list[str])
    section: str = ""
    key: str | None = None
    head: bool = False


def quoted(text: str) -> str:
    """Write a text as YAML."""
    plain = _PLAIN.fullmatch(text) and text not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def rewrite(old: str, sections: Sequence[Section], intro: str) -> tuple[str, list[str]]:
    """Bring a file up to date.

    Args:
        old: its text, empty if there is no file yet.
        sections: what was found.
        intro: what stands above everything in a new file.

    Returns:
        The text, and the entries that were kept because somebody changed them.
    """
    end = "\r\n" if "\r\n" in old else "\n"
    parts = list(_parts(old.splitlines() if old.strip() else intro.splitlines()))
    kept: list[str] = []
    for section in sections:
        parts = _with_section(parts, section, kept)
    lines = [line for part in parts for line in part.lines]
    return end.join([*lines, ""]), kept


def detected_keys(text: str, section: str) -> set[str]:
    """The entries of a section that are as an earlier run wrote them."""
    parts = _parts(text.splitlines())
    return {
        part.key
        for part in parts
        if part.section == section and part.key is not None and _is_ours(part)
    }


def _parts(lines: Sequence[str]) -> Iterator[_Part]:
    """Cut a file into parts; a comment belongs to the entry below it."""
    section, part = "", _Part()
    for line in lines:
        top, key = _TOP.match(line), _KEY.match(line)
        if not (top or (key and section)):
            part.lines.append(line)
            continue
        loose = _trailing_comments(part)
        yield part
        if top:
            section = top.group(1)
            part = _Part([*loose, line], section, head=True)
        elif key:
            part = _Part([*loose, line], section, _unquoted(key.group(1)))
    loose = _trailing_comments(part)
    yield part
    yield _Part(loose, section)


def _trailing_comments(part: _Part) -> list[str]:
    """Take the comments off the end that stand above what comes next."""
    found: list[str] = []
    while part.lines and part.key is not None and _is_loose(part.lines[-1]):
        found.insert(0, part.lines.pop())
    return found


def _is_loose(line: str) -> bool:
    """Whether a line does not belong to the entry above: blank, or less indented."""
    return not line.strip() or re.match(r" {0,2}#", line) is not None


def _unquoted(key: str) -> str:
    if key.startswith('"'):
        return str(json.loads(key))
    return key[1:-1].replace("''", "'") if key.startswith("'") else key.strip()


def _with_section(
    parts: Sequence[_Part], section: Section, kept: list[str]
) -> list[_Part]:
    """Replace what is ours in a section, keep what is not, add what is new."""
    new = {entry.key: entry for entry in section.entries}
    heads = [i for i, p in enumerate(parts) if p.head and p.section == section.name]
    if not heads:
        head = _Part([f"{section.name}:"], section.name, head=True)
        tail = [_entry(section, entry) for entry in section.entries]
        return [*parts, *_headed(head, tail)]
    inside = [p for p in parts if p.section == section.name and p.key is not None]
    placed: dict[str, _Part] = {}
    for part in inside:
        key = part.key or ""
        if _is_ours(part):
            if key in new:
                placed[key] = _renewed(part, new[key])
        else:
            kept.append(f"{section.name}.{key}")
            placed[key] = part
    for entry in section.entries:
        placed.setdefault(entry.key, _entry(section, entry))
    body = [placed[key] for key in sorted(placed)]
    result: list[_Part] = []
    for position, part in enumerate(parts):
        if position == heads[0]:
            result += _headed(part, body)
        elif not (part.section == section.name and part.key is not None):
            result.append(part)
    return result


def _headed(head: _Part, body: list[_Part]) -> list[_Part]:
    """A section is ``{}`` while it is empty."""
    line = re.sub(r":\s*(\{\s*\})?\s*$", ":" if body else ": {}", head.lines[-1])
    return [_Part([*head.lines[:-1], line], head.section, head=True), *body]


def _entry(section: Section, entry: Entry) -> _Part:
    return _Part(entry.written(), section.name, entry.key)


def _is_ours(part: _Part) -> bool:
    """Whether an entry is as an earlier run wrote it."""
    comments = [line for line in part.lines if line.lstrip().startswith("#")]
    rest = [line for line in part.lines if line not in comments and line.strip()]
    mark = _MARK.search(rest[0]) if rest else None
    if mark is None or any(line.startswith("    #") for line in comments):
        return False
    return mark.group(1) == _fingerprint([rest[0][: mark.start()], *rest[1:]])


def _renewed(part: _Part, entry: Entry) -> _Part:
    """Our entry, below the comments that somebody put above it."""
    above: list[str] = []
    for line in part.lines:
        if line.strip() and not line.lstrip().startswith("#"):
            break
        above.append(line)
    return _Part([*above, *entry.written()], part.section, part.key)


def _fingerprint(lines: Sequence[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
