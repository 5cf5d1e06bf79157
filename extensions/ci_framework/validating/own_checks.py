"""Compare the results of the project's own other checks before and after."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ci_engine.environments.environment import Environment
from ci_engine.processes.programs import Outcome as Ended
from ci_engine.processes.programs import find_program, run_program
from ci_framework.analysis.own_commands import OwnCommand
from ci_framework.validating.clones import Clone, inside
from ci_framework.validating.model import (
    Outcome,
    ToolRow,
    failed,
    not_run,
    passed,
    skipped,
)

_SECONDS = 600.0
_PLACE = re.compile(r"(?P<path>[\w./+-]+\.\w+):(?P<line>\d+)")
_WHOLE = re.compile(r"(?:would reformat|reformatted|ERROR:|Would fix)\s+(?P<path>\S+)")


def compare_own_checks(
    commands: list[OwnCommand],
    base: tuple[Clone, Environment],
    adopted: tuple[Clone, Environment],
) -> tuple[Outcome, list[ToolRow]]:
    """Run each command in both clones; its output must not get worse."""
    rows: list[ToolRow] = []
    faults: list[str] = []
    absent: list[str] = []
    for command in commands:
        if None in (_find(command.tool, base[1]), _find(command.tool, adopted[1])):
            absent.append(command.tool)
            continue
        before, after = _look(command, *base), _look(command, *adopted)
        rows.append(_row(command, before, after, _version(command.tool, *base)))
        faults += _worse(command, before, after)
    missing = ", ".join(dict.fromkeys(absent))
    if faults:
        return failed("the project's own checks find more than before", faults), rows
    if not rows:
        if absent:
            return skipped(f"not in the project's environment: {missing}"), rows
        return skipped("no other check was recognized in its workflows and tasks"), rows
    broken = [f"{r.command}: {r.before}" for r in rows if "no answer" in r.before]
    if broken:
        return not_run("own checks did not finish in time", broken), rows
    note = f"; not in its environment: {missing}" if missing else ""
    return passed(f"{len(rows)} of its own checks find the same as before{note}"), rows


@dataclass(frozen=True)
class _Look:
    """The results of one run of a command."""

    ended: Ended
    found: Counter[str]
    rewritten: list[str]


def _find(tool: str, environment: Environment) -> str | None:
    """The tool in this environment, not elsewhere on the machine."""
    path = environment.variables.get("PATH", "").split(os.pathsep)[0]
    if environment.prefix:
        return tool
    found = find_program(tool, path)
    return str(found) if found else None


def _run(
    words: Sequence[str], clone: Clone, environment: Environment, seconds: float
) -> Ended:
    program = _find(words[0], environment) or words[0]
    return run_program(
        [*environment.prefix, program, *words[1:]],
        cwd=clone.root,
        timeout=seconds,
        variables=inside(environment, NO_COLOR="1"),
    )


def _look(command: OwnCommand, clone: Clone, environment: Environment) -> _Look:
    ended = _run(command.words, clone, environment, _SECONDS)
    rewritten = clone.touched()
    clone.reset()
    text = f"{ended.stdout}\n{ended.stderr}".replace(f"{clone.root}/", "")
    return _Look(ended, Counter(_paths(text)), rewritten)


def _paths(text: str) -> Iterator[str]:
    """The files that an output names as locations of findings."""
    for line in text.splitlines():
        match = _PLACE.search(line) or _WHOLE.search(line)
        if match:
            yield match.group("path").removeprefix("./")


def _version(tool: str, clone: Clone, environment: Environment) -> str:
    ended = _run((tool, "--version"), clone, environment, 60)
    match = re.search(r"\d+\.\d+[\w.]*", ended.stdout)
    return match.group() if match else ""


def _row(command: OwnCommand, before: _Look, after: _Look, version: str) -> ToolRow:
    return ToolRow(
        tool=command.tool,
        command=command.shown,
        where=command.where,
        before=_words(before),
        after=_words(after),
        version=version,
    )


def _words(look: _Look) -> str:
    """How it ended, for display."""
    number = sum(look.found.values())
    ending = look.ended.describe_exit()
    ending = "ok" if look.ended.code == 0 else ending
    ending += f", {number} found" if number and look.ended.code else ""
    return ending + (
        f", rewrites {len(look.rewritten)} files" if look.rewritten else ""
    )


def _worse(command: OwnCommand, before: _Look, after: _Look) -> Iterator[str]:
    """Reports of the command that are new since the base, with a hint."""
    rewritten = [path for path in after.rewritten if path not in before.rewritten]
    more = [path for path, n in after.found.items() if n > before.found[path]]
    turned = before.ended.code == 0 and after.ended.code != 0
    grew = after.ended.code != 0 and bool(more)
    if not (turned or grew or rewritten):
        return
    yield f"{command.shown} ({command.where}): {_words(before)}, now {_words(after)}"
    files = list(dict.fromkeys([*more, *rewritten]))
    for path in files[:10]:
        yield f"    {path}"
    if not files:
        yield from (f"    {line[:200]}" for line in after.ended.tail(5).splitlines())
    if any(path.startswith("ci-framework/") for path in files):
        yield f"    remedy: exclude ci-framework/ where {command.tool} is configured"
    else:
        yield f"    remedy: see what {command.tool} reports about the files above"
