"""Repositories to adopt, made for one test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.programs import run

# What `git init` and four times `git config` would write: most tests of the companion
# make a repository, and starting git took longer than what is tested.
_NEW = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
"""
_SETTINGS = """\
[core]
\tautocrlf = false
[user]
\tname = Ada Example
\temail = ada@example.org
[commit]
\tgpgsign = false
[maintenance]
\tauto = false
"""


def make_repository(
    path: Path, files: Mapping[str, str | bytes], *, branch: str = "main"
) -> Path:
    """Make a repository with one commit that holds these files."""
    git = path / ".git"
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (git / folder).mkdir(parents=True, exist_ok=True)
    (git / "HEAD").write_text(f"ref: refs/heads/{branch}\n", encoding="utf-8")
    config = git / "config"
    there = config.read_text(encoding="utf-8") if config.exists() else _NEW
    config.write_text(there + _SETTINGS, encoding="utf-8")
    write(path, files)
    _commit(path, "first")
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
    _commit(path, message)
    return run("git", "rev-parse", "HEAD", cwd=path).strip()


def _commit(path: Path, message: str) -> None:
    run("git", "add", "--all", cwd=path)
    options = ("--quiet", "--no-verify", "--allow-empty")
    run("git", "commit", *options, "-m", message, cwd=path)


def tree(path: Path, commit: str = "HEAD") -> str:
    """The hash of the tree of a commit."""
    return run("git", "rev-parse", f"{commit}^{{tree}}", cwd=path).strip()
