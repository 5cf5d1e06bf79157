"""Report packages of a monorepo that are missing in the template's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec

from ci_engine.configuration.reading import read_yaml
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Package
from ci_engine.project.engine_lock import read_engine_lock
from ci_engine.project.repository import Project
from ci_engine.validation.marked_blocks import configuration_finding, listed_packages


def check_unlisted_packages(project: Project) -> Iterator[Finding]:
    """Name the missing packages, with the command that adds them.

    Root settings such as testpaths and the releases are rendered from the answers:
    other packages are only checked by separate jobs.
    """
    name = read_engine_lock(project.root).answers
    if not name or not (project.root / name).is_file():
        return
    try:
        paths = listed_packages(read_yaml(project.root / name))
    except ConfigurationError:
        # This is reported with the answers themselves.
        return
    if not paths:
        return
    packages = [p for p in packages_graph(project).packages if p.path != "."]
    for package in packages:
        if package.path not in paths:
            message = (
                f"packages: {package.path} is missing, so the settings at the top and "
                f"the releases do not include it\nhint: {_command(packages)}"
            )
            finding = configuration_finding(name, message)
            yield msgspec.structs.replace(finding, severity="warning")


def _command(packages: Sequence[Package]) -> str:
    """The update that adds every package to the answers."""
    named = [{"name": p.name, "path": p.path} for p in packages]
    return f"run `copier update --defaults -d 'packages={json.dumps(named)}'`"
