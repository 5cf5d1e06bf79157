"""Temporary files are removed, including those of a killed process."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ci_framework import temporary_files
from ci_framework.temporary_files import own_temporary_files, owned_directory
from tests.support.adoptable_repositories import make_repository
from tests.support.adoption_scenes import Companion
from tests.support.projects import clean_environment

# Clones as a validation does, leaves what Copier leaves, and is killed.
KILLED = """
import os, signal, sys, tempfile
from pathlib import Path
from ci_framework.repository import open_repository
from ci_framework.temporary_files import own_temporary_files
from ci_framework.validating.clones import clone_both

repository = open_repository(Path(sys.argv[1]))
head = repository.head
with own_temporary_files(), clone_both(repository, head, head) as clones:
    protected = clones.base.root / "protected"
    protected.mkdir()
    (protected / "file").touch()
    protected.chmod(0o500)
    tempfile.mkdtemp(prefix="copier._vcs.clone.")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def killed(place: Path, project: Path) -> Path:
    """The directory that a killed command left."""
    environment = clean_environment() | {"TMPDIR": str(place)}
    words = [sys.executable, "-c", KILLED, str(project)]
    done = subprocess.run(words, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = place.iterdir()
    return left


def objects(project: Path) -> dict[Path, int]:
    """The modes of the objects, which clones share with the repository."""
    return {path: path.stat().st_mode for path in (project / ".git").rglob("*")}


def test_the_next_command_removes_the_clones_of_a_killed_one(
    tmp_path: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_repository(tmp_path / "p", {"a.py": ""})
    before = objects(project)
    left = killed(place, project)
    names = {path.name for path in left.rglob("*")}
    assert {"base", "adopted", "a.py", "protected"} <= names
    Companion(capsys).run("status", project)
    assert list(place.iterdir()) == []
    assert objects(project) == before


def test_a_removal_that_was_interrupted_is_finished_later(
    tmp_path: Path, place: Path
) -> None:
    left = killed(place, make_repository(tmp_path / "p", {"a.py": ""}))
    for path in left.iterdir():
        if path.name.startswith("copier"):
            path.rmdir()
    with own_temporary_files():
        assert not left.exists()


def test_files_of_running_processes_and_of_others_stay(
    tmp_path: Path, place: Path
) -> None:
    left = killed(place, make_repository(tmp_path / "p", {"a.py": ""}))
    other = place / "ci-framework-other"
    other.mkdir()
    (other / "file").touch()
    text = place / "ci-framework-text"
    text.mkdir()
    (text / ".owner").write_text("mine\n")
    elsewhere = left.rename(tmp_path / "elsewhere")
    link = place / "ci-framework-link"
    link.symlink_to(elsewhere)
    linked = place / "ci-framework-linked"
    linked.mkdir()
    (linked / ".owner").symlink_to(elsewhere / ".owner")
    with own_temporary_files():
        running = Path(tempfile.gettempdir())
        (running / "clone").mkdir()
        with owned_directory(place, "ci-framework-"):
            assert (running / "clone").is_dir()
        assert sorted(place.iterdir()) == sorted([running, other, text, link, linked])
    assert (other / "file").exists()
    assert (elsewhere / ".owner").exists()


def test_nothing_is_removed_where_the_owner_cannot_be_seen(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(temporary_files, "lock_now", no_locks)
    with owned_directory(place, "ci-framework-") as first:
        with owned_directory(place, "ci-framework-"):
            assert first.exists()
        monkeypatch.undo()
        with owned_directory(place, "ci-framework-"):
            assert first.exists()


def test_a_command_that_needs_no_temporary_files_works_without(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = make_repository(tmp_path / "p", {"a.py": ""})
    missing = str(tmp_path / "missing")
    monkeypatch.setattr(tempfile, "tempdir", missing)
    Companion(capsys).run("status", project)
    assert tempfile.tempdir == missing


def test_a_directory_that_cannot_be_read_is_no_obstacle(place: Path) -> None:
    closed = place / "ci-framework-closed"
    closed.mkdir(mode=0o000)
    with own_temporary_files():
        assert Path(tempfile.mkdtemp()).parent.parent == place
    assert tempfile.gettempdir() == str(place)
    assert list(place.iterdir()) == [closed]
    closed.chmod(0o700)
