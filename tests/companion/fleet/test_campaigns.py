"""Fleets of real repositories: adoptions, rollbacks, and a killed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from ci_framework.cli import main
from tests.support.adoptable_repositories import commit, write
from tests.support.adoption_scenes import PROJECT, Companion, make_project, status_of
from tests.support.fleets import list_of, state_of
from tests.support.plans import picture
from tests.support.programs import run


def real(tmp_path: Path) -> tuple[Path, Path]:
    """A project, one that is not ready, one that is none, and one at an address."""
    project = make_project(tmp_path / "project")
    write(make_project(tmp_path / "dirty"), {"README.md": "mine\n"})
    (tmp_path / "empty").mkdir()
    origin = make_project(tmp_path / "origin", {**PROJECT, "LICENSE": "MIT\n"})
    bare = tmp_path / "there" / "app.git"
    run("git", "clone", "-q", "--bare", str(origin), str(bare), cwd=tmp_path)
    return project, list_of(
        tmp_path, "project", "dirty", "empty", "missing", bare.as_uri()
    )


def codes_of(listing: Path, action: str) -> dict[str, int]:
    state = msgspec.to_builtins(state_of(listing))
    return {
        Path(member["source"]).name: member["entries"][action]["exit-code"]
        for member in state["members"].values()
        if action in member["entries"]
    }


# Modules that the companion imports, at once or when it needs them, and its own name.
_IMPORTED = ("ci_framework", "copier", "msgspec", "questionary", "runpy", "yaml")


def poison(directory: Path) -> Path:
    """Modules at the top of a repository; the file that shows that one was imported."""
    shown = directory / "imported"
    text = f"import pathlib\npathlib.Path({str(shown)!r}).touch()\n"
    write(directory, {f"{name}.py": text for name in _IMPORTED})
    return shown


@pytest.mark.heavy
def test_no_code_of_the_repository_runs_that_a_fleet_command_starts_in(
    companion: Companion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = make_project(tmp_path / "one")
    shown = poison(repository)
    listing = list_of(tmp_path, repository)
    monkeypatch.chdir(repository)
    companion.run("fleet", "status", listing)
    [member] = state_of(listing).members.values()
    assert member.entries["status"].summary
    assert not shown.exists()


@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": f"{os.pathsep}nowhere"}])
def test_the_companion_imports_nothing_from_the_current_directory(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    shown = poison(tmp_path)
    # Python itself imports these with -m, before anything of ours is asked.
    for name in ("ci_framework", "runpy"):
        (tmp_path / f"{name}.py").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "ci_framework", "status", "."],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "git" in done.stderr, done.stderr
    assert not shown.exists()


@pytest.mark.heavy
def test_a_fleet_is_adopted_and_taken_back(
    companion: Companion, tmp_path: Path, releases: Path
) -> None:
    project = make_project(tmp_path / "project")
    listing = list_of(tmp_path, "project")
    before = picture(project)
    template = ["--template", releases, "--vcs-ref", "v2.0.0"]
    text = companion.run("fleet", "apply", listing, *template, "--yes")
    assert "applied on ci-framework/adopt" in text
    assert picture(project) != before
    companion.run("fleet", "rollback", listing)
    assert picture(project) == before


@pytest.mark.heavy
def test_a_whole_campaign(companion: Companion, tmp_path: Path, releases: Path) -> None:
    project, listing = real(tmp_path)
    before = picture(project)
    template = ["--template", releases, "--vcs-ref", "v2.0.0"]
    bad = {"empty": 2, "missing": 2}
    text = companion.run("fleet", "plan", listing, *template, code=2)
    assert "no such directory" in text
    assert codes_of(listing, "plan") == {"project": 0, "dirty": 0, "app.git": 0, **bad}
    companion.run("fleet", "apply", listing, *template, code=2)
    wanted = {"project": 0, "dirty": 2, "app.git": 0, **bad}
    assert codes_of(listing, "apply") == wanted
    assert status_of(tmp_path / "dirty") == " M README.md\n"
    commit(tmp_path / "dirty")
    # It was planned before this commit, and with other content.
    companion.run("fleet", "plan", listing, *template, code=2)
    companion.run("fleet", "apply", listing, *template, code=2)
    assert codes_of(listing, "apply")["dirty"] == 0
    [clone] = (listing.with_name(f"{listing.name}.fleet") / "clones").iterdir()
    assert run("git", "branch", "--show-current", cwd=clone).strip() == (
        "ci-framework/adopt"
    )
    status = companion.json("fleet", "status", listing, code=2)
    said = [m["entries"]["status"]["summary"] for m in status["members"]]
    assert said.count("applied") == 3
    companion.run("fleet", "rollback", listing, code=2)
    assert picture(project) == before
    companion.run("fleet", "apply", listing, *template, "--yes", code=2)
    assert codes_of(listing, "apply") == {**wanted, "dirty": 0}


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed otherwise")
def test_a_fleet_that_is_killed_goes_on_where_it_was(
    companion: Companion, tmp_path: Path, releases: Path
) -> None:
    names = ["one", "two", "three"]
    for name in names:
        make_project(tmp_path / name)
    listing = list_of(tmp_path, *names)
    words = ["fleet", "apply", str(listing), "--yes", "--jobs", "1"]
    words += ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ci_framework", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not codes_of(listing, "apply") and time.monotonic() < deadline:
        # Until the first one is done, whenever that is.
        threading.Event().wait(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert codes_of(listing, "apply")["one"] == 0
    for _ in names:
        # One may still be running by itself: it is left alone, then finished.
        code = main(words)
        if not code:
            break
        threading.Event().wait(2)
    assert codes_of(listing, "apply") == dict.fromkeys(names, 0)
    for name in names:
        history = run("git", "rev-list", "--count", "HEAD", cwd=tmp_path / name)
        assert history.strip() == "2"
        assert status_of(tmp_path / name) == ""
