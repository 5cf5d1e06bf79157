"""The journal records how far an adoption got."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from ci_engine.errors import ToolError, UsageError
from ci_framework.applying.amend import amend
from ci_framework.applying.journal import (
    home,
    read_journal,
    record_validation,
    store,
    write_journal,
)
from ci_framework.applying.lock import exclusive, is_locked
from ci_framework.applying.records import Journal, Phase
from ci_framework.applying.recover import recover
from ci_framework.applying.rollback import rollback
from ci_framework.applying.status import Drift, Status, print_status, status
from ci_framework.repository import Repository, open_repository
from tests.support.adoptable_repositories import commit, make_repository, tree, write
from tests.support.plans import FILES, PLANNED, adopt, picture
from tests.support.programs import run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project", FILES)


@pytest.fixture
def repository(project: Path) -> Repository:
    return open_repository(project)


@contextmanager
def holding(repository: Repository) -> Generator[subprocess.Popen[str]]:
    """Another process that holds the lock of the repository."""
    program = (
        "import sys; from pathlib import Path; "
        "from ci_framework.applying.lock import exclusive\n"
        "with exclusive(Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(home(repository))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
        child.kill()


def git(path: Path, *words: str) -> str:
    return run("git", *words, cwd=path).strip()


def rewrite(repository: Repository, phase: Phase) -> Journal:
    """Reset the journal to an earlier phase."""
    journal = read_journal(repository)
    assert journal is not None
    changed = msgspec.structs.replace(journal, phase=phase)
    return write_journal(repository, changed)


def test_it_names_everything_that_a_rollback_needs(
    project: Path, repository: Repository
) -> None:
    adoption = adopt(project)
    journal = read_journal(repository)
    assert journal is not None
    assert journal.phase == "applied"
    assert (journal.base, journal.commit) == (adoption.base, adoption.commit)
    assert (journal.original_branch, journal.branch) == ("main", adoption.branch)
    assert journal.plan == "0123456789abcdef"
    assert journal.template.source == "gh:demo/template"
    assert [item.path for item in journal.manual] == ["tox.ini"]
    assert journal.started <= journal.updated
    assert journal.updated.endswith("+00:00")
    assert journal.adoption.creates == [
        ".github",
        ".github/workflows",
        "build",
        "ci-framework",
        "ci-framework/engine",
    ]
    assert journal.adoption.removes == ["old"]
    for step in journal.adoption.steps:
        for state in (step.before, step.after):
            assert state is None or store(repository).get(state.content) is not None


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 2}', b"\xff"])
def test_a_journal_that_cannot_be_read_stops_everything(
    project: Path, repository: Repository, content: bytes
) -> None:
    adopt(project)
    (home(repository) / "journal.json").write_bytes(content)
    before = picture(project, ours=True)
    commands: list[Callable[[Repository], object]] = [recover, rollback, status]
    for command in commands:
        with pytest.raises(ToolError, match=r"journal\.json"):
            command(repository)
    assert picture(project, ours=True) == before


def test_a_command_that_is_still_running_is_left_alone(
    project: Path, repository: Repository
) -> None:
    adopt(project)
    rewrite(repository, "switching")
    before = picture(project, ours=True)
    commands: list[Callable[[Repository], object]] = [recover, rollback]
    with holding(repository):
        for command in commands:
            with pytest.raises(UsageError, match="command is running"):
                command(repository)
        assert picture(project, ours=True) == before
        now = status(repository)
    assert (now.running, now.interrupted, now.next_command) == (True, False, "")


def test_the_lock_of_a_killed_command_is_free(
    project: Path, repository: Repository
) -> None:
    with holding(repository) as child:
        assert is_locked(home(repository))
        child.kill()
        child.wait()
        assert not is_locked(home(repository))


def test_two_commands_at_once_are_refused(
    project: Path, repository: Repository
) -> None:
    before = picture(project)
    with (
        exclusive(home(repository)),
        pytest.raises(UsageError, match="running in this repository"),
    ):
        adopt(project)
    assert picture(project) == before
    adopt(project)


def test_an_apply_is_refused_while_another_is_half_done(
    project: Path, repository: Repository
) -> None:
    adopt(project)
    rewrite(repository, "switching")
    with pytest.raises(UsageError, match="interrupted") as raised:
        adopt(project, {"more.txt": b"more\n"})
    assert "ci-framework resume" in raised.value.hint


def _edit(path: Path) -> str:
    write(path, {"pyproject.toml": "mine = 1\n"})
    return "pyproject.toml was changed"


def _remove(path: Path) -> str:
    (path / "ci-framework/ci").unlink()
    # The file is missing, as before the adoption: continuing loses nothing.
    return ""


def _make_directory(path: Path) -> str:
    (path / "build/kept.txt").unlink()
    (path / "build/kept.txt").mkdir()
    return "build/kept.txt cannot be read as a file"


def _stage(path: Path) -> str:
    write(path, {"pyproject.toml": "mine = 1\n"})
    git(path, "add", "pyproject.toml")
    (path / "pyproject.toml").write_bytes(PLANNED["pyproject.toml"] or b"")
    return "pyproject.toml was changed in the index"


def _commit(path: Path) -> str:
    write(path, {"src/demo.py": "VALUE = 2\n"})
    commit(path)
    return "refs/heads/ci-framework/adopt was moved"


def _switch(path: Path) -> str:
    git(path, "switch", "--quiet", "-c", "mine")
    return "mine at"


def _move_original(path: Path) -> str:
    made = git(path, "commit-tree", "main^{tree}", "-p", "main", "-m", "moved")
    git(path, "update-ref", "refs/heads/main", made)
    return "refs/heads/main was moved"


@pytest.mark.parametrize(
    "edit",
    [_edit, _remove, _make_directory, _stage, _commit, _switch, _move_original],
)
def test_what_was_changed_since_an_interruption_is_shown_not_touched(
    project: Path, repository: Repository, edit: Callable[[Path], str]
) -> None:
    adopt(project)
    rewrite(repository, "writing")
    found = edit(project)
    before = picture(project, ours=True)
    if not found:
        rollback(repository)
        return
    with pytest.raises(UsageError) as raised:
        recover(repository, backwards=True)
    assert found in str(raised.value)
    assert "nothing was touched" in str(raised.value)
    assert picture(project, ours=True) == before


def test_only_a_lock_of_ours_is_removed(project: Path, repository: Repository) -> None:
    adopt(project)
    lock = project / ".git/index.lock"
    lock.write_bytes(b"")
    rewrite(repository, "switching")
    with pytest.raises(UsageError, match=r"index\.lock"):
        recover(repository)
    assert lock.exists()
    lock.write_bytes(b"ci-framework 0123\n")
    recovery = recover(repository)
    assert recovery is not None
    assert (recovery.interrupted, recovery.outcome) == ("apply", "finished")
    assert not lock.exists()


def test_files_that_are_not_kept_any_more_are_not_made_up(
    project: Path, repository: Repository
) -> None:
    adopt(project)
    rewrite(repository, "writing")
    (project / "ci-framework/ci").unlink()
    for location in (home(repository) / "contents").iterdir():
        location.write_bytes(b"damaged")
    with pytest.raises(ToolError, match="not kept any more"):
        recover(repository)


def test_nothing_to_recover_is_no_error(project: Path, repository: Repository) -> None:
    assert recover(repository) is None
    adopt(project)
    assert recover(repository) is None
    rollback(repository)
    assert recover(repository) is None


def test_a_validation_is_noted_and_only_a_green_one_is_done(
    project: Path, repository: Repository
) -> None:
    assert record_validation(repository, "green", "all passed") is None
    adopt(project)
    red = record_validation(repository, "red", "two tests fail")
    assert red is not None
    assert red.phase == "applied"
    now = status(repository)
    assert (now.done, now.next_command) == (False, "ci-framework validate")
    green = record_validation(repository, "green", "all passed")
    assert green is not None
    assert green.validation is not None
    assert green.validation.commit == git(project, "rev-parse", "HEAD")
    now = status(repository)
    assert (now.phase, now.done) == ("validated", True)
    assert now.next_command == "git switch main && git merge ci-framework/adopt"
    git(project, "remote", "add", "origin", "https://example.org/demo.git")
    now = status(repository)
    assert now.next_command == "git push --set-upstream origin ci-framework/adopt"
    rollback(repository)
    assert record_validation(repository, "green", "all passed") is None


def test_the_status_of_a_repository_that_was_never_adopted(
    repository: Repository,
) -> None:
    assert status(repository) == Status(
        phase="none", checked_out="main", next_command="ci-framework plan"
    )


def test_the_status_reports_what_changed_since(
    project: Path, repository: Repository
) -> None:
    adopt(project)
    assert status(repository).drift == []
    write(project, {"pyproject.toml": "mine = 1\n", "old/only.yml": "back\n"})
    commit(project)
    (project / "ci-framework/ci").unlink()
    now = status(repository)
    assert now.reachable
    assert now.later_commits == 1
    assert now.drift == [
        Drift(path="pyproject.toml", state="changed", committed=True),
        Drift(path="old/only.yml", state="back", committed=True),
        Drift(path="ci-framework/ci", state="removed", committed=False),
    ]
    git(project, "stash", "--quiet")
    git(project, "switch", "--quiet", "main")
    now = status(repository)
    assert (now.checked_out, now.reachable, now.later_commits) == ("main", False, 0)


def test_the_status_is_the_same_for_people_and_programs(
    project: Path, repository: Repository
) -> None:
    adopt(project)
    rewrite(repository, "switching")
    now = status(repository)
    encoded = msgspec.json.encode(now)
    assert msgspec.json.decode(encoded, type=Status) == now
    assert b'"next-command":"ci-framework resume"' in encoded
    stream = io.StringIO()
    print_status(now, Console(file=stream, width=100))
    for found in (
        "switching, interrupted",
        "ci-framework/adopt",
        "to do by hand: tox.ini: it is read first",
        "Next: ci-framework resume",
    ):
        assert found in stream.getvalue()


def test_a_file_of_a_validation_joins_the_commit_and_goes_with_it(
    project: Path, repository: Repository
) -> None:
    before = picture(project)
    adopted = tree(project)
    files = {"ci-framework/project/baseline.json": b"{}\n"}
    adopt(project)
    journal = amend(repository, files)
    assert journal is not None
    assert git(project, "rev-list", "--count", "main..HEAD") == "1"
    assert git(project, "rev-parse", "HEAD") == journal.commit
    assert tree(project, "main") == adopted
    assert git(project, "status", "--porcelain") == ""
    # A second time there is nothing left to do.
    assert amend(repository, files) is None
    rollback(repository)
    assert picture(project) == before
    assert amend(repository, files) is None


def test_a_later_validation_replaces_the_record_in_the_same_commit(
    project: Path, repository: Repository
) -> None:
    path = "ci-framework/project/baseline.json"
    before = picture(project)
    adopt(project)
    # The first run could not query every service.
    amend(repository, {path: b"half\n"})
    journal = amend(repository, {path: b"whole\n"})
    assert journal is not None
    assert git(project, "show", f"HEAD:{path}") == "whole"
    assert git(project, "rev-list", "--count", "main..HEAD") == "1"
    assert status(repository).drift == []
    write(project, {path: "edited\n"})
    assert status(repository).drift == [
        Drift(path=path, state="changed", committed=False)
    ]
    git(project, "restore", path)
    rollback(repository)
    assert picture(project) == before
