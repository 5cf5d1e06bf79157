"""Editable installs of back ends that build the project again when it is imported.

meson-python starts the build's own programs at each import. In an isolated build these
are gone afterwards, so they are installed into the environment itself:
https://mesonbuild.com/meson-python/how-to-guides/editable-installs.html
"""

from __future__ import annotations

from ci_engine.configuration.tables import text, texts
from ci_engine.processes.programs import find_program
from ci_engine.project.repository import Project

# ninja is only required while the project is built.
_PROGRAMS = {"mesonpy": ("ninja",)}


def build_requirements(project: Project) -> list[str]:
    """What has to be installed before the project; empty for most back ends."""
    backend = text(project.pyproject, "build-system", "build-backend")
    if backend not in _PROGRAMS:
        return []
    required = texts(project.pyproject, "build-system", "requires")
    return [*required, *_PROGRAMS[backend]]


def not_isolated(project: Project) -> list[str]:
    """The installer's option to build the project in its environment."""
    if not build_requirements(project):
        return []
    if find_program("uv") is None:
        return ["--no-build-isolation"]
    return [f"--no-build-isolation-package={project.distribution}"]
