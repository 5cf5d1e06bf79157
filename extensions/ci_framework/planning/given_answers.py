"""Answers of the user, from the command line or a file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec
import yaml

from ci_engine.configuration.reading import read_yaml
from ci_engine.errors import ConfigurationError, UsageError


def parse_answer(text: str) -> tuple[str, object]:
    """Read ``NAME=VALUE``; the value is YAML, as in ``source_paths=[src, tools]``.

    Raises:
        UsageError: if it has another form.
    """
    name, separator, value = text.partition("=")
    if not separator or not re.fullmatch(r"[a-z][a-z_]*", name):
        raise UsageError(
            f"--answer: expected NAME=VALUE, got {text!r}",
            hint="write coverage_threshold=80 or 'source_paths=[src, tools]'",
        )
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(
            f"--answer {name}: expected YAML, got {value!r}",
            hint="write a text, a number or a list such as [src, tools]",
        ) from error


def read_given_answers(path: Path) -> dict[str, object]:
    """Read answers that the user wrote or edited, without Copier's own keys.

    Raises:
        ConfigurationError: if the file cannot be read or contains no answers.
    """
    try:
        document = msgspec.convert(read_yaml(path), dict[str, object])
    except msgspec.ValidationError as error:
        raise ConfigurationError(
            f"{path}: expected a table of answers, with lines such as "
            "`coverage_threshold: 80`",
            hint="start from a file that --write-answers made",
        ) from error
    return {k: v for k, v in document.items() if not k.startswith("_")}


def refuse_unknown(
    given: Mapping[str, object], questions: Mapping[str, object]
) -> None:
    """Refuse unknown questions, whose answers Copier would silently ignore."""
    unknown = sorted(given.keys() - questions.keys())
    if unknown:
        near = difflib.get_close_matches(unknown[0], questions, 1)
        guess = f"; did you mean '{near[0]}'?" if near else ""
        raise UsageError(
            f"--answer: unknown question {', '.join(unknown)}{guess}",
            hint=f"the questions of the template are {', '.join(questions)}",
        )


def refuse_other_kind(name: str, known: object, value: object) -> None:
    """Refuse null, and a list instead of a value, naming the question.

    Args:
        name: the question.
        known: the answer of the analysis, None if there is none.
        value: the answer of the user.
    """
    kinds_differ = isinstance(known, list) != isinstance(value, list)
    if known is not None and (kinds_differ or value is None):
        got = "null" if value is None else repr(value)
        raise UsageError(
            f"--answer {name}: expected {_like(known)}, got {got}",
            hint="the allowed values are in docs/reference.md, under Questions",
        )


def _like(known: object) -> str:
    """Describe the expected kind of answer, given that of the analysis."""
    if isinstance(known, list):
        items = ", ".join(str(item) for item in cast("list[object]", known))
        return f"a list such as [{items}]"
    return f"a single value such as {known}"
