"""What may be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
import yaml
from generate_schemas import ROOT, field_notes

from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import Settings
from reference_sections.markdown import Document, code, read, table

QUALITY_TIERS = "extensions/ci_engine/configs/quality-tiers.yaml"
# Tables whose keys are the project's own.
OWN_NAMES = {
    "calls": "`tool`, a name, and `arguments`; one table for each call",
    "data_patterns": "a list of patterns for each pattern",
    "thresholds": "a percentage for each name",
    "group_thresholds": "a percentage for each group",
}
SEE_CHECKS = "[by check](#checks-and-tiers)"


def defaults() -> Document:
    """The value of every setting that is not set, from all files of configuration."""
    settings = load_configuration(ROOT / "docs", {}).settings
    found: Document = msgspec.to_builtins(settings)
    tiers = cast("Document", yaml.safe_load(read(QUALITY_TIERS)))
    found["checks"] = tiers["defaults"]["checks"]
    for name in ("changes", "security", "scan", "cleanup"):
        table = getattr(settings, name)
        found[name] = {
            key.replace("_", "-"): getattr(table, key)
            for key in table.__struct_fields__
        }
    return {**tiers["defaults"], **found}


def write_settings(defaults: Document) -> str:
    """One row for each setting, with its environment variable."""
    rows = list(settings_rows(Settings, (), defaults))
    return f"""\
## Settings

They are in `[tool.ci-framework]` of `pyproject.toml`, or of `ci-framework.toml` in a
repository without a `pyproject.toml`. The first of these sources counts:

1. the command line,
2. environment variables; lists are separated by commas, an empty one counts as not set,
3. `[tool.ci-framework]`,
4. `extensions/ci_engine/configs/quality-tiers.yaml`, which holds the defaults below.

An unknown key, an unknown `CI_FRAMEWORK_` variable or a value that is not allowed ends
the command with exit code 2 and names file, line, key, value and what is allowed.

{table(("key", "what", "allowed", "default", "environment variable"), rows)}

`CHECK` stands for the name of a check, such as `lint` or `NO_CONFLICT_MARKERS`. The
JSON schema for editors is `extensions/ci_engine/configs/schemas/settings.json`.

Two variables are not settings: `CI_FRAMEWORK_ENGINE_PYTHON` is the Python that starts
the engine (3.10 or later), and `CI_FRAMEWORK_CACHE` is the directory of the cache."""


def settings_rows(
    structure: type[msgspec.Struct], keys: tuple[str, ...], defaults: Document
) -> Iterator[tuple[str, ...]]:
    """The rows of a table of settings and of the tables in it."""
    kind = msgspec.inspect.type_info(structure)
    notes = field_notes(structure)
    for field in cast("msgspec.inspect.StructType", kind).fields:
        here = (*keys, field.encode_name)
        value = defaults.get(field.encode_name)
        if isinstance(field.type, msgspec.inspect.StructType):
            yield from settings_rows(field.type.cls, here, value or {})
        elif field.name in OWN_NAMES:
            what = f"a table: {OWN_NAMES[field.name]}"
            yield f"`{'.'.join(here)}`", notes[field.name], what, "none", "none"
        elif isinstance(field.type, msgspec.inspect.DictType):
            yield from check_rows(field.type.value_type, here, notes[field.name], value)
        else:
            note = notes[field.name]
            yield setting_row(here, note, field.type, code(value))


def check_rows(
    kind: msgspec.inspect.Type, keys: tuple[str, ...], note: str, value: object
) -> Iterator[tuple[str, ...]]:
    """The rows of a table with one entry for each check."""
    if not isinstance(kind, msgspec.inspect.StructType):
        yield setting_row((*keys, "CHECK"), note, kind, "none")
        return
    notes = field_notes(kind.cls)
    if keys == ("services",):
        for field in kind.fields:
            here = f"`services.NAME.{field.encode_name}`"
            known = field.default is not msgspec.NODEFAULT
            default = code(field.default) if known else "none"
            yield here, notes[field.name], allowed(field.type), default, "none"
        return
    for field in kind.fields:
        name = field.encode_name
        each = cast("Mapping[str, Mapping[str, object]]", value)
        found = {check: entry.get(name, field.default) for check, entry in each.items()}
        same = len(set(map(str, found.values()))) == 1
        default = code(next(iter(found.values()))) if same else SEE_CHECKS
        yield setting_row(
            (*keys, "CHECK", name), notes[field.name], field.type, default
        )


def setting_row(
    keys: tuple[str, ...], note: str, kind: msgspec.inspect.Type, default: str
) -> tuple[str, ...]:
    """One setting: key, note, what is allowed, default, environment variable."""
    variable = "CI_FRAMEWORK_" + "_".join(keys).replace("-", "_").upper()
    return (f"`{'.'.join(keys)}`", note, allowed(kind), default, f"`{variable}`")


def allowed(kind: msgspec.inspect.Type) -> str:
    """What a setting may be, in words."""
    if isinstance(kind, msgspec.inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, msgspec.inspect.BoolType):
        return "`true`, `false`"
    if isinstance(kind, msgspec.inspect.IntType):
        most = "or more" if kind.le is None else f"to {kind.le}"
        return f"integer {kind.ge} {most}"
    if isinstance(kind, msgspec.inspect.FloatType):
        return f"number above {kind.gt:g}" if kind.gt is not None else "number"
    if isinstance(kind, msgspec.inspect.ListType):
        least = f", at least {kind.min_length}" if kind.min_length else ""
        return f"list{least}; each: {allowed(kind.item_type)}"
    if isinstance(kind, msgspec.inspect.UnionType):
        given = [t for t in kind.types if not isinstance(t, msgspec.inspect.NoneType)]
        return " or ".join(map(allowed, given))
    if isinstance(kind, msgspec.inspect.StrType):
        text = "text, not empty" if kind.min_length else "text"
        return f"text like `{kind.pattern}`" if kind.pattern else text
    if isinstance(kind, msgspec.inspect.DictType):
        return f"a table; each: {allowed(kind.value_type)}"
    raise TypeError(kind)
