"""Merge the coverage of shards to that of one run of all tests.

Each shard reports the statements and branches of a file, and which of them it ran. A
statement is covered if any shard ran it, and a branch is missing if all shards miss it.
So neither the sources nor the interpreters of the shards are needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine.errors import ToolError
from ci_engine.project.output_files import write_text

Arc = tuple[int, int]


class _Summary(msgspec.Struct, kw_only=True):
    num_branches: int = 0


class _File(msgspec.Struct, kw_only=True):
    summary: _Summary
    executed_lines: list[int] = []
    missing_lines: list[int] = []
    excluded_lines: list[int] = []
    executed_branches: list[Arc] | None = None
    missing_branches: list[Arc] | None = None


class _Report(msgspec.Struct):
    files: dict[str, _File]


class _Totals(msgspec.Struct, kw_only=True):
    covered_lines: int = 0
    num_statements: int = 0
    percent_covered: float = 100.0
    missing_lines: int = 0
    excluded_lines: int = 0
    num_branches: int = 0
    covered_branches: int = 0
    missing_branches: int = 0

    def completed(self) -> _Totals:
        """Add the percentage, as coverage computes it."""
        whole = self.num_statements + self.num_branches
        if self.num_statements:
            done = self.covered_lines + self.covered_branches
            self.percent_covered = 100.0 * done / whole
        return self


class _JoinedFile(msgspec.Struct, kw_only=True):
    executed_lines: list[int]
    missing_lines: list[int]
    excluded_lines: list[int]
    executed_branches: list[Arc]
    missing_branches: list[Arc]
    summary: _Totals


class _Joined(msgspec.Struct, kw_only=True):
    meta: dict[str, Literal["ci-framework"]] = msgspec.field(
        default_factory=lambda: {"combined-by": "ci-framework"}
    )
    files: dict[str, _JoinedFile]
    totals: _Totals


def combine_coverage(reports: Iterable[Path], target: Path) -> None:
    """Merge the reports of all shards into one in the format of ``coverage json``.

    Raises:
        ToolError: if a report cannot be read.
    """
    files: dict[str, list[_File]] = {}
    for path in reports:
        try:
            report = msgspec.json.decode(path.read_bytes(), type=_Report)
        except (OSError, msgspec.DecodeError) as error:
            raise ToolError(
                f"{path}: cannot be read: {error}",
                hint="run the shards again",
            ) from error
        for name, file in report.files.items():
            # Shards on Windows write their names with backslashes.
            files.setdefault(name.replace("\\", "/"), []).append(file)
    joined = {name: _join(parts) for name, parts in sorted(files.items())}
    totals = _Totals()
    for whole in joined.values():
        for name in _Totals.__struct_fields__:
            if name != "percent_covered":
                value: int = getattr(totals, name) + getattr(whole.summary, name)
                setattr(totals, name, value)
    text = msgspec.json.encode(_Joined(files=joined, totals=totals.completed()))
    write_text(target, text.decode())


def _join(parts: list[_File]) -> _JoinedFile:
    executed = {line for part in parts for line in part.executed_lines}
    statements = executed.union(*(part.missing_lines for part in parts))
    excluded = {line for part in parts for line in part.excluded_lines}
    arcs = {arc for part in parts for arc in part.executed_branches or ()}
    missed = set(parts[0].missing_branches or ())
    for part in parts[1:]:
        missed &= set(part.missing_branches or ())
    branches = max(part.summary.num_branches for part in parts)
    summary = _Totals(
        covered_lines=len(executed),
        num_statements=len(statements),
        missing_lines=len(statements - executed),
        excluded_lines=len(excluded),
        num_branches=branches,
        covered_branches=branches - len(missed),
        missing_branches=len(missed),
    )
    return _JoinedFile(
        executed_lines=sorted(executed),
        missing_lines=sorted(statements - executed),
        excluded_lines=sorted(excluded),
        executed_branches=sorted(arcs),
        missing_branches=sorted(missed),
        summary=summary.completed(),
    )
