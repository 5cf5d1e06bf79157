"""Determine the purpose of shell commands from the programs they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ci_framework.analysis.purposes.runners import Call, Named, unwrapped
from ci_framework.analysis.purposes.shell import commands_of, nested_commands
from ci_framework.analysis.purposes.vocabulary import (
    ACTIONS,
    ADDRESSES,
    MODULES,
    NAMES,
    PROGRAMS,
    SUBCOMMANDS,
    word_set,
)

Tasks = Mapping[str, Sequence[str]]
_GLUE = word_set("glue")
# Tasks may call each other in a cycle.
_DEEPEST = 6
_MOST_WORDS = 1_000
# Programs that only decide whether the rest runs.
_TESTS = ("[", "[[", "((", "test", "set", "cd")
_BENCHMARKS = re.compile(r"(^|/)(bench|perf)\w*(/|\.py|$)|^--(benchmark|codspeed)")
_TEST_PROGRAMS = (
    "pytest", "py.test", "unittest", "manage.py", "django-admin", "nbdev-test"
)  # fmt: skip


@dataclass(frozen=True)
class Activity:
    """One activity of a command.

    Attributes:
        does: its purpose, such as ``test``; ``other: x`` for an unknown program or
            task.
        argv: the program and its arguments, without a runner.
        direct: whether the command itself does it; otherwise a task does, or the
            purpose is only guessed from the task's name.
        guessed: whether the purpose is only guessed from a name.
        path: the script, if its name means another program.
        module: whether it is a module that Python runs.
    """

    does: str
    program: str
    argv: tuple[str, ...]
    direct: bool = True
    guessed: bool = False
    path: str = ""
    module: bool = False

    @property
    def is_known(self) -> bool:
        """Whether more is known than the name of a program."""
        return self.does != "plumbing" and not self.does.startswith("other:")


def find_purposes(command: str, tasks: Tasks | None = None) -> list[str]:
    """The purposes of a command or a script, in order, each once.

    ``tasks`` contains the commands of ``pixi run NAME``, ``make NAME``, ``./NAME``
    and the like.
    """
    return list(
        dict.fromkeys(activity.does for activity in find_activities(command, tasks))
    )


def find_activities(command: str, tasks: Tasks | None = None) -> list[Activity]:
    """All activities of a command; only the significant ones, if there are any."""
    found = list(_activities(command, {} if tasks is None else tasks, 0))
    known = [activity for activity in found if activity.does != "plumbing"]
    if known or not found:
        return known
    if "GITHUB_STEP_SUMMARY" in command:
        return [replace(found[0], does="report")]
    if any(
        item.program == "exit" and item.argv[1:] not in ((), ("0",)) for item in found
    ):
        # It runs a check that no other tool covers.
        return [replace(found[0], does="script")]
    first = next((item for item in found if item.program not in _TESTS), found[0])
    return [Activity(f"other: {first.program}", first.program, first.argv)]


def argv_of_test(command: str) -> list[str] | None:
    """The call of a test runner in a command, as a list; None without one.

    ``python -m pytest -q``, ``uv run pytest -q`` and ``coverage run -m pytest -q``
    all give ``["pytest", "-q"]``; unittest gives ``["python", "-m", "unittest"]``, and
    Django's tests ``["python", "manage.py", "test"]``.
    """
    for activity in find_activities(command):
        tests = activity.does == "test" and activity.program in _TEST_PROGRAMS
        if activity.direct and tests:
            words = list(activity.argv[1:])
            if activity.program == "unittest":
                return ["python", "-m", "unittest", *words]
            if activity.program == "manage.py":
                return ["python", activity.path or "manage.py", *words]
            if activity.program == "django-admin":
                return ["python", "-m", "django", *words]
            if activity.program == "nbdev-test":
                return ["nbdev_test", *words]
            return ["pytest", *words]
    return None


def script_of_test(command: str) -> list[str] | None:
    """The call of a script or module whose name is about tests; None without one."""
    for activity in find_activities(command):
        if activity.does != "test" or not activity.guessed:
            continue
        if activity.module:
            return ["python", "-m", *activity.argv]
        if activity.argv[0].endswith(".py") and activity.program != "manage.py":
            return ["python", *activity.argv]
    return None


def guess_purpose(name: str) -> str:
    """Guess the purpose of a task from its name; empty if that is impossible."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", PurePosixPath(name).stem).lower()
    parts = [part for part in re.split(r"[^a-z0-9]+", plain) if part]
    for size in (2, 1):
        for start in range(len(parts) - size + 1):
            purpose = NAMES.get("-".join(parts[start : start + size]))
            # `ci-test` and `check-types` are about the second part.
            if purpose and (purpose != "gate" or len(parts) == 1):
                return purpose
    if any(re.fullmatch(r"(py|pypy|python)[23]\d*", part) for part in parts):
        return "test"
    return "gate" if any(NAMES.get(part) == "gate" for part in parts) else ""


def find_action_purposes(uses: str) -> list[str]:
    """The purpose of an action, a container or a reusable workflow."""
    name = uses.split("@", 1)[0].strip().lower()
    if not name:
        return []
    if name.startswith("docker://"):
        return ["container"]
    if name.startswith("./"):
        name = re.sub(r"/action\.ya?ml$", "", name)
        named = guess_purpose(name.rstrip("/").rsplit("/", 1)[-1])
        return [named or f"other: {uses.split('@', 1)[0]}"]
    for pattern, purpose in ACTIONS:
        if pattern.search(name):
            return [purpose]
    guessed = guess_purpose(name.split("/", 1)[-1].replace("/", "-"))
    return [guessed or f"other: {uses.split('@', 1)[0]}"]


def _activities(command: str, tasks: Tasks, depth: int) -> Iterator[Activity]:
    for argv in [*commands_of(command), *nested_commands(command)]:
        yield from _of_argv(argv, tasks, depth)


def _of_argv(argv: Sequence[str], tasks: Tasks, depth: int) -> Iterator[Activity]:
    try:
        calls = list(unwrapped(argv[:_MOST_WORDS]))
    except RecursionError:
        # Real commands are not nested this deep.
        calls = [Call(tuple(argv))]
    for call in calls:
        if isinstance(call, str):
            if depth < _DEEPEST:
                yield from _activities(call, tasks, depth + 1)
        elif isinstance(call, Named):
            yield from _of_task(call, tasks, depth)
        else:
            yield _of_program(call)


def _of_task(named: Named, tasks: Tasks, depth: int) -> Iterator[Activity]:
    if named.name.startswith("${:"):
        # Its name, or a part of it, is only known at run time.
        yield Activity("plumbing", "$", (named.name,))
        return
    bodies = tasks.get(named.name)
    if bodies is not None and depth < _DEEPEST:
        inner = [
            item for body in bodies for item in _activities(body, tasks, depth + 1)
        ]
        known_inner = [item for item in inner if item.is_known]
        if known_inner:
            for item in inner:
                yield replace(item, direct=False)
            return
    known = _known(Call((named.name, *named.words))) if named.may_be_program else ""
    if known:
        yield Activity(known, _plain(named.name), (named.name, *named.words))
        return
    names = (named.name, str(PurePosixPath(named.name).parent), named.hint)
    purpose = next((guessed for name in names if (guessed := guess_purpose(name))), "")
    yield Activity(
        purpose or f"other: {named.name}",
        named.name,
        (named.name, *named.words),
        direct=False,
        guessed=True,
    )


def _of_program(call: Call) -> Activity:
    program = _plain(call.argv[0])
    purpose = _known(call)
    if purpose in ("", "fetch"):
        purpose = _address(call) or purpose
    if not purpose and call.module and (guessed := _guess_of_module(call.argv[0])):
        return Activity(guessed, program, call.argv, guessed=True, module=True)
    if not purpose:
        purpose = "plumbing" if program in _GLUE else f"other: {program}"
    argv = (program, *call.argv[1:])
    return Activity(purpose, program, argv, path=call.path)


def _guess_of_module(name: str) -> str:
    """Guess what a dotted module does, such as ``thing.tests``."""
    inner = name.split(".")[1:]
    return "test" if any(guess_purpose(part) == "test" for part in inner) else ""


def _address(call: Call) -> str:
    """The purpose of an address that is passed to a program."""
    text = " ".join(call.argv)
    return next((does for part, does in ADDRESSES.items() if part in text), "")


def _measures(words: Sequence[str]) -> bool:
    """Whether a call of pytest only runs benchmarks."""
    for before, word in zip(("", *words), words, strict=False):
        if before == "-m" and word in ("benchmark", "performance"):
            return True
        skipped = word.startswith(("--benchmark-skip", "--benchmark-disable"))
        if _BENCHMARKS.search(word) and before != "-m" and not skipped:
            return not before.startswith(("--ignore", "--deselect", "-k"))
    return False


def _known(call: Call) -> str:
    """The purpose of a program, empty if it is not known."""
    program = _plain(call.argv[0])
    if call.argv[1:] in (("--version",), ("-V",), ("--help",)):
        return "set-up"
    if program in _TEST_PROGRAMS and _measures(call.argv[1:]):
        return "benchmark"
    if call.module and program in MODULES:
        return MODULES[program]
    table = SUBCOMMANDS.get(program)
    if table is None and program.endswith("setup.py"):
        table = SUBCOMMANDS["setup.py"]
    if table is not None:
        first = next((word for word in call.argv[1:] if word in table), "")
        return table[first] if first else table.get("", "")
    return PROGRAMS.get(program, "") if program not in _GLUE else ""


def _plain(word: str) -> str:
    """The name of a program without directory, version or .exe."""
    if "${{" in word or word.startswith("$"):
        return word
    name = word.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or word
    name = re.split(r"==|@|\[(?=\w)", name)[0] or name
    name = re.sub(r"\.exe$", "", name, flags=re.IGNORECASE)
    name = name.replace("_", "-") if name.replace("_", "-") in PROGRAMS else name
    return re.sub(r"^(python|pip|pypy)[\d.]*$", r"\1", name.lower())
