"""Collect the packages that one file lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.project.repository import normalize

_SHA256 = re.compile(r"sha256:([0-9a-fA-F]{64})")


@dataclass
class Gathered:
    """The packages read from a file so far.

    Attributes:
        owners: the projects that a lock covers.
    """

    file: str
    audited: dict[Dependency, Dependency] = field(
        default_factory=dict[Dependency, Dependency]
    )
    others: dict[Dependency, Dependency] = field(
        default_factory=dict[Dependency, Dependency]
    )
    unknown: set[str] = field(default_factory=set[str])
    direct: set[str] = field(default_factory=set[str])
    conda_names: set[str] = field(default_factory=set[str])
    owners: set[str] = field(default_factory=set[str])

    def add_package(
        self,
        name: str,
        version: str,
        requires: Iterable[str] = (),
        why: str = "",
        hashes: Iterable[str] = (),
    ) -> None:
        """Add a Python distribution, with its name as written."""
        matches = map(_SHA256.fullmatch, hashes)
        found = tuple(match.group(1).lower() for match in matches if match)
        dependency = Dependency(
            normalize(name), version, requires=tuple(requires), hashes=found
        )
        self.add(dependency, why)

    def add(self, dependency: Dependency, why: str = "") -> None:
        """Add a package; the reason is why no Python advisory covers it."""
        kept = self.others if why else self.audited
        # A lock for several platforms may list a package more than once.
        before = kept.get(dependency, dependency)
        kept[dependency] = before.joined(dependency)
        if why:
            self.unknown.add(f"{dependency.name} ({why})")

    def all(self) -> Dependencies:
        """All packages, sorted."""
        listed = [*self.audited, *self.others]
        return Dependencies(
            self.file,
            _sorted(self.audited),
            tuple(sorted(self.unknown)),
            _sorted(self.others),
            tuple(sorted(self.direct)),
            frozenset(self.conda_names),
            dict.fromkeys(listed, (self.file,)),
        )


def _sorted(found: Mapping[Dependency, Dependency]) -> tuple[Dependency, ...]:
    return tuple(
        replace(each, requires=tuple(sorted({need for need in each.requires if need})))
        for each in sorted(found.values())
    )
