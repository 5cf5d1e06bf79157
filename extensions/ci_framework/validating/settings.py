"""The settings of an adoption that a validation needs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec

from ci_engine.configuration.project_settings import (
    configuration_file,
    project_table,
    with_answers,
)
from ci_engine.configuration.reading import read_toml
from ci_engine.configuration.settings import (
    BUILT_IN_CHECKS,
    TIERS,
    Environments,
    Settings,
    Tier,
)
from ci_engine.configuration.tables import dig, text, texts

_Table = dict[str, object]
_NAMES = frozenset(item.encode_name for item in msgspec.structs.fields(Settings))


@dataclass(frozen=True)
class AdoptedSettings:
    """The settings in ``[tool.ci-framework]`` of the adopted commit.

    Attributes:
        tier: the tier that CI runs.
        test: the project's own command for its tests; empty = pytest.
        pythons: the versions that its CI tests.
        variables: all settings as variables, for a commit that has none.
    """

    tier: Tier
    environments: Environments
    test: str | list[str]
    pythons: list[str]
    variables: dict[str, str]


def read_settings(root: Path) -> AdoptedSettings:
    """Read the settings of a clone.

    Raises:
        ConfigurationError: if the file is broken.
    """
    source = configuration_file(root)
    settings = project_table(read_toml(source), source) if source else {}
    # The engine reads only one of two files: pyproject.toml, even without our table.
    tier = text(settings, "quality", "tier")
    names = {
        name: text(settings, "environments", name)
        for name in ("essential", "extended", "full", "test", "benchmarks", "docs")
    }
    return AdoptedSettings(
        tier=TIERS[TIERS.index(tier)] if tier in TIERS else "extended",
        environments=Environments(**names),
        test=_command(settings),
        pythons=texts(with_answers(settings), "matrix", "python-versions"),
        variables=dict(_variables(settings, ())),
    )


def _command(settings: _Table) -> str | list[str]:
    own = dig(settings, "commands", "test")
    found = own or dig(settings, "checks", "test", "command")
    if isinstance(found, list):
        return [str(word) for word in cast("list[object]", found)]
    return found if isinstance(found, str) else ""


def _variables(table: _Table, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if not keys and key not in _NAMES:
            continue
        if keys in (("checks",), ("commands",)) and key not in BUILT_IN_CHECKS:
            continue
        path = (*keys, key)
        if isinstance(value, dict):
            yield from _variables(cast("_Table", value), path)
        else:
            name = "_".join(path).replace("-", "_").upper()
            command = path[0] == "commands" or path[-1] == "command"
            yield f"CI_FRAMEWORK_{name}", _as_text(value, command=command)


def _as_text(value: object, *, command: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        words = [str(item) for item in cast("list[object]", value)]
        return shlex.join(words) if command else ",".join(words)
    return str(value)
