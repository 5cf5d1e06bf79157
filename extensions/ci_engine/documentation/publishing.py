"""Publish pages on a branch: one site, or several versions.

The layout for several versions is that of mike: ``1.2/``, aliases such as ``latest/``,
``versions.json``, and an ``index.html`` that redirects to the default.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from ci_engine.documentation.redirects import (
    is_redirect,
    redirect_page,
    write_redirects,
)
from ci_engine.documentation.site_versions import (
    VERSIONS_FILE,
    SiteVersion,
    add_version,
    is_newest,
    read_versions,
    remove_names,
    write_versions,
)
from ci_engine.documentation.version_selector import (
    SELECTOR_FILE,
    copy_with_selector,
    is_without_selector,
    selector_script,
)
from ci_engine.errors import ToolError, UsageError
from ci_engine.github.branch_writer import (
    LINK_MODE,
    BranchTree,
    BranchWriter,
    read_entries,
)

AliasType = Literal["copy", "symlink", "redirect"]
# Lists the files of a site without versions, so that they can be replaced.
_OWNED = ".ci-framework-pages"
# Otherwise GitHub Pages would skip directories such as _static.
_NO_JEKYLL = ".nojekyll"
_START = "index.html"


@dataclass(frozen=True)
class NewVersion:
    """A version to publish.

    Attributes:
        title: the name in lists; empty = unchanged, or the version.
        alias_type: how to create aliases; None = like the existing ones.
        default: whether the root of the site redirects to it.
        alias_if_newest: an alias for it, which the root of the site redirects to,
            unless a newer version is published.
    """

    version: str
    aliases: Sequence[str] = ()
    title: str = ""
    alias_type: AliasType | None = None
    default: bool = False
    alias_if_newest: str = ""

    def beside(self, versions: Sequence[SiteVersion]) -> NewVersion:
        """The same version, given the existing ones."""
        if not self.alias_if_newest or not is_newest(self.version, versions):
            return self
        names = [*dict.fromkeys([self.alias_if_newest, *self.aliases])]
        return replace(self, aliases=names, default=True, alias_if_newest="")


@dataclass(frozen=True)
class SitePublisher:
    """Publishes pages on a branch.

    Attributes:
        pages: the directory with the pages.
        commit: the commit that the pages were built from, for the message.
        selector: whether to add a list of the versions to Sphinx pages.
    """

    writer: BranchWriter
    pages: Path
    commit: str
    selector: bool = True

    def versions(self) -> list[SiteVersion]:
        """The published versions, the newest first."""
        tree = self.writer.tree()
        found = read_versions(tree.read(VERSIONS_FILE), self._origin)
        return read_versions(write_versions(found), self._origin)

    def publish_version(self, new: NewVersion) -> str:
        """Add or replace a version, and return the commit of the branch.

        Raises:
            UsageError: if a name is invalid.
            ToolError: if it cannot be pushed, or is missing afterwards.
        """
        site = self._store_version()

        def add(tree: BranchTree) -> bool:
            self._add(tree, new, site)
            return True

        names = ", ".join([new.version, *new.aliases])
        message = f"docs: publish {names}{self._from}"
        pushed = self.writer.update(add, message)
        self._verify(pushed, new, site)
        return pushed

    def plan(self, new: NewVersion) -> list[str]:
        """Describe the changes of publishing a version."""
        tree = self.writer.tree()
        before = dict(tree.entries)
        self._add(tree, new, self._store_version())
        branch = self.writer.branch
        return [
            f"{'change' if name in before else 'add'} {branch}:{name}"
            for name, entry in sorted(tree.entries.items())
            if before.get(name) != entry
        ]

    def publish_site(self) -> str:
        """Replace the site of a branch without versions, and return the commit.

        Other files on the branch are kept.

        Raises:
            UsageError: if there are several versions.
            ToolError: if it cannot be pushed.
        """
        site = self._store(self.pages)

        def change(tree: BranchTree) -> bool:
            before = dict(tree.entries)
            if VERSIONS_FILE in tree.entries:
                raise UsageError(
                    f"{self.writer.branch} contains several versions",
                    hint="add --version, such as --version dev",
                )
            for name in tree.read(_OWNED).splitlines():
                tree.entries.pop(name, None)
            fresh = read_entries(tree.git, site)
            tree.entries |= fresh
            tree.write(_OWNED, "".join(f"{name}\n" for name in sorted(fresh)))
            tree.write(_NO_JEKYLL, "")
            return tree.entries != before

        return self.writer.update(change, f"docs: publish the site{self._from}")

    def delete(self, names: Sequence[str]) -> list[str]:
        """Remove versions or aliases, and return the removed directories."""
        removed: list[str] = []

        def remove(tree: BranchTree) -> bool:
            found = read_versions(tree.read(VERSIONS_FILE), self._origin)
            kept, gone = remove_names(found, names)
            for name in gone:
                tree.entries.pop(name, None)
            tree.write(VERSIONS_FILE, write_versions(kept))
            removed[:] = gone
            return True

        self.writer.update(remove, f"docs: remove {', '.join(names)}")
        return removed

    @property
    def _origin(self) -> str:
        return f"{self.writer.branch}/{VERSIONS_FILE}"

    @property
    def _from(self) -> str:
        return f" from {self.commit[:12]}" if self.commit else ""

    def _add(self, tree: BranchTree, new: NewVersion, site: str) -> None:
        before = read_versions(tree.read(VERSIONS_FILE), self._origin)
        new = new.beside(before)
        after = add_version(before, new.version, new.title, new.aliases)
        kind = new.alias_type or _alias_type(tree, before)
        tree.put(new.version, site)
        aliases = next(v.aliases for v in after if v.version == new.version)
        for alias in aliases:
            if kind == "symlink":
                tree.write(alias, new.version, LINK_MODE)
            else:
                tree.put(alias, site if kind == "copy" else self._redirects(new))
        tree.write(VERSIONS_FILE, write_versions(after))
        tree.write(_NO_JEKYLL, "")
        if self._adds_selector:
            tree.write(SELECTOR_FILE, selector_script())
        if new.default or _START not in tree.entries:
            target = next(iter(new.aliases), new.version)
            tree.write(_START, redirect_page(f"{quote(target)}/"))

    @property
    def _adds_selector(self) -> bool:
        return self.selector and is_without_selector(self.pages)

    def _store_version(self) -> str:
        """Store the pages of a version, with a version selector if needed."""
        if not self._adds_selector:
            return self._store(self.pages)
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "pages"
            copy_with_selector(self.pages, copy)
            return self._store(copy)

    def _redirects(self, new: NewVersion) -> str:
        """A directory of pages that redirect to those of a version."""
        found = sorted(path for path in self.pages.rglob("*.html") if path.is_file())
        names = [path.relative_to(self.pages).as_posix() for path in found]
        with tempfile.TemporaryDirectory() as directory:
            write_redirects(Path(directory), names, new.version)
            return self._store(Path(directory))

    def _store(self, directory: Path) -> str:
        """Store the files of a directory in git unchanged, and return the tree."""
        git = self.writer.git
        inside = git.read("rev-parse", "--absolute-git-dir").strip()
        with tempfile.TemporaryDirectory() as scratch:
            plain = replace(
                git,
                root=directory,
                variables={
                    **git.variables,
                    "GIT_INDEX_FILE": str(Path(scratch) / "index"),
                    "GIT_DIR": inside,
                    "GIT_WORK_TREE": str(directory),
                },
                options=(
                    *git.options,
                    *("-c", "core.autocrlf=false", "-c", "core.attributesFile="),
                    *("-c", "core.fileMode=false", "-c", "core.excludesFile="),
                ),
            )
            plain.succeed("add", "--all", "--force", ".")
            return plain.read("write-tree").strip()

    def _verify(self, pushed: str, new: NewVersion, site: str) -> None:
        """Check that the branch has the version, unless someone replaced it."""
        tree = self.writer.tree()
        listed = {
            each.version
            for each in read_versions(tree.read(VERSIONS_FILE), self._origin)
        }
        entry = tree.entries.get(new.version)
        same = entry is not None and entry.object == site
        if new.version not in listed or not (same or tree.parent != pushed):
            raise ToolError(
                f"{self.writer.branch}: {new.version} is missing after the push",
                hint="check the branch, and publish again",
            )


def _alias_type(tree: BranchTree, versions: Sequence[SiteVersion]) -> AliasType:
    """The type of the existing aliases; copies take no additional space in git."""
    for alias in (alias for each in versions for alias in each.aliases):
        entry = tree.entries.get(alias)
        if entry is None:
            continue
        if entry.mode == LINK_MODE:
            return "symlink"
        return "redirect" if is_redirect(tree.read(f"{alias}/{_START}")) else "copy"
    return "copy"
