"""Settings from environment variables: ``CI_FRAMEWORK_QUALITY_TIER`` and the like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import inspect

from ci_engine.configuration.project_settings import settings_mistakes
from ci_engine.configuration.reading import Table
from ci_engine.configuration.settings import BUILT_IN_CHECKS, CheckName, Settings
from ci_engine.configuration.typed_tables import parse_text, structure_of
from ci_engine.errors import ConfigurationError, suggest

Keys = tuple[str, ...]

_PREFIX = "CI_FRAMEWORK_"
# Variables of the framework that are not settings.
_OTHER_VARIABLES = frozenset(
    f"{_PREFIX}{name}" for name in ("CACHE", "ENGINE", "ENGINE_PYTHON", "PACKAGE")
)
_CHECK_NAME = inspect.type_info(CheckName)


def read_variables(variables: Mapping[str, str]) -> Iterator[tuple[str, Keys, object]]:
    """Read the settings from environment variables.

    Yields:
        For each variable its name, its keys and its value.

    Raises:
        ConfigurationError: for an unknown name, or an invalid value.
    """
    # Workflows pass an input that is not given as an empty variable.
    given = {
        name: text
        for name, text in sorted(variables.items())
        if name.startswith(_PREFIX) and name not in _OTHER_VARIABLES and text
    }
    if not given:
        return
    names = _names(structure_of(Settings), ())
    for name, text in given.items():
        if name not in names:
            raise ConfigurationError(
                f"environment: unknown variable {name!r}; {suggest(name, names)}",
                hint=f"unset {name}, or correct its name",
            )
        keys, kind = names[name]
        value = parse_text(text, kind)
        for mistake in settings_mistakes(nested(keys, value)):
            raise ConfigurationError(
                f"environment: {name}: expected {mistake.expected}, got {text!r}",
                hint=f"correct {name}, or unset it",
            )
        yield name, keys, value


def nested(keys: Keys, value: object) -> Table:
    """Nest a value in tables with these keys."""
    table: Table = {keys[-1]: value}
    for key in reversed(keys[:-1]):
        table = {key: table}
    return table


def _names(kind: inspect.Type, keys: Keys) -> dict[str, tuple[Keys, inspect.Type]]:
    """Map each environment variable to its setting and the setting's type."""
    if isinstance(kind, inspect.StructType):
        parts = [(field.encode_name, field.type) for field in kind.fields]
    elif isinstance(kind, inspect.DictType):
        # Of the tables with free keys, only check names can be part of a variable.
        known = BUILT_IN_CHECKS if kind.key_type == _CHECK_NAME else ()
        parts = [(name, kind.value_type) for name in known]
    else:
        name = _PREFIX + "_".join(keys).replace("-", "_").upper()
        return {name: (keys, kind)}
    names: dict[str, tuple[Keys, inspect.Type]] = {}
    for name, part in parts:
        names.update(_names(part, (*keys, name)))
    return names
