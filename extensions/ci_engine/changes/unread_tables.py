"""Tables of tools in ``pyproject.toml`` that nothing of the repository can read.

Evidence that a tool matters: its name anywhere in the repository, be it in code, a
requirement, a lock file or a workflow that runs tests. Pages and hooks do not count.
"""

from __future__ import annotations

import re

from ci_engine.test_selection.repository_files import Files

# What builds, installs and runs a project; a repository may name none of them.
_RUNNING = frozenset(
    {"ci-framework", "conda", "flit", "hatch", "maturin", "pants", "pdm", "pixi"}
    | {"poe", "poetry", "rye", "setuptools", "tox", "nox", "uv"}
)
# Shorter names are parts of other words.
_SHORTEST = 4
_NO_EVIDENCE = (".md", ".rst", ".pre-commit-config.yaml")
_SEPARATOR = re.compile(r"[-_.]")
_TESTS = re.compile(rb"test|tox|nox|gate|ci-framework", re.IGNORECASE)
_TABLE = rb"[ \t]*\[+[ \t]*tool[ \t]*\.[ \t]*[\"']?%s[\"']?[ \t]*[].]"
_HEADER = re.compile(rb"^[ \t]*\[", re.MULTILINE)
_WORKFLOWS = (".github/workflows/", ".github/actions/")


def is_unread(tool: str, files: Files) -> bool:
    """Whether nothing in the repository but its own table names a tool."""
    plain = _SEPARATOR.split(tool.lower())
    if len(tool) < _SHORTEST or plain[0] in _RUNNING or tool in _RUNNING:
        return False
    if "test" in tool or not all(plain):
        return False
    written = "[-_.]?".join(map(re.escape, plain))
    name = re.compile(written.encode(), re.IGNORECASE)
    own = re.compile(_TABLE % re.escape(tool.encode()))
    for path in sorted(files.names):
        if name.search(path.encode("utf-8", "surrogateescape")):
            return False
        if path.endswith(_NO_EVIDENCE):
            continue
        text = files.read(path)
        if path.startswith(_WORKFLOWS) and not _TESTS.search(text):
            continue
        if path.endswith("pyproject.toml"):
            text = _without(own, text)
        if name.search(text):
            return False
    return True


def _without(own: re.Pattern[bytes], text: bytes) -> bytes:
    """A TOML file without the tables whose header matches."""
    starts = [match.start() for match in _HEADER.finditer(text)]
    ends = [*starts[1:], len(text)]
    kept = [
        text[a:b] for a, b in zip(starts, ends, strict=True) if not own.match(text, a)
    ]
    return text[: starts[0]] + b"".join(kept) if starts else text
