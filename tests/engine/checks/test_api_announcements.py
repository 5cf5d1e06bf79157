"""Which versions and settings announce a breakage of the public API."""

from __future__ import annotations

import pytest

from ci_engine.checks.packaging.api_announcements import is_announced, parse_version


@pytest.mark.parametrize(
    ("before", "after", "breaking"),
    [
        ("1.4.0", "2.0.0", True),
        ("1.4.0", "1.5.0", False),
        ("0.4.0", "0.5.0", True),
        ("0.4.0", "0.4.1", False),
        ("0.9", "1.0", True),
        ("2.0.0", "1.9.0", False),
        ("1.4", "2.0.0.dev1", True),
        ("2025.12", "1!1.0", True),
    ],
)
def test_a_version_announces_by_semantic_versioning(
    before: str, after: str, *, breaking: bool
) -> None:
    old, new = parse_version(before), parse_version(after)
    assert old is not None
    assert new is not None
    assert (new.breaking_part > old.breaking_part) is breaking


def test_a_setting_announces_an_object_and_what_belongs_to_it() -> None:
    assert is_announced("demo.Client.send", ["demo.Client"])
    assert is_announced("demo.Client.send", ["demo.*.send"])
    assert not is_announced("demo.Clients", ["demo.Client"])
