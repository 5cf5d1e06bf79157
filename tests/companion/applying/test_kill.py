"""A command that is killed at any point is finished or undone by the next one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.adoptable_repositories import commit, make_repository
from tests.support.killing import sweep
from tests.support.plans import FILES, adopt, picture

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="a process cannot kill itself the same way there"
)

# Everyday a few points of some sweeps, in the gate every seventh of each; all of them
# with KILL_EVERY=1, which takes several minutes. The ids of the tests show which.
_SHARE = int(os.environ.get("KILL_EVERY", "7"))
_MANY = pytest.param(_SHARE, marks=pytest.mark.heavy)
_RESUME = pytest.param("resume", _SHARE, marks=pytest.mark.heavy)
_ROLLBACK = pytest.param("rollback", _SHARE, marks=pytest.mark.heavy)
_OURS = "refs/ci-framework/"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    path = make_repository(tmp_path / "origin", FILES)
    (path / "run.sh").chmod(0o755)
    (path / "link").symlink_to("src")
    commit(path, "modes")
    (path / "notes.log").write_text("ignored\n")
    (path / "draft.txt").write_text("untracked\n")
    return path


def plain(seen: dict[str, str]) -> dict[str, str]:
    """A snapshot without the references that a rollback leaves."""
    rows = seen["branches"].splitlines(keepends=True)
    kept = "".join(row for row in rows if not row.startswith(_OURS))
    return {**seen, "branches": kept}


@pytest.mark.heavy
@pytest.mark.parametrize("share", [43, _MANY])
def test_a_killed_apply_is_finished_by_resume(
    tmp_path: Path, origin: Path, share: int
) -> None:
    before = picture(origin, ours=True)
    rows = sweep(origin, tmp_path / "work", "KILL,apply,resume,rollback", share)
    adopt(origin)
    applied = picture(origin, ours=True)

    assert len(rows) > 2
    finished = 0
    for point, (_, resumed, _), (after, back) in rows:
        assert resumed.startswith("done"), (point, resumed)
        # Before the journal is written there is nothing to finish.
        assert after in (before, applied), point
        finished += after == applied
        assert plain(back) == before, point
    assert finished >= len(rows) / 2


@pytest.mark.parametrize("share", [_MANY])
def test_a_killed_apply_is_undone_by_rollback(
    tmp_path: Path, origin: Path, share: int
) -> None:
    before = picture(origin, ours=True)
    rows = sweep(origin, tmp_path / "work", "KILL,apply,rollback,apply", share)
    adopt(origin)
    applied = picture(origin, ours=True)

    for point, (_, undone, again), (back, after) in rows:
        assert undone.startswith(("done", "refused no adoption")), (point, undone)
        assert plain(back) == before, point
        assert again.startswith("done"), (point, again)
        assert plain(after) == plain(applied), point


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("next_command", "share"), [("resume", 43), _RESUME, _ROLLBACK]
)
def test_a_killed_rollback_is_finished(
    tmp_path: Path, origin: Path, share: int, next_command: str
) -> None:
    before = picture(origin, ours=True)
    commands = f"apply,KILL,rollback,{next_command},rollback"
    rows = sweep(origin, tmp_path / "work", commands, share)

    for point, (_, first, second), (_, back) in rows:
        assert first.startswith("done"), (point, first)
        assert second.startswith("done"), (point, second)
        assert plain(back) == before, point


@pytest.mark.parametrize("share", [_MANY])
def test_a_killed_rollback_below_later_commits_is_finished(
    tmp_path: Path, origin: Path, share: int
) -> None:
    commands = "apply,edit,KILL,rollback,rollback,rollback"
    rows = sweep(origin, tmp_path / "work", commands, share)

    *_, (_, _, (expected, _)) = rows
    for point, (_, first, _), (_, back) in rows:
        assert first.startswith("done"), (point, first)
        assert back == expected, point
    files = {name for name in expected if name.startswith("file ")}
    assert "file ci-framework" not in files
    assert "file old/only.yml" in files


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("next_command", "share"), [("rollback", 43), _RESUME, _ROLLBACK]
)
def test_a_killed_amendment_is_finished_or_rolled_back(
    tmp_path: Path, origin: Path, share: int, next_command: str
) -> None:
    before = picture(origin, ours=True)
    commands = f"apply,KILL,amend,{next_command},rollback"
    for point, (_, *ends), (_, back) in sweep(origin, tmp_path / "w", commands, share):
        assert [end.split()[0] for end in ends] == ["done", "done"], (point, ends)
        assert plain(back) == before, point


@pytest.mark.heavy
def test_a_command_that_is_killed_twice_is_finished(
    tmp_path: Path, origin: Path
) -> None:
    before = picture(origin, ours=True)
    for first in (20, 45, 60):
        # The first kill is part of what comes before the sweep.
        work = tmp_path / f"work-{first}"
        commands = f"apply@{first},KILL,resume,resume,rollback"
        for point, (_, resumed, _), (_, back) in sweep(
            origin, work, commands, 3 * _SHARE
        ):
            assert resumed.startswith("done"), (first, point, resumed)
            assert plain(back) == before, (first, point)
