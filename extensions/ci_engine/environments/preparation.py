"""Prepare the environment of a tier with the project's manager, or without it.

Every manager is asked for its own environment. Where the manager is not installed,
uv or the venv module makes one with the same dependency groups; the verdict then
says which environment it came from.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.settings import Environments, Tier
from ci_engine.configuration.tables import texts
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
from ci_engine.errors import ToolError
from ci_engine.monorepo.graph import packages_graph
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, normalize
from ci_engine.project.tracked_output import refuse_tracked_output

__all__ = ["prepare_development", "prepare_environment"]

_INSTALL_SECONDS = 1200.0
# Not --quiet: poetry would not even tell why it failed.
_POETRY_INSTALL = ["poetry", "install", "--no-interaction", "--no-ansi"]


@dataclass(frozen=True)
class Preparation:
    """What is wanted, and the means.

    Attributes:
        project: the repository.
        group: dependency group, extra, requirement file or pixi environment; empty =
            the default one.
        python: minor version that was asked for, empty = the manager's choice.
        cancel: set when the run is called off.
    """

    project: Project
    group: str
    python: str
    cancel: threading.Event | None = None

    @property
    def extra(self) -> str:
        """The extra of the project that is wanted, empty if it is none."""
        name = normalize(self.group)
        if not name or name in self.project.groups:
            return ""
        return next((e for e in self.project.extras if normalize(e) == name), "")

    @property
    def file(self) -> str:
        """The requirement file that is wanted, empty if it is none."""
        if not self.group.endswith((".txt", ".in")):
            return ""
        return self.group if (self.project.root / self.group).is_file() else ""

    def run(
        self, command: Sequence[str | Path], variables: dict[str, str] | None = None
    ) -> Outcome:
        """Run an installer in the repository."""
        return run_program(
            command,
            cwd=self.project.root,
            timeout=_INSTALL_SECONDS,
            variables=child_variables() if variables is None else variables,
            cancel=self.cancel,
        )


def prepare_environment(
    project: Project,
    environments: Environments,
    tier: Tier,
    python: str = "",
    cancel: threading.Event | None = None,
) -> Environment:
    """Find or make the environment of a tier.

    Args:
        project: the repository.
        environments: the names of its environments.
        tier: the tier that is about to run.
        python: minor version to test with, empty = whichever the project uses.
        cancel: set when the run is called off.

    Raises:
        ToolError: if no environment can be had.
    """
    refuse_tracked_output(project)
    declared = environments.of_tier(tier)
    wanted = Preparation(project, declared, python, cancel)
    if project.manager == "pixi" and python and environments.test:
        name = environments.test.replace("{python}", python.replace(".", ""))
        wanted = replace(wanted, group=name)
    if project.manager == "pip":
        return _own_or_existing(wanted)
    if find_program(project.manager) is None:
        missing = f"{project.manager} is not installed"
        # A pixi environment for one Python is named otherwise than its group.
        return _made(replace(wanted, group=declared), missing)
    prepare = {"pixi": _pixi, "uv": _uv, "poetry": _poetry}[project.manager]
    return prepare(wanted)


def prepare_development(project: Project, environments: Environments) -> None:
    """Prepare what a person works in, where that is more than a tier needs.

    pixi, uv and poetry users get everything their manager installs by default;
    users of pip get a ``.venv`` with the project and its groups.

    Raises:
        ToolError: if it cannot be prepared.
    """
    wanted = Preparation(project, environments.essential, "")
    commands = {
        "pixi": ["pixi", "install", "--quiet"],
        "uv": ["uv", "sync", "--quiet"],
        "poetry": _POETRY_INSTALL,
    }
    if project.manager == "pip":
        group = "dev" if "dev" in project.groups else environments.essential
        _install(replace(wanted, group=group), project.root / ".venv")
    elif find_program(project.manager) is not None:
        variables = child_variables({"POETRY_VIRTUALENVS_IN_PROJECT": "true"})
        outcome = wanted.run(commands[project.manager], variables)
        if outcome.code != 0:
            what = f"{project.manager} could not prepare the environment"
            raise environment_error(what, outcome)


def _pixi(wanted: Preparation) -> Environment:
    name = wanted.group or "default"
    prefix = ("pixi", "run", "--environment", name, "--")
    variables = child_variables()
    probe = probe_environment(
        (*prefix, "python"),
        project=wanted.project,
        variables=variables,
        cancel=wanted.cancel,
    )
    return Environment(f"pixi environment {name}", probe, variables, prefix)


def _uv(wanted: Preparation) -> Environment:
    root = wanted.project.root
    prefix = root / ".venv"
    command = ["uv", "sync", "--quiet", "--inexact"]
    if (root / "uv.lock").is_file():
        command.append("--locked")
    if wanted.group and normalize(wanted.group) in wanted.project.groups:
        command += ["--no-default-groups", "--group", wanted.group]
    elif wanted.extra:
        command += ["--extra", wanted.extra]
    if wanted.python:
        # The environment of another Python must not replace the developer's own.
        prefix = wanted.project.output / "environments" / f"uv-{wanted.python}"
        command += ["--python", wanted.python]
    variables = child_variables({"UV_PROJECT_ENVIRONMENT": str(prefix)})
    outcome = wanted.run(command, variables)
    if outcome.code != 0:
        raise environment_error("uv could not prepare the environment", outcome)
    return _virtual(wanted, prefix, f"uv{_of_group(wanted)}")


def _poetry(wanted: Preparation) -> Environment:
    variables = child_variables({"POETRY_VIRTUALENVS_IN_PROJECT": "true"})
    if wanted.python:
        missing = "poetry has one environment, not one for each Python"
        return _made(wanted, missing)
    command = [*_POETRY_INSTALL]
    if wanted.group and normalize(wanted.group) in wanted.project.groups:
        command += ["--with", wanted.group]
    elif wanted.extra:
        command += ["--extras", wanted.extra]
    outcome = wanted.run(command, variables)
    if outcome.code != 0:
        raise environment_error("poetry could not prepare the environment", outcome)
    where = wanted.run(["poetry", "env", "info", "--path"], variables)
    if where.code != 0 or not where.stdout.strip():
        raise environment_error("poetry does not say where its environment is", where)
    return _virtual(wanted, Path(where.stdout.strip()), f"poetry{_of_group(wanted)}")


def _own_or_existing(wanted: Preparation) -> Environment:
    """Use the project's ``.venv`` if it can test, else an environment of ours."""
    prefix = wanted.project.root / ".venv"
    if not wanted.python and python_of(prefix).exists():
        environment = _virtual(wanted, prefix, ".venv")
        if environment.module("pytest") and _is_of(wanted.project, environment):
            return environment
    return _made(wanted, "")


def _is_of(project: Project, environment: Environment) -> bool:
    """Whether an environment has this project, not one it was copied from."""
    source = environment.probe.source
    if not source.startswith("file:"):
        return True
    path = Path(url2pathname(urlsplit(source).path))
    return path.resolve() == project.root.resolve()


def _made(wanted: Preparation, substitute: str) -> Environment:
    """Make a virtual environment with the project and the group, or reuse it."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", wanted.group or "default")
    label = "-".join(filter(None, (name, wanted.python)))
    prefix = wanted.project.output / "environments" / label
    stamp = prefix / "ci-framework-stamp"
    key = _key(wanted)
    fresh = stamp.is_file() and stamp.read_text(encoding="utf-8") == key
    if not (fresh and python_of(prefix).exists()):
        _make(wanted, prefix)
        stamp.write_text(key, encoding="utf-8")
    with_uv = "uv" if find_program("uv") else "venv"
    environment = _virtual(wanted, prefix, f"{with_uv}{_of_group(wanted)}")
    return replace(environment, substitute=substitute)


def _make(wanted: Preparation, prefix: Path) -> None:
    if prefix.is_dir():
        # Ours: below .ci-framework/environments, and made by this very function.
        shutil.rmtree(prefix)
    prepare_directory(prefix.parent, wanted.project.output)
    _install(wanted, prefix)


def _install(wanted: Preparation, prefix: Path) -> None:
    """Make a virtual environment if there is none, and install into it."""
    itself = f".[{wanted.extra}]" if wanted.extra else "."
    words = ["--editable", itself] if wanted.project.installable else []
    words += [w for path in _members(wanted.project) for w in ("--editable", path)]
    words += _requirements(wanted)
    python = str(python_of(prefix))
    if find_program("uv") is not None:
        # Without a version uv takes the first interpreter the project allows.
        asked = ["--python", wanted.python] if wanted.python else []
        make = ["uv", "venv", "--quiet", *asked, str(prefix)]
        install = ["uv", "pip", "install", "--quiet", "--python", python]
    else:
        interpreter = find_interpreter(wanted.python)
        if interpreter is None:
            raise ToolError(
                f"Python {wanted.python} is not installed",
                hint=f"install Python {wanted.python}, or uv, which finds one",
            )
        make = [str(interpreter), "-I", "-m", "venv", str(prefix)]
        install = [python, "-I", "-m", "pip", "install", "--quiet"]
        install += ["--disable-pip-version-check"]
    commands = [] if python_of(prefix).exists() else [make]
    commands += [[*install, *words]] if words else []
    for command in commands:
        outcome = wanted.run(command)
        if outcome.code != 0:
            raise environment_error("the environment could not be made", outcome)


def _members(project: Project) -> list[str]:
    """The packages of a monorepo whose top is no package, as pip installs them.

    Only those whose code the settings name are part of what is checked as a whole.
    """
    named = texts(project.pyproject, "tool", "ci-framework", "source-paths")
    if project.installable or not named:
        return []
    packages = packages_graph(project)
    found = [packages.by_name[name] for name in packages.order]
    return [
        f"./{package.path}"
        for package in found
        if any(f"{path}/".startswith(package.prefix or "/") for path in named)
    ]


def _requirements(wanted: Preparation) -> list[str]:
    """What the group holds; for a project without groups, what its files list."""
    group = wanted.project.groups.get(normalize(wanted.group))
    if group is not None:
        return list(group)
    if wanted.file:
        return ["--requirement", wanted.file]
    return [*wanted.project.groups.get("dev", ()), *_listed(wanted.project)]


def _listed(project: Project) -> list[str]:
    """Arguments for the requirement files of projects that keep such files."""
    names = ("requirements.txt", "requirements-dev.txt", "requirements-test.txt")
    found = [name for name in names if (project.root / name).is_file()]
    return [word for name in found for word in ("--requirement", name)]


def _key(wanted: Preparation) -> str:
    """What the environment depends on; another key means that it is made anew."""
    files = [name for name in _listed(wanted.project) if name.endswith(".txt")]
    files += [wanted.file] if wanted.file else []
    files += [
        n for n in ("setup.py", "setup.cfg") if (wanted.project.root / n).is_file()
    ]
    tool = wanted.project.pyproject.get("tool")
    texts = [(wanted.project.root / name).read_bytes() for name in files]
    parts = msgspec.json.encode(
        [
            wanted.project.pyproject.get("project"),
            wanted.project.pyproject.get("build-system"),
            cast("Table", tool).get("poetry") if isinstance(tool, dict) else None,
            wanted.project.groups,
            _members(wanted.project),
            wanted.group,
            wanted.python,
            # Editable installs name the repository by its path.
            str(wanted.project.root),
            texts,
        ],
        enc_hook=str,
        order="deterministic",
    )
    return hashlib.sha256(parts).hexdigest()


def _virtual(wanted: Preparation, prefix: Path, name: str) -> Environment:
    variables = activated(prefix)
    probe = probe_virtual_environment(
        prefix,
        project=wanted.project,
        variables=variables,
        cancel=wanted.cancel,
    )
    return Environment(name, probe, variables)


def _of_group(wanted: Preparation) -> str:
    if wanted.extra:
        return f" with extra {wanted.extra}"
    if wanted.file:
        return f" with {wanted.file}"
    known = normalize(wanted.group) in wanted.project.groups
    return f" with group {wanted.group}" if known else ""
