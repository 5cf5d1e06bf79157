"""A virtual environment with the project and one of its groups, without a manager.

Used for pip projects, and for others if their manager is not installed or has no
environment for one Python.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.configuration.project_settings import with_answers
from ci_engine.configuration.tables import table, texts
from ci_engine.environments.environment import Environment, virtual_environment
from ci_engine.environments.interpreters import usual_python
from ci_engine.environments.lowest_versions import lowest_constraints
from ci_engine.environments.rebuilt_projects import build_requirements, not_isolated
from ci_engine.environments.virtual_environments import Installer, keep_or_make
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.processes.programs import find_program
from ci_engine.project.extras import read_extras
from ci_engine.project.repository import Project, normalize

_LISTS = ("requirements.txt", "requirements-dev.txt", "requirements-test.txt")
_SETUP_FILES = ("setup.py", "setup.cfg")


# Of the project's own dependencies; tools always get the newest versions.
Resolution = Literal["highest", "lowest-direct"]


@dataclass(frozen=True)
class EnvironmentRequest:
    """The environment that a tier needs.

    Attributes:
        group: dependency group, extra, requirements file or pixi environment; empty =
            the default one.
        python: the requested minor version, empty = the manager's choice.
        resolution: which versions of the project's own dependencies to install.
    """

    project: Project
    group: str
    python: str
    cancel: threading.Event | None = None
    resolution: Resolution = "highest"

    @property
    def installer(self) -> Installer:
        """The runner of installers."""
        return Installer(self.project.root, self.cancel)

    @property
    def matrix(self) -> list[str]:
        """The Python versions that the project's CI tests, if it names them."""
        own = with_answers(self.project.written_settings)
        return texts(own, "matrix", "python-versions")

    @property
    def dependency_group(self) -> str:
        """The requested dependency group, empty if it is none."""
        known = self.group and normalize(self.group) in self.project.groups
        return self.group if known else ""

    @property
    def extra(self) -> str:
        """The requested extra of the project, empty if it is none."""
        name = normalize(self.group)
        if not name or self.dependency_group:
            return ""
        return next((e for e in read_extras(self.project) if normalize(e) == name), "")

    @property
    def poetry_group(self) -> str:
        """The requested group of Poetry's own tables, empty if it is none."""
        groups = table(self.project.tool("poetry"), "group")
        return self.group if self.group in groups else ""

    @property
    def file(self) -> str:
        """The requested requirements file, empty if it is none."""
        listed = self.group.endswith((".txt", ".in"))
        return self.group if listed and _exists(self.project, self.group) else ""

    def describe(self, maker: str) -> str:
        """How the environment was created, such as ``uv with group dev``."""
        group = self.dependency_group or self.poetry_group
        kinds = {"extra ": self.extra, "": self.file, "group ": group}
        named = next((f" with {k}{name}" for k, name in kinds.items() if name), "")
        return f"{maker}{named}"

    def environment(
        self, prefix: Path, maker: str, substitute: str = ""
    ) -> Environment:
        """The environment, after it was created."""
        name = self.describe(maker)
        return virtual_environment(prefix, name, self.project, self.cancel, substitute)


def make_environment(request: EnvironmentRequest, substitute: str = "") -> Environment:
    """Create the environment below the output directory, or reuse it."""
    project = request.project
    name = re.sub(r"[^A-Za-z0-9._-]", "-", request.group or "default")
    kind = "" if request.resolution == "highest" else request.resolution
    label = "-".join(filter(None, (name, request.python, kind)))
    prefix = project.output / "environments" / label
    keep_or_make(
        prefix, project.output, _key(request), lambda: fill_environment(request, prefix)
    )
    maker = "uv" if find_program("uv") else "venv"
    return request.environment(prefix, maker, substitute)


def fill_environment(request: EnvironmentRequest, prefix: Path) -> None:
    """Install the project and the group, creating the environment if necessary."""
    itself = f".[{request.extra}]" if request.extra else "."
    project = request.project
    arguments = ["--editable", itself] if project.installable else []
    for path in _members(request.project):
        arguments += ["--editable", path]
    arguments += _requirements(request)
    what = "the environment could not be created"
    python = request.python or usual_python(request.project.root, request.matrix)
    if request.resolution == "lowest-direct":
        arguments += lowest_constraints(
            request.installer, prefix, python, request.extra
        )
    if project.installable and (needed := build_requirements(project)):
        request.installer.install(what, prefix, python, needed)
        arguments += not_isolated(project)
    request.installer.install(what, prefix, python, arguments)


def _members(project: Project) -> list[str]:
    """The packages of a monorepo without a root package, as arguments for pip.

    Only those with code in the configured source paths are checked as a whole.
    """
    named = texts(project.written_settings, "source-paths")
    if project.installable or not named:
        return []
    graph = packages_graph(project)
    packages = [graph.by_name[name] for name in graph.order]
    return [
        f"./{package.path}"
        for package in packages
        if any(f"{path}/".startswith(package.prefix or "/") for path in named)
    ]


def _requirements(request: EnvironmentRequest) -> list[str]:
    """The requirements of the group; without groups, those in the project's files."""
    groups = request.project.groups
    group = groups.get(normalize(request.group))
    if group is not None:
        return list(group)
    if request.file:
        return ["--requirement", request.file]
    files = requirement_files(request.project)
    listed = [word for name in files for word in ("--requirement", name)]
    return [*groups.get("dev", ()), *listed]


def requirement_files(project: Project) -> list[str]:
    """The project's files with requirements, by their usual names."""
    return [name for name in _LISTS if _exists(project, name)]


def _exists(project: Project, name: str) -> bool:
    return (project.root / name).is_file()


def _key(request: EnvironmentRequest) -> str:
    """A key of everything the environment depends on."""
    project = request.project
    names = (*_LISTS, *filter(None, [request.file]), *_SETUP_FILES)
    contents = [
        (project.root / name).read_bytes() for name in names if _exists(project, name)
    ]
    parts = msgspec.json.encode(
        [
            project.pyproject.get("project"),
            project.pyproject.get("build-system"),
            project.tool("poetry"),
            project.groups,
            _members(project),
            request.group,
            request.python,
            [] if request.python else request.matrix,
            request.resolution,
            # Editable installs contain the path of the repository.
            str(project.root),
            contents,
        ],
        enc_hook=str,
        order="deterministic",
    )
    return hashlib.sha256(parts).hexdigest()
