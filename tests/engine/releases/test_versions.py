"""Versions are ordered as PEP 440 says, and written in one form."""

from __future__ import annotations

import random

import pytest

from ci_engine.releases.pep440 import parse_version

ORDERED = (
    *("0.9.dev1", "0.9", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456"),
    *("1.0a12", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345"),
    *("1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0.post456.dev34"),
    *("1.0.post456", "1.0.15", "1.1.dev1", "1.10", "2024.1", "1!0.1"),
)


def test_the_order_is_that_of_pep_440() -> None:
    shuffled = list(ORDERED)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - not for secrets
    versions = [version for text in shuffled if (version := parse_version(text))]
    assert [str(v) for v in sorted(versions, key=lambda v: v.key)] == [*ORDERED]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("v1.2.0", "1.2.0"),
        ("1.2.0-RC.1", "1.2.0rc1"),
        ("1.2.0-1", "1.2.0.post1"),
        ("1.2-alpha", "1.2a0"),
        ("1.2.dev", "1.2.dev0"),
        ("1.2+Ubuntu-1", "1.2+ubuntu.1"),
    ],
)
def test_a_version_has_one_normal_form(text: str, normal: str) -> None:
    assert str(parse_version(text)) == normal


@pytest.mark.parametrize("text", ["", "latest", "1.2.x", "1.2.0 beta", "1..2", "1.2+"])
def test_what_is_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_trailing_zeros_make_no_difference() -> None:
    one, other = parse_version("1.2"), parse_version("1.2.0.0")
    assert one
    assert other
    assert one.key == other.key
