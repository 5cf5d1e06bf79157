"""What the project depends on, for all scanners."""

from __future__ import annotations

from ci_engine.checks.dependencies.inventory import Dependencies, read_environment
from ci_engine.checks.dependencies.locked_packages import read_lock
from ci_engine.checks.workspace import Workspace
from ci_engine.errors import ToolError
from ci_engine.project.repository import Project

__all__ = ["needs_environment", "read_dependencies"]

# Files in which a project without a lock says what it needs.
_MANIFESTS = ("requirements*.txt", "setup.py", "setup.cfg", "Pipfile")


def needs_environment(project: Project) -> bool:
    """Whether only an environment shows what a project depends on."""
    try:
        return read_lock(project) is None and _declares_any(project)
    except ToolError:
        # A lock that cannot be read is no reason to guess.
        return False


def read_dependencies(workspace: Workspace) -> Dependencies:
    """What the project depends on, by its lock, else by its environment."""
    locked = read_lock(workspace.project)
    if locked is not None:
        return locked
    if not _declares_any(workspace.project):
        return Dependencies("the repository", (), ())
    return read_environment(workspace)


def _declares_any(project: Project) -> bool:
    files = (project.root.glob(pattern) for pattern in _MANIFESTS)
    named = any(path.is_file() for found in files for path in found)
    return project.installable or bool(project.groups) or named
