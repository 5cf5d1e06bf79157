"""Write the components of a project as CycloneDX 1.6."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from datetime import datetime, timezone
from typing import cast
from urllib.parse import quote

import msgspec

from ci_engine import __version__
from ci_engine.checks.dependencies import Dependencies, Dependency
from ci_engine.config import Table
from ci_engine.project import Project, normalise

__all__ = ["to_cyclonedx"]

_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def to_cyclonedx(project: Project, dependencies: Dependencies) -> str:
    """List the project and everything it depends on.

    The serial number follows from the content, so that two lists of the same
    components are the same file but for the time.
    """
    elsewhere = set(dependencies.others)
    listed = {*dependencies.audited, *dependencies.others}
    components = [
        _component(each, on_index=each not in elsewhere or each.kind == "conda")
        for each in sorted(listed)
    ]
    root = _root(project)
    content = msgspec.json.encode([root, components])
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
        # Which of them needs which one is not told: only that these are all.
        "compositions": [
            {"aggregate": "unknown", "assemblies": [cast("str", root["bom-ref"])]}
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"


def _timestamp() -> str:
    """The time, or the one that reproducible builds ask for."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(epoch) if epoch.isdigit() else int(time.time())
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def _root(project: Project) -> dict[str, object]:
    table = project.pyproject.get("project")
    facts = cast("Table", table) if isinstance(table, dict) else {}
    name = project.distribution or project.root.name
    version = facts.get("version")
    root: dict[str, object] = {
        "type": "application",
        "bom-ref": f"project:{normalise(name)}",
        "name": name,
    }
    if isinstance(version, str):
        root["version"] = version
    return root


def _component(dependency: Dependency, *, on_index: bool) -> dict[str, object]:
    """One component; only what an index serves has an address there."""
    name = dependency.name
    version = f"@{quote(dependency.version, safe='')}" if dependency.version else ""
    package = f"pkg:{dependency.kind}/{quote(name, safe='')}{version}"
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": package,
        "name": name,
    }
    if on_index:
        component["purl"] = package
    if dependency.version:
        component["version"] = dependency.version
    if dependency.licence:
        component["licenses"] = [{"license": {"name": dependency.licence}}]
    return component
