"""The framework installs into the user's cache, out of reach of a repository."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ci_engine.environments import user_cache
from ci_engine.environments.isolated_tools import tool_entry
from ci_engine.environments.user_cache import cache_location, keep_in_cache
from ci_engine.errors import ToolError
from tests.support.projects import (
    DemoProject,
    add_uv,
    assert_green,
    clean_environment,
    git,
    program,
    wait_until,
)

NO_PLACE = {"CI_FRAMEWORK_CACHE": None, "XDG_CACHE_HOME": None, "HOME": None}


def trap(tmp_path: Path) -> tuple[str, Path]:
    """A program that nobody may run, and the file that shows that it ran."""
    shown = tmp_path / "executed"
    return f"#!/bin/sh\ntouch '{shown}'\n", shown


def plant(project: DemoProject, name: str, script: str) -> None:
    project.write(name, script).chmod(0o755)


def launcher(project: DemoProject) -> list[str]:
    return [str(project.root / "ci-framework" / "ci")]


def test_an_engine_that_was_committed_is_not_started(
    project: DemoProject, tmp_path: Path
) -> None:
    script, shown = trap(tmp_path)
    for name in ("python", "python3"):
        plant(project, f".ci-framework/engine/bin/{name}", script)
    stamp = project.write(".ci-framework/engine/stamp", "anything")
    os.utime(stamp, (2**31, 2**31))
    project.run("--help", command=launcher(project))
    assert not shown.exists()


def test_a_tool_that_was_committed_is_not_started(
    project: DemoProject, tmp_path: Path
) -> None:
    script, shown = trap(tmp_path)
    entry = tool_entry("check-jsonschema")
    for location in (f".ci-framework/{entry}", f".ci-framework/{entry}.1"):
        for name in ("python", "check-jsonschema"):
            plant(project, f"{location}/bin/{name}", script)
    identity = entry.rpartition("-")[2]
    project.write(f".ci-framework/{entry}/ci-framework-stamp", identity)
    offline = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_NO_INDEX": "1"}
    run = project.run("validate", variables=offline)
    assert run.check("schemas")["status"] == "not-run", str(run)
    assert not shown.exists()


@pytest.mark.parametrize("name", ["CI_FRAMEWORK_CACHE", "XDG_CACHE_HOME", "HOME"])
def test_a_cache_in_the_repository_is_not_used(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "--quiet")
    project = tmp_path / "packages" / "one"
    project.mkdir(parents=True)
    assert cache_location(project, {name: str(tmp_path)}, "linux") is None


def test_a_link_into_the_repository_is_not_used(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (tmp_path / "link").symlink_to(repository)
    variables = {"CI_FRAMEWORK_CACHE": str(tmp_path / "link" / "cache")}
    assert cache_location(repository, variables, "linux") is None


@pytest.mark.skipif(sys.platform == "win32", reason="files have no owner there")
def test_a_directory_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    if os.geteuid() == 0:
        os.chown(chosen, 65_534, 65_534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65_534)
    variables = {"CI_FRAMEWORK_CACHE": str(chosen)}
    assert cache_location(tmp_path / "repository", variables, "linux") is None


def test_the_cache_is_where_the_system_keeps_caches(tmp_path: Path) -> None:
    repository, home = tmp_path / "repository", tmp_path / "home"
    repository.mkdir()
    home.mkdir()
    variables = {"HOME": str(home)}
    found = {
        platform: cache_location(repository, variables, platform)
        for platform in ("linux", "darwin", "win32")
    }
    assert found == {
        "linux": home / ".cache" / "ci-framework",
        "darwin": home / "Library" / "Caches" / "ci-framework",
        "win32": None,
    }
    local = {"LOCALAPPDATA": str(home)}
    windows = home / "ci-framework" / "Cache"
    assert cache_location(repository, local, "win32") == windows
    variables["XDG_CACHE_HOME"] = str(tmp_path / "xdg")
    assert cache_location(repository, variables, "linux") == (
        tmp_path / "xdg" / "ci-framework"
    )
    variables["CI_FRAMEWORK_CACHE"] = str(tmp_path / "chosen")
    for platform in found:
        assert cache_location(repository, variables, platform) == tmp_path / "chosen"


def test_a_relative_cache_is_reported_and_ignored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    variables = {"HOME": str(tmp_path), "CI_FRAMEWORK_CACHE": "some/where"}
    found = cache_location(repository, variables, "linux")
    assert found == tmp_path / ".cache" / "ci-framework"
    assert "CI_FRAMEWORK_CACHE: expected an absolute path" in capsys.readouterr().err


@pytest.mark.heavy
def test_without_a_location_for_a_cache_a_private_one_is_used_and_removed(
    project: DemoProject, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    add_uv(tools)
    for name in ("bash", "dirname", "git"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    venv = tmp_path / "bare"
    make = [sys.executable, "-m", "venv", "--without-pip", str(venv)]
    subprocess.run(make, check=True)
    program(tools, "python3", "").write_text(
        f'#!/bin/sh\nexec "{venv}/bin/python" "$@"\n', encoding="utf-8"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = project.run(
        "gate",
        "--only",
        "no-conflict-markers",
        "--verbose",
        command=launcher(project),
        variables={**NO_PLACE, "TMPDIR": str(temporary), "PATH": str(tools)},
    )
    assert_green(run)
    assert f"engine: private environment ({temporary}" in run.stderr
    assert list(temporary.iterdir()) == []
    assert {path.name for path in (project.root / ".ci-framework").iterdir()} == {
        ".gitignore",
        "gate",
    }


def test_a_private_cache_is_for_the_user_only_and_never_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("CI_FRAMEWORK_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = user_cache.cache_directory(repository)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    monkeypatch.setenv("CI_FRAMEWORK_CACHE", "")
    monkeypatch.setattr(tempfile, "tempdir", str(repository))
    other = repository / "packages"
    other.mkdir()
    (repository / ".git").mkdir()
    with pytest.raises(ToolError, match="is in the repository"):
        user_cache.cache_directory(other / "..")


def test_an_entry_that_was_cut_short_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_FRAMEWORK_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "repository"
    repository.mkdir()
    code = (
        "import pathlib, sys, time\n"
        "from ci_engine.environments.user_cache import keep_in_cache\n"
        "def make(fresh):\n"
        "    (fresh / 'half').touch()\n"
        "    while True: time.sleep(1)\n"
        "keep_in_cache(pathlib.Path(sys.argv[1]), 'tools/x', make)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(repository)],
        env=clean_environment(CI_FRAMEWORK_CACHE=str(tmp_path / "cache")),
    )
    tools = tmp_path / "cache" / "tools"
    wait_until(lambda: any(tools.glob("x.*/half")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    entry = keep_in_cache(repository, "tools/x", lambda p: (p / "whole").touch())
    assert [path.name for path in entry.iterdir() if path.is_file()] == ["whole"]
    assert {path.name for path in tools.iterdir()} == {".x.lock", "x", entry.name}
    again = keep_in_cache(repository, "tools/x", lambda p: (p / "twice").touch())
    assert again == entry


def test_an_entry_that_could_not_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_FRAMEWORK_CACHE", str(tmp_path / "cache"))

    def fail(_: Path) -> None:
        raise ToolError("no network today")

    with pytest.raises(ToolError, match="no network today"):
        keep_in_cache(tmp_path / "repository", "tools/x", fail)
    left = [path.name for path in (tmp_path / "cache" / "tools").iterdir()]
    assert left == [".x.lock"]


@pytest.mark.parametrize("text", ["../x", "x./../../x", "/nowhere/x", "..", ""])
def test_an_entry_leads_to_nothing_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("CI_FRAMEWORK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "x").mkdir(parents=True)
    pointer = tmp_path / "cache" / "tools" / "x"
    pointer.parent.mkdir()
    pointer.write_text(text, encoding="utf-8")
    made = keep_in_cache(tmp_path / "repository", "tools/x", lambda _: None)
    assert made.parent == pointer.parent
    assert made.name.startswith("x.")
    assert list(made.iterdir()) == []
