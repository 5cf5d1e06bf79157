"""The plan of an adopted repository: empty, unless files drifted."""

from __future__ import annotations

from ci_engine.validation.marked_blocks import SHARED_FILES
from ci_framework.planning.edits import found_block, with_line_ends
from ci_framework.planning.files import digest, patch_of
from ci_framework.planning.plan import Operation
from ci_framework.rendering import Rendered
from ci_framework.repository import Repository

# Files that a new project gets once and owns since.
_SEEDS = (
    *(".editorconfig", "AGENTS.md", "LICENSE", "README.md"),
    *("docs/", "src/", "tests/"),
)


def find_drift(repository: Repository, rendered: Rendered) -> list[Operation]:
    """Compare the framework's files with a render of the recorded version.

    Deleted files do not count: for Copier, a deletion is the project's
    choice.
    """
    operations: list[Operation] = []
    for path, file in sorted(rendered.files.items()):
        found = repository.read(path)
        if found is None or path.startswith((*_SEEDS, "ci-framework/project/")):
            continue
        wanted = file.content
        if path in SHARED_FILES:
            found, wanted = found_block(found), found_block(wanted)
        elif path.startswith(".copier-answers"):
            continue
        # git may check files out with Windows line endings.
        same = with_line_ends(found, b"\n") == with_line_ends(wanted, b"\n")
        if found and not same:
            operations.append(
                Operation(
                    kind="manual",
                    path=path,
                    reason="it differs from what the recorded version renders; the "
                    "next `copier update` merges or replaces it",
                    risk="medium",
                    before=digest(found),
                    after=digest(wanted),
                    patch=patch_of(path, found, wanted),
                )
            )
    return operations
