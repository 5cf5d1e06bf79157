"""Collect what one file lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.project.repository import normalize

_SHA256 = re.compile(r"sha256:([0-9a-fA-F]{64})")


@dataclass
class Gathered:
    """What was read of a file so far.

    Attributes:
        owners: the projects that a lock says it is of.
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
        """Add a distribution of Python, by its name as it is written."""
        matches = map(_SHA256.fullmatch, hashes)
        found = tuple(match.group(1).lower() for match in matches if match)
        dependency = Dependency(
            normalize(name), version, requires=tuple(requires), hashes=found
        )
        self.add(dependency, why)

    def add(self, dependency: Dependency, why: str = "") -> None:
        """Add one; the reason says why no advisory of Python is about it."""
        kept = self.others if why else self.audited
        # A lock for several platforms lists some of them several times.
        before = kept.get(dependency, dependency)
        kept[dependency] = before.joined(dependency)
        if why:
            self.unknown.add(f"{dependency.name} ({why})")

    def all(self) -> Dependencies:
        """Everything, sorted."""
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
