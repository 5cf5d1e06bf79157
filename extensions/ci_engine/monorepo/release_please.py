"""Derive the configuration of release-please from the packages.

release-please has no plugin for dependencies between Python packages. Packages that
depend on each other are linked instead: they are released together, in the same
version, so that dependents of a changed package are never left behind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_engine.configuration.reading import Table, read_text
from ci_engine.configuration.tables import items, table, text
from ci_engine.errors import ConfigurationError
from ci_engine.monorepo.package_model import REACHING, Graph, Package
from ci_engine.project.repository import Project

CONFIG = "release-please-config.json"
MANIFEST = ".release-please-manifest.json"
_SCHEMA = (
    "https://raw.githubusercontent.com/googleapis/release-please/main/schemas/"
    "config.json"
)
# The prefix of group names that we manage.
_GROUP = "linked with "


def release_files(project: Project, graph: Graph) -> dict[str, tuple[str, str]]:
    """The current and the expected texts of both files, which may be equal.

    Manual additions are kept.
    """
    old_config, config = _read(project.root / CONFIG)
    old_manifest, manifest = _read(project.root / MANIFEST)
    packages = [graph.by_name[name] for name in graph.order]
    new_config = _config(project, graph, packages, config)
    paths = {package.path for package in packages}
    kept = {p: v for p, v in manifest.items() if p in paths or _is_there(project, p)}
    new_manifest = {
        package.path: package.version or "0.0.0" for package in packages
    } | kept
    return {
        CONFIG: (old_config, _written(old_config, config, new_config)),
        MANIFEST: (old_manifest, _written(old_manifest, manifest, new_manifest)),
    }


def _is_there(project: Project, path: str) -> bool:
    return (project.root / path).is_dir()


def _read(path: Path) -> tuple[str, Table]:
    if not path.is_file():
        return "", {}
    written = read_text(path)
    try:
        return written, table(json.loads(written))
    except ValueError as error:
        raise ConfigurationError(
            f"{path.name}: not valid JSON: {error}",
            hint=f"correct {path.name} and run the command again",
        ) from error


def _written(old: str, before: Mapping[str, object], after: object) -> str:
    """The text of a file, which is kept as long as its content is equal."""
    if old and before == after:
        return old
    return json.dumps(after, indent=2, ensure_ascii=False) + "\n"


def _config(
    project: Project, graph: Graph, packages: Sequence[Package], old: Table
) -> Table:
    known = table(old, "packages")
    locked = (project.root / "uv.lock").is_file() or project.manager == "uv"
    entries: Table = {
        package.path: _entry(package, table(known.get(package.path)), locked=locked)
        for package in packages
    }
    for path, entry in known.items():
        if path not in entries and _is_there(project, path):
            entries[path] = entry
    return {
        "$schema": _SCHEMA,
        "release-type": "python",
        "include-component-in-tag": True,
        **{key: value for key, value in old.items() if key != "plugins"},
        "packages": entries,
        "plugins": _plugins(graph, old),
    }


def _entry(package: Package, old: Table, *, locked: bool) -> Table:
    """One package: its name, and the other locations of its version."""
    files: list[object] = []
    if any(other.kind in REACHING for other in package.depends_on):
        # A requirement on a linked package has the comment x-release-please-version.
        files.append({"type": "generic", "path": package.manifest})
    if locked:
        jsonpath = f"$.package[?(@.name.value=='{package.name}')].version"
        files.append({"type": "toml", "path": "/uv.lock", "jsonpath": jsonpath})
    own = items(old, "extra-files")
    more = [entry for entry in files if entry not in own]
    entry: Table = {"component": package.name, "package-name": package.name, **old}
    if own or more:
        entry["extra-files"] = [*own, *more]
    return entry


def _plugins(graph: Graph, old: Table) -> list[object]:
    ours: list[object] = [
        {"type": "linked-versions", "groupName": f"{_GROUP}{g[0]}", "components": g}
        for g in _linked(graph)
    ]
    listed = items(old, "plugins")
    others = [p for p in listed if not text(p, "groupName").startswith(_GROUP)]
    return [*others, *ours]


def _linked(graph: Graph) -> list[list[str]]:
    """The packages that depend on each other, each after its dependencies."""
    group_of = {name: name for name in graph.order}
    for package in graph.packages:
        for other in package.depends_on:
            if other.kind in REACHING:
                one, two = group_of[package.name], group_of[other.name]
                group_of = {n: one if g == two else g for n, g in group_of.items()}
    groups: dict[str, list[str]] = {}
    for name in graph.order:
        groups.setdefault(group_of[name], []).append(name)
    return [group for group in groups.values() if len(group) > 1]
