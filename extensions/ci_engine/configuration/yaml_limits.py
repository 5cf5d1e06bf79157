"""What no configuration in YAML has: aliases of aliases, endless levels, keys twice.

A few lines of nested aliases stand for more values than any machine can hold, and a key
that is there twice shows a reviewer another value than the one that counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

_MOST_VALUES = 100_000
_MOST_LEVELS = 100
# Lock files are long, and written by programs.
_LONGEST = 1_000_000
# Python cannot show one that is longer.
_NUMBER = re.compile(r"[+-]?[0-9][0-9a-fA-FxXoO_:]{1000,}")


@dataclass
class _Open:
    """A collection whose end was not read yet.

    Attributes:
        values: how many values it stands for.
        key: whether the next node is a key, for a mapping.
    """

    anchor: str | None
    mapping: bool
    values: int = 1
    key: bool = True
    keys: set[str] = field(default_factory=set[str])


def yaml_problem(text: str, *, keys_once: bool = True) -> str:
    """Why a text is refused before it is parsed; empty if it is not.

    A text that is no YAML is left to the parser, which says where.

    Args:
        text: what a file holds.
        keys_once: whether a key that is there twice is a problem, too.
    """
    if len(text) > _LONGEST and "&" not in text:
        return ""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _problem(yaml.parse(text, Loader=loader), keys_once=keys_once)
    except (yaml.YAMLError, ValueError):
        return ""


def _problem(events: Iterable[yaml.Event], *, keys_once: bool) -> str:
    reading = _Reading(keys_once=keys_once)
    for event in events:
        problem = reading.problem_of(event)
        if problem:
            mark = event.start_mark
            return f"line {mark.line + 1}: {problem}" if mark else problem
    return ""


@dataclass
class _Reading:
    """What was read of a text, event by event."""

    keys_once: bool
    opened: list[_Open] = field(default_factory=list[_Open])
    sizes: dict[str, int] = field(default_factory=dict[str, int])

    def problem_of(self, event: yaml.Event) -> str:
        """What is wrong with an event, empty if nothing is."""
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.sizes:
                return f"alias *{event.anchor} is inside its own anchor"
            return self._add(self.sizes[event.anchor], None)
        if isinstance(event, yaml.ScalarEvent):
            if (
                self.keys_once
                and self.opened
                and _is_twice(self.opened[-1], event.value)
            ):
                return f"the key {event.value!r} is repeated"
            if event.implicit[0] and _NUMBER.fullmatch(event.value):
                return "a number of thousands of digits"
            return self._add(1, event.anchor)
        if isinstance(event, yaml.CollectionStartEvent):
            mapping = isinstance(event, yaml.MappingStartEvent)
            self.opened.append(_Open(event.anchor, mapping))
            deep = len(self.opened) > _MOST_LEVELS
            return f"nested deeper than {_MOST_LEVELS} levels" if deep else ""
        if isinstance(event, yaml.CollectionEndEvent):
            ended = self.opened.pop()
            return self._add(ended.values, ended.anchor)
        return ""

    def _add(self, size: int, anchor: str | None) -> str:
        """Add a value to the collection that it is in."""
        if anchor:
            self.sizes[anchor] = size
        total = size
        if self.opened:
            around = self.opened[-1]
            around.values += size
            around.key = not around.key
            total = around.values
        if total > _MOST_VALUES and self.sizes:
            return f"its aliases stand for more than {_MOST_VALUES} values"
        return ""


def _is_twice(collection: _Open, key: str) -> bool:
    """Whether a scalar is a key that the mapping has already."""
    if not (collection.mapping and collection.key) or key == "<<":
        return False
    twice = key in collection.keys
    collection.keys.add(key)
    return twice
