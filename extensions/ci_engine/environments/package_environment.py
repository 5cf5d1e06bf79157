"""An environment for one package, with only what it declares.

An import of something that the package does not declare fails in it.
The tools of the gate come from the groups of the repository.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from ci_engine.configuration.settings import Tier
from ci_engine.configuration.tables import table, text
from ci_engine.environments.environment import (
    Environment,
    pixi_environment,
    virtual_environment,
)
from ci_engine.environments.virtual_environments import Installer, keep_or_make
from ci_engine.findings.tracked_output import refuse_tracked_output
from ci_engine.monorepo.package_model import Kind
from ci_engine.monorepo.package_view import PackageView
from ci_engine.monorepo.requirement_lines import parse_requirement
from ci_engine.processes.programs import find_program
from ci_engine.project.repository import Project, normalize

_NEEDED: frozenset[Kind] = frozenset({"runtime", "added", "build"})
_DECLARED: frozenset[Kind] = frozenset({*_NEEDED, "extra", "development"})
# Groups and files with the requirements of a package's tests and tools.
_GROUP = re.compile(r"(dev|develop|development|tests?|testing|typing|types|quality.*)$")
_LISTS = ("requirements-dev.txt", "requirements-test.txt", "requirements-tests.txt")


@dataclass(frozen=True)
class _Request:
    """The content of a package's environment.

    Attributes:
        siblings: the directories of the packages it needs.
        requirements: the requirements of the tests and the tools.
        prefix: the directory of the environment.
        installer: runs installers in the repository.
    """

    view: PackageView
    python: str
    siblings: Sequence[str]
    requirements: Sequence[str]
    prefix: Path
    installer: Installer

    @property
    def failure(self) -> str:
        """The message for a failure."""
        return f"the environment of {self.view.package.name} could not be created"


def package_preparation(
    view: PackageView, tier: Tier, python: str
) -> Callable[[threading.Event], Environment] | None:
    """The function that prepares a package's environment, None for the repository's.

    The package at the root of the repository uses the repository's environment,
    unless pip would look for the other packages on an index.
    """
    independent = view.top.manager != "pip" or not view.package.depends_on
    if not view.project.prefix and independent:
        return None
    return lambda cancel: _prepare(view, tier, python, cancel)


def _prepare(
    view: PackageView, tier: Tier, python: str, cancel: threading.Event
) -> Environment:
    """Find or create the environment of a package."""
    top = view.top
    refuse_tracked_output(top)
    declared = _pixi_name(view)
    if declared and find_program("pixi") is not None:
        manifests = (top.root / "pixi.toml", top.root / "pyproject.toml")
        manifest = next(path for path in manifests if path.is_file())
        option = ("--manifest-path", str(manifest))
        return pixi_environment(view.project, declared, cancel, *option)
    label = "-".join(filter(None, (view.package.name, python)))
    siblings = view.graph.needed_with(view.package.name, _DECLARED, _NEEDED)
    request = _Request(
        view,
        python,
        [package.path for package in siblings],
        [*_own_requirements(view.project), *_tools(view, tier)],
        top.output / "envs" / label,
        Installer(top.root, cancel),
    )
    locked = find_program("uv") is not None and _is_locked_member(view)
    maker = "uv, locked" if locked else ("uv" if find_program("uv") else "venv")
    make = partial(_sync if locked else _install, request)
    keep_or_make(request.prefix, top.output, _key(request, maker), make)
    name = f"{maker} for {view.package.name} alone"
    instead = _instead_of_pixi(view, declared)
    return virtual_environment(request.prefix, name, view.project, cancel, instead)


def _instead_of_pixi(view: PackageView, declared: str) -> str:
    """Why it is not a pixi environment, empty if none was expected."""
    if view.top.manager != "pixi":
        return ""
    if declared:
        return f"pixi is not installed, so its environment {declared} is not used"
    return f"pixi has no environment called {view.package.name}"


def _pixi_name(view: PackageView) -> str:
    """The pixi environment of a package: the configured one, or by its name."""
    if view.top.manager != "pixi":
        return ""
    if view.how.environment != "isolated":
        return view.how.environment
    named = table(view.top.pixi, "environments")
    return view.package.name if view.package.name in named else ""


def _own_requirements(project: Project) -> Iterator[str]:
    """The requirements of a package's tests, from its own files."""
    for name, requirements in sorted(project.groups.items()):
        if _GROUP.match(name):
            yield from requirements
    poetry = project.tool("poetry")
    tables = [table(poetry, "dev-dependencies")]
    tables += [table(g, "dependencies") for g in table(poetry, "group").values()]
    for listed in tables:
        for name, value in listed.items():
            if name != "python" and not text(value, "path"):
                version = value if isinstance(value, str) else text(value, "version")
                yield f"{name}{_range(version)}"
    for name in _LISTS:
        if (project.root / name).is_file():
            yield from ("--requirement", str(project.root / name))


def _range(version: str) -> str:
    """The lower bound of a range in Poetry's own syntax."""
    found = re.match(r"\s*[\^~]\s*([\w.]+)", version)
    if found:
        return f">={found.group(1)}"
    return version if re.match(r"\s*[<>=!]", version) else ""


def _tools(view: PackageView, tier: Tier) -> list[str]:
    """The tools of the gate in the groups of the repository."""
    top = view.top
    names = (view.configuration.settings.environments.of_tier(tier), "quality", "dev")
    for name in (*names, "test", "tests"):
        if name and normalize(name) in top.groups:
            return list(top.groups[normalize(name)])
    files = [top.root / name for name in _LISTS if (top.root / name).is_file()]
    return [argument for path in files for argument in ("--requirement", str(path))]


def _is_locked_member(view: PackageView) -> bool:
    """Whether the lock of a uv workspace covers the package."""
    top = view.top
    workspace = top.tool("uv").get("workspace")
    if workspace is None or not (top.root / "uv.lock").is_file():
        return False
    name = re.escape(view.package.name)
    lock = (top.root / "uv.lock").read_text(encoding="utf-8", errors="replace")
    pattern = rf'name = "{name}"\n(version = .*\n)?source = {{ (editable|virtual) ='
    return re.search(pattern, lock) is not None


def _sync(request: _Request) -> None:
    """Let uv install what its lock has for the package, then the tools."""
    command = ["uv", "sync", "--quiet", "--locked", "--package"]
    command += [request.view.package.name]
    if "conflicts" not in request.view.top.tool("uv"):
        command += ["--all-extras", "--all-groups"]
    if request.python:
        command += ["--python", request.python]
    variables = {"UV_PROJECT_ENVIRONMENT": str(request.prefix)}
    request.installer.run(request.failure, command, variables)
    _install_into(request, list(request.requirements))


def _install(request: _Request) -> None:
    """Create a virtual environment, and install the package and its requirements."""
    _install_into(request, [*_editables(request), *_from_elsewhere(request)])


def _install_into(request: _Request, requirements: Sequence[str]) -> None:
    request.installer.install(
        request.failure, request.prefix, request.python, requirements
    )


def _editables(request: _Request) -> list[str]:
    """The package with its extras, and the sibling packages it needs."""
    view = request.view
    extras = table(view.project.pyproject, "project", "optional-dependencies")
    chosen = f"[{','.join(sorted(extras))}]" if extras else ""
    arguments: list[str] = []
    if view.project.installable:
        arguments += ["--editable", f"{view.project.root}{chosen}"]
    for path in request.siblings:
        arguments += ["--editable", str(view.top.root / path)]
    return arguments


def _from_elsewhere(request: _Request) -> Iterator[str]:
    """The requirements, without the packages that are installed from here."""
    names = {view.name for view in request.view.graph.packages}
    option = False
    for argument in request.requirements:
        needed = None if option else parse_requirement(argument, "development", "")
        option = argument == "--requirement"
        if needed is None or needed.name not in names:
            yield argument


def _key(request: _Request, maker: str) -> str:
    """A key of everything the environment depends on; if it changes, rebuild."""
    top, package = request.view.top, request.view.package
    folders = [package.path, *request.siblings]
    names = ("pyproject.toml", "setup.py", "setup.cfg", *_LISTS)
    files = [top.root / folder / name for folder in folders for name in names]
    files += [top.root / "uv.lock"] if maker == "uv, locked" else []
    texts = [path.read_bytes() for path in files if path.is_file()]
    parts = [maker, request.python, str(top.root), folders, list(request.requirements)]
    return hashlib.sha256(msgspec.json.encode([parts, texts])).hexdigest()
