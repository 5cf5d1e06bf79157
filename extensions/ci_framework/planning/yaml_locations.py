"""Find the end of a YAML list by the positions of its parser's events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, cast

import msgspec
import yaml

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import items, table
from ci_framework.planning.edits import CannotEdit

# The template's own indentation, and the deepest that can be answered.
_INDENT, _MOST_INDENT = 2, 8

# block: `- item` lines; flow: `[item]`; null: empty, without any text;
# value: anything else; none: there is no such key; empty: the file has no data.
_Form = Literal["block", "flow", "null", "value", "none", "empty"]
# PyYAML has no type annotations.
_parse = cast("Callable[[str, object], Iterable[yaml.Event]]", vars(yaml)["parse"])
_scan = cast("Callable[[str, object], Iterable[yaml.Token]]", vars(yaml)["scan"])
_START = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_END = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
# Line endings of YAML that neither git nor editors recognize.
_ODD_LINES = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


@dataclass(frozen=True)
class Listing:
    """A list in the top-level mapping, as offsets in the text.

    Attributes:
        form: how it is written.
        end: the offset after its last token.
        indent: the column of its dashes, or that of the mapping if it has none.
        column: the column of the top-level mapping.
        keys: the keys of the top-level mapping.
        unended: whether its last token is a block scalar without a final line end,
            which an insertion would extend.
    """

    form: _Form
    start: int
    end: int
    indent: int
    column: int
    keys: tuple[str, ...]
    unended: bool = False


def odd_indent(listing: Listing) -> int | None:
    """The indentation of a list, None if it is the template's own."""
    odd = listing.form == "block" and listing.indent != _INDENT
    return listing.indent if odd and listing.indent <= _MOST_INDENT else None


def read_entries(text: str, key: str) -> list[Table]:
    """The entries of a list in a YAML file, empty if it cannot be read."""
    try:
        document = msgspec.yaml.decode(text.encode()) if text.strip() else None
    except (msgspec.DecodeError, RecursionError):
        return []
    return [table(entry) for entry in items(document, key)]


def find_list(text: str, key: str) -> Listing:
    """Find the list of a key in the only document of a text.

    Raises:
        CannotEdit: if it does not parse, or has no unique location to insert at.
    """
    if _ODD_LINES.search(text):
        raise CannotEdit("it has line endings other than those of Unix and Windows")
    try:
        events = list(_parse(text, yaml.SafeLoader))
    except (yaml.YAMLError, ValueError) as error:
        raise CannotEdit(f"it is not valid YAML: {_first_line(error)}") from error
    documents = [e for e in events if isinstance(e, yaml.DocumentStartEvent)]
    if len(documents) > 1:
        raise CannotEdit(f"it has {len(documents)} documents; expected one")
    if any(isinstance(e, yaml.DocumentEndEvent) and e.explicit for e in events):
        # An insertion would be after the end of the document.
        text = text[: text.rindex("...")]
    content = events[2:-2]
    if not content or _is_null(content[0]):
        return Listing("empty", len(text), len(text), 0, 0, ())
    return _find_in_mapping(text, content, key)


def _find_in_mapping(text: str, events: list[yaml.Event], key: str) -> Listing:
    top = events[0]
    if not isinstance(top, yaml.MappingStartEvent):
        raise CannotEdit("it does not contain a mapping")
    if top.flow_style:
        raise CannotEdit("it is written in flow style, as {key: value}")
    column = top.start_mark.column if top.start_mark else 0
    pairs = list(_pairs(events))
    keys = tuple(name for name, _ in pairs)
    values = [value for name, value in pairs if name == key]
    if len(values) > 1:
        raise CannotEdit(f"it has the key {key!r} {len(values)} times")
    if not values:
        return Listing("none", len(text), len(text), column, column, keys)
    value = values[0]
    first, last = value[0], _last_token(value)
    start, end = _start(first), _end(last)
    if _is_null(first):
        return Listing("null", start, end, column, column, keys)
    if not isinstance(first, yaml.SequenceStartEvent):
        return Listing("value", start, end, column, column, keys)
    _refuse_shared(first.anchor, events)
    if first.flow_style:
        return Listing("flow", start, end, column, column, keys)
    unended = _is_block_text(last) and not text.endswith("\n", 0, end)
    return Listing("block", start, end, _dash(text, start), column, keys, unended)


def _pairs(events: list[yaml.Event]) -> list[tuple[str, list[yaml.Event]]]:
    """The keys of the top-level mapping, each with the events of its value."""
    children: list[list[yaml.Event]] = []
    depth = 0
    for event in events[1:-1]:
        if depth == 0:
            children.append([])
        children[-1].append(event)
        depth += isinstance(event, _START) - isinstance(event, _END)
    names = [
        first[0].value if isinstance(first[0], yaml.ScalarEvent) else ""
        for first in children[::2]
    ]
    return list(zip(names, children[1::2], strict=True))


def _last_token(events: list[yaml.Event]) -> yaml.Event:
    """The last token; the end event of a block collection belongs to the next token."""
    flows: list[bool] = []
    last = events[0]
    for event in events:
        if isinstance(event, _START):
            flows.append(bool(event.flow_style))
        closes_block = isinstance(event, _END) and not flows.pop()
        if not closes_block and not _opens_block(event):
            last = event
    return last


def _is_block_text(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">")


def _opens_block(event: yaml.Event) -> bool:
    return isinstance(event, _START) and not event.flow_style


def _start(event: yaml.Event) -> int:
    """The position of an event, which is always set by this parser."""
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0


def _is_null(event: yaml.Event) -> bool:
    """Whether the value is completely empty, without even an anchor."""
    return (
        isinstance(event, yaml.ScalarEvent)
        and _start(event) == _end(event)
        and not event.anchor
        and not event.tag
    )


def _refuse_shared(anchor: str | None, events: list[yaml.Event]) -> None:
    shared = any(isinstance(e, yaml.AliasEvent) and e.anchor == anchor for e in events)
    if anchor and shared:
        raise CannotEdit(f"its list is used elsewhere by the alias *{anchor}")


def _dash(text: str, start: int) -> int:
    """The column of the first dash from an offset on, after anchors and tags."""
    for token in _scan(text, yaml.SafeLoader):
        found = isinstance(token, yaml.BlockEntryToken)
        if found and token.start_mark.index >= start:
            return int(token.start_mark.column)
    raise CannotEdit("its list has no item")


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    line = getattr(mark, "line", None)
    location = f" (line {line + 1})" if isinstance(line, int) else ""
    return " ".join(str(problem).split()) + location
