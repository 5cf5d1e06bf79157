"""Create an environment for a project's tests, in the same way for both clones."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from ci_engine.configuration.command_lines import argv_of
from ci_engine.configuration.settings import Environments, Tier
from ci_engine.environments.environment import (
    Environment,
    probe_virtual_environment,
    virtual_environment,
)
from ci_engine.environments.interpreters import usual_python
from ci_engine.environments.preparation import prepare_environment
from ci_engine.environments.project_environment import requirement_files
from ci_engine.environments.rebuilt_projects import build_requirements, not_isolated
from ci_engine.errors import ToolError
from ci_engine.findings.tracked_output import refuse_tracked_output
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Kind
from ci_engine.processes.programs import find_program
from ci_engine.project.repository import Project, normalize, read_project
from ci_framework.validating.clones import Clone, child_environment
from ci_framework.validating.declared import needs_of
from ci_framework.validating.installing import (
    insist,
    install_one_by_one,
    installer_of,
    run_installer,
    together,
)
from ci_framework.validating.members import needs_below, packages_below
from ci_framework.validating.needs import Need
from ci_framework.validating.settings import AdoptedSettings

_NOBODY = Environments(
    essential="", extended="", full="", test="", benchmarks="", docs=""
)
_NEEDED: frozenset[Kind] = frozenset({"runtime", "added", "build"})


@dataclass(frozen=True)
class Recipe:
    """How to create the environment of a clone.

    Attributes:
        tier: the tier of the environment.
        needs: additional requirements.
        more: further requirements, if tests lack a module.
        pytest: whether pytest runs the tests.
        pythons: the versions that its CI tests.
    """

    environments: Environments = _NOBODY
    tier: Tier = "essential"
    needs: tuple[Need, ...] = ()
    more: tuple[Need, ...] = ()
    pytest: bool = True
    pythons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A created environment, with notes for the report.

    Attributes:
        notes: what was installed for which reason, and what failed.
        of_gate: whether it is the environment of the gate.
    """

    environment: Environment
    project: Project
    notes: list[str] = field(default_factory=list[str])
    of_gate: bool = False


def decide(clone: Clone, settings: AdoptedSettings) -> Recipe:
    """Determine the test requirements from the files of the base commit.

    These are the ones that the project declares for its tests; if there are none,
    those for development.

    Raises:
        ConfigurationError: if pyproject.toml is broken, or the command for tests.
    """
    project = read_project(clone.root)
    needs = [*needs_of(project), *needs_below(project)]
    tests = tuple(need for need in needs if need.tests)
    work = tuple(need for need in needs if not need.tests)
    first = (*packages_below(project), *(tests or work))
    return Recipe(
        environments=settings.environments,
        tier=settings.tier,
        needs=first,
        more=work if tests else (),
        pytest=_runs_pytest(settings.test),
        pythons=tuple(settings.pythons),
    )


def _runs_pytest(own: str | Sequence[str]) -> bool:
    """Whether tests need pytest: without a command of the project's own, they do."""
    words = argv_of("test", own if isinstance(own, str) else [*own]) if own else []
    return not words or any("pytest" in word or "py.test" in word for word in words)


def planned_installations(recipe: Recipe) -> list[str]:
    """The packages to install beside the project's own environment, for display."""
    return [f"{need.because}: {' '.join(need.words)}" for need in recipe.needs]


def prepare(clone: Clone, recipe: Recipe) -> Prepared:
    """Create the environment.

    Use the gate's environment if it has all requirements, without changing it;
    otherwise create a separate one.

    Raises:
        ToolError: if the project itself cannot be installed.
        ConfigurationError: if pyproject.toml is broken.
    """
    project = read_project(clone.root)
    notes: list[str] = []
    try:
        with _variables(child_environment()):
            # The adopted commit has the same matrix in its settings.
            python = "" if project.written_settings else _python(project, recipe)
            environment = prepare_environment(
                project, recipe.environments, recipe.tier, python
            )
        unmet = [need for need in recipe.needs if not _met(need, project, recipe)]
        # A pixi environment belongs to its lock file: nothing can be added to it.
        runs = "pytest" in environment.probe.modules or not recipe.pytest
        if (runs and not unmet) or environment.prefix:
            return Prepared(environment, project, [environment.name], of_gate=True)
    except ToolError as error:
        first, *_ = str(error).splitlines()
        notes.append(f"not created as the gate does it: {first}")
    return _beside(project, recipe, notes)


def widen(prepared: Prepared, recipe: Recipe) -> Prepared:
    """Add the requirements for development, because tests lack a module."""
    if prepared.of_gate:
        whole = replace(recipe, needs=(*recipe.needs, *recipe.more))
        return _beside(prepared.project, whole, prepared.notes)
    return _with(prepared, recipe.more)


def _met(need: Need, project: Project, recipe: Recipe) -> bool:
    """Whether the gate's environment satisfies a requirement."""
    group = recipe.environments.of_tier(recipe.tier)
    if need.source == "group":
        default = "dev" if project.manager == "uv" else ""
        return need.name == normalize(group or default)
    own = need.source in ("poetry", "pixi") and need.source == project.manager
    return own and find_program(project.manager) is not None


def _beside(project: Project, recipe: Recipe, notes: list[str]) -> Prepared:
    """A separate environment for the tests and their requirements."""
    refuse_tracked_output(project)
    needs = recipe.needs
    locked = _locked(project, needs)
    if locked is not None:
        prepared = Prepared(locked, project, [*notes, "from uv.lock"])
        rest = [need for need in needs if need.source not in ("extra", "group")]
    else:
        plain = _plain(project, _python(project, recipe))
        prepared = Prepared(plain, project, [*notes, plain.name])
        rest = [*_listed(project, needs), *needs]
    prepared = _with(prepared, rest)
    if recipe.pytest and "pytest" not in prepared.environment.probe.modules:
        need = Need(("pytest",), "the project does not name pytest", tests=True)
        prepared = _with(prepared, (need,))
    return prepared


def _python(project: Project, recipe: Recipe) -> str:
    """The version of an environment, empty if the project's manager decides."""
    by_hand = project.manager == "pip"
    return usual_python(project.root, recipe.pythons) if by_hand else ""


def _listed(project: Project, needs: Sequence[Need]) -> Iterator[Need]:
    """What the gate installs for a project that cannot be installed itself."""
    known = {need.name for need in needs if need.source == "file"}
    if not project.installable:
        for name in requirement_files(project):
            if name not in known:
                yield Need(("--requirement", name), name, tests=True)


def _locked(project: Project, needs: Sequence[Need]) -> Environment | None:
    """The packages in uv's lock file, None if it is missing or outdated."""
    if not (project.root / "uv.lock").is_file() or find_program("uv") is None:
        return None
    prefix = project.output / "environments" / "validation"
    command = ["uv", "sync", "--quiet", "--locked", "--inexact"]
    for need in needs:
        if need.source in ("extra", "group"):
            command += [f"--{need.source}", need.name]
    if run_installer(project, command, UV_PROJECT_ENVIRONMENT=str(prefix)).code != 0:
        return None
    return virtual_environment(prefix, "uv", project, None)


@contextmanager
def _variables(wanted: dict[str, str]) -> Generator[None]:
    """The variables of programs in the clone, in the engine's format."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _plain(project: Project, python: str) -> Environment:
    """A virtual environment with only the project."""
    prefix = project.output / "environments" / "validation"
    prefix.parent.mkdir(parents=True, exist_ok=True)
    if find_program("uv"):
        chosen = ["--python", python] if python else []
        make = ["uv", "venv", "--quiet", *chosen, str(prefix)]
    else:
        make = [f"python{python or 3}", "-I", "-m", "venv", str(prefix)]
    insist(project, make, "an environment could not be created")
    environment = virtual_environment(prefix, "a plain environment", project, None)
    if project.installable:
        words = [word for path in _siblings(project) for word in ("--editable", path)]
        installer = installer_of(environment)
        if needed := build_requirements(project):
            what = "what builds the project could not be installed"
            insist(project, [*installer, *needed], what)
        command = [*installer, *not_isolated(project), "--editable", ".", *words]
        insist(project, command, "the project could not be installed")
    return environment


def _siblings(project: Project) -> list[str]:
    """The repository's packages that its root package needs."""
    graph = packages_graph(project)
    top = next((p.name for p in graph.packages if p.path == "."), "")
    needed = graph.needed_with(top, _NEEDED, _NEEDED) if top else []
    return [package.path for package in needed]


def _with(prepared: Prepared, needs: Sequence[Need]) -> Prepared:
    """Install the requirements together, or else those that can be installed."""
    environment, project = prepared.environment, prepared.project
    if not needs:
        return prepared
    installer = installer_of(environment)
    words = chain.from_iterable(dict.fromkeys(together(needs)))
    notes = [f"installed: {need.because}" for need in needs]
    if run_installer(project, [*installer, *words]).code != 0:
        notes = list(install_one_by_one(project, installer, needs))
    probe = probe_virtual_environment(
        Path(environment.probe.prefix), project=project, variables=environment.variables
    )
    return replace(
        prepared,
        environment=replace(environment, probe=probe),
        notes=[*prepared.notes, *dict.fromkeys(notes)],
    )
