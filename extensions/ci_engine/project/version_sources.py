"""Where a package has its version from."""

from __future__ import annotations

import re

from ci_engine.configuration.tables import table, text, texts
from ci_engine.project.repository import Project, normalize

# What reads the version from the tags and commits of git while it builds.
_FROM_GIT = frozenset(
    {
        "flit-scm",
        "hatch-vcs",
        "poetry-dynamic-versioning",
        "setuptools-git-versioning",
        "setuptools-scm",
        "uv-dynamic-versioning",
        "vcs-versioning",
        "versioneer",
        "versioningit",
    }
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def version_from_git(project: Project) -> str:
    """What makes the version from the history of git, empty if nothing does."""
    if text(project.pyproject, "tool", "pdm", "version", "source") == "scm":
        return "pdm-backend"
    required = texts(project.pyproject, "build-system", "requires")
    names = [normalize(m[0]) for one in required if (m := _NAME.match(one.strip()))]
    dynamic = texts(project.pyproject, "project", "dynamic")
    poetry = table(project.pyproject, "tool", "poetry-dynamic-versioning")
    if "version" not in dynamic and not poetry and "project" in project.pyproject:
        return ""
    return next((name for name in names if name in _FROM_GIT), "")
