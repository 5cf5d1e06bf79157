"""Whether the framework's own settings are allowed and fit the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from ci_engine import __version__
from ci_engine.config import (
    Table,
    configs_directory,
    configuration_file,
    describe_place,
    project_table,
    read_text,
    read_toml,
    read_yaml,
    settings_mistakes,
)
from ci_engine.errors import ConfigurationError
from ci_engine.project import Project, normalise
from ci_engine.results import Finding
from ci_engine.schema import Mistake, find_mistakes
from ci_engine.settings import QualityTiers
from ci_engine.tools import read_tool_locks

__all__ = ["check_framework_files", "check_settings", "configuration_finding"]

_KEYS = ("tool", "ci-framework")


def configuration_finding(path: str, text: str, mistake: Mistake) -> Finding:
    """Turn a mistake into a finding that names key, value and what is allowed."""
    key, line = describe_place(mistake, text)
    return Finding(
        tool="ci-framework",
        rule="configuration",
        message=f"key {key}: found {mistake.found}; allowed: {mistake.allowed}",
        path=path,
        line=line,
    )


def check_framework_files() -> Iterator[Finding]:
    """Check the framework's own files in ``ci-framework/configs``."""
    path = configs_directory() / "quality-tiers.yaml"
    name = f"ci-framework/configs/{path.name}"
    try:
        raw = read_yaml(path)
        for mistake in find_mistakes(raw, QualityTiers):
            yield configuration_finding(name, read_text(path), mistake)
        read_tool_locks()
    except ConfigurationError as error:
        yield Finding(
            tool="ci-framework", rule="configuration", message=str(error), path=name
        )


def check_settings(project: Project) -> Iterator[Finding]:
    """Check ``[tool.ci-framework]`` by itself and against the repository."""
    source = configuration_file(project.root)
    if source is None:
        return
    text = read_text(source)
    table = project_table(read_toml(source), source)
    mistakes = settings_mistakes(table)
    if not mistakes:
        mistakes = list(_against_repository(project, table))
    for mistake in mistakes:
        yield configuration_finding(source.name, text, mistake)


def _against_repository(project: Project, table: Table) -> Iterator[Mistake]:
    version = table.get("version")
    if version not in (None, __version__):
        yield Mistake(
            (*_KEYS, "version"),
            f"{version!r}",
            f"{__version__!r}, the version of the engine beside it; "
            "finish or repeat `copier update`",
        )
    for key in ("source-paths", "test-paths"):
        for position, path in enumerate(_strings(table.get(key))):
            if not (project.root / path).is_dir():
                where = (*_KEYS, key, f"[{position}]")
                yield Mistake(where, f"{path!r}", "a directory of this repository")
    yield from _unsupported_pythons(project, table)
    yield from _unknown_environments(project, table)


def _strings(value: object) -> list[str]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


def _table(value: object) -> Table:
    return cast("Table", value) if isinstance(value, dict) else {}


def _unsupported_pythons(project: Project, table: Table) -> Iterator[Mistake]:
    """The matrix must not ask for a Python that the project refuses."""
    required = _table(project.pyproject.get("project")).get("requires-python")
    lowest = re.search(r">=\s*3\.(\d+)", required if isinstance(required, str) else "")
    if lowest is None:
        return
    versions = _strings(_table(table.get("matrix")).get("python-versions"))
    for position, version in enumerate(versions):
        if int(version.partition(".")[2]) < int(lowest.group(1)):
            where = (*_KEYS, "matrix", "python-versions", f"[{position}]")
            allowed = f"a version that fits requires-python = {required!r}"
            yield Mistake(where, f"{version!r}", allowed)


def _unknown_environments(project: Project, table: Table) -> Iterator[Mistake]:
    """The environment of a tier must exist."""
    name = _table(table.get("environments")).get("essential")
    if not isinstance(name, str) or not name:
        return
    if project.manager == "pixi":
        if (project.root / "pixi.toml").is_file():
            return
        pixi = _table(_table(project.pyproject.get("tool")).get("pixi"))
        known = ["default", *_table(pixi.get("environments"))]
    else:
        known = sorted(project.groups)
    if normalise(name) not in {normalise(other) for other in known}:
        noun = "pixi environment" if project.manager == "pixi" else "dependency group"
        allowed = f"a {noun} of pyproject.toml: {', '.join(known) or 'it has none'}"
        yield Mistake((*_KEYS, "environments", "essential"), f"{name!r}", allowed)
