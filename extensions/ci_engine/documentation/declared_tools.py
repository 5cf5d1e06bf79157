"""Find the group, extra or file that declares the documentation tool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table, texts
from ci_engine.documentation.docs_source import Builder
from ci_engine.project.extras import read_extras
from ci_engine.project.repository import Project, normalize

# Packages that provide a tool.
_BRINGERS: Mapping[Builder, frozenset[str]] = {
    "mkdocs": frozenset({"properdocs", "mkdocs", "mkdocs-material"}),
    "sphinx": frozenset({"sphinx", "furo", "sphinx-rtd-theme", "pydata-sphinx-theme"}),
    "zensical": frozenset({"zensical"}),
}
# The names of pixi's default environment and feature, which manifests omit.
_DEFAULT = "default"
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def declared_group(project: Project, builder: Builder, config: str) -> str | None:
    """The declaration of the tool; None if there is none.

    It is a group, an extra or a requirements file; for pixi, an environment. Empty
    means the project's default.
    """
    wanted = _BRINGERS[builder]
    if project.manager == "pixi":
        return _pixi_environment(project, wanted)
    return next(_declaring(project, wanted, config), None)


def _declaring(project: Project, wanted: frozenset[str], config: str) -> Iterator[str]:
    named = [name for name, names in _named(project) if wanted & names]
    # A group for everything may include the one for documentation.
    yield from sorted(named, key=lambda name: "doc" not in name.lower())
    folder = Path(config).parent.as_posix()
    directories = dict.fromkeys([folder, "docs", ".", "requirements"])
    for directory in directories:
        for path in sorted((project.root / directory).glob("*requirements*.txt")):
            yield from _listing(project, path, wanted)
    for path in sorted((project.root / "requirements").glob("*.txt")):
        yield from _listing(project, path, wanted)
    poetry = project.tool("poetry")
    usual = _names(texts(project.pyproject, "project", "dependencies"))
    for key in ("dependencies", "dev-dependencies"):
        usual |= _keys(table(poetry, key))
    if wanted & usual:
        yield ""


def _named(project: Project) -> Iterator[tuple[str, set[str]]]:
    """The groups and extras, each with its packages."""
    poetry = project.tool("poetry")
    for name, requirements in project.groups.items():
        yield name, _names(requirements)
    for name, group in table(poetry, "group").items():
        yield name, _keys(table(group, "dependencies"))
    extras = table(project.pyproject, "project", "optional-dependencies")
    for name in read_extras(project):
        yield name, _names([*texts(extras, name), *texts(poetry, "extras", name)])


def _pixi_environment(project: Project, wanted: frozenset[str]) -> str | None:
    """The environment whose feature has the tool, preferably for documentation.

    A dependency group is a feature with the same name.
    """
    manifest = project.pixi
    features = {
        name
        for name, requirements in project.groups.items()
        if wanted & _names(requirements)
    }
    for name, feature in table(manifest, "feature").items():
        if wanted & _of_feature(feature):
            features.add(normalize(name))
    by_default = bool(wanted & _of_feature(manifest))
    found = [
        name
        for name, environment in table(manifest, "environments").items()
        if features & {normalize(each) for each in _features(environment)}
    ]
    named = next((name for name in found if "doc" in name.lower()), "")
    if not found:
        return "" if by_default else None
    return named or ("" if _DEFAULT in found else found[0])


def _features(environment: object) -> list[str]:
    """The features of an environment, which is a list or a table."""
    return texts(environment) or texts(environment, "features")


def _of_feature(feature: object) -> set[str]:
    kinds = ("dependencies", "pypi-dependencies")
    return {name for kind in kinds for name in _keys(table(feature, kind))}


def _listing(project: Project, path: Path, wanted: frozenset[str]) -> Iterator[str]:
    text = path.read_text("utf-8", "replace")
    if wanted & _names(text.splitlines()):
        yield path.relative_to(project.root).as_posix()


def _keys(dependencies: Table) -> set[str]:
    return {normalize(name) for name in dependencies}


def _names(requirements: Iterable[str]) -> set[str]:
    found = (_NAME.match(each) for each in requirements)
    return {normalize(match.group(1)) for match in found if match}
