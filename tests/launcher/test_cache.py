"""The cache that the launcher starts from: when it is used, and when it is refused."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.launcher.conftest import Template
from tests.support.launching import LaunchedProject, make_template, redirected, show
from tests.support.projects import git, snapshot

NO_CACHE = {"CI_FRAMEWORK_CACHE": None, "XDG_CACHE_HOME": None}


def poison(cache: Path) -> Path:
    """Put a program into every engine and environment of a cache."""
    left = cache.parent / "executed"
    text = f"#!/bin/sh\ntouch '{left}'\n"
    for python in cache.glob("environments/*.*/bin/python*"):
        python.unlink()
        python.write_text(text, encoding="utf-8")
        python.chmod(0o755)
    for main in cache.glob("engines/*/ci_engine/__main__.py"):
        code = f"open({str(left)!r}, 'w')\n"
        main.write_text(code, encoding="utf-8")
    return left


def test_a_second_start_needs_neither_network_nor_programs(
    launched: LaunchedProject,
) -> None:
    first = launched.shown("gate")
    launched.break_network()
    assert launched.shown("gate") == first
    assert first["bytecode"] == [True, None]


@pytest.mark.heavy
def test_another_commit_gets_another_engine_and_the_same_packages(
    launched: LaunchedProject, origin: Template, tmp_path: Path
) -> None:
    first = launched.shown()
    installed = launched.log.read_text(encoding="utf-8")
    commit = make_template(tmp_path / "template", "another")
    launched.pin(commit, tmp_path / "template")
    second = launched.shown()
    assert second["engine"] == launched.engine(commit)
    assert second["prefix"] == first["prefix"]
    assert launched.log.read_text(encoding="utf-8") == installed
    launched.break_network()
    assert launched.shown() == second
    launched.pin(origin.commit, origin.root)
    assert launched.shown() == first


@pytest.mark.heavy
def test_nothing_in_the_cache_changes_once_it_is_warm(
    launched: LaunchedProject,
) -> None:
    launched.run()
    before = snapshot(launched.cache)
    launched.run()
    launched.run("--verbose")
    assert snapshot(launched.cache) == before
    assert any(launched.cache.rglob("*.pyc"))


@pytest.mark.heavy
def test_first_starts_at_the_same_time_do_not_disturb_each_other(
    launched: LaunchedProject, origin: Template
) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(launched.run, ["gate"] * 4))
    assert [show(run)["engine"] for run in runs] == [launched.engine(origin.commit)] * 4
    engines = [path.name for path in (launched.cache / "engines").iterdir()]
    assert engines == [origin.commit]
    assert len(list(launched.cache.glob("environments/*.*/bin"))) == 1


@pytest.mark.heavy
def test_an_environment_whose_python_is_gone_is_created_again(
    launched: LaunchedProject,
) -> None:
    first = launched.shown()
    for python in Path(str(first["prefix"]), "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/nowhere/python")
    second = launched.shown()
    assert second["prefix"] != first["prefix"]
    assert not Path(str(first["prefix"])).exists()
    launched.break_network()
    assert launched.shown() == second


@pytest.mark.parametrize(
    "name",
    [
        "with space, ünï-日本 and 100%",
        "quote'and\"quote $HOME;`x`& (b) [x] {y}",
        "-dash",
        "back\\slash",
    ],
)
def test_every_directory_may_have_any_name(
    tmp_path: Path, bare_python: Path, origin: Template, name: str
) -> None:
    launched = LaunchedProject(tmp_path / name, bare_python)
    template = tmp_path / name / "template"
    shutil.copytree(origin.root, template, symlinks=True)
    launched.pin(origin.commit, "'{}'".format(str(template).replace("'", "''")))
    first = launched.shown("a b", "c")
    assert first["engine"] == launched.engine(origin.commit)
    assert first["repository"] == str(launched.root)
    launched.break_network()
    assert launched.shown("a b", "c") == first


@pytest.mark.parametrize("how", ["relative", "bash", "cdpath", "link"])
def test_the_launcher_finds_its_repository_however_it_is_called(
    launched: LaunchedProject, tmp_path: Path, how: str
) -> None:
    (tmp_path / "link").symlink_to(launched.root, target_is_directory=True)
    (tmp_path / "ci-framework").mkdir()
    bash = str(launched.tools / "bash")
    command, cwd = {
        "relative": (("ci-framework/ci",), launched.root),
        "bash": ((bash, "ci"), launched.root / "ci-framework"),
        "cdpath": ((bash, "ci-framework/ci"), launched.root),
        "link": (("./ci-framework/ci",), tmp_path / "link"),
    }[how]
    for _ in range(2):
        run = launched.call(command, {"CDPATH": str(tmp_path)}, cwd)
        assert show(run)["repository"] == str(launched.root)


@pytest.mark.heavy
def test_the_usual_cache_is_used_where_none_is_named(
    launched: LaunchedProject, origin: Template
) -> None:
    usual = launched.home / ".cache" / "ci-framework"
    for _ in range(2):
        shown = launched.shown(**NO_CACHE)
        assert shown["engine"] == str(usual / "engines" / origin.commit)
    named = {**NO_CACHE, "XDG_CACHE_HOME": str(launched.home / "xdg")}
    for _ in range(2):
        assert str(launched.home / "xdg") in str(launched.shown(**named)["engine"])
    relative = {**NO_CACHE, "XDG_CACHE_HOME": "xdg"}
    assert str(usual) in str(launched.shown(**relative)["engine"])


@pytest.mark.parametrize("home", [None, "", "/nowhere/at/all", "relative"])
def test_without_a_home_a_temporary_cache_is_used_and_removed(
    launched: LaunchedProject, home: str | None
) -> None:
    run = launched.run(**NO_CACHE, HOME=home)
    assert str(show(run)["engine"]).startswith(str(launched.temporary))
    assert str(show(run)["prefix"]).startswith(str(launched.temporary))
    assert list(launched.temporary.iterdir()) == []
    assert git(launched.root, "status", "--porcelain", "--ignored").count("\n") == 2
    assert not Path("/nowhere").exists()


def test_a_home_that_is_a_file_is_no_place_for_a_cache(
    launched: LaunchedProject,
) -> None:
    (launched.home / ".cache").write_text("", encoding="utf-8")
    run = launched.run(**NO_CACHE)
    assert str(show(run)["engine"]).startswith(str(launched.temporary))
    assert list(launched.temporary.iterdir()) == []


@pytest.mark.parametrize("warm", [True, False])
def test_a_cache_that_cannot_be_written_is_used_as_far_as_it_goes(
    launched: LaunchedProject, origin: Template, warm: bool
) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("permissions do not hold root back")
    if warm:
        launched.run()
    else:
        launched.cache.mkdir()
    for path in (*launched.cache.rglob("*"), launched.cache):
        if path.is_dir():
            path.chmod(0o555)
    drop = (
        "setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all --no-new-privs"
    )
    command = [*(drop.split() if os.geteuid() == 0 else ()), str(launched.launcher)]
    try:
        path = f"{launched.tools}:{os.environ['PATH']}"
        run = launched.call(command, {"PATH": path})
    finally:
        for path in (launched.cache, *launched.cache.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
    expected = launched.cache if warm else launched.temporary
    assert str(show(run)["engine"]).startswith(str(expected))
    assert list(launched.temporary.iterdir()) == []


@pytest.mark.heavy
@pytest.mark.parametrize("variable", ["CI_FRAMEWORK_CACHE", "XDG_CACHE_HOME", "HOME"])
@pytest.mark.parametrize("place", ["top", "package", "link"])
def test_a_cache_in_the_repository_is_refused(
    launched: LaunchedProject, tmp_path: Path, variable: str, place: str
) -> None:
    """A commit could have left a complete, warm engine there."""
    launched.run()
    inside = launched.root / "packages" / "cache" / "ci-framework"
    if variable == "HOME":
        inside = launched.root / "packages" / ".cache" / "ci-framework"
    inside.parent.mkdir(parents=True)
    launched.cache.rename(inside)
    executed = poison(inside)
    if place == "package":
        # The project is one of several in the repository.
        (launched.root / ".git").rename(launched.root.parent / ".git")
    value = inside if variable == "CI_FRAMEWORK_CACHE" else inside.parent
    value = value.parent if variable == "HOME" else value
    if place == "link":
        (tmp_path / "link").symlink_to(value, target_is_directory=True)
        value = tmp_path / "link"
    if place == "package":
        inside.parent.parent.rename(launched.root.parent / "packages")
        value = launched.root.parent / value.relative_to(launched.root)
        executed = poison(launched.root.parent / inside.relative_to(launched.root))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = {**NO_CACHE, "HOME": None, "TMPDIR": str(temporary)}
    run = launched.run(**{**variables, variable: str(value)})
    assert str(show(run)["engine"]).startswith(str(temporary))
    assert "expected an absolute path outside the repository" in run.stderr
    assert not executed.exists()


@pytest.mark.heavy
def test_a_cache_of_another_user_is_refused(launched: LaunchedProject) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    launched.run()
    executed = poison(launched.cache)
    os.chown(launched.cache, 12345, 12345)
    run = launched.run()
    assert str(show(run)["engine"]).startswith(str(launched.home))
    assert "a directory that belongs to you" in run.stderr
    assert not executed.exists()


def test_a_relative_cache_is_ignored(launched: LaunchedProject) -> None:
    run = launched.run(CI_FRAMEWORK_CACHE="some/where")
    assert str(show(run)["engine"]).startswith(str(launched.home))
    assert run.stderr.count("CI_FRAMEWORK_CACHE: expected an absolute path") == 1
    assert not (launched.root / "some").exists()


def test_a_temporary_directory_in_the_repository_is_refused(
    launched: LaunchedProject,
) -> None:
    inside = launched.root / "tmp"
    inside.mkdir()
    run = launched.run(**NO_CACHE, HOME=None, TMPDIR=str(inside))
    assert run.code == 3
    assert "hint: set CI_FRAMEWORK_CACHE" in run.stderr
    assert list(inside.iterdir()) == []


def test_a_fork_of_the_template_cannot_change_what_is_cached(
    launched: LaunchedProject, origin: Template, tmp_path: Path
) -> None:
    launched.run()
    make_template(tmp_path / "fork", "another")
    launched.pin(origin.commit, tmp_path / "fork")
    run = launched.run(**redirected(tmp_path / "fork", "https:"))
    assert show(run)["engine"] == launched.engine(origin.commit)
    assert run.stderr == ""
