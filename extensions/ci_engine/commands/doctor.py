"""``ci doctor``: inspect this machine and the project."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from ci_engine import __version__
from ci_engine.commands.command import Command, Request
from ci_engine.commands.doctor_problems import find_problems
from ci_engine.commands.options import Option
from ci_engine.commands.output import print_json
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.environments.user_cache import CACHE_VARIABLE, cache_location
from ci_engine.errors import CommandError, ConfigurationError
from ci_engine.escaping import terminal_line
from ci_engine.processes.activity import activity
from ci_engine.processes.allowed_variables import plain_variables
from ci_engine.processes.programs import find_program, run_program
from ci_engine.project.engine_lock import read_engine_lock
from ci_engine.project.git import OLDEST_GIT
from ci_engine.project.repository import read_project
from ci_engine.reports.console import Console
from ci_engine.validation.code_owners import without_owner

_ABOUT = """\
Report what the engine finds on this machine: engine, Python, cache, git, managers,
tools and the project's environment. Then report what is wrong with the project: its
configuration, files of the framework that were edited, git hooks, locks, services and
weakened settings.
"""
_MANAGERS = ("uv", "pixi", "poetry", "pip")
_OTHERS = ("docker", "podman", "node", "prek")
_TOOLS = (
    *("pre-commit", "betterleaks", "gitleaks", "trufflehog", "kingfisher", "opengrep"),
    *("hadolint", "trivy", "grype", "syft"),
)
_SECONDS = 20.0


class Fact(msgspec.Struct, frozen=True):
    """One thing that was inspected."""

    name: str
    value: str
    ok: bool = True
    hint: str = ""


class DoctorOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci doctor``."""

    online: Annotated[
        bool,
        Option(
            "also look up the newest version of the template, and compare a copy of "
            "the engine with the pinned one, which may be fetched"
        ),
    ] = False


def run(request: DoctorOptions, surroundings: Surroundings) -> int:
    """Inspect, print, and return the exit code."""
    console = Console(surroundings.variables, as_json=request.json)
    with console.progress(), activity("examining this machine"):
        facts = [*_engine(surroundings), *_programs(surroundings)]
        facts += _project(surroundings)
        problems = find_problems(surroundings, online=request.online)
    missing = [fact for fact in facts if not fact.ok]
    if request.json:
        ok = not missing and not any(problem.broken for problem in problems)
        answer = {"schema": 1, "command": "doctor", "ok": ok, "facts": facts}
        print_json({**answer, "problems": problems})
    else:
        for fact in facts:
            mark = "" if fact.ok else "MISSING: "
            sys.stdout.write(f"{fact.name:<14}{mark}{terminal_line(fact.value)}\n")
        for fact in missing:
            sys.stdout.write(f"hint: {fact.hint}\n")
        for problem in problems:
            mark = "problem" if problem.broken else "note"
            text = terminal_line(f"{problem.about}: {problem.message}")
            sys.stdout.write(f"\n{mark}: {text}\n")
            sys.stdout.write(f"hint: {terminal_line(problem.hint)}\n")
    if missing:
        return 3
    return int(any(problem.broken for problem in problems))


def _engine(surroundings: Surroundings) -> Iterator[Fact]:
    directory = Path(__file__).resolve().parent.parent
    root, variables = surroundings.repository, surroundings.variables
    cache = cache_location(root, variables)
    commit = _commit(root)
    yield Fact("engine", f"{__version__}, {_source(directory, cache, surroundings)}")
    yield Fact("commit", commit or "not pinned: there is no commit in engine.lock")
    yield Fact("directory", str(directory))
    version = f"{platform.python_version()} ({sys.executable})"
    yield Fact("python", version)
    yield Fact("platform", platform.platform())
    if cache is None:
        hint = f"set {CACHE_VARIABLE} to a directory outside the repository"
        yield Fact("cache", "no directory for it", ok=False, hint=hint)
        return
    nearest = next(p for p in (cache, *cache.parents) if p.exists())
    writable = os.access(nearest, os.W_OK)
    state = "" if cache.exists() else " (does not exist yet)"
    hint = f"make {nearest} writable, or set {CACHE_VARIABLE}"
    yield Fact("cache", f"{cache}{state}", ok=writable, hint=hint)


def _source(directory: Path, cache: Path | None, surroundings: Surroundings) -> str:
    """The source of the engine, as the launcher recorded it."""
    given = surroundings.variables.get("CI_FRAMEWORK_ENGINE")
    if given and directory.is_relative_to(Path(given).resolve()):
        return "from CI_FRAMEWORK_ENGINE"
    if directory.is_relative_to(surroundings.repository / "ci-framework"):
        return "vendored in the repository"
    if cache is not None and directory.is_relative_to(cache.resolve()):
        return "from the cache"
    return "from a checkout"


def _commit(root: Path) -> str:
    with contextlib.suppress(ConfigurationError):
        return read_engine_lock(root).commit
    # The problems name what cannot be read.
    return ""


def _programs(surroundings: Surroundings) -> Iterator[Fact]:
    git = _version("git", surroundings)
    oldest = "{}.{}".format(*OLDEST_GIT)
    hint = f"install git {oldest} or later: the engine reads changes and files from it"
    number = re.search(r"(\d+)\.(\d+)", git)
    old = number is not None and (int(number[1]), int(number[2])) < OLDEST_GIT
    shown = f"{git}: expected {oldest} or later" if old else git or "not found"
    yield Fact("git", shown, ok=bool(git) and not old, hint=hint)
    for name in (*_MANAGERS, *_OTHERS):
        yield Fact(name, _version(name, surroundings) or "not found")
    found = [name for name in _TOOLS if find_program(name)]
    yield Fact("tools", ", ".join(found) or "none on PATH; the locked ones are used")


def _version(name: str, surroundings: Surroundings) -> str:
    path = find_program(name)
    if path is None:
        return ""
    outcome = run_program(
        [path, "--version"],
        cwd=surroundings.repository,
        timeout=_SECONDS,
        variables=plain_variables(surroundings.variables),
    )
    lines = outcome.stdout.strip().splitlines()
    answer = lines[0] if outcome.code == 0 and lines else outcome.describe_exit()
    return f"{answer} ({path})"


def _project(surroundings: Surroundings) -> Iterator[Fact]:
    yield Fact("repository", str(surroundings.repository))
    try:
        project = read_project(surroundings.repository)
    except (CommandError, OSError, ValueError):
        # The problem is listed separately, with the reason.
        return
    yield Fact("manager", project.manager)
    places = (project.root / ".venv", project.root / ".pixi" / "envs")
    there = [project.relative(place) for place in places if place.exists()]
    hint = "run `ci-framework/ci setup`"
    yield Fact("environment", ", ".join(there) or f"none yet: {hint}")
    unowned = ", ".join(without_owner(project.root))
    owners = (
        f"no approval is required for changes to {unowned}"
        if unowned
        else "they cover CI"
    )
    yield Fact("code owners", owners)


COMMAND = Command(
    DoctorOptions,
    run,
    _ABOUT,
    {
        0: "ready; notes may follow",
        1: "the project has problems",
        3: "something required is missing",
    },
)
