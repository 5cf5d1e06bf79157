"""Write the detected packages to a file, which is not meant to be edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ToolError
from ci_engine.monorepo.package_model import Graph, Package
from ci_engine.monorepo.package_overrides import (
    CROSS,
    DETECTED,
    DETECTION,
    FOLDER,
    SELECTIVE,
    read_overrides,
)
from ci_engine.monorepo.release_please import CONFIG, release_files
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project

_HEAD = f"""\
# The packages of this repository, as detected. `ci-framework/ci packages --configure`
# rewrites this file; every command detects the packages again, so nothing reads it.
# To correct what was detected, write files of your own beside this one:
#   {DETECTION}: packages (path, import-names, source-paths, test-paths),
#     exclude and include (patterns of directories)
#   {SELECTIVE}: packages, each with tier, environment and python
#   {CROSS}: packages, each with depends-on and independent-of
"""


@dataclass(frozen=True)
class Written:
    """A generated file, and the files that correct the detection."""

    path: str
    changed: bool
    kept: Sequence[str] = ()


def write_detected(
    project: Project, graph: Graph, *, releases: bool = False, dry_run: bool = False
) -> list[Written]:
    """Update the generated files; a second run changes nothing."""
    name = f"{FOLDER}/{DETECTED}"
    path = project.root / name
    old = read_text(path) if path.is_file() else ""
    content = {
        "packages": {package.name: _entry(package) for package in graph.packages},
        "ignored": {entry.path: entry.because for entry in graph.ignored},
    }
    files = {name: (old, _HEAD + msgspec.yaml.encode(content).decode())}
    if releases or (project.root / CONFIG).is_file():
        files |= release_files(project, graph)
    kept = read_overrides(project.root).files
    written: list[Written] = []
    for name, (before, after) in files.items():
        if before != after and not dry_run:
            _write(project, name, after)
        overrides = kept if name.endswith(DETECTED) else ()
        written.append(Written(name, before != after, overrides))
    return written


def _write(project: Project, name: str, text: str) -> None:
    path = project.root / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(f"{path.parent}: {error.strerror}") from error
    write_text(path, text)


def _entry(package: Package) -> dict[str, object]:
    return {
        "path": package.path,
        "import-names": package.import_names,
        "source-paths": package.source_paths,
        "test-paths": package.test_paths,
        "depends-on": {other.name: other.kind for other in package.depends_on},
    }
