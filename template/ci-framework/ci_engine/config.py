"""Read the settings of a project, layer by layer, and refuse what is not allowed.

Order, the strongest first: command line, environment (``CI_FRAMEWORK_*``), the
project's file, ``ci-framework/configs/*.yaml``.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar, cast

import msgspec
from msgspec import inspect

from ci_engine.errors import ConfigurationError
from ci_engine.profiles import SecurityProfiles
from ci_engine.schema import Mistake, find_mistakes
from ci_engine.settings import (
    BUILT_IN_CHECKS,
    ChangePatterns,
    QualityTiers,
    Settings,
)
from ci_engine.user_cache import CACHE_VARIABLE

__all__ = [
    "Configuration",
    "Table",
    "as_table",
    "configs_directory",
    "configuration_file",
    "describe_place",
    "find_line",
    "load_configuration",
    "project_table",
    "read_own_table",
    "read_text",
    "read_toml",
    "read_yaml",
    "settings_mistakes",
]

Table = dict[str, object]
_Structure = TypeVar("_Structure", bound=msgspec.Struct)

_PREFIX = "CI_FRAMEWORK_"
# Variables of ours that are not settings.
_OTHER_VARIABLES = frozenset(
    {CACHE_VARIABLE, "CI_FRAMEWORK_ENGINE_PYTHON", "CI_FRAMEWORK_PACKAGE"}
)


class Configuration(msgspec.Struct, frozen=True):
    """Everything the commands know about what is wanted.

    Attributes:
        settings: the merged settings.
        tiers: the tiers and the runners.
        patterns: the kinds of files by their names.
        security: the levels of ``ci scan``.
        source: the project's file the settings came from, if there is one.
    """

    settings: Settings
    tiers: QualityTiers
    patterns: ChangePatterns
    security: SecurityProfiles
    source: Path | None


def as_table(value: object) -> Table:
    """A table of a parsed document, empty for anything else."""
    return cast("Table", value) if isinstance(value, dict) else {}


def configs_directory() -> Path:
    """Where the framework's own configuration files are."""
    beside = Path(__file__).resolve().parent.parent
    # Installed from this repository's wheel they have a name of their own.
    installed = beside / "ci_engine_configs"
    return installed if installed.is_dir() else beside / "configs"


def read_text(path: Path) -> str:
    """Read a text file as UTF-8; a byte order mark is not part of the text.

    Raises:
        ConfigurationError: if it cannot be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path.name}: not UTF-8 (byte {error.start})",
            next_step=f"save {path} as UTF-8",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"{path.name}: cannot be read: {error.strerror}",
            next_step=f"check that {path} is a readable file",
        ) from error


def read_toml(path: Path) -> Table:
    """Read a TOML file.

    Raises:
        ConfigurationError: if it cannot be read or is not TOML.
    """
    text = read_text(path)
    try:
        return msgspec.toml.decode(text, type=Table)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"{path.name}: not valid TOML: {error}{_marker_hint(text)}",
            next_step=f"correct {path.name} at the line named above",
        ) from error
    except RecursionError as error:
        raise _too_deep(path) from error


def read_yaml(path: Path) -> object:
    """Read a YAML file.

    Raises:
        ConfigurationError: if it cannot be read or is not YAML.
    """
    text = read_text(path)
    try:
        return msgspec.yaml.decode(text)
    # A day that no calendar has is a mistake of the file as well.
    except (msgspec.DecodeError, ValueError) as error:
        message = " ".join(str(error).split())
        raise ConfigurationError(
            f"{path.name}: not valid YAML: {message}{_marker_hint(text)}",
            next_step=f"correct {path.name} at the line named above",
        ) from error
    except RecursionError as error:
        raise _too_deep(path) from error


def _too_deep(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path.name}: nested too deeply to be read",
        next_step=f"write {path.name} with fewer levels",
    )


def _marker_hint(text: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            return f" (line {number} is a conflict marker of an unfinished merge)"
    return ""


def configuration_file(root: Path) -> Path | None:
    """The file with the project's settings: pyproject.toml or ci-framework.toml.

    Beside a ci-framework.toml, pyproject.toml counts only if it has the table.

    Raises:
        ConfigurationError: if there are both and pyproject.toml is not TOML.
    """
    pyproject, own = root / "pyproject.toml", root / "ci-framework.toml"
    if not own.is_file():
        return pyproject if pyproject.is_file() else None
    if not pyproject.is_file():
        return own
    tool = read_toml(pyproject).get("tool")
    return pyproject if isinstance(tool, dict) and "ci-framework" in tool else own


def load_configuration(
    root: Path,
    variables: Mapping[str, str],
    overrides: Table | None = None,
    package: Table | None = None,
) -> Configuration:
    """Merge all layers into one configuration.

    Args:
        root: the repository's top directory.
        variables: the environment.
        overrides: settings from the command line.
        package: settings of one package of the repository.

    Raises:
        ConfigurationError: naming every mistake in the layer it is in.
    """
    tiers = _read_defaults("quality-tiers.yaml", QualityTiers)
    patterns = _read_defaults("change-patterns.yaml", ChangePatterns)
    security = _read_defaults("security-profiles.yaml", SecurityProfiles)
    merged = cast("Table", msgspec.to_builtins(tiers.defaults))
    merged["changes"] = msgspec.to_builtins(patterns.defaults)
    merged["security"] = msgspec.to_builtins(security.defaults)
    source = configuration_file(root)
    if source is not None:
        table = project_table(read_toml(source), source)
        _refuse(settings_mistakes(table), source)
        merged = _merge(merged, table)
    merged = _merge(merged, package or {})
    merged = _merge(merged, _from_variables(variables))
    merged = _merge(merged, overrides or {})
    settings = msgspec.convert(merged, Settings)
    _refuse_checks_without_command(settings, source)
    return Configuration(settings, tiers, patterns, security, source)


def read_own_table(path: Path) -> Table:
    """Read ``[tool.ci-framework]`` of a file; empty if the file is not there.

    Raises:
        ConfigurationError: naming every mistake in it.
    """
    if not path.is_file():
        return {}
    table = project_table(read_toml(path), path)
    _refuse(settings_mistakes(table), path)
    return table


def _read_defaults(name: str, structure: type[_Structure]) -> _Structure:
    """Read one of the framework's own files."""
    path = configs_directory() / name
    raw = read_yaml(path)
    _refuse(find_mistakes(raw, structure), path)
    return msgspec.convert(raw, structure)


def _refuse_checks_without_command(settings: Settings, source: Path | None) -> None:
    """A check that the framework does not have needs a command of the project's."""
    known = ", ".join(BUILT_IN_CHECKS)
    mistakes: list[Mistake] = []
    for name in dict.fromkeys((*settings.checks, *settings.commands)):
        own = name not in BUILT_IN_CHECKS
        if own and (name not in settings.checks or not settings.command_of(name)):
            near = difflib.get_close_matches(name, BUILT_IN_CHECKS, 1)
            guess = f"did you mean {near[0]!r}? " if near else ""
            allowed = f"{guess}checks: {known}; or one of your own with a command"
            table = "checks" if name in settings.checks else "commands"
            keys = ("tool", "ci-framework", table, name)
            mistakes.append(Mistake(keys, "a check without a command", allowed))
    if source is not None:
        _refuse(mistakes, source)


def settings_mistakes(table: Table) -> list[Mistake]:
    """List what ``[tool.ci-framework]`` may not hold."""
    keys = ("tool", "ci-framework")
    mistakes = find_mistakes(table, Settings, keys, partial=True)
    return [*mistakes, *_command_mistakes(table.get("commands"), keys)]


def _command_mistakes(commands: object, keys: tuple[str, ...]) -> Iterator[Mistake]:
    """Commands that cannot be split into words."""
    if not isinstance(commands, dict):
        return
    for name, command in cast("Table", commands).items():
        if not isinstance(command, str) or not command:
            continue
        try:
            problem = "" if shlex.split(command) else "no words"
        except ValueError as error:
            problem = str(error).lower()
        if problem:
            found = f"{command!r} ({problem})"
            yield Mistake((*keys, "commands", name), found, "a command, as in a shell")


def project_table(document: Table, source: Path) -> Table:
    """Find ``[tool.ci-framework]`` in a parsed file.

    Raises:
        ConfigurationError: if it is not a table.
    """
    tool = document.get("tool", {})
    if not isinstance(tool, dict):
        raise ConfigurationError(f"{source.name}: key tool: expected a table")
    table = cast("Table", tool).get("ci-framework", {})
    if not isinstance(table, dict):
        raise ConfigurationError(
            f"{source.name}: key tool.ci-framework: found {table!r}, expected a table"
        )
    return cast("Table", table)


def _merge(below: Table, above: Table) -> Table:
    """Lay one layer over another: tables join, everything else replaces."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[key] = _merge(cast("Table", old), cast("Table", value))
        else:
            merged[key] = value
    return merged


def _refuse(mistakes: list[Mistake], path: Path) -> None:
    if not mistakes:
        return
    text = read_text(path)
    lines = [_describe(mistake, path.name, text) for mistake in mistakes]
    raise ConfigurationError(
        "\n".join(lines), next_step=f"correct {path.name} and run the command again"
    )


def describe_place(mistake: Mistake, text: str) -> tuple[str, int]:
    """Name the key of a mistake as it is written, and its line, 0 if unknown."""
    return ".".join(mistake.keys).replace(".[", "["), find_line(text, mistake.keys)


def _describe(mistake: Mistake, name: str, text: str) -> str:
    key, line = describe_place(mistake, text)
    place = f"{name}:{line}" if line else name
    return f"{place}: key {key}: found {mistake.found}; allowed: {mistake.allowed}"


_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ITEM = re.compile(r"^(\s*)-(\s)")
_ASSIGNMENT = re.compile(r"""^\s*((?:[\w.-]|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*[=:]""")


def find_line(text: str, keys: tuple[str, ...]) -> int:
    """Find the line of a key in TOML or YAML text, 0 if it is not found.

    Follows table headers and, for YAML, nesting by indent; it serves messages
    only, so a line it cannot find is no error.
    """
    wanted = [key for key in keys if not key.startswith("[")]
    header: list[str] = []
    parents: list[tuple[int, str]] = []
    best = (0, 0)
    for number, line in enumerate(text.splitlines(), 1):
        found = _HEADER.match(line)
        if found:
            header, parents = _split(found.group(1)), []
            here = header
        else:
            # The keys of an item stand one below the other, the first after its dash.
            line = _ITEM.sub(r"\1 \2", line)  # noqa: PLW2901 - it stays this line
            assigned = _ASSIGNMENT.match(line)
            if not assigned:
                continue
            indent = len(line) - len(line.lstrip())
            parents = [parent for parent in parents if parent[0] < indent]
            parents.append((indent, assigned.group(1)))
            nested = [key for _, name in parents for key in _split(name)]
            here = header + (nested if ":" in line else _split(parents[-1][1]))
        if here == wanted:
            return number
        if wanted[: len(here)] == here and len(here) > best[0]:
            best = (len(here), number)
    return best[1]


def _split(dotted: str) -> list[str]:
    return [part.strip(" \t\"'") for part in dotted.split(".")]


def _from_variables(variables: Mapping[str, str]) -> Table:
    names = _variable_names(inspect.type_info(Settings), ())
    table: Table = {}
    for variable, text in sorted(variables.items()):
        ours = variable.startswith(_PREFIX) and variable not in _OTHER_VARIABLES
        # An empty variable is how a workflow says "not given".
        if not ours or not text:
            continue
        if variable not in names:
            known = ", ".join(sorted(names))
            raise ConfigurationError(
                f"environment: {variable} is not a setting; known: {known}"
            )
        keys, kind = names[variable]
        value = _parse(text, kind)
        layer: Table = {keys[-1]: value}
        for key in reversed(keys[:-1]):
            layer = {key: layer}
        mistakes = settings_mistakes(layer)
        if mistakes:
            raise ConfigurationError(
                f"environment: {variable}: found {text!r}; "
                f"allowed: {mistakes[0].allowed}"
            )
        table = _merge(table, layer)
    return table


def _variable_names(
    kind: inspect.Type, keys: tuple[str, ...]
) -> dict[str, tuple[tuple[str, ...], inspect.Type]]:
    """Map each environment variable to its setting and the setting's type."""
    if isinstance(kind, inspect.StructType):
        parts = [(field.encode_name, field.type) for field in kind.fields]
    elif isinstance(kind, inspect.DictType) and isinstance(
        kind.value_type, inspect.ListType
    ):
        # A table of patterns has no names that a variable could have.
        return {}
    elif isinstance(kind, inspect.DictType):
        # Every other table with names of its own is one of checks.
        parts = [(name, kind.value_type) for name in BUILT_IN_CHECKS]
    else:
        name = _PREFIX + "_".join(keys).replace("-", "_").upper()
        return {name: (keys, kind)}
    names: dict[str, tuple[tuple[str, ...], inspect.Type]] = {}
    for name, part in parts:
        names.update(_variable_names(part, (*keys, name)))
    return names


def _parse(text: str, kind: inspect.Type) -> object:
    """Read the text of a variable as the type of its setting, if it fits."""
    if isinstance(kind, inspect.ListType):
        return [item.strip() for item in text.split(",") if item.strip()]
    if isinstance(kind, inspect.BoolType):
        return {"true": True, "1": True, "false": False, "0": False}.get(
            text.lower(), text
        )
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        number = int if isinstance(kind, inspect.IntType) else float
        try:
            return number(text)
        except ValueError:
            return text
    return text
