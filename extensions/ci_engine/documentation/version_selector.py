"""A list of versions for Sphinx pages, whose themes have none.

Each page of a version refers to one script at the root of the branch: so the pages
of old versions have the current list, and local builds have none.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

SELECTOR_FILE = "ci-framework-versions.js"
# Only Sphinx writes it.
_MARK = "_static/documentation_options.js"
# What a page with its own selector contains: of mike, of a theme, of Read the Docs.
_OWN = re.compile(
    rb"""<script\b(?:(?!</script).)*?(?:versions\.json|"provider":\s*"mike")"""
    rb"""|<[^>]*\bclass=["'][^"'>]*\b(?:version-switcher|rst-versions)""",
    re.DOTALL | re.IGNORECASE,
)
_END_OF_HEAD = re.compile(rb"</head\s*>", re.IGNORECASE)


def selector_script() -> str:
    """The script that every page refers to."""
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def is_without_selector(pages: Path) -> bool:
    """Whether pages are from a tool whose themes do not read ``versions.json``."""
    return (pages / _MARK).is_file()


def copy_with_selector(pages: Path, target: Path) -> None:
    """Copy pages, adding the script to each one without a selector."""
    shutil.copytree(pages, target, symlinks=True)
    for path in sorted(target.rglob("*.html")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        end = _END_OF_HEAD.search(content)
        if end is None or _OWN.search(content):
            continue
        up = "../" * len(path.relative_to(target).parts)
        tag = f'<script defer src="{up}{SELECTOR_FILE}"></script>\n'.encode()
        path.write_bytes(content[: end.start()] + tag + content[end.start() :])
