"""The dependencies of a project, and how many of them advisories cover."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ci_engine.findings.results import name_some
from ci_engine.project.repository import normalize

_MOST_NAMED = 20
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, order=True)
class Dependency:
    """One version of one distribution.

    Attributes:
        kind: its index: PyPI, or one of conda.
        requires: its requirements, as names or as ``name==version``.
        hashes: the SHA-256 hashes of its files.
    """

    name: str
    version: str
    kind: Literal["pypi", "conda"] = "pypi"
    license_name: str = field(default="", compare=False)
    requires: tuple[str, ...] = field(default=(), compare=False)
    hashes: tuple[str, ...] = field(default=(), compare=False)

    def joined(self, other: Dependency) -> Dependency:
        """Merge what two files list about the same distribution."""
        return replace(
            self,
            license_name=self.license_name or other.license_name,
            requires=tuple(sorted({*self.requires, *other.requires})),
            hashes=tuple(sorted({*self.hashes, *other.hashes})),
        )


@dataclass(frozen=True)
class Dependencies:
    """The dependencies of a project, or of one file.

    Attributes:
        source: where they were read, for display.
        audited: those that advisories cover.
        unknown: those that no advisory database covers, with their origin.
        others: the same, if their names and versions are known.
        direct: the project's own requirements, as in ``requires``.
        conda_names: the conda names of audited packages.
        files: the files that list each dependency.
        unread: files that were not read, with the reason.
        problems: problems of files that must be readable.
        open: the project's requirements that no lock covers.
    """

    source: str
    audited: tuple[Dependency, ...] = ()
    unknown: tuple[str, ...] = ()
    others: tuple[Dependency, ...] = ()
    direct: tuple[str, ...] = ()
    conda_names: frozenset[str] = frozenset()
    files: Mapping[Dependency, tuple[str, ...]] = field(
        default_factory=dict[Dependency, tuple[str, ...]]
    )
    unread: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    def and_what_is_installed(self, installed: Dependencies) -> Dependencies:
        """Add the packages that an environment has in addition to the files."""
        known = {each.name for each in (*installed.audited, *installed.others)}
        rest = replace(
            self,
            source=self.source if self.audited or self.others else "",
            unknown=tuple(u for u in self.unknown if u.partition(" ")[0] not in known),
            open=(),
        )
        return join([rest, installed])

    @property
    def names(self) -> frozenset[str]:
        """The normalized names of all dependencies."""
        listed = {normalize(each.name) for each in (*self.audited, *self.others)}
        return frozenset(listed | self.conda_names)

    def coverage(self) -> str:
        """How many dependencies were looked up, and which were not."""
        total = len(self.audited) + len(self.unknown)
        text = f"{self.source}: {len(self.audited)} of {total} dependencies known"
        if not self.unknown:
            return text
        conda = sum(other.kind == "conda" for other in self.others)
        text += f", {conda} conda-only" if conda else ""
        return f"{text}; not known: {name_some(self.unknown, _MOST_NAMED)}"


def join(parts: Iterable[Dependencies]) -> Dependencies:
    """Merge the dependencies of several files; each one is listed once."""
    audited: dict[Dependency, Dependency] = {}
    others: dict[Dependency, Dependency] = {}
    files: dict[Dependency, tuple[str, ...]] = {}
    found = list(parts)
    for part in found:
        for target, listed in ((audited, part.audited), (others, part.others)):
            for each in listed:
                target[each] = target[each].joined(each) if each in target else each
        for each, names in part.files.items():
            files[each] = tuple(dict.fromkeys((*files.get(each, ()), *names)))
    sources = [part.source for part in found if part.source]
    return Dependencies(
        ", ".join(dict.fromkeys(sources)),
        tuple(sorted(audited.values())),
        tuple(dict.fromkeys(text for part in found for text in part.unknown)),
        tuple(sorted(others.values())),
        tuple(dict.fromkeys(text for part in found for text in part.direct)),
        frozenset[str]().union(*(part.conda_names for part in found)),
        files,
        tuple(dict.fromkeys(text for part in found for text in part.unread)),
        tuple(dict.fromkeys(text for part in found for text in part.problems)),
        tuple(dict.fromkeys(text for part in found for text in part.open)),
    )


def name_of(requirement: str) -> str:
    """The name in a requirement such as ``six[x]>=1; extra == 'y'``."""
    found = _NAME.match(requirement.strip())
    return normalize(found.group()) if found else ""
