"""An environment in which a project's tests can run, made the same way twice."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from ci_engine.configuration.settings import Environments, Tier
from ci_engine.environments.environment import (
    Environment,
    probe_virtual_environment,
    virtual_environment,
)
from ci_engine.environments.preparation import prepare_environment
from ci_engine.errors import ToolError
from ci_engine.findings.tracked_output import refuse_tracked_output
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Kind
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.repository import Project, normalize, read_project
from ci_framework.validating.clones import Clone, child_environment
from ci_framework.validating.declared import needs_of
from ci_framework.validating.members import needs_below, packages_below
from ci_framework.validating.needs import Need

_SECONDS = 1200.0
_NOBODY = Environments(
    essential="", extended="", full="", test="", benchmarks="", docs=""
)
_NEEDED: frozenset[Kind] = frozenset({"runtime", "added", "build"})


@dataclass(frozen=True)
class Recipe:
    """How the environment of a clone is made.

    Attributes:
        tier: whose environment it is.
        needs: what is added to it.
        more: what is added where tests lack a module.
    """

    environments: Environments = _NOBODY
    tier: Tier = "essential"
    needs: tuple[Need, ...] = ()
    more: tuple[Need, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """An environment, and what a reader must know of it.

    Attributes:
        notes: what was installed for which reason, and what could not be.
        of_gate: whether it is the one that the gate makes.
    """

    environment: Environment
    project: Project
    notes: list[str] = field(default_factory=list[str])
    of_gate: bool = False


def decide(clone: Clone, environments: Environments, tier: Tier) -> Recipe:
    """Decide from the files of the base commit what the tests need.

    What the project names for its tests; if it names nothing, what it names for all
    work on it.

    Raises:
        ConfigurationError: if pyproject.toml is broken.
    """
    project = read_project(clone.root)
    needs = [*needs_of(project), *needs_below(project)]
    tests = tuple(need for need in needs if need.tests)
    work = tuple(need for need in needs if not need.tests)
    first = (*packages_below(project), *(tests or work))
    return Recipe(environments, tier, first, work if tests else ())


def planned_installations(recipe: Recipe) -> list[str]:
    """What is installed beside the project's own environment, for people."""
    return [f"{need.because}: {' '.join(need.words)}" for need in recipe.needs]


def prepare(clone: Clone, recipe: Recipe) -> Prepared:
    """Make the environment.

    The one that the gate makes, if it has all that is needed; it stays as the gate
    makes it. Else one beside it.

    Raises:
        ToolError: if the project itself cannot be installed.
        ConfigurationError: if pyproject.toml is broken.
    """
    project = read_project(clone.root)
    notes: list[str] = []
    try:
        with _variables(child_environment()):
            environment = prepare_environment(project, recipe.environments, recipe.tier)
        unmet = [need for need in recipe.needs if not _met(need, project, recipe)]
        # An environment of pixi belongs to its lock file: nothing is added beside it.
        if ("pytest" in environment.probe.modules and not unmet) or environment.prefix:
            return Prepared(environment, project, [environment.name], of_gate=True)
    except ToolError as error:
        notes.append(f"not created as the gate does it: {str(error).splitlines()[0]}")
    return _beside(project, recipe.needs, notes)


def widen(prepared: Prepared, recipe: Recipe) -> Prepared:
    """Add what the project names for all work on it: its tests lack a module."""
    if prepared.of_gate:
        needs = (*recipe.needs, *recipe.more)
        return _beside(prepared.project, needs, prepared.notes)
    return _with(prepared, recipe.more)


def _met(need: Need, project: Project, recipe: Recipe) -> bool:
    """Whether the environment that the gate makes has it."""
    group = recipe.environments.of_tier(recipe.tier)
    if need.source == "group":
        default = "dev" if project.manager == "uv" else ""
        return need.name == normalize(group or default)
    own = need.source in ("poetry", "pixi") and need.source == project.manager
    return own and find_program(project.manager) is not None


def _beside(project: Project, needs: Sequence[Need], notes: list[str]) -> Prepared:
    """An environment of its own for the tests, with what they need."""
    refuse_tracked_output(project)
    locked = _locked(project, needs)
    if locked is not None:
        prepared = Prepared(locked, project, [*notes, "from uv.lock"])
        rest = [need for need in needs if need.source not in ("extra", "group")]
    else:
        plain = _plain(project)
        prepared = Prepared(plain, project, [*notes, plain.name])
        rest = list(needs)
    prepared = _with(prepared, rest)
    if "pytest" not in prepared.environment.probe.modules:
        need = Need(("pytest",), "the project does not name pytest", tests=True)
        prepared = _with(prepared, (need,))
    return prepared


def _locked(project: Project, needs: Sequence[Need]) -> Environment | None:
    """What the lock file of uv says, None if there is none or it does not fit."""
    if not (project.root / "uv.lock").is_file() or find_program("uv") is None:
        return None
    prefix = project.output / "environments" / "validation"
    command = ["uv", "sync", "--quiet", "--locked", "--inexact"]
    for need in needs:
        if need.source in ("extra", "group"):
            command += [f"--{need.source}", need.name]
    if _run(project, command, UV_PROJECT_ENVIRONMENT=str(prefix)).code != 0:
        return None
    return virtual_environment(prefix, "uv", project, None)


@contextmanager
def _variables(wanted: dict[str, str]) -> Generator[None]:
    """Let the engine see the variables that programs in the clone get."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _plain(project: Project) -> Environment:
    """A virtual environment with the project in it and nothing else."""
    prefix = project.output / "environments" / "validation"
    prefix.parent.mkdir(parents=True, exist_ok=True)
    if find_program("uv"):
        make = ["uv", "venv", "--quiet", str(prefix)]
    else:
        make = ["python3", "-I", "-m", "venv", str(prefix)]
    _insist(project, make, "an environment could not be created")
    environment = virtual_environment(prefix, "a plain environment", project, None)
    if project.installable:
        words = [word for path in _siblings(project) for word in ("--editable", path)]
        command = [*_installer(environment), "--editable", ".", *words]
        _insist(project, command, "the project could not be installed")
    return environment


def _siblings(project: Project) -> list[str]:
    """The packages of the repository that its top one needs: no index may have them."""
    graph = packages_graph(project)
    top = next((p.name for p in graph.packages if p.path == "."), "")
    needed = graph.needed_with(top, _NEEDED, _NEEDED) if top else []
    return [package.path for package in needed]


def _installer(environment: Environment) -> list[str]:
    python = environment.probe.executable
    if find_program("uv"):
        return ["uv", "pip", "install", "--quiet", "--python", python]
    pip = [python, "-I", "-m", "pip", "install", "--quiet"]
    return [*pip, "--disable-pip-version-check"]


def _run(project: Project, command: Sequence[str], **extra: str) -> Outcome:
    variables = child_environment(**extra)
    return run_program(command, cwd=project.root, timeout=_SECONDS, variables=variables)


def _insist(project: Project, command: Sequence[str], what: str) -> None:
    outcome = _run(project, command)
    if outcome.code != 0:
        raise ToolError(
            f"{what}: `{' '.join(command)}`: {outcome.describe_exit()}\n"
            f"{outcome.tail()}",
            hint="fix the installation of the project, then validate again",
        )


def _with(prepared: Prepared, needs: Sequence[Need]) -> Prepared:
    """Install what is needed: all at once, else what can be had one by one."""
    environment, project = prepared.environment, prepared.project
    if not needs:
        return prepared
    installer = _installer(environment)
    words = chain.from_iterable(dict.fromkeys(_together(needs)))
    notes = [f"installed: {need.because}" for need in needs]
    if _run(project, [*installer, *words]).code != 0:
        notes = list(_one_by_one(project, installer, needs))
    probe = probe_virtual_environment(
        Path(environment.probe.prefix), project=project, variables=environment.variables
    )
    return replace(
        prepared,
        environment=replace(environment, probe=probe),
        notes=[*prepared.notes, *dict.fromkeys(notes)],
    )


def _together(needs: Sequence[Need]) -> Iterator[tuple[str, ...]]:
    """The words of an installer, an option together with its value."""
    for need in needs:
        words = iter(need.words)
        for word in words:
            yield (word, next(words)) if word.startswith("--") else (word,)


def _one_by_one(
    project: Project, installer: list[str], needs: Sequence[Need]
) -> Iterator[str]:
    for need in needs:
        for words in dict.fromkeys(_together([need])):
            outcome = _run(project, [*installer, *words])
            if outcome.code == 0:
                yield f"installed: {need.because}"
            else:
                why = outcome.tail(3).replace("\n", " ")
                packages = " ".join(words)
                yield f"could not be installed: {packages} ({need.because}): {why}"
