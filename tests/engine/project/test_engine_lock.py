"""The head of engine.lock, which a change may have edited."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.errors import ConfigurationError
from ci_engine.project.engine_lock import EngineLock, read_engine_lock

COMMIT = "a" * 40


def lock(root: Path, content: bytes) -> EngineLock:
    path = root / "ci-framework" / "engine.lock"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return read_engine_lock(root)


def test_both_facts_are_read_whatever_the_line_ends(tmp_path: Path) -> None:
    assert read_engine_lock(tmp_path) == EngineLock()
    text = f"# Ours.\n# commit: {COMMIT}\n# answers: .my answers.yml \nmsgspec==1\n"
    expected = EngineLock(COMMIT, ".my answers.yml")
    assert lock(tmp_path, text.encode()) == expected
    assert lock(tmp_path, text.replace("\n", "\r\n").encode()) == expected
    assert lock(tmp_path, b"# commit:\n# answers:\n") == EngineLock()
    assert lock(tmp_path, b"# commit: v2\n") == EngineLock()


@pytest.mark.parametrize("name", ["../a.yml", "/etc/a.yml", "a/../../b.yml"])
def test_answers_outside_the_repository_are_none(tmp_path: Path, name: str) -> None:
    assert lock(tmp_path, f"# answers: {name}\n".encode()).answers == ""


def test_unreadable_text_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"engine\.lock: not UTF-8"):
        lock(tmp_path, b"# answers: \xff\n")
