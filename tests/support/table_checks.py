"""Checks of the tables of a TOML document, made of checks of their values.

A check gets a value and where it is, and yields a line for each mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

Table = Mapping[str, object]
Check = Callable[[object, str], Iterator[str]]


def subtable(table: Table, *keys: str) -> Table:
    """A table in a table, empty where there is none."""
    for key in keys:
        value = table.get(key)
        table = cast("Table", value) if isinstance(value, dict) else {}
    return table


def text(value: object, where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where}: not a string"


def flag(value: object, where: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{where}: not a boolean"


def anything(_value: object, _where: str) -> Iterator[str]:
    """A value whose rules are left out."""
    return iter(())


def list_of(check: Check) -> Check:
    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where}: not an array"
            return
        for number, item in enumerate(cast("list[object]", value)):
            yield from check(item, f"{where}[{number}]")

    return checked


def each(check: Check) -> Check:
    """A table with keys of any name."""

    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: not a table"
            return
        for name, item in cast("Table", value).items():
            yield from check(item, f"{where}.{name}")

    return checked


def table_of(rules: Mapping[str, Check], *required: str) -> Check:
    """A table that is read key by key: one that is left over is refused."""

    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: not a table"
            return
        table = cast("Table", value)
        yield from (
            f"{where}: {key} is missing" for key in required if key not in table
        )
        for key, item in table.items():
            if key in rules:
                yield from rules[key](item, f"{where}.{key}")
            else:
                yield f"{where}: unexpected key {key}"

    return checked


def text_or(check: Check) -> Check:
    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield from check(value, where)

    return checked
