"""Convert a project's names to names that the template accepts."""

from __future__ import annotations

import keyword
import re
import sys

from ci_framework.analysis.purposes.vocabulary import word_set

TOOLS = word_set("gate-tools")
# The type checkers that the check `typecheck` supports.
TYPE_CHECKERS = ("mypy", "pyrefly", "pyright")
_DEVICES = {"aux", "con", "nul", "prn"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)
}
_STDLIB = sys.stdlib_module_names | word_set("removed-modules")
_TAKEN = {"test", "tests", "src", "docs"} | _DEVICES
_LONGEST = 64
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_BAD_BRANCH = re.compile(r"\.\.|\.(/|$)|\.lock(/|$)")
_LONGEST_BRANCH = 200
_PATH = re.compile(r"[\w.+@ -]+(/[\w.+@ -]+)*", re.ASCII)


def project_name(name: str) -> str:
    """A project name that the template accepts, unchanged if possible."""
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "-", name)[:_LONGEST].strip(" ._-")
    plain = plain or "project"
    if re.sub(r"[ ._-]+", "-", plain.lower()) in TOOLS:
        return f"{plain}-project"
    return plain


def package_name(name: str) -> str:
    """An import name that the template accepts, unchanged if possible."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name)[:_LONGEST]
    if not plain.strip("_") or plain[0].isdigit():
        plain = f"py_{plain}".rstrip("_")[:_LONGEST]
    refused = keyword.iskeyword(plain) or plain in _STDLIB or plain in _TAKEN
    if refused or plain.replace("_", "-") in TOOLS:
        return f"py_{plain}"[:_LONGEST]
    return plain


def sentence(text: str, limit: int) -> str:
    """A text as one line without control characters, cut to the limit."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    words = " ".join(plain.split())
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"


def plain_path(path: str) -> bool:
    """Whether the template accepts a path."""
    if path == ".":
        return True
    odd = re.search(r"(^|/)[ -]|[ .](/|$)", path)
    return bool(_PATH.fullmatch(path)) and odd is None and len(path) <= 200  # noqa: PLR2004


def is_branch(name: str) -> bool:
    """Whether the template accepts the name of a branch."""
    fits = _BRANCH.fullmatch(name) is not None and len(name) <= _LONGEST_BRANCH
    return fits and name != "HEAD" and _BAD_BRANCH.search(name) is None
