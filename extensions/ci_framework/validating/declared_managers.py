"""What hatch, pdm, poetry and pixi are told about the needs of tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from ci_engine.configuration.reading import Table, read_toml
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import Project
from ci_framework.validating.needs import (
    Need,
    is_for_tests,
    is_requirement,
    table_in,
    texts_in,
)


def needs_of_hatch(project: Project) -> Iterator[Need]:
    """The environments of hatch that tests run in."""
    for name in ("hatch-test", "test", "tests", "default"):
        table = table_in(project.pyproject, "tool", "hatch", "envs", name)
        because = f"environment {name} of hatch"
        kind = name != "default"
        words = (*texts_in(table.get("dependencies")),)
        words += (*texts_in(table.get("extra-dependencies")),)
        yield Need(tuple(word for word in words if is_requirement(word)), because, kind)
        for extra in texts_in(table.get("features")):
            yield Need(("--editable", f".[{extra}]"), because, kind)


def needs_of_pdm(project: Project) -> Iterator[Need]:
    """The groups that pdm had before there was a standard for them."""
    table = table_in(project.pyproject, "tool", "pdm", "dev-dependencies")
    for name, items in table.items():
        kind = is_for_tests(name)
        words = tuple(word for word in texts_in(items) if is_requirement(word))
        if kind is not None:
            yield Need(words, f"dev-dependencies {name} of pdm", kind)


def needs_of_poetry(project: Project) -> Iterator[Need]:
    """The groups of poetry, in the words of every other installer."""
    tool = table_in(project.pyproject, "tool", "poetry")
    groups: dict[str, Table] = {"dev": table_in(tool, "dev-dependencies")}
    for name in table_in(tool, "group"):
        groups[name] = {
            **groups.get(name, {}),
            **table_in(tool, "group", name, "dependencies"),
        }
    for name, table in groups.items():
        kind = is_for_tests(name)
        if kind is not None:
            words = tuple(filter(None, (_of_poetry(n, v) for n, v in table.items())))
            yield Need(words, f"group {name} of poetry", kind, "poetry", name)


def _of_poetry(name: str, value: object) -> str:
    """A requirement in the words of every other installer; empty if there is none."""
    table = cast("Table", value) if isinstance(value, dict) else {"version": value}
    version = table.get("version")
    extras = texts_in(table.get("extras"))
    name = f"{name}[{','.join(extras)}]" if extras else name
    if name == "python" or not isinstance(version, str):
        return ""
    requirement = f"{name}{','.join(_range(part) for part in version.split(','))}"
    return requirement if is_requirement(requirement) else name


def _range(version: str) -> str:
    """A caret, tilde or plain version of poetry as a range."""
    version = version.strip()
    match = re.fullmatch(r"([~^]?)=?\s*v?(\d+(?:\.\d+)*)", version)
    if match is None:
        return "" if version == "*" else version
    sign, numbers = match.group(1), match.group(2)
    parts = [int(part) for part in numbers.split(".")]
    if not sign:
        return f"=={numbers}"
    significant = next((n for n, part in enumerate(parts) if part), len(parts) - 1)
    location = significant if sign == "^" else min(1, len(parts) - 1)
    above = [*parts[:location], parts[location] + 1]
    return f">={numbers},<{'.'.join(map(str, above))}"


def needs_of_pixi(project: Project) -> Iterator[Need]:
    """What the features for tests name, for machines that have no pixi.

    A package of conda mostly has the name that it has in an index of Python.
    """
    tool = table_in(project.pyproject, "tool", "pixi")
    tables = {"default": tool}
    try:
        path = project.root / "pixi.toml"
        if path.is_file():
            tables["default"] = tool = read_toml(path)
    except ConfigurationError:
        pass
    tables |= {
        name: table_in(tool, "feature", name) for name in table_in(tool, "feature")
    }
    for name, table in tables.items():
        kind = False if name == "default" else is_for_tests(name)
        if kind is None and name not in ("quality", "quality-ci"):
            continue
        for key in ("dependencies", "pypi-dependencies"):
            words = (_of_pixi(n, v) for n, v in table_in(table, key).items())
            because = f"feature {name} of pixi"
            found = tuple(filter(None, words))
            yield Need(found, because, kind is not False, "pixi", name)


_NOT_PYTHON = frozenset({"python", "pip", "uv", "nodejs", "compilers", "make", "git"})


def _of_pixi(name: str, value: object) -> str:
    table = cast("Table", value) if isinstance(value, dict) else {"version": value}
    version = table.get("version", "")
    if name in _NOT_PYTHON or {"path", "git", "url"} & {*table}:
        return ""
    requirement = f"{name}{version if version != '*' else ''}"
    return requirement if is_requirement(requirement) else name
