"""Read the named commands of the project, for any runner."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import items, table
from ci_framework.analysis.gitlab_jobs import gitlab_jobs
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.purposes.activities import find_purposes
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.recipes import just_recipes, make_recipes
from ci_framework.analysis.sessions import (
    make_task,
    nox_sessions,
    tox_environments,
)
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence, Task

# An argument of a hatch script, with its default.
_HATCH_ARGUMENTS = re.compile(r"\{args:?([^{}]*)\}")
_SHELL_DIRECTORIES = ("scripts", "script", "bin", "ci", ".ci", "tools")
# A variable directory of programs, such as ``${PREFIX}pytest``.
_VARIABLE = re.compile(r"(?m)(^|&& |\|\| |; )\s*\"?\$\{?\w+\}?\"?/?(?=[a-z])")
_SHEBANG = re.compile(r"#!.*\b(ba|da|z|k)?sh\b")
_PYTHON_CALL = re.compile(
    r"\b(python3?|pytest|tox|nox|ruff|mypy|pyright|pyrefly|black|flake8|poetry|uv|pdm|pip)\b"
)


def read_tasks(survey: Survey, pixi: Pixi) -> list[Task]:
    """All tasks, in the order of their files."""
    raw = [
        *_pixi(survey, pixi),
        *_scripts(survey),
        *_hatch(survey),
        *tox_environments(survey),
        *nox_sessions(survey),
        *make_recipes(survey),
        *just_recipes(survey),
        *_npm(survey),
        *_shell(survey),
        *_gitlab(survey),
    ]
    commands = commands_by_name(raw)
    return [_explained(task, commands) for task in raw]


def commands_by_name(tasks: Iterable[Task]) -> dict[str, list[str]]:
    """The commands of each name."""
    commands: dict[str, list[str]] = {}
    for task in tasks:
        commands.setdefault(task.name, []).append(task.command)
    return commands


def _explained(task: Task, commands: dict[str, list[str]]) -> Task:
    others = {name: found for name, found in commands.items() if name != task.name}
    does = find_purposes(task.command, others) if task.command else []
    return msgspec.structs.replace(task, does=does)


def command_text(value: object) -> str:
    """The text of a command: a text, list of words or of commands, or a table."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        inner = cast("list[object]", value)
        parts = [command_text(item) for item in inner]
        several = any(" " in part for part in parts) or not strings(inner)
        return ("\n" if several else " ").join(part for part in parts if part)
    definition = table(value)
    for key in ("cmd", "shell", "command", "script"):
        if found := command_text(definition[key]) if key in definition else "":
            return found
    for key in ("composite", "chain", "sequence"):
        if parts := [command_text(item) for item in items(definition, key)]:
            return "\n".join(part for part in parts if part)
    return text(definition, "call")


def _pixi(survey: Survey, pixi: Pixi) -> Iterator[Task]:
    for feature, name, value, keys in pixi.tasks():
        command = command_text(value)
        if not command:
            depends = items(value, "depends-on") or items(value, "depends_on")
            named = [text(item, "task") or item for item in depends or items(value)]
            names = [item for item in named if isinstance(item, str)]
            command = "\n".join(f"pixi run {item}" for item in names)
        environment = text(value, "default-environment")
        if not environment:
            environment = " ".join(pixi.environments_of(feature)) if feature else ""
        location = survey.documents.location(pixi.path, *keys)
        yield make_task("pixi", name, command, location, environment)


def _scripts(survey: Survey) -> Iterator[Task]:
    """Tables of commands in pyproject.toml."""
    for runner, keys in (
        ("pdm", ("tool", "pdm", "scripts")),
        ("poe", ("tool", "poe", "tasks")),
        ("taskipy", ("tool", "taskipy", "tasks")),
    ):
        tasks = table(survey.pyproject, *keys)
        for name, value in tasks.items():
            # A task with the name of its own program does not call itself.
            others = {other: body for other, body in tasks.items() if other != name}
            command = _with_runner(runner, _script(runner, value), others)
            if name != "_" and command:
                yield make_task(runner, name, command, survey.location(*keys, name))
    more = table(survey.documents.toml("poe_tasks.toml"), "tasks")
    for name, value in more.items():
        location = survey.documents.location("poe_tasks.toml", "tasks", name)
        others = {other: body for other, body in more.items() if other != name}
        command = _with_runner("poe", _script("poe", value), others)
        yield make_task("poe", name, command, location)


def _script(runner: str, value: object) -> str:
    """A command of one runner: a list is a sequence for poe, else a word list."""
    if runner == "poe" and isinstance(value, list):
        return command_text({"sequence": cast("list[object]", value)})
    return command_text(value)


def _with_runner(runner: str, command: str, tasks: Table) -> str:
    """Lines that call other tasks, as users would call them."""
    starts = {"pdm": "pdm run ", "poe": "poe ", "taskipy": "task "}
    rows = command.split("\n")
    several = len(rows) > 1 or command in tasks
    return "\n".join(
        f"{starts[runner]}{row}" if several and row.split(" ")[0] in tasks else row
        for row in rows
    )


def _hatch(survey: Survey) -> Iterator[Task]:
    for path, keys, environment in survey.hatch_environments():
        for name, script in table(environment, "scripts").items():
            location = survey.documents.location(path, *keys, "scripts", name)
            command = _HATCH_ARGUMENTS.sub(r"\1", command_text(script))
            yield make_task("hatch", name, command, location, keys[-1])


def _npm(survey: Survey) -> Iterator[Task]:
    scripts = table(survey.documents.json("package.json"), "scripts")
    for name, command in scripts.items():
        if isinstance(command, str) and _PYTHON_CALL.search(command):
            line = survey.documents.line_of("package.json", f'"{name}"')
            location = Evidence(path="package.json", line=line)
            yield make_task("npm", name, command, location)


def _shell(survey: Survey) -> Iterator[Task]:
    """Shell scripts, by the path with which they are called."""
    for path in survey.files:
        directory, _, name = path.rpartition("/")
        if directory not in _SHELL_DIRECTORIES:
            continue
        named = name.endswith((".sh", ".bash"))
        text = survey.documents.text(path)
        if not named and ("." in name or not _SHEBANG.match(text[:200])):
            continue
        rows = [(row, row.lstrip()) for row in text.split("\n")]
        kept = [row for row, line in rows if line and not line.startswith("#")]
        command = _VARIABLE.sub(r"\1", "\n".join(kept))
        yield make_task("script", path, command, Evidence(path=path, line=1))


def _gitlab(survey: Survey) -> Iterator[Task]:
    """Jobs of a GitLab pipeline, which no command calls by name."""
    for job in gitlab_jobs(survey):
        name = f"job {job.name}"
        yield make_task("gitlab", name, job.script, job.evidence)
