"""Check the project's files on its packages."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.findings.results import Finding
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_overrides import FOLDER, read_overrides
from ci_engine.project.repository import Project, normalize

__all__ = ["check_packages"]


def check_packages(project: Project) -> Iterator[Finding]:
    """Report entries of packages that do not exist."""
    if not (project.root / FOLDER).is_dir():
        return
    known = packages_graph(project).names
    for name, keys in read_overrides(project.root).named.items():
        for key in keys:
            if normalize(key) not in known:
                message = f"{key} is no package; packages: {', '.join(known)}"
                yield Finding(
                    tool="ci-framework",
                    rule="packages",
                    message=message,
                    path=f"{FOLDER}/{name}",
                )
