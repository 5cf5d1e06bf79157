"""Find the tool and the configuration file of the documentation."""

from __future__ import annotations

import ast
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import yaml

from ci_engine.configuration.docs_settings import Docs
from ci_engine.configuration.reading import Table, as_table, read_text, read_toml
from ci_engine.configuration.tables import table, text
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import Project

Builder = Literal["mkdocs", "sphinx", "zensical"]
_MKDOCS = ("properdocs.yml", "properdocs.yaml", "mkdocs.yml", "mkdocs.yaml")
_USUAL: dict[Builder, tuple[str, ...]] = {
    "mkdocs": (*_MKDOCS, *(f"docs/{name}" for name in _MKDOCS)),
    "zensical": ("zensical.toml",),
    "sphinx": (
        *("docs/conf.py", "docs/source/conf.py", "doc/conf.py", "doc/source/conf.py"),
        *("docs/src/conf.py", "documentation/conf.py"),
    ),
}


@dataclass(frozen=True)
class DocsSource:
    """The source of documentation.

    Attributes:
        builder: the kind of tool that builds it.
        config: its configuration file, relative to the project.
        pages: the directory with its pages, relative to the project.
        site_url: the published address, empty if it is not known.
        plugins: the plugins to load in MkDocs or Zensical.
        unlisted: patterns of pages that are intentionally not in the navigation.
        templates: the directory with templates that override those of the theme.
        site_dir: the output directory of Zensical, relative to the project.
    """

    builder: Builder
    config: str
    pages: str
    site_url: str = ""
    plugins: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    templates: str = ""
    site_dir: str = "site"


def find_source(project: Project, docs: Docs) -> DocsSource:
    """Find the documentation source of a project.

    Raises:
        ConfigurationError: if there are none or several, or it cannot be read.
    """
    builder, config = _find_config(project.root, docs)
    if builder == "sphinx":
        source = _read_conf(project, config)
    elif config.endswith(".toml"):
        source = _read_zensical(project, config)
    else:
        source = _read_mkdocs(project, config, builder)
    return source


def _find_config(root: Path, docs: Docs) -> tuple[Builder, str]:
    if docs.config:
        if not (root / docs.config).is_file():
            raise ConfigurationError(
                f"tool.ci-framework.docs.config: no such file: {docs.config}",
                hint="correct the path, which is relative to the top of the project",
            )
        return _builder_of(docs), docs.config
    wanted: list[Builder] = ["mkdocs", "zensical", "sphinx"]
    if docs.tool == "zensical":
        wanted = ["zensical", "mkdocs"]
    elif docs.tool != "auto":
        wanted = [docs.tool]
    there: dict[Builder, list[str]] = {
        b: [n for n in _USUAL[b] if (root / n).is_file()] for b in wanted
    }
    found: list[tuple[Builder, str]] = [(b, ns[0]) for b, ns in there.items() if ns]
    if not found:
        names = ", ".join(_USUAL[builder][0] for builder in wanted)
        raise ConfigurationError(
            f"there is no documentation: expected {names}",
            hint="set docs.config to its configuration file",
        )
    if docs.tool == "zensical":
        return "zensical", found[0][1]
    if len(found) > 1:
        both = " and ".join(name for _, name in found)
        raise ConfigurationError(
            f"tool.ci-framework.docs.tool: expected one of mkdocs, sphinx, zensical: "
            f"there are {both}",
            hint="set docs.tool to the one that builds the documentation",
        )
    return found[0]


def _builder_of(docs: Docs) -> Builder:
    if docs.tool != "auto":
        return docs.tool
    if docs.config.endswith(".py"):
        return "sphinx"
    return "zensical" if docs.config.endswith(".toml") else "mkdocs"


def _read_yaml(path: Path) -> Table:
    """Read a configuration of MkDocs without executing tags such as ``!ENV``."""
    try:
        node: object = yaml.compose(read_text(path), yaml.SafeLoader)
        return as_table(_plain(node))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        where = f"{path.name}:{line}" if line else path.name
        raise ConfigurationError(
            f"{where}: not valid YAML: {error.problem or error}",
            hint=f"correct {path.name} and run the command again",
        ) from error


def _plain(node: object) -> object:
    """The value of a node; every scalar is a text."""
    if isinstance(node, yaml.MappingNode):
        return {str(_plain(key)): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        values = [_plain(value) for value in node.value]
        # `!ENV [NAME, default]`
        return (values or [""])[-1] if node.tag == "!ENV" else values
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def _read_mkdocs(project: Project, config: str, builder: Builder) -> DocsSource:
    path = project.root / config
    document = _read_yaml(path)
    inherited = document.get("INHERIT")
    if isinstance(inherited, str) and (path.parent / inherited).is_file():
        document = {**_read_yaml(path.parent / inherited), **document}
    return _of_mkdocs(document, config, builder)


def _of_mkdocs(document: Table, config: str, builder: Builder) -> DocsSource:
    docs_dir = text(document, "docs_dir") or "docs"
    unlisted = text(document, "not_in_nav").splitlines()
    templates = text(table(document, "theme"), "custom_dir")
    return DocsSource(
        builder=builder,
        config=config,
        pages=_beside(config, docs_dir),
        site_url=text(document, "site_url"),
        plugins=tuple(_plugins(document.get("plugins"))),
        unlisted=tuple(filter(None, map(str.strip, unlisted))),
        templates=_beside(config, templates) if templates else "",
        site_dir=_beside(config, text(document, "site_dir") or "site"),
    )


def _plugins(given: object) -> list[str]:
    """The names of the plugins, which are a list or a table."""
    if isinstance(given, dict):
        return [str(name) for name in cast("Table", given)]
    names: list[str] = []
    for item in cast("list[object]", given) if isinstance(given, list) else []:
        if isinstance(item, dict):
            names += [str(name) for name in cast("Table", item)]
        else:
            names.append(str(item))
    return names


def _read_zensical(project: Project, config: str) -> DocsSource:
    document = table(read_toml(project.root / config), "project")
    return _of_mkdocs(document, config, "zensical")


def _read_conf(project: Project, config: str) -> DocsSource:
    """The literals in ``conf.py``, which is not executed."""
    address = ""
    with contextlib.suppress(SyntaxError, ValueError):
        tree = ast.parse(read_text(project.root / config))
        for node in tree.body:
            if (
                isinstance(node, ast.Assign)
                and any(
                    isinstance(t, ast.Name) and t.id == "html_baseurl"
                    for t in node.targets
                )
                and isinstance(node.value, ast.Constant)
            ):
                address = str(node.value.value)
    return DocsSource("sphinx", config, Path(config).parent.as_posix(), address)


def _beside(config: str, name: str) -> str:
    """Resolve a directory relative to that of the configuration file."""
    parent = Path(config).parent.as_posix()
    return name if parent == "." else f"{parent}/{name}"
