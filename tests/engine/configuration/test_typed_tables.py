"""Values of typed tables: each wrong one is reported with its key."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from ci_engine.configuration.typed_tables import Mistake, find_mistakes


class Inner(msgspec.Struct, rename="kebab", kw_only=True):
    number: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    ratio: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    name: Annotated[str, msgspec.Meta(min_length=1)] = "x"
    shape: Annotated[str, msgspec.Meta(pattern="^a+$")] = "a"
    kind: Literal["one", "two"] = "one"
    is_on: bool = False
    maybe: str | None = None


class Outer(msgspec.Struct, rename="kebab", kw_only=True):
    inner: Inner
    items: Annotated[list[int], msgspec.Meta(min_length=1)]
    table: dict[str, Inner] = msgspec.field(default_factory=dict[str, Inner])


def mistakes_in(**inner: object) -> list[tuple[str, str, str]]:
    found = find_mistakes({"inner": inner, "items": [1]}, Outer)
    return [(".".join(m.keys), m.got, m.expected) for m in found]


@pytest.mark.parametrize(
    ("key", "value", "got", "expected"),
    [
        ("number", 101, "101", "an integer from 0 to 100"),
        ("number", -1, "-1", "an integer from 0 to 100"),
        ("number", True, "true", "an integer from 0 to 100"),
        ("number", 1.0, "1.0", "an integer from 0 to 100"),
        ("number", "1", "'1'", "an integer from 0 to 100"),
        ("number", None, "null", "an integer from 0 to 100"),
        ("ratio", 0, "0", "a number above 0"),
        ("ratio", float("nan"), "nan", "a number above 0"),
        ("ratio", False, "false", "a number above 0"),
        ("name", "", "''", "a non-empty string"),
        ("name", ["x"], "['x']", "a non-empty string"),
        ("shape", "b", "'b'", "a string that matches ^a+$"),
        ("kind", "three", "'three'", "one of 'one', 'two'"),
        ("kind", ["one"], "['one']", "one of 'one', 'two'"),
        ("is-on", 1, "1", "true or false"),
        ("maybe", 1, "1", "a string"),
    ],
)
def test_a_value_that_does_not_fit_is_a_mistake(
    key: str, value: object, got: str, expected: str
) -> None:
    assert mistakes_in(**{key: value}) == [(f"inner.{key}", got, expected)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("number", 0),
        ("number", 100),
        ("ratio", 1),
        ("ratio", 0.1),
        ("maybe", None),
        ("maybe", "x"),
        ("is-on", True),
    ],
)
def test_a_value_that_fits_is_none(key: str, value: object) -> None:
    assert mistakes_in(**{key: value}) == []


def test_every_mistake_is_found_at_once() -> None:
    data: dict[str, object] = {
        "inner": {"number": "x", "nmber": 1},
        "items": [],
        "table": {"a": {"kind": 1}, "b": 3},
        "more": 1,
    }
    found = find_mistakes(data, Outer)
    assert [".".join(mistake.keys) for mistake in found] == [
        "inner.number",
        "inner.nmber",
        "items",
        "table.a.kind",
        "table.b",
        "more",
    ]
    assert "did you mean 'number'?" in found[1].expected


def test_missing_keys_are_mistakes_only_in_whole_data() -> None:
    missing = find_mistakes({}, Outer, ("tool", "x"))
    assert [mistake.keys for mistake in missing] == [
        ("tool", "x", "inner"),
        ("tool", "x", "items"),
    ]
    assert find_mistakes({}, Outer, partial=True) == []


@pytest.mark.parametrize("data", [None, 3, "x", [], [{}]])
def test_what_is_no_table_is_one_mistake(data: object) -> None:
    (mistake,) = find_mistakes(data, Outer, ("top",))
    assert mistake == Mistake(("top",), mistake.got, "a table")


def test_long_values_are_clipped() -> None:
    ((_, found, _),) = mistakes_in(kind="x" * 500)
    assert len(found) < 80
