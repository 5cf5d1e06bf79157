"""Check that changed files parse and still have all of their content.

These parsers differ from those that planned the edits: two parsers read each file.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Protocol, cast

import msgspec
import tomlkit
from ruamel.yaml import YAML

from ci_framework.validating.commits import Commits
from ci_framework.validating.model import Outcome, judged, skipped


class _Reader(Protocol):
    """The part of ruamel.yaml that is used."""

    def load_all(self, stream: str, /) -> Iterator[object]:
        """All documents of a text."""
        ...


_Parser = Callable[[str], object]
# The lists of the project to which the framework adds items.
_GROWING = (("repos",), ("updates",))
_MOST_BYTES = 5_000_000


def _with_tomlkit(text: str) -> object:
    return tomlkit.parse(text).unwrap()


def _with_ruamel(text: str) -> object:
    reader = cast("_Reader", YAML(typ="safe", pure=True))
    return list(reader.load_all(text))


def _with_tokens(text: str) -> object:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


_PARSERS: dict[str, tuple[_Parser, ...]] = {
    ".toml": (msgspec.toml.decode, _with_tomlkit),
    ".yml": (msgspec.yaml.decode, _with_ruamel),
    ".yaml": (msgspec.yaml.decode, _with_ruamel),
    ".json": (msgspec.json.decode,),
    ".py": (ast.parse, _with_tokens),
}


def _parse(parser: _Parser, content: bytes) -> tuple[object, str]:
    """The parsed document and an empty text, or nothing and the error."""
    if len(content) > _MOST_BYTES:
        return None, "too large to be parsed"
    try:
        # The parsers accept different line endings, which does not matter here.
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        return parser(text), ""
    except Exception as error:  # each parser has its own errors, some have bugs
        message = " ".join(str(error).split()) or type(error).__name__
        return None, message[:300]


def check_parse(commits: Commits) -> Outcome:
    """Check that every written file parses, with each parser that read it before."""
    faults: list[str] = []
    number = 0
    for path, hashes in sorted(commits.adoption.changed.items()):
        parsers = _PARSERS.get(PurePosixPath(path).suffix, ())
        if not (parsers and hashes.after and path in commits.after):
            continue
        number += 1
        after = commits.content(commits.after[path])
        before = commits.content(commits.before.get(path))
        for parser in parsers:
            wrong = _parse(parser, after)[1]
            refused_before = hashes.before and _parse(parser, before)[1]
            if wrong and not refused_before:
                faults.append(f"{path}: {wrong}")
    if not number:
        return skipped("no file of a known format was written")
    return judged(faults, f"{number} files parse", "files cannot be parsed")


def check_keys(commits: Commits) -> Outcome:
    """Check that every key of existing files still has its value."""
    faults: list[str] = []
    number = 0
    for path in sorted(commits.adoption.edited):
        parsers = _PARSERS.get(PurePosixPath(path).suffix, ())
        if path.endswith(".py") or path not in commits.after:
            continue
        for parser in parsers:
            old, refused = _parse(parser, commits.content(commits.before.get(path)))
            if refused:
                continue
            new = _parse(parser, commits.content(commits.after[path]))[0]
            number += 1
            faults += [f"{path}: {fault}" for fault in _lost(old, new, ())]
    if not number:
        return skipped("no file with keys was changed")
    unique = list(dict.fromkeys(faults))
    return judged(
        unique, "all existing keys have their values", "existing keys changed"
    )


def _lost(old: object, new: object, keys: tuple[str, ...]) -> Iterator[str]:
    """The keys and values of the old document that the new one lacks."""
    olds, news = _as_table(old), _as_table(new)
    if olds is not None and news is not None:
        for key, value in olds.items():
            if key not in news:
                yield f"{'.'.join((*keys, str(key)))}: gone"
            else:
                yield from _lost(value, news[key], (*keys, str(key)))
        return
    items, more = _as_list(old), _as_list(new)
    if items is not None and more is not None:
        yield from _lost_items(items, more, keys)
    # TOML and YAML distinguish 1 from 1.0 and true; Python does not. An empty YAML file
    # has no document: a block creates it.
    elif repr(old) != repr(new) and (old is not None or keys):
        yield f"{_name(keys)}: was {_short(old)}, is {_short(new)}"


def _lost_items(
    old: list[object], new: list[object], keys: tuple[str, ...]
) -> Iterator[str]:
    """Lists must be equal, except those to which the framework adds items."""
    if not keys and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _lost(before, after, keys)
    elif keys in _GROWING:
        rest = iter([repr(item) for item in new])
        if not all(repr(item) in rest for item in old):
            yield f"{_name(keys)}: items were lost, changed or moved"
    elif repr(old) != repr(new) and (keys or old):
        yield f"{_name(keys)}: was {_short(old)}, is {_short(new)}"


def _as_table(value: object) -> dict[object, object] | None:
    return cast("dict[object, object]", value) if isinstance(value, dict) else None


def _as_list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _name(keys: tuple[str, ...]) -> str:
    return ".".join(keys) or "the document"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - one line


def check_lines(commits: Commits) -> Outcome:
    """Check that every line of existing files still exists, including comments."""
    faults: list[str] = []
    comments = 0
    edited = [path for path in sorted(commits.adoption.edited) if path in commits.after]
    for path in edited:
        before = commits.content(commits.before.get(path))
        after = commits.content(commits.after[path])
        lines = before.splitlines(keepends=True)
        comments += sum(b"#" in line for line in lines)
        # If the last line had no line end, the inserted text had to add one.
        ended = bool(lines) and not before.endswith((b"\n", b"\r"))
        kept = iter(after.splitlines(keepends=True))
        for number, line in enumerate(lines, 1):
            last = ended and number == len(lines)
            if not any(_same(line, other, last=last) for other in kept):
                shown = line.decode("utf-8", "replace").strip()
                faults.append(f"{path}:{number}: lost or moved: {shown[:120]}")
                break
    if not edited:
        return skipped("no file of the project was changed")
    good = f"all lines of the project are there, {comments} with comments among them"
    return judged(faults, good, "lines of the project were lost")


def _same(line: bytes, other: bytes, *, last: bool) -> bool:
    return line == (other.rstrip(b"\r\n") if last else other)
