"""Check plain data against a typed structure and report every mistake in it.

``msgspec.convert`` stops at the first mistake and does not name allowed values.
Users fix configuration faster if they see all mistakes together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import cast

import msgspec
from msgspec import inspect

from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.value_types import SHAPES
from ci_engine.errors import suggest

_MISSING = "nothing"
_UNKNOWN = "an unknown key"
_LONGEST_VALUE = 60
# The representation of `object` in msgspec.
_ANYTHING = inspect.type_info(object)


def key_name(keys: Sequence[str]) -> str:
    """A path of keys in TOML syntax, with indexes such as ``[0]`` in lists."""
    return ".".join(keys).replace(".[", "[")


class Mistake(msgspec.Struct, frozen=True):
    """A value or a key that the structure does not allow.

    Attributes:
        keys: the path of the key from the top of the data.
        got: the value, formatted for display.
        expected: what is allowed; for an unknown key, a suggestion.
    """

    keys: tuple[str, ...]
    got: str
    expected: str

    @property
    def key(self) -> str:
        """The key in TOML syntax, with the index in a list."""
        return key_name(self.keys)

    @property
    def message(self) -> str:
        """The mistake in one line, without the file."""
        if self.got == _UNKNOWN:
            table = key_name(self.keys[:-1])
            where = f" in {table}" if table else ""
            return f"unknown key {self.keys[-1]!r}{where}; {self.expected}"
        return f"{self.key}: expected {self.expected}, got {self.got}"

    def describe(self, name: str, text: str) -> str:
        """The mistake with its file and line."""
        line = find_line(text, self.keys)
        location = f"{name}:{line}" if line else name
        return f"{location}: {self.message}"


@cache
def structure_of(kind: type[msgspec.Struct]) -> inspect.StructType:
    """The fields of a structure, cached: large ones take time to inspect."""
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)  # noqa: S101 - so it is of a Struct
    return found


def find_mistakes(
    data: object,
    structure: type[msgspec.Struct],
    keys: tuple[str, ...] = (),
    *,
    partial: bool = False,
) -> list[Mistake]:
    """List every mistake in ``data``, judged by ``structure``.

    Args:
        data: tables, lists and scalars, as returned by a parser.
        structure: the expected type.
        keys: the path of ``data`` in its file.
        partial: whether keys may be missing, as in one layer of several.
    """
    mistakes = _check(data, structure_of(structure), keys)
    return [m for m in mistakes if not (partial and m.got == _MISSING)]


def parse_text(text: str, kind: inspect.Type) -> object:
    """Convert the text of an option or a variable to its type, unchanged on failure."""
    if isinstance(kind, inspect.UnionType):
        if any(isinstance(option, inspect.StrType) for option in kind.types):
            return text
        parsed = [parse_text(text, option) for option in kind.types]
        return next((value for value in parsed if value != text), text)
    if isinstance(kind, inspect.ListType):
        return [item.strip() for item in text.split(",") if item.strip()]
    if isinstance(kind, inspect.BoolType):
        booleans = {"true": True, "1": True, "false": False, "0": False}
        return booleans.get(text.lower(), text)
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        number = int if isinstance(kind, inspect.IntType) else float
        try:
            return number(text)
        except ValueError:
            return text
    return text


def _check(
    data: object, kind: inspect.Type, keys: tuple[str, ...]
) -> Iterator[Mistake]:
    if isinstance(kind, inspect.StructType) and isinstance(data, Mapping):
        yield from _check_struct(cast("Mapping[object, object]", data), kind, keys)
    elif isinstance(kind, inspect.DictType) and isinstance(data, Mapping):
        for key, value in cast("Mapping[object, object]", data).items():
            yield from _check(key, kind.key_type, (*keys, str(key)))
            yield from _check(value, kind.value_type, (*keys, str(key)))
    elif isinstance(kind, inspect.ListType) and isinstance(data, list):
        yield from _check_list(cast("list[object]", data), kind, keys)
    elif not _accepts(data, kind):
        yield Mistake(keys, _show(data), _describe(kind))


def _check_struct(
    table: Mapping[object, object], kind: inspect.StructType, keys: tuple[str, ...]
) -> Iterator[Mistake]:
    fields = {field.encode_name: field for field in kind.fields}
    for key, value in table.items():
        name = str(key)
        if name in fields:
            yield from _check(value, fields[name].type, (*keys, name))
        else:
            yield Mistake((*keys, name), _UNKNOWN, suggest(name, fields))
    for name, field in fields.items():
        if field.required and name not in table:
            yield Mistake((*keys, name), _MISSING, _describe(field.type))


def _check_list(
    items: list[object], kind: inspect.ListType, keys: tuple[str, ...]
) -> Iterator[Mistake]:
    if kind.min_length is not None and len(items) < kind.min_length:
        yield Mistake(keys, _show(items), _describe(kind))
    for position, item in enumerate(items):
        yield from _check(item, kind.item_type, (*keys, f"[{position}]"))


def _accepts(data: object, kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.UnionType):
        return any(next(_check(data, each, ()), None) is None for each in kind.types)
    if isinstance(kind, inspect.LiteralType):
        return isinstance(data, (str, int)) and data in kind.values
    if isinstance(kind, inspect.BoolType):
        return isinstance(data, bool)
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        numbers = (int,) if isinstance(kind, inspect.IntType) else (int, float)
        if isinstance(data, bool) or not isinstance(data, numbers):
            return False
        return _in_range(float(data), kind)
    if isinstance(kind, inspect.StrType):
        return isinstance(data, str) and _fits(data, kind)
    if isinstance(kind, inspect.NoneType):
        return data is None
    return isinstance(kind, inspect.AnyType) or kind == _ANYTHING


def _in_range(value: float, kind: inspect.IntType | inspect.FloatType) -> bool:
    low = kind.ge is None or value >= kind.ge
    above = kind.gt is None or value > kind.gt
    high = kind.le is None or value <= kind.le
    return low and above and high


def _fits(value: str, kind: inspect.StrType) -> bool:
    long_enough = kind.min_length is None or len(value) >= kind.min_length
    shaped = kind.pattern is None or re.search(kind.pattern, value) is not None
    return long_enough and shaped


def _show(data: object) -> str:
    if isinstance(data, Mapping):
        return "a table"
    if isinstance(data, list):
        return _clip(repr(cast("list[object]", data))) if data else "an empty list"
    if data is None:
        return "null"
    return str(data).lower() if isinstance(data, bool) else _clip(repr(data))


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _describe(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(repr(value) for value in kind.values)
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        return _describe_number(kind)
    if isinstance(kind, inspect.StrType):
        return _describe_text(kind)
    if isinstance(kind, inspect.ListType):
        noun = "a non-empty list" if kind.min_length else "a list"
        return f"{noun}, each item {_describe(kind.item_type)}"
    if isinstance(kind, inspect.UnionType):
        options = [o for o in kind.types if not isinstance(o, inspect.NoneType)]
        return " or ".join(_describe(option) for option in options)
    if isinstance(kind, (inspect.StructType, inspect.DictType)):
        return "a table"
    return "another value"


def _describe_text(kind: inspect.StrType) -> str:
    if kind.pattern in SHAPES:
        return SHAPES[kind.pattern]
    shape = f" that matches {kind.pattern}" if kind.pattern else ""
    return ("a non-empty string" if kind.min_length else "a string") + shape


def _describe_number(kind: inspect.IntType | inspect.FloatType) -> str:
    noun = "an integer" if isinstance(kind, inspect.IntType) else "a number"
    if kind.ge is not None and kind.le is not None:
        return f"{noun} from {kind.ge} to {kind.le}"
    if kind.gt is not None:
        return f"{noun} above {kind.gt}"
    if kind.ge is not None:
        return f"{noun} of at least {kind.ge}"
    return noun
