"""Merge the layers of settings into one configuration.

Precedence, highest first: command line, environment (``CI_FRAMEWORK_*``), the
project's file, the framework's own files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.configuration.defaults import (
    ChangePatterns,
    Defaults,
    QualityTiers,
    read_defaults,
)
from ci_engine.configuration.environment_variables import Keys, nested, read_variables
from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.project_settings import (
    ANSWERS,
    SETTINGS_KEYS,
    configuration_file,
    read_own_table,
    read_written_table,
    refuse_checks_without_command,
)
from ci_engine.configuration.reading import Table, read_text
from ci_engine.configuration.security_profiles import SecurityProfiles
from ci_engine.configuration.settings import Settings


class Configuration(msgspec.Struct, frozen=True):
    """The merged settings, with the files they come from.

    Attributes:
        source: the project's file with the settings, if there is one.
    """

    settings: Settings
    tiers: QualityTiers
    patterns: ChangePatterns
    security: SecurityProfiles
    source: Path | None


def load_configuration(
    root: Path,
    variables: Mapping[str, str],
    overrides: Table | None = None,
    package: Table | None = None,
) -> Configuration:
    """Merge all layers into one configuration."""
    defaults = read_defaults()
    merged = _default_settings(defaults)
    source = configuration_file(root)
    if source is not None:
        merged = merge(merged, read_own_table(source))
    merged = merge(merged, package or {})
    for _, keys, value in read_variables(variables):
        merged = merge(merged, nested(keys, value))
    merged = merge(merged, overrides or {})
    settings = msgspec.convert(merged, Settings)
    refuse_checks_without_command(settings, source)
    return Configuration(
        settings, defaults.tiers, defaults.patterns, defaults.security, source
    )


def effective_settings(
    root: Path, variables: Mapping[str, str]
) -> Iterator[tuple[str, object, str]]:
    """List the settings that a command would use.

    Yields:
        For each setting its dotted key, its value and the source of the value.
    """
    configuration = load_configuration(root, variables)
    origins: dict[Keys, str] = {}
    source = configuration.source
    if source is not None:
        text = read_text(source)
        written = {keys for keys, _ in _leaves(read_written_table(source))}
        for keys, _ in _leaves(read_own_table(source)):
            path = keys if keys in written else (*keys[:-1], ANSWERS, keys[-1])
            line = find_line(text, (*SETTINGS_KEYS, *path))
            origins[keys] = f"{source.name}:{line}" if line else source.name
    origins |= {keys: name for name, keys, _ in read_variables(variables)}
    defaults = _default_settings(read_defaults())
    settings = cast("Table", msgspec.to_builtins(configuration.settings))
    for keys, value in _leaves(merge(defaults, settings)):
        if ANSWERS in keys:
            continue
        yield ".".join(keys), value, origins.get(keys, "default")


def _default_settings(defaults: Defaults) -> Table:
    merged = cast("Table", msgspec.to_builtins(defaults.tiers.defaults))
    merged["changes"] = msgspec.to_builtins(defaults.patterns.defaults)
    merged["security"] = msgspec.to_builtins(defaults.security.defaults)
    merged["performance"] = msgspec.to_builtins(defaults.performance.defaults)
    return merged


def _leaves(table: Table, keys: Keys = ()) -> Iterator[tuple[Keys, object]]:
    """Every value that is not a table, with its keys."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(cast("Table", value), (*keys, key))
        else:
            yield (*keys, key), value


def merge(below: Table, above: Table) -> Table:
    """Merge one layer into another: tables are merged, other values are replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = merge(cast("Table", old), cast("Table", value))
        else:
            merged[key] = value
    return merged
