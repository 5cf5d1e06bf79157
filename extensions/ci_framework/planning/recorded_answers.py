"""Read the answers that an earlier adoption recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import yaml

from ci_framework.repository import Repository

# Copier's default file, and the file in a repository of another template, for
# `copier update --answers-file`.
ANSWERS_FILE = ".copier-answers.yml"
OTHER_ANSWERS_FILE = ".copier-answers.ci-framework.yml"
# Questions that only this template has together, in every version.
_OURS = frozenset({"project_state", "ci_mode", "config_profile", "unmanaged"})


@dataclass(frozen=True)
class Recorded:
    """The answers file of an adopted repository.

    Attributes:
        source: the recorded ``_src_path`` of the template.
        commit: the recorded ``_commit``, its version.
        answers: the answers, without Copier's own keys.
    """

    path: str
    source: str
    commit: str
    answers: Mapping[str, object]


def find_recorded(repository: Repository) -> Recorded | None:
    """Find the answers of this template, None if the repository has none."""
    for path in (ANSWERS_FILE, OTHER_ANSWERS_FILE):
        content = repository.read(path) if path in repository.tracked else None
        recorded = parse_recorded(path, content) if content is not None else None
        if recorded is not None:
            return recorded
    return None


def answers_file_for(repository: Repository) -> str:
    """The file for recorded answers: never that of another template."""
    taken = repository.read(ANSWERS_FILE) is not None
    return OTHER_ANSWERS_FILE if taken else ANSWERS_FILE


def read_answers(content: bytes) -> dict[str, object]:
    """Read an answers file, empty if it cannot be read."""
    try:
        return msgspec.convert(yaml.safe_load(content), dict[str, object])
    except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError):
        return {}


def parse_recorded(path: str, content: bytes) -> Recorded | None:
    """Read an answers file, None if it is not one of this template."""
    document = read_answers(content)
    source, commit = document.get("_src_path"), document.get("_commit")
    if not document.keys() >= _OURS or not source or not commit:
        return None
    answers = {k: v for k, v in document.items() if not k.startswith("_")}
    return Recorded(path, str(source), str(commit), answers)
