"""The requirements in a project's manifests, as strings such as ``six>=1; marker``."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterable, Iterator
from pathlib import Path

from ci_engine.checks.dependencies.inventory import name_of
from ci_engine.checks.dependencies.version_ranges import plain_range
from ci_engine.configuration.reading import Table, read_text, read_toml, read_yaml
from ci_engine.configuration.tables import dig, items, table, text, texts
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import Project

# Keys of a requirement that replace a version range.
_ELSEWHERE = ("path", "git", "url", "file")


class ComputedError(Exception):
    """Requirements that cannot be known without running the project's code."""


def declared_names(project: Project) -> frozenset[str]:
    """Everything that the project itself requires, also in extras and groups."""
    document = project.pyproject
    rows = [*pyproject_rows(document), *_every_row(document)]
    for group in project.groups.values():
        rows += group
    rows += [*_poetry_rows(document), *_pixi_rows(document)]
    features = table(document, "tool", "pixi", "feature").values()
    rows += [row for feature in features for row in _conda_tables(feature)]
    return names_in(rows)


def pyproject_rows(document: Table) -> list[str]:
    """The requirements that a project always has."""
    return texts(document, "project", "dependencies")


def manifest_rows(document: Table) -> tuple[list[str], list[str]]:
    """The requirements of a pyproject.toml: always, and in extras and groups."""
    main = table(document, "tool", "poetry", "dependencies")
    needed = [*pyproject_rows(document), *_table_rows(main)]
    optional = [*_every_row(document), *_poetry_rows(document)]
    return needed, [row for row in optional if row not in needed]


def rows_in_lock(lock: str, directory: Path, document: Table) -> list[str]:
    """The requirements beside a lock that its kind has to satisfy."""
    if lock == "conda-lock.yml":
        path = directory / "environment.yml"
        conda, pip = environment_rows(path) if path.is_file() else ([], [])
        return [*conda, *pip]
    rows = pyproject_rows(document)
    if lock == "Pipfile.lock":
        path = directory / "Pipfile"
        return pipfile_rows(path) if path.is_file() else rows
    if lock == "uv.lock":
        return [*rows, *_every_row(document)]
    if lock == "poetry.lock":
        return [*rows, *_poetry_rows(document)]
    if lock == "pixi.lock":
        path = directory / "pixi.toml"
        rows += _pixi_rows(document)
        return [*rows, *_conda_tables(read_toml(path))] if path.is_file() else rows
    return rows


def overridden_names(document: Table) -> frozenset[str]:
    """The names whose required versions the project overrides."""
    uv = table(document, "tool", "uv")
    rows = [*texts(uv, "override-dependencies"), *texts(uv, "exclude-dependencies")]
    rows += table(document, "tool", "pdm", "resolution", "overrides")
    return names_in(rows)


def _every_row(document: Table) -> Iterator[str]:
    """The requirements in extras and groups."""
    for listed in table(document, "project", "optional-dependencies").values():
        yield from texts(listed)
    for listed in table(document, "dependency-groups").values():
        yield from texts(listed)
    yield from texts(document, "tool", "uv", "dev-dependencies")
    for listed in table(document, "tool", "pdm", "dev-dependencies").values():
        yield from texts(listed)


def _poetry_rows(document: Table) -> Iterator[str]:
    poetry = table(document, "tool", "poetry")
    groups = [table(poetry, name) for name in ("dependencies", "dev-dependencies")]
    groups += [table(g, "dependencies") for g in table(poetry, "group").values()]
    for group in groups:
        yield from _table_rows(group)


def _pixi_rows(document: Table) -> Iterator[str]:
    yield from _conda_tables(table(document, "tool", "pixi"))


def _conda_tables(manifest: object) -> Iterator[str]:
    for name in ("dependencies", "pypi-dependencies"):
        yield from _table_rows(table(manifest, name), python="")


def _table_rows(group: Table, python: str = "python") -> Iterator[str]:
    """The requirements in a table of names and ranges."""
    for name, value in group.items():
        local = any(dig(value, key) is not None for key in _ELSEWHERE)
        found = value if isinstance(value, str) else text(value, "version")
        if name != python:
            yield name if local else f"{name}{plain_range(found)}"


def pipfile_rows(path: Path) -> list[str]:
    """The requirements of a ``Pipfile``, in all of its categories."""
    document = read_toml(path)
    other = ("source", "requires", "scripts", "pipenv")
    groups = [table(document, name) for name in document if name not in other]
    return [row for group in groups for row in _table_rows(group, python="")]


def setup_cfg_rows(path: Path) -> list[str]:
    """The requirements of ``setup.cfg``, including extras."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_text(path))
    except configparser.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"{path.name}: {reason}") from error
    listed = [parser.get("options", "install_requires", fallback="")]
    if parser.has_section("options.extras_require"):
        listed += [value for _, value in parser.items("options.extras_require")]
    rows = [row.strip() for value in listed for row in value.splitlines()]
    if any(row.startswith(("file:", "attr:")) for row in rows):
        raise ComputedError
    return [row for row in rows if row and not row.startswith("#")]


def setup_py_rows(path: Path) -> list[str]:
    """The requirements of ``setup.py``, if they are literals.

    Raises:
        ComputedError: if the requirements are computed at run time.
    """
    try:
        tree = ast.parse(read_text(path))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path.name}: not valid Python: {error}") from error
    rows: list[str] = []
    for call in ast.walk(tree):
        for keyword in call.keywords if isinstance(call, ast.Call) else []:
            if keyword.arg not in ("install_requires", "extras_require"):
                continue
            try:
                value: object = ast.literal_eval(keyword.value)
            except (ValueError, TypeError) as error:
                raise ComputedError from error
            rows += texts(value)
            rows += [row for listed in table(value).values() for row in texts(listed)]
    return rows


def environment_rows(path: Path) -> tuple[list[str], list[str]]:
    """The requirements of an ``environment.yml``, for conda and for pip."""
    document = read_yaml(path)
    conda: list[str] = []
    pip: list[str] = []
    for item in items(document, "dependencies"):
        if isinstance(item, str):
            conda.append(_conda_row(item))
        pip += texts(item, "pip")
    return conda, pip


def _conda_row(spec: str) -> str:
    """Convert ``channel::name=1.2=build`` to a requirement."""
    name, _, version = spec.rpartition("::")[2].replace(" ", "=", 1).partition("=")
    version = version.strip("=").partition("=")[0]
    if any(sign in spec for sign in "<>!"):
        return spec.rpartition("::")[2]
    return f"{name.strip()}{plain_range(f'{version}.*' if version else '')}"


def names_in(rows: Iterable[str]) -> frozenset[str]:
    """The names in requirements."""
    return frozenset(filter(None, map(name_of, rows)))
