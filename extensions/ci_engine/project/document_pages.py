"""Recognize documentation pages, which nothing runs or is configured by."""

from __future__ import annotations

import re

_TEXTS = (".md", ".rst", ".txt", ".adoc", ".markdown", ".cff", ".bib", ".po", ".pot")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".pdf", ".css")
_NAMES = ("README", "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS", "CHANGELOG")
_SITE = ("mkdocs.yml", "properdocs.yml")


def is_page(path: str) -> bool:
    """Whether a file is a page, a picture on one, or a site's navigation."""
    base = path.rpartition("/")[2]
    if base == "CMakeLists.txt" or re.search(r"requirements|constraints", base):
        return False
    return base.lower().endswith((*_TEXTS, *_PICTURES)) or base in (*_NAMES, *_SITE)
