"""Check whether engine.lock pins the commit that was rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.reading import as_table, read_yaml
from ci_engine.configuration.tables import text
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.project.engine_lock import ENGINE_LOCK, read_engine_lock
from ci_engine.project.repository import Project
from ci_engine.validation.framework_files import restore
from ci_engine.validation.marked_blocks import configuration_finding

# The output of `git describe`, which Copier records: v2.1.0-3-g1a2b3c4, or 1a2b3c4.
_DESCRIBED = re.compile(r"(?:.*-\d+-g)?([0-9a-f]{7,64})")


def rendered_version(project: Project) -> str:
    """The template's version in the answers: a tag or a commit."""
    name = read_engine_lock(project.root).answers
    if not name or not (project.root / name).is_file():
        return ""
    return text(as_table(read_yaml(project.root / name)), "_commit")


def check_pinned_commit(project: Project) -> Iterator[Finding]:
    """Compare both if the answers record a commit."""
    try:
        lock, rendered = read_engine_lock(project.root), rendered_version(project)
    except ConfigurationError:
        # The check of the answers reports an unreadable file.
        return
    described = _DESCRIBED.fullmatch(rendered)
    if lock.commit and described and not lock.commit.startswith(described[1]):
        message = (
            f"it pins the engine of commit {lock.commit[:12]}, but {lock.answers} "
            f"is of {rendered}: the files and the engine must be of the same commit\n"
            f"hint: {restore(ENGINE_LOCK)}"
        )
        yield configuration_finding(ENGINE_LOCK, message)
