"""Answers in a file: what people hand over, and what they may keep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.configuration.reading import read_yaml
from ci_engine.errors import ConfigurationError, ToolError

__all__ = ["read_answers_file", "write_answers_file"]


def read_answers_file(path: Path) -> dict[str, object]:
    """Read answers by question; Copier's own keys are left out.

    Raises:
        ConfigurationError: if the file cannot be read, is not YAML or no mapping.
    """
    document = read_yaml(path)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigurationError(
            f"{path.name}: found {type(document).__name__}; allowed: a mapping of "
            "questions to answers",
            hint=f"write lines such as `ci_mode: local` into {path.name}",
        )
    answers = cast("dict[object, object]", document)
    odd = [key for key in answers if not isinstance(key, str)]
    if odd:
        raise ConfigurationError(
            f"{path.name}: found the key {odd[0]!r}; allowed: names of questions",
            hint=f"name each answer in {path.name} by its question",
        )
    named = {str(key): value for key, value in answers.items()}
    return {key: value for key, value in named.items() if not key.startswith("_")}


def write_answers_file(path: Path, answers: Mapping[str, object]) -> None:
    """Write answers by question, in their order.

    Raises:
        ToolError: if the file cannot be written.
    """
    try:
        path.write_bytes(msgspec.yaml.encode(dict(answers)))
    except OSError as error:
        raise ToolError(
            f"{path}: cannot be written: {error.strerror}",
            hint="name a file in a directory that you may write to",
        ) from error
