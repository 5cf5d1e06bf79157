"""Select the published files to compare with the live site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci_engine.documentation.site_versions import VERSIONS_FILE, read_versions
from ci_engine.errors import ToolError
from ci_engine.github.branch_writer import (
    LINK_MODE,
    BranchTree,
    BranchWriter,
    read_entries,
)
from ci_engine.project.git import Git

_START = "index.html"
# These index the words of all pages, so they change with any page.
_INDEXES = ("searchindex.js", "search/search_index.json", "search.json", "objects.inv")
_MOST_FILES = 20

# The content of each file, by its path relative to the site's address.
Files = Mapping[str, bytes]


def sample(names: Iterable[str]) -> list[str]:
    """The files of a site to compare: the start page, the indexes, and some pages."""
    there = {name for name in names if not name.startswith(".")}
    first = [name for name in (_START, *_INDEXES) if name in there]
    pages = sorted(n for n in there - {*first} if n.endswith((".html", ".htm")))
    step = max(1, -(-len(pages) // (_MOST_FILES - len(first))))
    return [*first, *pages[::step]]


def files_of_directory(site: Path) -> Files:
    """The sample of a site that was published as a whole."""
    found = (path for path in site.rglob("*") if path.is_file())
    names = [path.relative_to(site).as_posix() for path in found]
    return {name: (site / name).read_bytes() for name in sample(names)}


@dataclass
class PublishedBranch:
    """The branch of a published site.

    Attributes:
        version: the version to compare; empty: the site has no versions.
    """

    writer: BranchWriter
    version: str
    _commit: str = ""
    _files: Files = field(default_factory=dict[str, bytes])

    def files(self) -> Files:
        """The sample of the branch: the site, or a version, its aliases and the list.

        Raises:
            ToolError: if it does not exist.
        """
        tree, branch = self.writer.tree(), self.writer.branch
        if not tree.parent:
            raise ToolError(
                f"{branch}: the branch does not exist",
                hint="publish first: ci-framework/ci docs publish",
            )
        if tree.parent != self._commit:
            if self.version:
                self._files = _of_version(tree, branch, self.version)
            else:
                self._files = _stored(tree.git, tree.parent, "")
            self._commit = tree.parent
        return self._files


def _of_version(tree: BranchTree, branch: str, version: str) -> Files:
    versions = read_versions(tree.read(VERSIONS_FILE), f"{branch}/{VERSIONS_FILE}")
    listed = next((each for each in versions if each.version == version), None)
    entry = tree.entries.get(version)
    if listed is None or entry is None:
        raise ToolError(
            f"{branch}: there is no version {version}",
            hint="run `ci-framework/ci docs publish --list`",
        )
    files = {VERSIONS_FILE: _content(tree.git, tree.entries[VERSIONS_FILE].object)}
    files |= _stored(tree.git, entry.object, f"{version}/")
    for alias in listed.aliases:
        other = tree.entries.get(alias)
        if other is None:
            continue
        linked = entry if other.mode == LINK_MODE else other
        start = read_entries(tree.git, linked.object).get(_START)
        if start is not None:
            files[f"{alias}/{_START}"] = _content(tree.git, start.object)
    return files


def _stored(git: Git, tree: str, prefix: str) -> dict[str, bytes]:
    """The sample of a directory, as stored in git."""
    rows = git.succeed("ls-tree", "-r", "-z", tree).names()
    objects: dict[str, str] = {}
    for row in rows:
        facts, _, name = row.partition("\t")
        objects[name] = facts.split()[2]
    return {f"{prefix}{name}": _content(git, objects[name]) for name in sample(objects)}


def _content(git: Git, identifier: str) -> bytes:
    return git.answer("cat-file", "blob", identifier, text="")
