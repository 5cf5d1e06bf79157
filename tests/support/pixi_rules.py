"""The rules of pixi's own parser for manifests, which its schema lacks in part.

Read from pixi 0.77.0. The file of its sources that holds a rule is named beside it;
paths without a crate are below crates/pixi_manifest/src.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from tests.support.table_checks import (
    Check,
    Table,
    anything,
    each,
    flag,
    list_of,
    subtable,
    table_of,
    text,
    text_or,
)


def pixi_mistakes(pyproject: Table) -> list[str]:
    """Check a pyproject.toml with pixi's tables.

    Args:
        pyproject: the whole document.

    Returns:
        A line for each thing that pixi refuses: where it is, and why.
    """
    pixi = subtable(pyproject, "tool", "pixi")
    return [
        *_manifest(pixi, "tool.pixi"),
        *_name(pyproject),
        *_groups(pyproject),
        *_environments(pyproject),
    ]


# --- tasks: toml/task.rs -----------------------------------------------------------


def _environment_name(value: object, where: str) -> Iterator[str]:
    """See environment.rs."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9-]+", value):
        yield f"{where}: not lower-case letters, digits and dashes"


def _arguments(value: object, where: str) -> Iterator[str]:
    argument = table_of({"arg": text, "default": text, "choices": list_of(text)}, "arg")
    yield from list_of(text_or(argument))(value, where)
    with_default = False
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        default = subtable({"item": item}, "item").get("default")
        if with_default and default is None:
            yield f"{where}: no default after one that has a default"
        with_default = default is not None


_DEPENDENCY = table_of(
    {"task": text, "args": list_of(anything), "environment": _environment_name}, "task"
)
# Without a command it is an alias, and these are all that one may have.
_ALIAS: Mapping[str, Check] = {
    "depends-on": text_or(list_of(text_or(_DEPENDENCY))),
    "description": text,
    "args": _arguments,
}
_COMMAND: Mapping[str, Check] = {
    **_ALIAS,
    "cmd": text_or(list_of(text)),
    "inputs": list_of(text),
    "outputs": list_of(text),
    "cwd": text,
    "env": each(text),
    "default-environment": _environment_name,
    "clean-env": flag,
}


def _task(value: object, where: str) -> Iterator[str]:
    if isinstance(value, list):
        yield from list_of(_DEPENDENCY)(cast("object", value), where)
    elif not isinstance(value, str):
        command = isinstance(value, dict) and "cmd" in value
        rules = _COMMAND if command else _ALIAS
        yield from table_of(rules)(cast("object", value), where)


# --- dependencies: crates/pixi_pypi_spec/src/toml.rs -------------------------------


def _version(value: object, where: str) -> Iterator[str]:
    try:
        SpecifierSet("" if value == "*" else cast("str", value))
    except (InvalidSpecifier, AttributeError, TypeError):
        yield f"{where}: not a range of versions"


_GIT = ("branch", "tag", "rev", "lfs")
_PYPI = table_of(
    {
        "version": _version,
        "extras": list_of(text),
        "path": text,
        "editable": flag,
        "git": text,
        **dict.fromkeys(_GIT[:3], text),
        "lfs": flag,
        "url": text,
        "subdirectory": text,
        "index": text,
        "env-markers": text,
    }
)


def _pypi(value: object, where: str) -> Iterator[str]:
    if isinstance(value, str):
        yield from _version(value, where)
        return
    yield from _PYPI(value, where)
    keys = set(subtable({"spec": value}, "spec"))
    if len(keys & {"url", "path", "git", "version"}) > 1 or (
        "index" in keys and keys & {"url", "path", "git"}
    ):
        yield f"{where}: more than one source"
    if keys & {*_GIT} and "git" not in keys:
        yield f"{where}: what only git has"


# --- tables ------------------------------------------------------------------------

# toml/target.rs
_TARGET: Mapping[str, Check] = {
    **dict.fromkeys(
        ("dependencies", "host-dependencies", "build-dependencies", "constraints"),
        each(text_or(each(anything))),
    ),
    "pypi-dependencies": each(_pypi),
    "dev": each(anything),
    "activation": anything,
    "tasks": each(_task),
}
# toml/feature.rs
_FEATURE: Mapping[str, Check] = {
    **_TARGET,
    "platforms": list_of(text),
    "channels": list_of(text_or(each(anything))),
    "channel-priority": text,
    "solve-strategy": text,
    "target": each(table_of(_TARGET)),
    "pypi-options": anything,
    "system-requirements": anything,
}
# toml/environment.rs: what a feature has can stand in an environment itself, but for
# three tables.
_NOT_INLINE = {"host-dependencies", "build-dependencies", "system-requirements"}
_INLINE = {key: check for key, check in _FEATURE.items() if key not in _NOT_INLINE}
_ENVIRONMENT = table_of(
    {
        **_INLINE,
        "features": list_of(text),
        "solve-group": text,
        "no-default-feature": flag,
    }
)


def _environment(value: object, where: str) -> Iterator[str]:
    if isinstance(value, list):
        yield from list_of(text)(cast("object", value), where)
        return
    yield from _ENVIRONMENT(value, where)
    content = {
        key for key, has in subtable({"e": value}, "e").items() if has or has == []
    }
    if not content & {"features", "solve-group", *_INLINE}:
        yield f"{where}: features is missing"


def _platforms(value: object, where: str) -> Iterator[str]:
    """See toml/workspace.rs."""
    yield from list_of(text_or(each(anything)))(value, where)
    names = [str(name) for name in cast("list[object]", value)]
    yield from (f"{where}: {name} twice" for name in names if names.count(name) > 1)


_WORKSPACE_TEXTS = (
    *("name", "version", "description", "channel-priority", "solve-strategy"),
    *("license", "license-file", "readme", "homepage", "repository"),
    *("documentation", "requires-pixi", "exclude-newer"),
)
_WORKSPACE_TABLES = (
    *("conda-pypi-map", "pypi-options", "s3-options", "preview", "target"),
    *("build-variants", "build-variants-files", "dependencies"),
)
_WORKSPACE = table_of(
    {
        **dict.fromkeys(_WORKSPACE_TEXTS, text),
        **dict.fromkeys(_WORKSPACE_TABLES, anything),
        "authors": list_of(text),
        "channels": list_of(text_or(each(anything))),
        "platforms": _platforms,
    },
    "channels",
)
# toml/manifest.rs
_ROOT: Mapping[str, Check] = {
    **_TARGET,
    "workspace": _WORKSPACE,
    "package": anything,
    "target": each(table_of(_TARGET)),
    "exclude-newer": each(text),
    "pypi-exclude-newer": each(text),
    "feature": each(table_of(_FEATURE)),
    "environments": each(_environment),
    "pypi-options": anything,
    "system-requirements": anything,
    "tool": each(anything),
    "$schema": text,
}
_manifest = table_of(_ROOT, "workspace")


# --- what refers to something: toml/manifest.rs, pyproject.rs ----------------------


def _name(pyproject: Table) -> Iterator[str]:
    workspace = subtable(pyproject, "tool", "pixi", "workspace")
    owners = (
        workspace,
        subtable(pyproject, "project"),
        subtable(pyproject, "tool", "poetry"),
    )
    if not any("name" in owner for owner in owners):
        yield "neither tool.pixi.workspace nor project has a name"


def _groups(pyproject: Table) -> Iterator[str]:
    groups = subtable(pyproject, "dependency-groups")
    for name, entries in groups.items():
        for entry in cast("list[object]", entries):
            included = subtable({"entry": entry}, "entry").get("include-group")
            if included is not None and included not in groups:
                yield f"dependency-groups.{name}: there is no group {included}"


def _environments(pyproject: Table) -> Iterator[str]:
    pixi = subtable(pyproject, "tool", "pixi")
    # A dependency group or an extra is a feature of the same name.
    features = {
        "default",
        *subtable(pixi, "feature"),
        *subtable(pyproject, "dependency-groups"),
        *subtable(pyproject, "project", "optional-dependencies"),
    }
    if "default" in subtable(pixi, "feature"):
        yield "tool.pixi.feature.default: the name is reserved"
    for name, value in subtable(pixi, "environments").items():
        where = f"tool.pixi.environments.{name}"
        yield from _environment_name(name, where)
        table = subtable({"environment": value}, "environment")
        used = cast(
            "list[str]", value if isinstance(value, list) else table.get("features", [])
        )
        yield from (f"{where}: no feature {f}" for f in used if f not in features)
        yield from (f"{where}: feature {f} twice" for f in used if used.count(f) > 1)
