"""Read requirements files: pinned and unpinned requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ci_engine.checks.dependencies.gathered_packages import Gathered
from ci_engine.checks.dependencies.inventory import name_of
from ci_engine.configuration.reading import read_text

_PINNED = re.compile(
    r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*={2,3}\s*([\w.!+-]+)(?=\s|;|$)"
)
_HASH = re.compile(r"--hash[= ](sha256:[0-9a-fA-F]+)")
_ADDRESS = re.compile(r"@\s*(\S+)|^((?:git|hg|svn|bzr)\+\S+|https?://\S+)")
_EGG = re.compile(r"#egg=([\w.-]+)")
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[ =]*(\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]*")
# Other sources of packages; advisories only cover packages of the index.
_SOURCE = re.compile(
    r"(?:-i|--index-url|--extra-index-url|-f|--find-links)[ =]*(\S+)"
    r"|((?:file:|[./]\S*\.(?:whl|zip|tar\.gz))\S*)"
)


@dataclass
class RequirementRows:
    """The content of requirements files.

    Attributes:
        gathered: the packages pinned to one version.
        open: the requirements without a pinned version.
        included: the included files.
        sources: other indexes and local files.
        hashed: whether there are hashes, which makes the file a lock.
    """

    gathered: Gathered
    open: list[str] = field(default_factory=list[str])
    included: list[str] = field(default_factory=list[str])
    sources: list[str] = field(default_factory=list[str])
    hashed: bool = False


def read_rows(rows: Iterable[str], name: str) -> RequirementRows:
    """Sort rows such as ``six==1.16.0 --hash=sha256:…``."""
    found = RequirementRows(Gathered(name))
    for given in rows:
        source = _SOURCE.match(given)
        if source:
            found.sources.append(source.group(1) or source.group(2))
        row = _EDITABLE.sub("", given, count=1)
        include = _INCLUDE.match(row)
        if include:
            found.included.append(include.group(1))
            continue
        if row.startswith(("-", ".", "/", "file:")):
            continue
        hashes = _HASH.findall(row)
        found.hashed = found.hashed or bool(hashes)
        address = _ADDRESS.search(row.partition(";")[0])
        if address:
            egg = _EGG.search(row)
            package = egg.group(1) if egg else name_of(row)
            url = address.group(1) or address.group(2)
            found.gathered.add_package(package, "", (), url)
            continue
        pin = _PINNED.match(row)
        if pin:
            found.gathered.add_package(pin.group(1), pin.group(2), (), "", hashes)
        elif name_of(row):
            found.open.append(row)
    return found


def read_requirements(path: Path, name: str) -> RequirementRows:
    """Read a file of requirements or constraints."""
    return read_rows(_lines(read_text(path)), name)


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        row = re.split(r"\s#", line, maxsplit=1)[0].strip()
        if row and not row.startswith("#"):
            yield row
