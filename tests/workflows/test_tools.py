"""A missing program is never mistaken for a passed test."""

from __future__ import annotations

import pytest

from tests.support.tools import REQUIRE_TOOLS, require_tool


def test_a_missing_program_is_a_visible_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_TOOLS, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is missing"):
        require_tool("no-such-program")


def test_a_missing_program_fails_where_all_have_to_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(REQUIRE_TOOLS, "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is missing"):
        require_tool("no-such-program")
