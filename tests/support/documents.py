"""Workflows and actions as the checks see them: text and parsed content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from tests.support.parsing import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Table = dict[str, object]


@dataclass(frozen=True)
class Document:
    """One workflow or one action."""

    name: str
    text: str

    @classmethod
    def read(cls, name: str, path: Path) -> Document:
        return cls(name, path.read_text(encoding="utf-8"))

    @cached_property
    def data(self) -> Table:
        # PyYAML reads the key `on` as the boolean of YAML 1.1.
        loaded = cast("dict[object, object]", parse_yaml(self.text))
        return {"on" if key is True else str(key): v for key, v in loaded.items()}

    @property
    def is_action(self) -> bool:
        return "runs" in self.data

    @property
    def triggers(self) -> Table:
        return table(self.data.get("on"))

    @property
    def jobs(self) -> dict[str, Table]:
        return {name: table(job) for name, job in table(self.data.get("jobs")).items()}

    def steps(self) -> Iterator[tuple[str, Table]]:
        """Every step with its location in the document."""
        holders = (
            {"runs": table(self.data.get("runs"))} if self.is_action else self.jobs
        )
        for holder, content in holders.items():
            for number, step in enumerate(tables(content.get("steps")), 1):
                yield f"{holder} step {number}", step

    @property
    def uses_lines(self) -> list[str]:
        """Every reference to another action, with the comment behind it."""
        found = re.findall(r"^[ -]*uses: *(.+)$", self.text, re.MULTILINE)
        return [line for line in found if not line.startswith("./")]


def table(value: object) -> Table:
    """A mapping, empty for anything else."""
    return cast("Table", value) if isinstance(value, dict) else {}


def tables(value: object) -> list[Table]:
    """A list of mappings, empty for anything else."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [table(item) for item in items]


def texts(value: object) -> list[str]:
    """A string or a list of strings as a list."""
    if isinstance(value, str):
        return [value]
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [str(item) for item in items]
