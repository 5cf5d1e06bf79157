"""Resolve runners such as ``uv run`` and ``python -m`` to what they run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ci_framework.analysis.purposes.vocabulary import (
    RUNNERS,
    SUBCOMMANDS,
    TARGET_RUNNERS,
    WRAPPERS,
)

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_PYTHON = re.compile(r"(?:.*[/\\])?(python|pypy|py)(w|[\d.]+)?(\.exe)?$", re.IGNORECASE)
_SCRIPT = re.compile(r"(\.{1,2}[/\\])?[\w./\\-]*([/\\][\w.-]+|\.(sh|bash|py|ps1))$")
# Programs that start commands of Django.
_MANAGE = "manage.py"
_DJANGO = "django-admin"
_NO_TASKS = ("conda", "mamba", "micromamba", "pipx")


@dataclass(frozen=True)
class Call:
    """A program with its arguments, without a runner.

    Attributes:
        module: whether it was started by ``python -m``.
        path: the script, if its name means another program.
    """

    argv: tuple[str, ...]
    module: bool = False
    path: str = ""


@dataclass(frozen=True)
class Named:
    """A task, target, session, environment or script that is run by its name.

    Attributes:
        may_be_program: whether a program of that name is run if there is no task.
        hint: another name to guess from, if its own name has no meaning.
    """

    name: str
    words: tuple[str, ...] = ()
    may_be_program: bool = False
    hint: str = ""


def unwrapped(argv: Sequence[str]) -> Iterator[Call | Named | str]:
    """What a command finally runs; a text is a script to be analyzed in turn."""
    words = _without_prefix(list(argv))
    if not words:
        return
    program = words[0].rsplit("/", 1)[-1].lower().removesuffix(".exe")
    if _PYTHON.match(words[0]):
        yield from _python(words)
    elif program in ("bash", "sh", "zsh", "pwsh", "powershell", "dash", "cmd"):
        yield from _shell(words)
    elif program in ("uvx", "uv", "pipx", "pixi", *RUNNERS):
        yield from _run(program, words)
    elif program in TARGET_RUNNERS:
        yield from _targets(program, words)
    elif special := _SPECIAL.get(program):
        yield from special(words)
    elif _SCRIPT.match(words[0]) and words[0].endswith(_MANAGE):
        yield from _manage(words)
    elif _SCRIPT.match(words[0]) and not words[0].startswith(("/usr", "/bin", "~")):
        yield _script(words)
    else:
        yield Call(tuple(words))


def _without_prefix(words: list[str]) -> list[str]:
    while words:
        if _ASSIGNMENT.match(words[0]):
            words = words[1:]
        elif (prefix := words[0].lower()) in WRAPPERS:
            rest = _behind_options(words[1:], WRAPPERS[prefix])
            if prefix in ("timeout", "gtimeout"):
                rest = rest[1:]
            if not rest and prefix in ("env", "time", "xargs"):
                return [] if prefix != "env" else ["printenv"]
            words = rest
        else:
            return words
    return words


def _behind_options(words: Sequence[str], taking: Sequence[str]) -> list[str]:
    """The words after the options; ``taking`` are options with a separate value."""
    location = 0
    while (
        location < len(words)
        and words[location].startswith("-")
        and words[location] != "-m"
    ):
        if words[location] == "--":
            return list(words[location + 1 :])
        location += 2 if words[location] in taking else 1
    return list(words[location:])


def _python(words: Sequence[str]) -> Iterator[Call | Named | str]:
    # `-Im` means `-I -m`.
    flags = [re.sub(r"^-[A-Zbdqsuvx]+(?=[cm]$)", "-", word) for word in words[1:]]
    rest = _behind_options(flags, ["-W", "-X", "-c"])
    if "-c" in flags[: len(flags) - len(rest)] or not rest:
        yield Call(("python", *words[1:]))
    elif rest[0] == "-m" and len(rest) > 1:
        found = list(unwrapped(rest[1:]))
        if len(found) == 1 and isinstance(found[0], Call):
            yield Call(found[0].argv, module=True)
        else:
            yield from found
    elif rest[0].endswith("setup.py"):
        yield Call(tuple(rest))
    elif rest[0].endswith("manage.py"):
        yield from _manage(rest)
    else:
        yield _script(rest)


def _shell(words: Sequence[str]) -> Iterator[Call | Named | str]:
    for location, word in enumerate(words[1:], start=1):
        if re.fullmatch(r"-\w*c|-Command|/c", word) and location + 1 < len(words):
            yield words[location + 1]
            return
        if not word.startswith("-") and word not in ("pipefail",):
            yield _script(words[location:])
            return
    yield Call(tuple(words))


def _script(words: Sequence[str]) -> Named:
    plain = words[0].replace("\\", "/").removeprefix("./")
    return Named(plain, tuple(words[1:]))


def _run(program: str, words: Sequence[str]) -> Iterator[Call | Named | str]:
    """``uv run``, ``pixi run``, ``uvx``, ``pipx run`` and the like."""
    if program == "uvx":
        rest = _behind_options(words[1:], [*RUNNERS["uv"], "--from"])
        yield from unwrapped(rest) if rest else [Call(tuple(words))]
        return
    valued = RUNNERS[program]
    rest = _behind_options(words[1:], valued)
    if program == "uv" and rest[:2] == ["tool", "run"]:
        yield from _run("uvx", rest[1:])
        return
    if not rest or rest[0] not in ("run", "exec", "run-script", "x"):
        yield Call((program, *(rest or words[1:])))
        return
    inner = _behind_options(rest[1:], valued)
    if inner[:1] == ["-m"]:
        inner = ["python", *inner]
    if not inner:
        yield Call((program, *rest))
    elif program == "hatch":
        # `+py=3.12` and `-py=3.12` select environments of a matrix.
        inner = [word for word in inner if word[:1] not in "+-"] or inner
        hint, _, name = inner[0].rpartition(":")
        yield Named(name, tuple(inner[1:]), may_be_program=True, hint=hint)
    elif program in _NO_TASKS or rest[0] == "exec" or _is_command(inner):
        yield from unwrapped(inner)
    else:
        yield Named(inner[0], tuple(inner[1:]), may_be_program=True)


def _is_command(words: Sequence[str]) -> bool:
    """Whether the words cannot be the name of a task."""
    first = words[0]
    return bool(
        _PYTHON.match(first)
        or _SCRIPT.match(first)
        or first in _SPECIAL
        or first in RUNNERS
        or first in TARGET_RUNNERS
        or first in WRAPPERS
        or first in ("bash", "sh", "uvx")
    )


def _targets(program: str, words: Sequence[str]) -> Iterator[Call | Named | str]:
    rest = _behind_options(words[1:], TARGET_RUNNERS[program])
    names = [w for w in rest if not w.startswith("-") and not _ASSIGNMENT.match(w)]
    if program not in ("make", "gmake"):
        names = names[:1]
    if program in ("npx", "bunx") and names:
        yield Named(names[0], tuple(rest[1:]), may_be_program=True)
        return
    if not names:
        yield Call((program, *words[1:]))
    for name in names:
        yield Named(name)


def _values(words: Sequence[str], *names: str) -> list[str]:
    """The values of an option: one word, after ``=``, or separated by commas."""
    found: list[str] = []
    for location, word in enumerate(words):
        head, equals, value = word.partition("=")
        if head in names:
            behind = takewhile(lambda w: not w.startswith("-"), words[location + 1 :])
            found += [value] if equals else behind
    return [part for value in found for part in value.split(",") if part]


def _tox(words: Sequence[str]) -> Iterator[Call | Named | str]:
    if "--notest" in words or "devenv" in words:
        yield Call(("pip", "install"))
        return
    names = _values(words[1:], "-e", "--env", "-m", "--label", "-f")
    for name in names or ["test"]:
        yield Named(name, hint="test")


def _nox(words: Sequence[str]) -> Iterator[Call | Named | str]:
    if "--install-only" in words or "--list" in words or "-l" in words:
        yield Call(("pip", "install"))
        return
    names = _values(words[1:], "-s", "--session", "--sessions", "-e", "-t", "--tags")
    for name in names or ["test"]:
        yield Named(re.sub(r"[-(]3\.\d+.*$", "", name), hint="test")


def _coverage(words: Sequence[str]) -> Iterator[Call | Named | str]:
    """What ``coverage run`` runs, and the measuring itself."""
    if "run" not in words[1:3]:
        yield Call(("coverage", *words[1:]))
        return
    valued = "--source --omit --include --rcfile --data-file --context --concurrency"
    behind = words[list(words).index("run") + 1 :]
    inner = _behind_options(behind, valued.split())
    yield from _python(["python", *inner]) if inner else []
    yield Call(("coverage", *words[1:]))


def _manage(words: Sequence[str]) -> Iterator[Call | Named | str]:
    """A Django command as a program; unknown ones are identified by name."""
    command = next((word for word in words[1:] if not word.startswith("-")), "")
    if command in SUBCOMMANDS[_MANAGE]:
        own = words[0].endswith(_MANAGE)
        path = words[0].removeprefix("./") if own else ""
        yield Call((_MANAGE if own else _DJANGO, *words[1:]), path=path)
    else:
        yield Named(command or words[0], tuple(words[2:]))


_SPECIAL: dict[str, Callable[[Sequence[str]], Iterator[Call | Named | str]]] = {
    "tox": _tox,
    "nox": _nox,
    "coverage": _coverage,
    "django": _manage,
    "django-admin": _manage,
    "django-admin.py": _manage,
}
