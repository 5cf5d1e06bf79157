"""Read YAML as nodes with line numbers, which loaders do not keep.

Keys stay text, so ``on:`` is not a boolean. Duplicates, aliases and merge keys are
kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

import yaml

# Aliases that expand to more than this are not used in configurations.
_MOST_NODES = 100_000
_DEEPEST = 100


class NodeError(Exception):
    """A text is not readable YAML; ``line`` is 0 if it is not known."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class Node:
    """One node; an alias is replaced by its node, at the line of the alias.

    Attributes:
        line: its first line, from 1.
        text: the scalar; empty for a collection and for null.
        pairs: keys and values of a map, including duplicates.
        key_lines: the lines of the keys of ``pairs``.
    """

    kind: Literal["map", "list", "text"]
    line: int
    text: str = ""
    pairs: tuple[tuple[str, Node], ...] = ()
    items: tuple[Node, ...] = ()
    key_lines: tuple[int, ...] = ()
    size: int = field(default=1, compare=False)

    def get(self, key: str) -> Node:
        """The value of a key, the last one of duplicates; else an empty node."""
        for name, value in reversed(self.pairs):
            if name == key:
                return value
        return EMPTY

    def has(self, key: str) -> bool:
        """Whether it is a map with this key."""
        return any(name == key for name, _value in self.pairs)

    @property
    def lines(self) -> dict[str, int]:
        """The lines of its keys; of duplicates the last one."""
        names = (name for name, _value in self.pairs)
        return dict(zip(names, self.key_lines, strict=True))

    def line_of(self, key: str) -> int:
        """The first line of a key; that of the node if there is no such key."""
        for (name, _value), line in zip(self.pairs, self.key_lines, strict=True):
            if name == key:
                return line
        return self.line

    def words(self) -> list[str]:
        """The texts of a list, or the single text; empty for a map."""
        found = self.items if self.kind == "list" else (self,)
        return [item.text for item in found if item.kind == "text" and item.text]

    def texts(self) -> Iterator[tuple[str, int]]:
        """Every key and scalar below it with its line."""
        if self.kind == "text":
            yield self.text, self.line
        for (name, value), line in zip(self.pairs, self.key_lines, strict=True):
            yield name, line
            yield from value.texts()
        for item in self.items:
            yield from item.texts()


EMPTY = Node("text", 0)


@dataclass
class Page:
    """A YAML file.

    Attributes:
        documents: its documents, without empty ones.
        duplicates: duplicate keys of maps, with their lines.
        merges: lines of merge keys (``<<``).
    """

    documents: list[Node] = field(default_factory=list[Node])
    duplicates: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    merges: list[int] = field(default_factory=list[int])


def read_page(text: str) -> Page:
    """Read a YAML text.

    Raises:
        NodeError: if it does not parse, or its aliases expand to too much.
    """
    try:
        return _Composer(text).page()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(
            error, "context_mark", None
        )
        reason = getattr(error, "problem", None) or getattr(error, "reason", None)
        raise NodeError(f"not valid YAML: {reason or error}", _line(mark)) from error
    except (RecursionError, ValueError) as error:
        raise NodeError(f"not valid YAML: {error}", 0) from error


def _line(mark: object) -> int:
    """The line of a mark of libyaml, which has its own class."""
    line: object = getattr(mark, "line", None)
    return line + 1 if isinstance(line, int) else 0


class _Parser(Protocol):
    """The methods of a loader that are used."""

    def check_event(self) -> bool:
        """Whether there is another event."""
        ...

    def get_event(self) -> yaml.Event:
        """The next event."""
        ...


def _events(parser: _Parser) -> Iterator[yaml.Event]:
    while parser.check_event():
        yield parser.get_event()


class _Composer:
    """Builds nodes from the parser's events, with their marks."""

    def __init__(self, text: str) -> None:
        parser: _Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self._events = _events(parser)
        self._anchors: dict[str, Node] = {}
        self._page = Page()

    def page(self) -> Page:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                node = self._node(next(self._events), 0)
                if node.kind != "text" or node.text:
                    self._page.documents.append(node)
        return self._page

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event.start_mark)
        if depth > _DEEPEST:
            raise NodeError(f"nested deeper than {_DEEPEST} levels", line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, line)
        if isinstance(event, yaml.MappingStartEvent):
            node = self._map(line, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._list(line, depth)
        elif isinstance(event, yaml.ScalarEvent):
            node = Node("text", line, _text(event))
        else:
            raise NodeError("an unexpected end", line)
        if node.size > _MOST_NODES:
            raise NodeError(f"unfolds to more than {_MOST_NODES} nodes", line)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, name: str | None, line: int) -> Node:
        known = self._anchors.get(name or "")
        if known is None:
            raise NodeError(f"found alias *{name} without its anchor", line)
        lines, size = known.key_lines, known.size
        return Node(known.kind, line, known.text, known.pairs, known.items, lines, size)

    def _list(self, line: int, depth: int) -> Node:
        items: list[Node] = []
        size = 1
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, depth + 1))
            size += items[-1].size
        return Node("list", line, items=tuple(items), size=size)

    def _map(self, line: int, depth: int) -> Node:
        pairs: list[tuple[str, Node]] = []
        merged: list[tuple[str, Node]] = []
        lines: list[int] = []
        merged_lines: list[int] = []
        seen: set[str] = set()
        size = 1
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            size += 1 + value.size
            if key.text == "<<":
                self._page.merges.append(key.line)
                for part in value.items or (value,):
                    merged += part.pairs
                    merged_lines += part.key_lines
                continue
            if key.text in seen:
                self._page.duplicates.append((key.text, key.line))
            seen.add(key.text)
            pairs.append((key.text, value))
            lines.append(key.line)
        for pair, at in zip(merged, merged_lines, strict=True):
            if pair[0] not in seen:
                seen.add(pair[0])
                pairs.append(pair)
                lines.append(at)
        return Node("map", line, pairs=tuple(pairs), key_lines=tuple(lines), size=size)


def _text(event: yaml.ScalarEvent) -> str:
    """A scalar as written; null is empty."""
    plain = event.style in (None, "")
    return "" if plain and event.value in ("~", "null", "Null", "NULL") else event.value
