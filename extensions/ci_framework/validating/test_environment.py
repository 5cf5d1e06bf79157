"""Create an environment for a project's tests, in the same way for both clones."""

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
    """How to create the environment of a clone.

    Attributes:
        tier: the tier of the environment.
        needs: additional requirements.
        more: further requirements, if tests lack a module.
    """

    environments: Environments = _NOBODY
    tier: Tier = "essential"
    needs: tuple[Need, ...] = ()
    more: tuple[Need, ...] = ()


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


def decide(clone: Clone, environments: Environments, tier: Tier) -> Recipe:
    """Determine the test requirements from the files of the base commit.

    These are the ones that the project declares for its tests; if there are none,
    those for development.

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
            environment = prepare_environment(project, recipe.environments, recipe.tier)
        unmet = [need for need in recipe.needs if not _met(need, project, recipe)]
        # A pixi environment belongs to its lock file: nothing can be added to it.
        if ("pytest" in environment.probe.modules and not unmet) or environment.prefix:
            return Prepared(environment, project, [environment.name], of_gate=True)
    except ToolError as error:
        notes.append(f"not created as the gate does it: {str(error).splitlines()[0]}")
    return _beside(project, recipe.needs, notes)


def widen(prepared: Prepared, recipe: Recipe) -> Prepared:
    """Add the requirements for development, because tests lack a module."""
    if prepared.of_gate:
        needs = (*recipe.needs, *recipe.more)
        return _beside(prepared.project, needs, prepared.notes)
    return _with(prepared, recipe.more)


def _met(need: Need, project: Project, recipe: Recipe) -> bool:
    """Whether the gate's environment satisfies a requirement."""
    group = recipe.environments.of_tier(recipe.tier)
    if need.source == "group":
        default = "dev" if project.manager == "uv" else ""
        return need.name == normalize(group or default)
    own = need.source in ("poetry", "pixi") and need.source == project.manager
    return own and find_program(project.manager) is not None


def _beside(project: Project, needs: Sequence[Need], notes: list[str]) -> Prepared:
    """A separate environment for the tests and their requirements."""
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
    """The packages in uv's lock file, None if it is missing or outdated."""
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
    """The variables of programs in the clone, in the engine's format."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _plain(project: Project) -> Environment:
    """A virtual environment with only the project."""
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
    """The repository's packages that its root package needs."""
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
    """Install the requirements together, or else those that can be installed."""
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
    """Installer arguments, each option together with its value."""
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
