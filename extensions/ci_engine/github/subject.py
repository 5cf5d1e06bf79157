"""Describe the subject of a run for reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ci_engine.configuration.tables import text
from ci_engine.findings.results import Subject
from ci_engine.project.git import Git
from ci_engine.project.repository import Project

_LENGTH = 12  # of a commit's hash, enough for people to compare


def read_subject(
    project: Project, variables: Mapping[str, str], today: date
) -> Subject:
    """Read the project's name, and its branch and commit if there are any."""
    git = Git(project.repository)
    commit = git.commit("HEAD")[:_LENGTH]
    if commit and git.run("status", "--porcelain", "--untracked-files=no").stdout:
        commit += "-dirty"
    name = "" if project.prefix else text(project.pyproject, "project", "name")
    return Subject(
        project=name or project.repository.name,
        branch=_branch(git, variables),
        commit=commit,
        date=today.isoformat(),
    )


def _branch(git: Git, variables: Mapping[str, str]) -> str:
    """The branch from GitHub's variables, because workflows check out commits."""
    named = variables.get("GITHUB_HEAD_REF") or variables.get("GITHUB_REF_NAME")
    return named or git.run("branch", "--show-current").stdout.strip()
