"""Check whether engine.lock pins the commit that was rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.reading import as_table, read_text, read_yaml
from ci_engine.configuration.tables import text
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.project.repository import Project
from ci_engine.validation.framework_files import restore
from ci_engine.validation.marked_blocks import answers_file, configuration_finding
from ci_engine.validation.vendored_engine import FOLDER, LOCK

_COMMIT_LINE = re.compile(r"^# commit: *([0-9a-f]{40,64})\s*$", re.MULTILINE)
# The output of `git describe`, which Copier records: v2.1.0-3-g1a2b3c4, or 1a2b3c4.
_DESCRIBED = re.compile(r"(?:.*-\d+-g)?([0-9a-f]{7,64})")


def pinned_commit(project: Project) -> str:
    """The commit that engine.lock pins, empty if it pins none."""
    lock = project.root / FOLDER / LOCK
    found = _COMMIT_LINE.search(read_text(lock)) if lock.is_file() else None
    return found[1] if found else ""


def rendered_version(project: Project) -> str:
    """The template's version in the answers: a tag or a commit."""
    name = answers_file(project)
    if not name or not (project.root / name).is_file():
        return ""
    return text(as_table(read_yaml(project.root / name)), "_commit")


def check_pinned_commit(project: Project) -> Iterator[Finding]:
    """Compare both if the answers record a commit."""
    try:
        pinned, rendered = pinned_commit(project), rendered_version(project)
    except ConfigurationError:
        # The check of the answers reports an unreadable file.
        return
    described = _DESCRIBED.fullmatch(rendered)
    if pinned and described and not pinned.startswith(described[1]):
        message = (
            f"it pins the engine of commit {pinned[:12]}, but {answers_file(project)} "
            f"is of {rendered}: files and engine do not belong together\n"
            f"hint: {restore(f'{FOLDER}/{LOCK}')}"
        )
        yield configuration_finding(f"{FOLDER}/{LOCK}", message)
