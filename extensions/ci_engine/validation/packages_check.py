"""Check the project's files on its packages."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ci_engine.configuration.tables import table
from ci_engine.findings.results import Finding
from ci_engine.monorepo.files import (
    CROSS,
    FOLDER,
    SELECTIVE,
    CrossPackageFile,
    SelectiveCiFile,
    directory,
    read_file,
)
from ci_engine.monorepo.graph import packages_graph
from ci_engine.project.repository import Project, normalize

__all__ = ["check_packages"]


def check_packages(project: Project) -> Iterator[Finding]:
    """Name the entries of packages that are not there.

    Raises:
        ConfigurationError: naming every mistake in one of the files.
        ToolError: if git cannot list the files.
    """
    if not directory(project.root).is_dir():
        return
    known = set(packages_graph(project).names)
    kinds: dict[str, type[msgspec.Struct]] = {
        SELECTIVE: SelectiveCiFile,
        CROSS: CrossPackageFile,
    }
    for name, kind in kinds.items():
        told = table(msgspec.to_builtins(read_file(project.root, name, kind)))
        for key in table(told, "packages"):
            if normalize(key) not in known:
                message = f"{key} is no package; packages: {', '.join(sorted(known))}"
                yield Finding(
                    tool="ci-framework",
                    rule="packages",
                    message=message,
                    path=f"{FOLDER}/{name}",
                )
