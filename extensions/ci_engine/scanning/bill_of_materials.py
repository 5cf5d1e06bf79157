"""Write the components of a project as CycloneDX 1.6."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from urllib.parse import quote

import msgspec

from ci_engine import __version__
from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.configuration.tables import dig
from ci_engine.project.repository import Project, normalize

_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def to_cyclonedx(project: Project, dependencies: Dependencies) -> str:
    """List the project and all of its dependencies.

    The serial number is derived from the content, so that two lists of the same
    components only differ in the time.
    """
    elsewhere = set(dependencies.others)
    listed = sorted({*dependencies.audited, *dependencies.others})
    components = [
        _component(each, on_index=each not in elsewhere or each.kind == "conda")
        for each in listed
    ]
    root = _root(project)
    edges = _edges(str(root["bom-ref"]), dependencies.direct, listed)
    content = msgspec.json.encode([root, components, edges])
    serial = uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)
    document = {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": _timestamp(),
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": "ci-framework",
                        "version": __version__,
                    }
                ]
            },
            "component": root,
            "properties": [
                {"name": "ci-framework:source", "value": dependencies.source}
            ],
        },
        "components": components,
        "dependencies": edges,
    }
    return msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"


def _timestamp() -> str:
    """The current time, or the one that reproducible builds set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(epoch) if epoch.isdigit() else int(time.time())
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _root(project: Project) -> dict[str, object]:
    name = project.distribution or project.root.name
    version = dig(project.pyproject, "project", "version")
    root: dict[str, object] = {
        "type": "application",
        "bom-ref": f"project:{normalize(name)}",
        "name": name,
    }
    if isinstance(version, str):
        root["version"] = version
    return root


def _edges(
    root: str, direct: Iterable[str], listed: Sequence[Dependency]
) -> list[dict[str, object]]:
    """The dependencies between components, starting with the project's own.

    Nothing is left unconnected: the project needs what nothing else needs.
    """
    by_name: dict[str, list[Dependency]] = {}
    for each in listed:
        by_name.setdefault(each.name, []).append(each)

    def found(needs: Iterable[str]) -> set[str]:
        refs: set[str] = set()
        for need in needs:
            name, _, version = need.partition("==")
            same = by_name.get(name, [])
            exact = [each for each in same if each.version == version]
            refs.update(_reference(each) for each in exact or same)
        return refs

    needs = {_reference(each): found(each.requires) for each in listed}
    needs = {ref: refs - {ref} for ref, refs in needs.items()}
    needed = set[str]().union(*needs.values())
    needs[root] = found(direct) | (set(needs) - needed)
    for ref in sorted(set(needs) - _reached(root, needs)):
        # Cycles that nothing else depends on.
        if ref not in _reached(root, needs):
            needs[root].add(ref)
    return [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)]


def _reached(start: str, needs: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += needs[ref]
    return reached


def _reference(dependency: Dependency) -> str:
    version = f"@{quote(dependency.version, safe='')}" if dependency.version else ""
    return f"pkg:{dependency.kind}/{quote(dependency.name, safe='')}{version}"


def _component(dependency: Dependency, *, on_index: bool) -> dict[str, object]:
    """One component; only components from an index have an address there."""
    package = _reference(dependency)
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": package,
        "name": dependency.name,
    }
    if on_index:
        component["purl"] = package
    if dependency.version:
        component["version"] = dependency.version
    if dependency.license_name:
        component["licenses"] = [{"license": {"name": dependency.license_name}}]
    if dependency.hashes:
        # One for each file of the locked version.
        component["hashes"] = [
            {"alg": "SHA-256", "content": text} for text in dependency.hashes
        ]
    return component
