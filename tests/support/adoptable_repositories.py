"""Repositories to adopt, made for one test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.programs import run

_SETTINGS = {
    "user.name": "Ada Example",
    "user.email": "ada@example.org",
    "commit.gpgsign": "false",
    "core.autocrlf": "false",
}


def make_repository(
    path: Path, files: Mapping[str, str | bytes], *, branch: str = "main"
) -> Path:
    """Make a repository with one commit that holds these files."""
    path.mkdir(parents=True, exist_ok=True)
    run("git", "init", "--quiet", f"--initial-branch={branch}", cwd=path)
    for name, value in _SETTINGS.items():
        run("git", "config", name, value, cwd=path)
    write(path, files)
    commit(path, "first")
    return path


def write(path: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below a directory."""
    for name, content in files.items():
        location = path / name
        location.parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        location.write_bytes(raw)


def commit(path: Path, message: str = "change") -> str:
    """Commit everything, even nothing, and return the commit."""
    run("git", "add", "--all", cwd=path)
    run(
        "git",
        "commit",
        "--quiet",
        "--no-verify",
        "--allow-empty",
        "-m",
        message,
        cwd=path,
    )
    return run("git", "rev-parse", "HEAD", cwd=path).strip()


def tree(path: Path, commit: str = "HEAD") -> str:
    """The hash of the tree of a commit."""
    return run("git", "rev-parse", f"{commit}^{{tree}}", cwd=path).strip()
