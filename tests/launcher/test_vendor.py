"""``ci vendor``: the engine in the repository, for use without a network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launcher.conftest import Template
from tests.support.launching import make_template
from tests.support.projects import (
    DemoProject,
    Run,
    engine_version,
    git,
    snapshot,
    write_lock,
)
from tests.support.tools import require_tool

COPY = "ci-framework/ci_engine"


@pytest.fixture
def pinned(project: DemoProject, whole_origin: Template) -> DemoProject:
    """A project that pins the real engine, in a repository."""
    write_lock(project.root, whole_origin.commit)
    project.write(".copier-answers.yml", f"_src_path: {whole_origin.root}\n")
    project.git_init()
    return project


def vendor(project: DemoProject, *options: str) -> Run:
    run = project.run("vendor", *options)
    assert run.code == 0, str(run)
    return run


def without_sources(project: DemoProject) -> None:
    """Leave neither a cache nor a place to fetch from."""
    shutil.rmtree(project.cache)
    project.write(".copier-answers.yml", "_src_path: /nowhere\n")


OFFLINE = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "url./nowhere/.insteadOf",
    "GIT_CONFIG_VALUE_0": "https://",
}


def reported(project: DemoProject) -> dict[str, str]:
    """What `ci validate` reports about the framework's files."""
    run = project.run("validate", variables=OFFLINE)
    return {
        finding["path"]: finding["message"]
        for finding in run.findings("framework-files")
    }


@pytest.mark.heavy
def test_the_copy_starts_without_network_and_is_valid(pinned: DemoProject) -> None:
    run = vendor(pinned)
    assert f"copied to {COPY}" in run.stdout
    without_sources(pinned)
    variables = {**OFFLINE, "CI_FRAMEWORK_ENGINE": None}
    for command in (None, [str(pinned.root / "ci-framework" / "ci")]):
        started = pinned.run("--version", command=command, variables=variables)
        assert started.stdout == f"ci-framework {engine_version()}\n", str(started)
    assert reported(pinned) == {}
    status = git(pinned.root, "status", "--porcelain")
    assert status.split() == ["M", ".copier-answers.yml", "??", f"{COPY}/"]
    assert not list(pinned.root.rglob("__pycache__"))


@pytest.mark.heavy
def test_the_copy_is_that_of_the_lock_whatever_engine_runs(
    pinned: DemoProject, tmp_path: Path
) -> None:
    vendor(pinned)
    commit = make_template(tmp_path / "next", "whole")
    cli = tmp_path / "next" / "extensions" / "ci_engine" / "cli.py"
    cli.write_text(cli.read_text("utf-8") + "# next\n", encoding="utf-8")
    git(tmp_path / "next", "commit", "--quiet", "--all", "--message", "next")
    commit = git(tmp_path / "next", "rev-parse", "HEAD").strip()
    write_lock(pinned.root, commit)
    pinned.write(".copier-answers.yml", f"_src_path: {tmp_path / 'next'}\n")
    message = reported(pinned)[COPY]
    assert message == (
        "it is not the engine that ci-framework/engine.lock pins\n"
        "hint: run `ci-framework/ci vendor`"
    )
    vendor(pinned)
    assert pinned.read(f"{COPY}/cli.py").endswith("# next\n")
    assert reported(pinned) == {}
    before = snapshot(pinned.root / COPY)
    vendor(pinned)
    assert snapshot(pinned.root / COPY) == before


@pytest.mark.heavy
@pytest.mark.parametrize("cached", [True, False])
def test_an_edited_copy_is_reported(pinned: DemoProject, cached: bool) -> None:
    vendor(pinned)
    if not cached:
        without_sources(pinned)
    pinned.append(f"{COPY}/errors.py", "# edited\n")
    pinned.write(f"{COPY}/more.py", "")
    (pinned.root / COPY / "requirements.txt").unlink()
    names = ("errors.py", "more.py", "requirements.txt")
    found = reported(pinned)
    assert list(found) == [f"{COPY}/{name}" for name in names]
    assert set(found.values()) == {
        "it differs from the pinned engine\n"
        f"hint: remove {COPY}, and run `ci-framework/ci vendor`"
    }


@pytest.mark.heavy
def test_a_copy_with_its_hashes_edited_as_well_is_reported(pinned: DemoProject) -> None:
    vendor(pinned)
    pinned.append(f"{COPY}/errors.py", "# edited\n")
    hashes = pinned.read(f"{COPY}/files.sha256").splitlines(keepends=True)
    kept = [line for line in hashes if "errors.py" not in line]
    pinned.write(f"{COPY}/files.sha256", "".join(kept))
    assert list(reported(pinned)) == [f"{COPY}/errors.py"]


@pytest.mark.heavy
def test_the_hashes_can_be_checked_with_sha256sum(pinned: DemoProject) -> None:
    vendor(pinned)
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    command = ["sha256sum", "--check", "--strict", "--quiet", "ci_engine/files.sha256"]
    subprocess.run(command, cwd=pinned.root / "ci-framework", check=True)


@pytest.mark.heavy
def test_other_line_ends_are_no_edit(pinned: DemoProject) -> None:
    vendor(pinned)
    for path in (pinned.root / COPY).rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert reported(pinned) == {}


@pytest.mark.heavy
@pytest.mark.parametrize("options", [(), ("--remove",)])
@pytest.mark.parametrize("name", ["mine.py", "errors.py", "files.sha256", "sub/x"])
def test_what_was_not_vendored_is_never_removed(
    pinned: DemoProject, name: str, options: tuple[str, ...]
) -> None:
    vendor(pinned)
    pinned.write(f"{COPY}/{name}", "mine\n")
    before = snapshot(pinned.root / COPY)
    run = pinned.run("vendor", *options)
    assert run.code == 2
    assert "contains files that `ci vendor` did not write" in run.stderr
    assert f"hint: remove {COPY} yourself, then repeat this command" in run.stderr
    assert snapshot(pinned.root / COPY) == before


@pytest.mark.heavy
def test_a_link_is_not_followed(pinned: DemoProject, tmp_path: Path) -> None:
    vendor(pinned)
    (pinned.root / COPY).rename(tmp_path / "elsewhere")
    (pinned.root / COPY).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    before = snapshot(tmp_path / "elsewhere")
    for options in ((), ("--remove",)):
        assert pinned.run("vendor", *options).code == 2
    assert snapshot(tmp_path / "elsewhere") == before


@pytest.mark.heavy
def test_the_copy_can_be_removed_by_itself(pinned: DemoProject) -> None:
    vendor(pinned)
    assert git(pinned.root, "status", "--porcelain") == f"?? {COPY}/\n"
    run = pinned.run("vendor", "--remove", variables={"CI_FRAMEWORK_ENGINE": None})
    assert run.code == 0, str(run)
    assert f"{COPY} was removed" in run.stdout
    assert git(pinned.root, "status", "--porcelain") == ""
    left = [path.name for path in (pinned.root / ".ci-framework").iterdir()]
    assert sorted(left) == [".gitignore", "vendor"]
    assert "nothing to remove" in vendor(pinned, "--remove").stdout


@pytest.mark.heavy
@pytest.mark.parametrize("options", [(), ("--remove",)])
def test_a_dry_run_writes_nothing(
    pinned: DemoProject, options: tuple[str, ...]
) -> None:
    if options:
        vendor(pinned)
    before = snapshot(pinned.root)
    assert "would be" in vendor(pinned, *options, "--dry-run").stdout
    shown = json.loads(vendor(pinned, *options, "--dry-run", "--json").stdout)
    assert shown["verdict"] == "green"
    assert snapshot(pinned.root) == before


def test_without_the_engine_nothing_is_written(pinned: DemoProject) -> None:
    pinned.write(".copier-answers.yml", "_src_path: /nowhere\n")
    run = pinned.run("vendor", variables=OFFLINE)
    assert run.code == 3
    assert "cannot be fetched" in run.stderr
    assert "hint: check the network and git" in run.stderr
    assert not (pinned.root / COPY).exists()


@pytest.mark.heavy
def test_tools_that_look_at_the_whole_tree_leave_the_copy_alone(
    pinned: DemoProject,
) -> None:
    vendor(pinned)
    pinned.append("pyproject.toml", '\n[tool.ruff.lint]\nselect = ["ALL"]\n')
    ruff = [str(require_tool("ruff")), "check", "--no-cache", "--output-format=concise"]
    done = subprocess.run(
        [*ruff, "."], cwd=pinned.root, capture_output=True, text=True, check=False
    )
    assert "src/demo" in done.stdout
    assert COPY not in done.stdout
    pytest_command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    pytest_command += ["--doctest-modules", "--collect-only", "--quiet", "."]
    done = subprocess.run(
        pytest_command, cwd=pinned.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert COPY not in done.stdout
