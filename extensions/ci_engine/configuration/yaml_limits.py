"""What no configuration in YAML has: aliases of aliases, endless levels, keys twice.

A few lines of nested aliases stand for more values than any machine can hold, and a key
that is there twice shows a reviewer another value than the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml  # type: ignore[import-untyped]

_MOST_VALUES = 100_000
_MOST_LEVELS = 100
# Lock files are long, and written by programs.
_LONGEST = 1_000_000


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
    opened: list[_Open] = []
    sizes: dict[str, int] = {}
    total = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                return f"line {line}: alias *{event.anchor} is inside of its own anchor"
            size = sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
            if event.anchor:
                sizes[event.anchor] = size
            if keys_once and opened and _is_twice(opened[-1], event.value):
                return f"line {line}: the key {event.value!r} is there twice"
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            mapping = isinstance(event, yaml.MappingStartEvent)
            opened.append(_Open(event.anchor, mapping))
            if len(opened) > _MOST_LEVELS:
                return f"line {line}: nested deeper than {_MOST_LEVELS} levels"
            continue
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            ended = opened.pop()
            size = ended.values
            if ended.anchor:
                sizes[ended.anchor] = size
        else:
            continue
        if opened:
            opened[-1].values += size
            opened[-1].key = not opened[-1].key
        total = max(total, size, opened[-1].values if opened else 0)
        if total > _MOST_VALUES and sizes:
            return f"line {line}: its aliases stand for more than {_MOST_VALUES} values"
    return ""


def _is_twice(collection: _Open, key: str) -> bool:
    """Whether a scalar is a key that the mapping has already."""
    if not (collection.mapping and collection.key) or key == "<<":
        return False
    twice = key in collection.keys
    collection.keys.add(key)
    return twice
