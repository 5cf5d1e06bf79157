"""Versions and ranges, as far as they can be compared."""

from __future__ import annotations

import pytest

from ci_engine.checks.dependencies.version_ranges import allows, plain_range


@pytest.mark.parametrize(
    ("ranges", "version", "fits"),
    [
        (">=1.2,<2", "1.16.0", True),
        (">=1.2,<2", "2.0", False),
        ("==1.16", "1.16.0", True),
        ("===1.16.0", "1.16.1", False),
        ("~=1.4", "1.9", True),
        ("~=1.4", "2.0", False),
        ("~=1.4.2", "1.5.0", False),
        ("==1.*", "1.16.0", True),
        ("==1.*", "10.0", False),
        ("!=1.*", "1.16.0", False),
        ("!=1.16.0", "1.16.0", False),
        (">1.16", "1.16.0", False),
        ("<=1.16", "1.16.0", True),
        # What is not a plain release is not compared.
        (">=2", "2.0rc1", True),
        (">=2.0rc1", "1.0", True),
        ("==a.*", "1.0", True),
        ("", "1.0", True),
    ],
)
def test_versions_are_compared_as_far_as_it_is_sure(
    ranges: str, version: str, fits: bool
) -> None:
    assert allows(ranges, version) is fits


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("^1.2", ">=1.2"),
        ("~1.2", ">=1.2"),
        ("~=1.2", "~=1.2"),
        ("1.2", "==1.2"),
        ("1.2.*", "==1.2.*"),
        ("*", ""),
        (">=1,<2", ">=1,<2"),
        (">=1|>=3", ""),
    ],
)
def test_other_ways_to_write_a_range(text: str, ranges: str) -> None:
    assert plain_range(text) == ranges
