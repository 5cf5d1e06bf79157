"""Git repositories of tests, independent of the user's configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def commit_of(project: Path, name: str) -> str:
    """The id of a commit; of the first one, where there is none before it."""
    found = git(project, "rev-parse", "--verify", "--quiet", name, check=False)
    return found or git(project, "rev-list", "--max-parents=0", "HEAD")


def git(project: Path, *arguments: str, check: bool = True) -> str:
    """Run git with its own identity, without the user's configuration."""
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=check,
    )
    return done.stdout.strip()


def commit_all(project: Path) -> None:
    """Make the project a repository with one commit of all it has."""
    if not (project / ".git").exists():
        git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "State of the test")
