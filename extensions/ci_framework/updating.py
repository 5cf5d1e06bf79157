"""Run a normal update of Copier with changed answers."""

from __future__ import annotations

import os
from collections.abc import Mapping

from copier import VcsRef, run_update

from ci_engine.errors import ToolError
from ci_framework.copier_errors import copier_errors_as, last_line
from ci_framework.planning.recorded_answers import Recorded
from ci_framework.repository import Repository


def update_answers(
    repository: Repository, recorded: Recorded, answers: Mapping[str, object]
) -> tuple[list[str], list[str]]:
    """Update at the recorded version, as ``copier update --vcs-ref=:current:`` does.

    Returns:
        The files that changed, and those with conflicts, for which Copier itself
        reports success.

    Raises:
        ConfigurationError: if the template rejects an answer.
        ToolError: if the template is not available or Copier fails.
    """
    with copier_errors_as(_failed):
        run_update(
            repository.root,
            data=dict(answers),
            answers_file=recorded.path,
            vcs_ref=VcsRef.CURRENT,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
        )
    rows = repository.git("status", "--porcelain", "-z", "--no-renames").split(b"\0")
    changed = sorted(os.fsdecode(row[3:]) for row in rows if row)
    unmerged = {
        os.fsdecode(row[3:]) for row in rows if b"U" in row[:2] or row[:2] == b"AA"
    }
    return changed, sorted(
        unmerged | {name for name in changed if _marked(repository, name)}
    )


def _failed(error: Exception) -> ToolError:
    return ToolError(
        f"the update failed: {last_line(error)}",
        hint="`git status` shows what it changed, and `git reset --hard` undoes that; "
        "check that the template can be reached",
    )


def _marked(repository: Repository, path: str) -> bool:
    content = repository.read(path) or b""
    starts = (b"<<<<<<< before updating", b">>>>>>> after updating")
    return path.endswith(".rej") or any(
        line.startswith(starts) for line in content.splitlines()
    )
