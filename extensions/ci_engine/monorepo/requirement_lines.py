"""Parse requirements: a name, or a directory of this repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ci_engine.project.repository import normalize

Way = Literal["runtime", "extra", "build", "development"]

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?=$|[\[\s<>=!~;@,(#])")
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)(.+)")
_LINK = re.compile(r"@\s*(\S+)")
# Variables for the directory of the package or of the project in such an address.
_HERE = re.compile(r"(?:\$\{PROJECT_ROOT\}|\{root(?::uri|:real)?\})/?")


class Needed(msgspec.Struct, frozen=True):
    """One requirement of a package.

    Attributes:
        name: the normalized name, empty if only a directory is named.
        path: the required directory, relative to the package; may be empty.
        way: the kind of dependency.
        because: its location.
    """

    name: str
    path: str
    way: Way
    because: str


def parse_requirement(text: str, way: Way, where: str) -> Needed | None:
    """Parse one requirement, or one line of a requirements file."""
    text = text.split(" #", maxsplit=1)[0].strip()
    editable = _EDITABLE.match(text)
    if editable:
        text = editable.group(1).strip().strip("\"'")
    because = f"{where}: {text}"
    if editable or text.startswith((".", "/", "file:")):
        egg = re.search(r"#egg=([\w.-]+)", text)
        name = normalize(egg.group(1)) if egg else ""
        return Needed(name, local_path(text), way, because)
    match = _NAME.match(text)
    if match is None:
        return None
    link = _LINK.match(text[match.end(1) :].partition("]")[2].strip() or "") or (
        _LINK.search(text)
    )
    path = local_path(link.group(1)) if link else ""
    return Needed(normalize(match.group(1)), path, way, because)


def local_path(text: str) -> str:
    """The directory in an address such as ``file:../core``, empty for any other."""
    text = text.partition(";")[0].partition("#")[0].strip()
    text = re.sub(r"\[[^]]*\]$", "", text)
    if text.startswith("file:"):
        text = text.removeprefix("file:")
        text = text.removeprefix("//") if not text.startswith("///") else text[2:]
    elif re.match(r"[a-z+]+:", text):
        placeholder = _HERE.match(text)
        if placeholder is None:
            return ""
    text = _HERE.sub("", text)
    return posixpath.normpath(text.replace("\\", "/")) if text else "."


def requirement_lines(text: str) -> Iterator[str]:
    """The requirements in a requirements file, without options and comments."""
    joined = text.replace("\\\r\n", "").replace("\\\n", "")
    for row in joined.splitlines():
        line = row.strip()
        option = line.startswith("-") and not _EDITABLE.match(line)
        if line and not option and not line.startswith("#"):
            yield line


def parse_all(texts: Iterable[object], way: Way, where: str) -> Iterator[Needed]:
    """Parse the texts that are requirements."""
    for text in texts:
        needed = parse_requirement(text, way, where) if isinstance(text, str) else None
        if needed is not None:
            yield needed
