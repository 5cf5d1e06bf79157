"""Find the source of a package's version."""

from __future__ import annotations

import re

from ci_engine.configuration.reading import read_text
from ci_engine.configuration.tables import table, text, texts
from ci_engine.project.repository import Project, normalize

# Build plugins that derive the version from git tags and commits.
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
# The variable with which each accepts a version instead of reading git.
_PRETENDING = {
    **dict.fromkeys(
        ("flit-scm", "hatch-vcs", "vcs-versioning"), "SETUPTOOLS_SCM_PRETEND_VERSION"
    ),
    # For this package only; hatch-vcs does not pass its name on.
    "setuptools-scm": "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}",
    "pdm-backend": "PDM_BUILD_SCM_VERSION",
    "poetry-dynamic-versioning": "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "uv-dynamic-versioning": "UV_DYNAMIC_VERSIONING_BYPASS",
}
# What a setup.py says that uses such a plugin.
_IN_SCRIPTS = {
    "use_scm_version": "setuptools-scm",
    "setuptools_git_versioning": "setuptools-git-versioning",
    "versioneer": "versioneer",
}
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def version_from_git(project: Project) -> str:
    """The tool that derives the version from git history, empty if there is none."""
    if text(project.pyproject, "tool", "pdm", "version", "source") == "scm":
        return "pdm-backend"
    if "build-system" not in project.pyproject:
        return _of_setup_script(project)
    required = texts(project.pyproject, "build-system", "requires")
    names = [normalize(m[0]) for one in required if (m := _NAME.match(one.strip()))]
    dynamic = texts(project.pyproject, "project", "dynamic")
    poetry = table(project.pyproject, "tool", "poetry-dynamic-versioning")
    if "version" not in dynamic and not poetry and "project" in project.pyproject:
        return ""
    return next((name for name in names if name in _FROM_GIT), "")


def _of_setup_script(project: Project) -> str:
    """The same for a setup.py, which is searched and not run."""
    script = project.root / "setup.py"
    content = read_text(script) if script.is_file() else ""
    return next((tool for word, tool in _IN_SCRIPTS.items() if word in content), "")


def pretend_version(source: str, distribution: str, version: str) -> dict[str, str]:
    """The variables that set the version of a build; none if its tool reads none."""
    name = normalize(distribution).replace("-", "_").upper()
    variable = _PRETENDING.get(source, "").format(name=name)
    # A setup.py states its name only when it runs.
    variable = variable if name else variable.removesuffix("_FOR_")
    return {variable: version} if variable and version else {}


def static_version(project: Project) -> str:
    """The version in pyproject.toml, empty if the build computes it."""
    return text(project.pyproject, "project", "version") or (
        ""
        if table(project.pyproject, "tool", "poetry-dynamic-versioning")
        else text(project.pyproject, "tool", "poetry", "version")
    )
