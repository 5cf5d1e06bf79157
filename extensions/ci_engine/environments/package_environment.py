"""An environment for one package, with what it declares and nothing else.

What a package imports without declaring it is not there: that is how it turns up.
The tools of the gate come from the groups of the repository.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.configuration.reading import read_toml
from ci_engine.configuration.settings import Tier
from ci_engine.configuration.tables import dig, table, text
from ci_engine.environments.environment import (
    Environment,
    activated,
    child_variables,
    environment_error,
    find_interpreter,
    probe_environment,
    probe_virtual_environment,
    python_of,
)
from ci_engine.environments.preparation import Preparation
from ci_engine.errors import ToolError
from ci_engine.monorepo.model import Kind
from ci_engine.monorepo.needed import needed_with
from ci_engine.monorepo.requirements import parse_requirement
from ci_engine.monorepo.view import PackageView
from ci_engine.processes.file_lock import file_lock
from ci_engine.processes.programs import find_program
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project, normalize
from ci_engine.project.tracked_output import refuse_tracked_output

__all__ = ["prepare_package"]

_STAMP = "ci-framework-stamp"
_NEEDED: frozenset[Kind] = frozenset({"runtime", "added", "build"})
_DECLARED: frozenset[Kind] = frozenset({*_NEEDED, "extra", "development"})
# Groups and files that hold what the tests and the tools of a package need.
_GROUP = re.compile(r"(dev|develop|development|tests?|testing|typing|types|quality.*)$")
_LISTS = ("requirements-dev.txt", "requirements-test.txt", "requirements-tests.txt")


@dataclass(frozen=True)
class _Wanted:
    """What the environment of a package is made of.

    Attributes:
        view: the package.
        python: the minor version that is asked for, empty = any.
        siblings: the directories of the packages it needs.
        requirements: what the tests and the tools need.
        prefix: where the environment is made.
        preparation: runs installers in the repository.
    """

    view: PackageView
    python: str
    siblings: Sequence[str]
    requirements: Sequence[str]
    prefix: Path
    preparation: Preparation


def prepare_package(
    view: PackageView, tier: Tier, python: str, cancel: threading.Event
) -> Environment:
    """Find or make the environment of a package.

    Raises:
        ToolError: if it cannot be had.
    """
    top = view.top
    refuse_tracked_output(top)
    declared = _pixi_name(view)
    if declared and find_program("pixi") is not None:
        return _pixi(view, declared, cancel)
    label = "-".join(filter(None, (view.package.name, python)))
    prefix = top.output / "envs" / label
    wanted = _Wanted(
        view,
        python,
        _siblings(view),
        [*_own_requirements(view.project), *_tools(view, tier)],
        prefix,
        Preparation(top, "", python, cancel),
    )
    prepare_directory(prefix.parent, top.output)
    with file_lock(prefix.parent / ".lock"):
        how = _make_if_needed(wanted)
    variables = activated(prefix)
    probe = probe_virtual_environment(
        prefix, project=view.project, variables=variables, cancel=cancel
    )
    substitute = _instead_of_pixi(view, declared)
    name = f"{how} for {view.package.name} alone"
    return Environment(name, probe, variables, substitute=substitute)


def _instead_of_pixi(view: PackageView, declared: str) -> str:
    """Why it is not an environment of pixi, empty where none was expected."""
    if view.top.manager != "pixi":
        return ""
    if declared:
        return f"pixi is not installed: not its environment {declared}"
    return f"pixi has no environment called {view.package.name}"


def _pixi_name(view: PackageView) -> str:
    """The pixi environment of a package: the one that is named, or of its name."""
    if view.top.manager != "pixi":
        return ""
    if view.how.environment != "isolated":
        return view.how.environment
    return view.package.name if view.package.name in _pixi_environments(view) else ""


def _pixi_environments(view: PackageView) -> Iterable[str]:
    path = view.top.root / "pixi.toml"
    if path.is_file():
        return table(read_toml(path), "environments")
    return table(view.top.pyproject, "tool", "pixi", "environments")


def _pixi(view: PackageView, name: str, cancel: threading.Event) -> Environment:
    root = view.top.root
    manifest = next(
        path for path in (root / "pixi.toml", root / "pyproject.toml") if path.is_file()
    )
    where = ("--manifest-path", str(manifest), "--environment", name)
    prefix = ("pixi", "run", *where, "--")
    variables = child_variables()
    probe = probe_environment(
        (*prefix, "python"), project=view.project, variables=variables, cancel=cancel
    )
    return Environment(f"pixi environment {name}", probe, variables, prefix)


def _siblings(view: PackageView) -> list[str]:
    """The directories of the packages that this one declares, and they in turn."""
    needed = needed_with(view.graph, view.package.name, _DECLARED, _NEEDED)
    return [package.path for package in needed]


def _own_requirements(project: Project) -> Iterator[str]:
    """What the tests of a package need, as its own files say."""
    for name, requirements in sorted(project.groups.items()):
        if _GROUP.match(name):
            yield from requirements
    poetry = table(project.pyproject, "tool", "poetry")
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
    """The lower end of Poetry's own ways to write a range."""
    found = re.match(r"\s*[\^~]\s*([\w.]+)", version)
    if found:
        return f">={found.group(1)}"
    return version if re.match(r"\s*[<>=!]", version) else ""


def _tools(view: PackageView, tier: Tier) -> list[str]:
    """The tools of the gate, as the groups of the repository name them."""
    top = view.top
    names = (view.configuration.settings.environments.of_tier(tier), "quality", "dev")
    for name in (*names, "test", "tests"):
        if name and normalize(name) in top.groups:
            return list(top.groups[normalize(name)])
    files = [top.root / name for name in _LISTS if (top.root / name).is_file()]
    return [word for path in files for word in ("--requirement", str(path))]


def _make_if_needed(wanted: _Wanted) -> str:
    """Make the environment unless it is there; say with what."""
    uv = find_program("uv") is not None
    locked = uv and _is_member(wanted.view)
    how = "uv, locked" if locked else ("uv" if uv else "venv")
    stamp, key = wanted.prefix / _STAMP, _key(wanted, how)
    try:
        fresh = stamp.read_text(encoding="utf-8") == key
    except OSError:
        fresh = False
    if fresh and python_of(wanted.prefix).exists():
        return how
    if wanted.prefix.is_dir():
        # Ours: below .ci-framework/envs, and made by this very function.
        shutil.rmtree(wanted.prefix)
    if locked:
        _sync(wanted)
    else:
        _install(wanted, uv=uv)
    write_text(stamp, key)
    return how


def _is_member(view: PackageView) -> bool:
    """Whether the lock of a uv workspace says what the package needs."""
    top = view.top
    workspace = dig(top.pyproject, "tool", "uv", "workspace")
    if workspace is None or not (top.root / "uv.lock").is_file():
        return False
    name = re.escape(view.package.name)
    lock = (top.root / "uv.lock").read_text(encoding="utf-8", errors="replace")
    pattern = rf'name = "{name}"\n(version = .*\n)?source = {{ (editable|virtual) ='
    return re.search(pattern, lock) is not None


def _sync(wanted: _Wanted) -> None:
    """Let uv install what its lock has for the package, then the tools."""
    command = ["uv", "sync", "--quiet", "--locked", "--package"]
    command += [wanted.view.package.name]
    if dig(wanted.view.top.pyproject, "tool", "uv", "conflicts") is None:
        command += ["--all-extras", "--all-groups"]
    if wanted.python:
        command += ["--python", wanted.python]
    _run(wanted, command, {"UV_PROJECT_ENVIRONMENT": str(wanted.prefix)})
    tools = list(wanted.requirements)
    if tools:
        python = str(python_of(wanted.prefix))
        _run(wanted, ["uv", "pip", "install", "--quiet", "--python", python, *tools])


def _install(wanted: _Wanted, *, uv: bool) -> None:
    """Make a virtual environment and install the package and what it needs."""
    python = str(python_of(wanted.prefix))
    if uv:
        asked = ["--python", wanted.python] if wanted.python else []
        make = ["uv", "venv", "--quiet", *asked, str(wanted.prefix)]
        install = ["uv", "pip", "install", "--quiet", "--python", python]
    else:
        interpreter = find_interpreter(wanted.python)
        if interpreter is None:
            raise ToolError(
                f"Python {wanted.python} is not installed",
                hint=f"install Python {wanted.python}, or uv, which finds one",
            )
        make = [str(interpreter), "-I", "-m", "venv", str(wanted.prefix)]
        install = [python, "-I", "-m", "pip", "install", "--quiet"]
        install += ["--disable-pip-version-check"]
    _run(wanted, make)
    words = _editables(wanted) + list(_from_elsewhere(wanted))
    if words:
        _run(wanted, [*install, *words])


def _editables(wanted: _Wanted) -> list[str]:
    """The package with its extras, and the packages it needs."""
    view = wanted.view
    extras = table(view.project.pyproject, "project", "optional-dependencies")
    chosen = f"[{','.join(sorted(extras))}]" if extras else ""
    words: list[str] = []
    if view.project.installable:
        words += ["--editable", f"{view.project.root}{chosen}"]
    for path in wanted.siblings:
        words += ["--editable", str(view.top.root / path)]
    return words


def _from_elsewhere(wanted: _Wanted) -> Iterator[str]:
    """The requirements, without the packages that are installed from here."""
    names = {view.name for view in wanted.view.graph.packages}
    option = False
    for word in wanted.requirements:
        needed = None if option else parse_requirement(word, "development", "")
        option = word == "--requirement"
        if needed is None or needed.name not in names:
            yield word


def _run(
    wanted: _Wanted, command: Sequence[str], variables: dict[str, str] | None = None
) -> None:
    outcome = wanted.preparation.run(command, child_variables(variables))
    if outcome.code != 0:
        name = wanted.view.package.name
        what = f"the environment of {name} could not be made"
        raise environment_error(what, outcome)


def _key(wanted: _Wanted, how: str) -> str:
    """What the environment depends on; another key means that it is made anew."""
    top, package = wanted.view.top, wanted.view.package
    folders = [package.path, *wanted.siblings]
    names = ("pyproject.toml", "setup.py", "setup.cfg", *_LISTS)
    files = [top.root / folder / name for folder in folders for name in names]
    files += [top.root / "uv.lock"] if how == "uv, locked" else []
    texts = [path.read_bytes() for path in files if path.is_file()]
    parts = [how, wanted.python, str(top.root), folders, list(wanted.requirements)]
    return hashlib.sha256(msgspec.json.encode([parts, texts])).hexdigest()
