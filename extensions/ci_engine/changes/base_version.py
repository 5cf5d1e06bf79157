"""The base of a change, which decides what the change may accept.

A waiver or baseline entry that a change adds does not count for what it touches:
otherwise a pull request could excuse its own issues.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_engine.changes.diff import changed_files, changed_lines, moved_files
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.errors import ToolError
from ci_engine.findings.results import Finding
from ci_engine.github.event import read_event
from ci_engine.project.git import Git, has_git

_PULL_REQUEST = ("pull_request", "pull_request_target", "merge_group")
# Tools whose findings in one file may be caused by another.
_ACROSS_FILES = ("mypy", "pyright", "pyrefly", "ty")
_CODE = (".py", ".pyi", ".pyw")
_BYTES = re.compile(r"(?:[?\ufffd\udc80-\udcff]|\\x[0-9a-f]{2})+")
# Names that git and every tool write in the same way.
_PLAIN = re.compile(r"[ !#->@-\[\]-~]*")
# In a lock, the version is at most this many lines after the name.
_LINES_OF_DEPENDENCY = 3


@dataclass(frozen=True)
class BaseVersion:
    """The version of the project before a change.

    Attributes:
        touched: the files that the change adds or edits, as converted by ``_spelled``;
            moved files are not included.
        lines: the lines that it wrote in them.
    """

    git: Git
    commit: str
    touched: frozenset[str]
    lines: Mapping[str, set[int]]

    def read(self, path: str) -> str:
        """The content of a file before the change, empty if it did not exist."""
        outcome = self.git.run("show", f"{self.commit}:./{path}")
        return outcome.stdout if outcome.code == 0 else ""

    @property
    def touches_code(self) -> bool:
        """Whether the change touches any Python code."""
        return any(path.endswith(_CODE) for path in self.touched)

    def touches(self, finding: Finding) -> bool:
        """Whether the change may have caused a finding."""
        if finding.test or finding.tool in _ACROSS_FILES:
            return self.touches_code or _spelled(finding.path) in self.touched
        if not finding.path:
            return True
        if self.touched.isdisjoint(_files(finding.path)):
            return False
        about_dependency = finding.tool == "osv" or finding.rule.startswith("license-")
        # The version may be far from the name there.
        if not about_dependency or finding.path.endswith(".json"):
            return True
        if not finding.line or finding.path.endswith("Pipfile.lock"):
            return True
        written = self.lines.get(finding.path, set())
        if not written and not _PLAIN.fullmatch(finding.path):
            return True
        near = range(finding.line, finding.line + _LINES_OF_DEPENDENCY)
        return not written.isdisjoint(near)


def find_base_version(
    root: Path, since: str, variables: Mapping[str, str]
) -> BaseVersion | None:
    """Find the base of a change; None on the main branch itself.

    Raises:
        ToolError: if it is a pull request whose base is not in this clone.
    """
    if not has_git() or not Git(root).commit("HEAD"):
        return None
    base = _find(root, since, variables)
    git = Git(root)
    if base.commit is None or (base.commit == git.commit("HEAD") and not since):
        return None
    moved = moved_files(root, base)
    touched = {change.path for change in changed_files(root, base)} - moved
    names = frozenset(map(_spelled, touched))
    return BaseVersion(git, base.commit, names, changed_lines(root, base, ["."]))


def _files(path: str) -> set[str]:
    """The files of a finding; for a file in an archive, scanners name both."""
    parts = _spelled(path).split("!")
    return {"!".join(parts[:end]) for end in range(1, len(parts) + 1)}


def _spelled(path: str) -> str:
    """A path without bytes that are not UTF-8, which tools show differently."""
    return _BYTES.sub("?", path)


def _find(root: Path, since: str, variables: Mapping[str, str]) -> DiffBase:
    event = variables.get("GITHUB_EVENT_NAME", "")
    in_workflow = variables.get("GITHUB_ACTIONS") == "true"
    if since or (in_workflow and event in _PULL_REQUEST):
        base = find_diff_base(root, since, variables)
        if base.commit is None:
            raise ToolError(
                f"the base of the change is not known: {base.reason}",
                hint="check out the whole history (fetch-depth: 0)",
            )
        return base
    if in_workflow and event == "push":
        found = read_event(variables)
        if found.ref == f"refs/heads/{found.default_branch}":
            return DiffBase(None, "this run is of the default branch")
    return find_diff_base(root, "", {})
