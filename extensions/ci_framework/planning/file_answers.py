"""Answers that adapt the rendered files to existing files."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ci_engine.validation.marked_blocks import SHARED_FILES
from ci_framework.analysis.survey import PYPROJECT
from ci_framework.answers import Answer
from ci_framework.inventory import Inventory
from ci_framework.planning.edits import CannotEdit, decode, line_end, read_editable
from ci_framework.planning.files import SETTINGS_FILE
from ci_framework.planning.hook_answers import shape_hooks
from ci_framework.planning.name_answers import shape_prefix, shape_unmanaged
from ci_framework.planning.toml_block import toml_problem
from ci_framework.planning.tool_calls import runs
from ci_framework.planning.update_answers import shape_updates
from ci_framework.repository import Repository

# Formatters that reorder tables and rewrite lists, and so take the framework's block
# apart: of every TOML file, or of pyproject.toml only.
OF_EVERY_TOML = ("taplo", "tombi", "toml-sort")
_OF_PYPROJECT = ("pyproject-fmt", *OF_EVERY_TOML)
_PIXI_PROBE = "\n".join(
    f"[tool.pixi.{table}.ci-framework-probe]"
    for table in ("feature", "environments", "tasks")
)


def shape_answers(
    repository: Repository, retired: Collection[str] = ()
) -> dict[str, Answer]:
    """The answers that follow from the format of the project's files.

    Contains only answers that differ from their defaults. Files that cannot take their
    block are ignored here; inserting the block reports them, with a patch.
    """
    return {
        **dict(_settings(repository)),
        **shape_prefix(repository),
        **shape_hooks(repository),
        **shape_updates(repository, retired),
        **dict(_line_ends(repository)),
        **shape_unmanaged(repository),
    }


def _settings(repository: Repository) -> Iterator[tuple[str, Answer]]:
    """The file for settings, and whether it can take pixi's tables as well."""
    try:
        before = read_editable(repository, PYPROJECT)
        text = None if before is None else decode(before)
        problem = _toml_refusal(text or "")
    except CannotEdit as error:
        text, problem = "", error.reason
    if text is None:
        because = f"there is no {PYPROJECT}, and the project keeps it that way"
        yield "settings_file", Answer(SETTINGS_FILE, because)
    elif problem:
        because = f"{PYPROJECT} cannot take the settings: {problem}"
        yield "settings_file", Answer(SETTINGS_FILE, because)
    elif toml_problem(f"{text}\n{_PIXI_PROBE}\n"):
        because = "its tables of pixi are written so that none can be added to them"
        yield "pixi_tiers", Answer("project", because)


def shape_rewritten(
    repository: Repository, inventory: Inventory
) -> Iterator[tuple[str, Answer]]:
    """Another file for the settings, if the project formats pyproject.toml."""
    adopted = b"[tool.ci-framework" in (repository.blob(PYPROJECT) or b"")
    for tool in _OF_PYPROJECT:
        if not adopted and runs(repository, inventory, tool):
            because = f"{tool} formats {PYPROJECT}, and would rewrite the settings"
            yield "settings_file", Answer(SETTINGS_FILE, because)
            return


def _toml_refusal(text: str) -> str:
    problem = toml_problem(text)
    if problem:
        return f"it is not valid TOML 1.0: {problem}"
    if toml_problem(f"{text}\n[tool.ci-framework-probe]\n"):
        return "no table can be added to the way its key tool is written"
    return ""


def _line_ends(repository: Repository) -> Iterator[tuple[str, Answer]]:
    """The shared files that git stores with Windows line endings.

    The line endings in the work tree may differ; Copier merges the stored ones.
    """
    found = [
        path
        for path in SHARED_FILES
        if line_end(repository.blob(path) or b"") == b"\r\n"
    ]
    if found:
        because = f"git stores {', '.join(found)} with Windows line endings"
        yield "crlf_files", Answer(found, because)
