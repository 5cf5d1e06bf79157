"""Write the JSON schemas of the settings from the types that the engine checks.

``uv run docs/generate_schemas.py`` writes them; with ``--check`` it exits with 1 if
they are not up to date.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "extensions"))

from ci_engine.cleanup.cleanup_patterns import CleanupPatterns  # noqa: E402 - the path first
from ci_engine.configuration.defaults import ChangePatterns, QualityTiers  # noqa: E402
from ci_engine.configuration.performance_settings import (  # noqa: E402
    PerformanceThresholds,
)
from ci_engine.configuration.security_profiles import SecurityProfiles  # noqa: E402
from ci_engine.configuration.settings import Settings  # noqa: E402
from ci_engine.monorepo.package_overrides import FILES  # noqa: E402
from ci_engine.scanning.waivers import WaiversFile  # noqa: E402

SCHEMAS = ROOT / "extensions" / "ci_engine" / "configs" / "schemas"
Schema = dict[str, Any]
Structure = type[msgspec.Struct]


def summary(thing: object) -> str:
    """The first paragraph of a docstring, as one line of Markdown."""
    text = inspect.getdoc(thing) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`")


def field_notes(structure: Structure) -> dict[str, str]:
    """What the docstring of a structure says about each of its fields."""
    _, _, section = (inspect.getdoc(structure) or "").partition("Attributes:\n")
    notes: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        found = re.match(r" {4}(\w+): (.+)", line)
        if found:
            name = found.group(1)
            notes[name] = found.group(2)
        elif name and line.strip():
            notes[name] += f" {line.strip()}"
    return {name: note.replace("``", "`") for name, note in notes.items()}


def structures(kind: msgspec.inspect.Type) -> dict[str, Structure]:
    """Every structure that a type is made of, by name."""
    if isinstance(kind, msgspec.inspect.DictType):
        return structures(kind.value_type)
    if isinstance(kind, msgspec.inspect.ListType):
        return structures(kind.item_type)
    if not isinstance(kind, msgspec.inspect.StructType):
        return {}
    found: dict[str, Structure] = {kind.cls.__name__: kind.cls}
    for field in kind.fields:
        found.update(structures(field.type))
    return found


def any_value(kind: type) -> Schema:
    """What ``object`` is: a value that is not ours to limit."""
    if kind is not object:
        raise NotImplementedError
    return {"description": "any value"}


def schema_of(structure: Structure, *, partial: bool) -> Schema:
    """The schema of a structure, with notes, and keys limited to known names.

    Args:
        structure: what to describe.
        partial: whether every key may be left out, as in a project's own file.
    """
    schema: Schema = msgspec.json.schema(structure, schema_hook=any_value)
    known = structures(msgspec.inspect.type_info(structure))
    definitions: Mapping[str, Schema] = schema["$defs"]
    for name, definition in definitions.items():
        notes = field_notes(known[name])
        definition["description"] = summary(known[name])
        if partial:
            definition.pop("required", None)
        kind = msgspec.inspect.type_info(known[name])
        assert isinstance(kind, msgspec.inspect.StructType)  # noqa: S101 - types only
        for field in kind.fields:
            entry: Schema = definition["properties"][field.encode_name]
            if field.name in notes:
                entry["description"] = notes[field.name]
            if isinstance(field.type, msgspec.inspect.DictType):
                key = field.type.key_type
                if isinstance(key, msgspec.inspect.LiteralType):
                    entry["propertyNames"] = {"enum": sorted(map(str, key.values))}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def finish(files: Mapping[Path, str], command: str) -> int:
    """Write the files, or with ``--check`` say which are not up to date."""
    stale = [
        path
        for path, text in files.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            name = path.relative_to(ROOT).as_posix()
            sys.stderr.write(f"{name} is not up to date: run `uv run {command}`\n")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote {path.relative_to(ROOT).as_posix()}\n")
    return 0


def main() -> int:
    """Write or check all schemas."""
    schemas = {
        "change-patterns.json": schema_of(ChangePatterns, partial=False),
        "cleanup-patterns.json": schema_of(CleanupPatterns, partial=False),
        "performance-thresholds.json": schema_of(PerformanceThresholds, partial=False),
        "quality-tiers.json": schema_of(QualityTiers, partial=False),
        "security-profiles.json": schema_of(SecurityProfiles, partial=False),
        "waivers.json": schema_of(WaiversFile, partial=False),
        "settings.json": schema_of(Settings, partial=True),
    }
    for file, kind in FILES.items():
        schemas[Path(file).with_suffix(".json").name] = schema_of(kind, partial=False)
    texts = {
        SCHEMAS / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }
    return finish(texts, "docs/generate_schemas.py")


if __name__ == "__main__":
    sys.exit(main())
