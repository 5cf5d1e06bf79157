"""A repository: its root, its files, and the manager of its environment."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

from ci_engine.configuration.project_settings import configuration_file
from ci_engine.configuration.reading import Table, read_toml
from ci_engine.configuration.tables import dig, table, text
from ci_engine.errors import ConfigurationError
from ci_engine.project.file_listing import list_names, list_tracked
from ci_engine.project.git import Git, has_git

Manager = Literal["pixi", "uv", "poetry", "pip"]

OUTPUT_DIRECTORY = ".ci-framework"


@dataclass(frozen=True)
class Project:
    """The facts that checks and environments need.

    Attributes:
        pyproject: the parsed pyproject.toml, empty if there is none.
        groups: PEP 735 groups with included groups expanded, by normalized name.
        top: the root of the repository, if this is one of its packages.
    """

    root: Path
    manager: Manager
    pyproject: Table
    groups: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )
    has_git: bool = False
    installable: bool = False
    top: Path | None = None

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Every file of the project, listed once, without links that leave it.

        The target of such a link is not the project's, and no check may show it.
        """
        return tuple(self.root / name for name in self.file_names)

    @cached_property
    def file_names(self) -> tuple[str, ...]:
        """The same, relative to the root with ``/``."""
        modes = self._modes
        return tuple(
            name
            for name in self.names
            if stat.S_ISREG(modes[name]) or self._is_linked_file(name)
        )

    @cached_property
    def links(self) -> frozenset[str]:
        """The names of all links, including those to directories or to nothing."""
        return frozenset(n for n, mode in self._modes.items() if stat.S_ISLNK(mode))

    @cached_property
    def _modes(self) -> Mapping[str, int]:
        """The mode of each name, 0 if access is denied: one call for each name."""
        return {name: _mode(f"{self.root}{os.sep}{name}") for name in self.names}

    def _is_linked_file(self, name: str) -> bool:
        """Whether a name is a link to a file of the repository."""
        if name not in self.links:
            return False
        target = os.path.realpath(self.root / name)
        inside = Path(target).is_relative_to(os.path.realpath(self.repository))
        return inside and stat.S_ISREG(_mode(target))

    @cached_property
    def entries(self) -> tuple[Path, ...]:
        """Every path that git lists, including broken links and submodules.

        Without git, directories that cannot be listed are included.
        """
        return tuple(self.root / name for name in self.names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The same, relative to the root with ``/``."""
        names = list_names(self.root, OUTPUT_DIRECTORY, in_work_tree=self.has_git)
        return tuple(sorted(names))

    @cached_property
    def tracked_output(self) -> tuple[str, ...]:
        """The tracked files in the output directory, or a tracked file at its path."""
        if not self.has_git:
            return ()
        return tuple(sorted(list_tracked(self.repository, OUTPUT_DIRECTORY)))

    @cached_property
    def git(self) -> Git | None:
        """The git runner; None outside a work tree, or if git is missing."""
        return Git(self.root) if self.has_git and has_git() else None

    @property
    def distribution(self) -> str:
        """The project's own name, empty if pyproject.toml does not state it."""
        return text(self.pyproject, "project", "name")

    def tool(self, name: str) -> Table:
        """The table of a tool in pyproject.toml, empty if there is none."""
        return table(self.pyproject, "tool", name)

    @cached_property
    def written_settings(self) -> Table:
        """``[tool.ci-framework]`` as written, from the file that has it."""
        source = configuration_file(self.root)
        if source is None or source.name == "pyproject.toml":
            return self.tool("ci-framework")
        return table(read_toml(source), "tool", "ci-framework")

    @cached_property
    def pixi(self) -> Table:
        """The manifest of pixi: pixi.toml, or its table in pyproject.toml."""
        manifest = self.root / "pixi.toml"
        return read_toml(manifest) if manifest.is_file() else self.tool("pixi")

    @property
    def output(self) -> Path:
        """The directory for everything that the engine writes."""
        return self.repository / OUTPUT_DIRECTORY

    @property
    def repository(self) -> Path:
        """The root of the repository that this project is, or is a package of."""
        return self.top or self.root

    @property
    def prefix(self) -> str:
        """The prefix of its file names, relative to the root of the repository."""
        inside = self.root.relative_to(self.repository).as_posix()
        return "" if inside == "." else f"{inside}/"

    def relative_link(self, path: Path) -> str:
        """Make a path relative to the root, without following any link."""
        return path.relative_to(self.root).as_posix()

    def relative(self, path: str | Path) -> str:
        """Make a file relative to the root, with ``/``; unchanged if elsewhere."""
        given = Path(path)
        absolute = given if given.is_absolute() else self.root / given
        for candidate in (absolute, Path(os.path.realpath(absolute))):
            for top in (self.root, Path(os.path.realpath(self.root))):
                if candidate.is_relative_to(top):
                    return printable(candidate.relative_to(top).as_posix())
        return printable(given.as_posix())


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except (OSError, ValueError):
        return 0


def printable(name: str) -> str:
    """Escape the bytes of a name that are not UTF-8, because reports are UTF-8."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def find_repository(directory: Path) -> Path:
    """The root of a directory's git work tree, else the directory itself."""
    start = directory.resolve()
    return next((p for p in (start, *start.parents) if (p / ".git").exists()), start)


def read_project(root: Path) -> Project:
    """Read the facts about the repository."""
    path = root / "pyproject.toml"
    document = read_toml(path) if path.is_file() else {}
    tools = table(document, "tool")
    # It may describe a package, or only configure tools.
    described = "project" in document or "poetry" in tools
    virtual = dig(tools, "poetry", "package-mode") is False
    setup_files = any((root / name).is_file() for name in ("setup.py", "setup.cfg"))
    return Project(
        root=root,
        manager=_manager(root, tools),
        pyproject=document,
        groups=_expand_groups(document.get("dependency-groups", {})),
        has_git=any((path / ".git").exists() for path in (root, *root.parents)),
        installable=(described and not virtual) or setup_files,
    )


def _manager(root: Path, tools: Table) -> Manager:
    """Name the manager; its own manifest outranks a table, a table outranks a lock."""
    if (root / "pixi.toml").is_file() or "pixi" in tools:
        return "pixi"
    if "poetry" in tools or (root / "poetry.lock").is_file():
        return "poetry"
    # uv's build backend has its settings there too, but is not a sign of uv as manager.
    managed = "uv" in tools and {*table(tools, "uv")} != {"build-backend"}
    if managed or (root / "uv.lock").is_file():
        return "uv"
    return "pip"


def normalize(name: str) -> str:
    """Normalize the name of a group or distribution as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _expand_groups(raw: object) -> dict[str, tuple[str, ...]]:
    """Expand PEP 735 groups."""
    if not isinstance(raw, dict):
        raise ConfigurationError(
            "pyproject.toml: key dependency-groups: expected a table"
        )
    listed = cast("Table", raw)
    groups = {normalize(str(name)): items for name, items in listed.items()}
    return {name: tuple(_requirements(name, groups, ())) for name in groups}


def _requirements(
    name: str, groups: Mapping[str, object], path: tuple[str, ...]
) -> Iterator[str]:
    key = f"pyproject.toml: key dependency-groups.{name}"
    if name in path:
        raise ConfigurationError(f"{key}: includes itself by {' > '.join(path)}")
    items = groups.get(name)
    if not isinstance(items, list):
        problem = "no such group" if items is None else "expected a list"
        raise ConfigurationError(f"{key}: {problem}")
    for item in cast("list[object]", items):
        if isinstance(item, str):
            yield item
            continue
        included = dig(item, "include-group")
        if not isinstance(included, str):
            raise ConfigurationError(
                f"{key}: expected a requirement or {{include-group = 'NAME'}}, "
                f"got {item!r}"
            )
        yield from _requirements(normalize(included), groups, (*path, name))
