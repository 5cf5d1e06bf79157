"""The test requirements in the settings of hatch, pdm, poetry and pixi."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.reading import Table, as_table
from ci_engine.configuration.tables import table, texts
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import Project
from ci_framework.validating.needs import (
    Need,
    is_for_tests,
    is_requirement,
)


def needs_of_hatch(project: Project) -> Iterator[Need]:
    """The hatch environments that run tests."""
    for name in ("hatch-test", "test", "tests", "default"):
        environment = table(project.tool("hatch"), "envs", name)
        because = f"environment {name} of hatch"
        kind = name != "default"
        words = texts(environment, "dependencies")
        words += texts(environment, "extra-dependencies")
        yield Need(tuple(filter(is_requirement, words)), because, kind)
        for extra in texts(environment, "features"):
            yield Need(("--editable", f".[{extra}]"), because, kind)


def needs_of_pdm(project: Project) -> Iterator[Need]:
    """The groups of pdm from before there was a standard for them."""
    for name, items in table(project.tool("pdm"), "dev-dependencies").items():
        kind = is_for_tests(name)
        words = tuple(filter(is_requirement, texts(items)))
        if kind is not None:
            yield Need(words, f"dev-dependencies {name} of pdm", kind)


def needs_of_poetry(project: Project) -> Iterator[Need]:
    """The groups of poetry, in standard syntax."""
    tool = project.tool("poetry")
    groups = {"dev": table(tool, "dev-dependencies")}
    for name in table(tool, "group"):
        own = table(tool, "group", name, "dependencies")
        groups[name] = {**groups.get(name, {}), **own}
    for name, group in groups.items():
        kind = is_for_tests(name)
        if kind is not None:
            words = tuple(filter(None, (_of_poetry(n, v) for n, v in group.items())))
            yield Need(words, f"group {name} of poetry", kind, "poetry", name)


def _of_poetry(name: str, value: object) -> str:
    """A requirement of poetry in standard syntax; empty if that is impossible."""
    spec = _spec(value)
    version, extras = spec.get("version"), texts(spec, "extras")
    name = f"{name}[{','.join(extras)}]" if extras else name
    if name == "python" or not isinstance(version, str):
        return ""
    requirement = f"{name}{','.join(_range(part) for part in version.split(','))}"
    return requirement if is_requirement(requirement) else name


def _spec(value: object) -> Table:
    """The specification of a package; a plain text is its version."""
    spec = as_table(value)
    return spec if isinstance(value, dict) else {"version": value}


def _range(version: str) -> str:
    """Convert poetry's caret, tilde or plain version to a range."""
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
    """The dependencies of test features, for machines without pixi.

    A conda package usually has the same name on PyPI.
    """
    try:
        tool = project.pixi
    except ConfigurationError:
        tool = project.tool("pixi")
    features = table(tool, "feature")
    tables = {"default": tool, **{name: table(features, name) for name in features}}
    for name, feature in tables.items():
        kind = False if name == "default" else is_for_tests(name)
        if kind is None and name not in ("quality", "quality-ci"):
            continue
        for key in ("dependencies", "pypi-dependencies"):
            words = (_of_pixi(n, v) for n, v in table(feature, key).items())
            because = f"feature {name} of pixi"
            found = tuple(filter(None, words))
            yield Need(found, because, kind is not False, "pixi", name)


_NOT_PYTHON = frozenset({"python", "pip", "uv", "nodejs", "compilers", "make", "git"})


def _of_pixi(name: str, value: object) -> str:
    spec = _spec(value)
    version = spec.get("version", "")
    if name in _NOT_PYTHON or {"path", "git", "url"} & {*spec}:
        return ""
    requirement = f"{name}{version if version != '*' else ''}"
    return requirement if is_requirement(requirement) else name
