"""Render the template in this process, without trust and without a terminal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from copier import run_copy

from tests.support.parsing import Document, parse_yaml

ROOT = Path(__file__).resolve().parents[2]
BLOCK_START = "# >>> ci-framework >>>"
BLOCK_END = "# <<< ci-framework <<<"

Answers = Mapping[str, object]

_LEFT_BY_TOOLS = shutil.ignore_patterns(
    "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".ci-framework"
)


def copy_template(destination: Path) -> Path:
    """Copy what a release holds for Copier into a plain directory."""
    for name in ("copier.yml", ".gitattributes"):
        shutil.copy2(ROOT / name, destination)
    for name in ("template", "extensions"):
        shutil.copytree(ROOT / name, destination / name, ignore=_LEFT_BY_TOOLS)
    return destination


def render(
    template: Path,
    destination: Path,
    answers: Answers | None = None,
    *,
    exclude: Sequence[str] = (),
) -> Path:
    """Render the template as ``copier copy --defaults`` does."""
    run_copy(
        str(template),
        destination,
        data=dict(answers or {}),
        exclude=exclude,
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=False,
    )
    return destination


def render_once(template: Path, destination: Path, answers: Answers) -> Path:
    """Render into a directory that other processes may want at the same time."""
    if not destination.is_dir():
        mine = destination.with_name(f"{destination.name}.{os.getpid()}")
        render(template, mine, answers)
        try:
            mine.rename(destination)
        except OSError:  # another process was quicker
            shutil.rmtree(mine)
    return destination


def files(directory: Path) -> list[Path]:
    """List the files below a directory, sorted, without those of git."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(directory).parts
    )


def snapshot(directory: Path) -> dict[str, tuple[bytes, bool]]:
    """Read every file: its bytes and whether it may be executed."""
    return {
        path.relative_to(directory).as_posix(): (
            path.read_bytes(),
            bool(path.stat().st_mode & 0o100),
        )
        for path in files(directory)
    }


def read_answers(directory: Path) -> Document:
    """Read the recorded answers."""
    text = (directory / ".copier-answers.yml").read_text(encoding="utf-8")
    return cast("Document", parse_yaml(text))


def questions() -> dict[str, Document]:
    """Read the questions of copier.yml: no settings, and no computed values."""
    document = parse_yaml((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {
        name: details
        for name, details in cast("dict[str, Document]", document).items()
        if not name.startswith("_") and details.get("when") is not False
    }
