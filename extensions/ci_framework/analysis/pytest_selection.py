"""Find the tests that a call of pytest selects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.survey import Survey

# Options that select tests; all others affect how tests run or are reported.
_SELECTS_WITH_VALUE = frozenset({"-m", "-k", "--ignore", "--ignore-glob", "--deselect"})
_WITH_VALUE = word_set("pytest-values")
_DEEPEST = 2
_OWN_OPTION = re.compile(r"^--(?!cov|junit|durations|timeout|tb|color|benchmark|html)")
# Arguments that scripts pass through, which are not paths of the repository.
_POSITIONAL = frozenset({"$@", "$*", "$1", "{posargs}", "{args}", ""})
_UNKNOWN = re.compile(r"\$|\{\{|\{[A-Za-z_][^{}]*\}|`")
# The only option of a call, and an expression that leaves just this out.
_EXPRESSION = re.compile(r"(-[mk])[ =]?(.+)")
_LEFT_OUT = re.compile(r"not \(?((?<!\()[\w.-]+|(?<=\()[^()]+)\)?")
# Files that pytest skips unless they are named.
_UNUSUAL = re.compile(r"(?!(.*/)?(test_[^/]*|[^/]*_test)\.py$).*\.py")


@dataclass(frozen=True)
class Selection:
    """The selection of a call of pytest.

    Attributes:
        options: options that select tests, with their values.
    """

    options: tuple[str, ...]
    paths: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether it selects anything."""
        return bool(self.options or self.paths)

    @property
    def resolved(self) -> bool:
        """Whether every word is known before the call is made."""
        words_ = (*self.options, *self.paths)
        return not any(_UNKNOWN.search(word) for word in words_)


def selecting(survey: Survey, argv: tuple[str, ...], usual: set[str]) -> Selection:
    """The selection of a call; naming the whole test directories selects nothing."""
    if argv[0] != "pytest":
        return Selection((), ())
    options: list[str] = []
    paths: list[str] = []
    waiting = list(argv[1:])
    while waiting:
        word = waiting.pop(0)
        name, _, value = word.partition("=")
        if name in _SELECTS_WITH_VALUE:
            options += [word] if value else [word, *waiting[:1]]
            waiting = waiting if value else waiting[1:]
        elif re.match(r"^-[mk].", word):
            options.append(word)
        elif name in _WITH_VALUE:
            flag = not waiting or waiting[0].startswith("-")
            waiting = waiting if value or flag else waiting[1:]
        elif word.startswith("-"):
            options += [word] if _is_own(survey, name) else []
        elif word not in _POSITIONAL:
            paths.append(word)
    if is_everything(paths, usual):
        paths = []
    return Selection(tuple(options), tuple(paths))


def is_everything(paths: Iterable[str], usual: set[str]) -> bool:
    """Whether these paths are all that pytest would collect by default."""
    plain = {path.rstrip("/").removeprefix("./") for path in paths}
    reached = {path for path in usual if path.startswith(tuple(f"{p}/" for p in plain))}
    unusual = any(_UNUSUAL.fullmatch(path) for path in plain)
    return "." in plain or (plain | reached >= usual - {"."} and not unusual)


def is_divided(selections: Iterable[Selection]) -> bool:
    """Whether one run selects just what another one leaves out."""
    chosen = {
        (selection.paths, found.group(1), " ".join(found.group(2).split()))
        for selection in selections
        if (found := _EXPRESSION.fullmatch(" ".join(selection.options)))
    }
    return any(
        (paths, option, form) in chosen
        for paths, option, expression in chosen
        if (left := _LEFT_OUT.fullmatch(expression))
        for form in (left.group(1), f"({left.group(1)})")
    )


def _is_own(survey: Survey, name: str) -> bool:
    """Whether the project's conftest defines an option."""
    if not _OWN_OPTION.match(name):
        return False
    return any(
        f'"{name}"' in survey.documents.text(path)
        or f"'{name}'" in survey.documents.text(path)
        for path in survey.python_files
        if path.endswith("conftest.py") and path.count("/") <= _DEEPEST
    )
