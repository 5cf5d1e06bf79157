"""Read what pre-commit or prek prints about each hook."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ci_engine.findings.results import Finding

__all__ = ["Hook", "find_locations", "read_hooks"]

_HEAD = re.compile(
    r"^(?P<name>\S.*?)\.{3,}(?P<why>\([^)]*\))?(?P<how>Passed|Failed|Skipped)$"
)
_DETAIL = re.compile(
    r"^(?:- (?P<key>hook id|exit code|duration): (?P<value>.*)"
    r"|- (?P<modified>files were modified by this hook))$"
)
_COLUMN = r"(?:(?:[:,]|,? column )(?P<column>\d+))?"
# `a.py:3:1: text`, `a.py:3 text`, `a.py(3): text`, `File "a.py", line 3`,
# `in "a.yaml", line 3, column 1` and `a.json: text (… line 1 column 2 …)`.
_LOCATIONS = (
    re.compile(r"^\s*(?P<path>[^\s:\"'(][^:\"'(]*?)[:(](?P<line>\d+)" + _COLUMN),
    re.compile(r"[\"'](?P<path>[^\"']+)[\"'], line (?P<line>\d+)" + _COLUMN),
    re.compile(r"^\s*(?P<path>[^\s:][^:]*): .*\bline (?P<line>\d+)" + _COLUMN),
    re.compile(r"^\s*(?P<path>[^\s:][^:]*): (?P<text>\S.*)$"),
)
_MISSING = re.compile(r"Executable `(?P<name>[^`]+)` not found")


@dataclass
class Hook:
    """How one hook ended.

    Attributes:
        name: what the configuration calls it.
        status: Passed, Failed or Skipped.
        id: its id, known for hooks that failed.
        exit_code: with what it failed, 0 if it only modified files.
        modified: whether it modified files.
        output: what it printed.
    """

    name: str
    status: str
    id: str = ""
    exit_code: int = 0
    modified: bool = False
    output: list[str] = field(default_factory=list[str])

    @property
    def missing(self) -> str:
        """The program that the hook needs and that is not there."""
        found = _MISSING.search("\n".join(self.output))
        return found.group("name") if found else ""


def read_hooks(text: str) -> list[Hook]:
    """Read the output of a run, one entry for each hook."""
    hooks: list[Hook] = []
    in_details = False
    for row in text.splitlines():
        head = _HEAD.match(row)
        if head:
            hooks.append(Hook(head.group("name"), head.group("how")))
            in_details = True
            continue
        if not hooks:
            continue
        detail = _DETAIL.match(row) if in_details else None
        if detail is None:
            in_details = False
            hooks[-1].output.append(row)
        elif detail.group("modified"):
            hooks[-1].modified = True
        elif detail.group("key") == "hook id":
            hooks[-1].id = detail.group("value")
        elif detail.group("key") == "exit code":
            hooks[-1].exit_code = int(detail.group("value"))
    return hooks


def find_locations(
    hook: Hook, rows: Sequence[str], known: Callable[[str], str]
) -> list[Finding]:
    """Turn the lines that name a file of the project into findings.

    Args:
        hook: the hook that printed them.
        rows: the lines.
        known: gives the name of a file relative to the repository, empty if the
            text names none.
    """
    findings: list[Finding] = []
    for row in rows:
        for pattern in _LOCATIONS:
            match = pattern.search(row)
            path = known(match.group("path").strip()) if match else ""
            if match is None or not path:
                continue
            groups = match.groupdict()
            findings.append(
                Finding(
                    tool="hooks",
                    rule=hook.id or hook.name,
                    message=row.strip(),
                    path=path,
                    line=int(groups.get("line") or 0),
                    column=int(groups.get("column") or 0),
                )
            )
            break
    return findings
