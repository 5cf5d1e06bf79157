"""Whatever a project does outside of the blocks, updates do not conflict with it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.renders import BLOCK_END, BLOCK_START
from tests.support.template_releases import commit, conflicts, update
from tests.update.test_updates import adopted

# Every example is an update of Copier.
pytestmark = pytest.mark.heavy

__all__ = ["adopted"]

SHARED = ("pyproject.toml", ".pre-commit-config.yaml", ".gitignore", ".gitattributes")

# An edit: a place, how many lines go, and the lines that come.
Edit = tuple[int, int, list[str]]
lines = st.lists(
    st.sampled_from(["", "# a comment", "[tool.own]", "  - own", "x = 1", "]", "é"]),
    max_size=4,
)
edits = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 6), lines), min_size=1, max_size=3
)


def apply(changes: list[Edit], text: list[str]) -> list[str]:
    """Change lines; a place beyond the last one is the end."""
    for location, removed, added in changes:
        start = min(location, len(text))
        text = [*text[:start], *added, *text[start + removed :]]
    return text


def split(text: str) -> tuple[list[str], list[str], list[str]]:
    """Split a file into what is above its block, the block, and what is below."""
    all_lines = text.splitlines()
    stripped = [line.strip() for line in all_lines]
    start, end = stripped.index(BLOCK_START), stripped.index(BLOCK_END) + 1
    return all_lines[:start], all_lines[start:end], all_lines[end:]


@settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # an update takes seconds: no time to shrink
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_edits_outside_of_the_blocks_never_conflict(
    adopted: Path, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        project = shutil.copytree(adopted, Path(directory, "project"), symlinks=True)
        expected: dict[str, tuple[list[str], list[str]]] = {}
        for name in SHARED:
            above, block, below = split((project / name).read_text("utf-8"))
            above = apply(data.draw(edits, label=f"{name} above"), above)
            below = apply(data.draw(edits, label=f"{name} below"), below)
            text = "\n".join([*above, *block, *below]) + "\n"
            (project / name).write_text(text, "utf-8")
            expected[name] = (above, below)
        (project / "always.txt").write_text("something to commit\n")
        commit(project)
        update(project)
        assert conflicts(project) == []
        for name, (above, below) in expected.items():
            now = split((project / name).read_text("utf-8"))
            assert (now[0], now[2]) == (above, below), name
