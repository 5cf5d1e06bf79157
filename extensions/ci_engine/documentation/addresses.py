"""Resolve the addresses on a page, inside or outside of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True)
class Target:
    """The target of an address.

    Attributes:
        path: the file of the site; with a problem, the one that is missing.
        fragment: the part after ``#``, as written.
        problem: why the target does not exist, empty if it does.
        external: the address on another site, empty if it is on this one.
    """

    path: str = ""
    fragment: str = ""
    problem: str = ""
    external: str = ""


@dataclass(frozen=True)
class Site:
    """The files of a site, and its published address.

    Attributes:
        site_url: the published address, empty if it is not known.
        versions: whether the branch has other versions beside it.
    """

    root: Path
    site_url: str = ""
    versions: bool = False
    files: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def read(cls, root: Path, site_url: str, *, versions: bool) -> Site:
        """List the files below a directory."""
        found = (path for path in root.rglob("*") if path.is_file())
        names = frozenset(path.relative_to(root).as_posix() for path in found)
        return cls(root, site_url, versions, names)

    @property
    def base(self) -> str:
        """The path of the published site, with a slash at both ends."""
        path = urlsplit(self.site_url).path if self.site_url else "/"
        return f"/{path.strip('/')}/" if path.strip("/") else "/"

    @property
    def pages(self) -> list[str]:
        """Its pages, sorted."""
        return sorted(n for n in self.files if n.endswith((".html", ".htm")))

    def resolve(self, address: str, page: str, base: str = "") -> Target:
        """Resolve an address on a page.

        Args:
            address: the address as written.
            page: the page with the address.
            base: the address of its ``<base>`` element.
        """
        if base and not _SCHEME.match(base) and not base.startswith("//"):
            page = posixpath.join(posixpath.dirname(page), f"{base.rstrip('/')}/x")
        if address.startswith("//"):
            return Target(external=f"https:{address}")
        if _SCHEME.match(address):
            return self._absolute(address)
        try:
            parts = urlsplit(address)
        except ValueError:
            return Target(problem="is not an address")
        if not parts.path:
            return Target(path=page, fragment=parts.fragment)
        path = unquote(parts.path)
        if path.startswith("/"):
            return self._rooted(path, parts.fragment)
        joined = posixpath.join(posixpath.dirname(page), path)
        return self._inside(joined, parts.fragment)

    def _absolute(self, address: str) -> Target:
        scheme = address.partition(":")[0].lower()
        if scheme == "file":
            return Target(problem="points to a file on one machine")
        if scheme not in ("http", "https"):
            return Target(external=address)
        home = urlsplit(self.site_url)
        try:
            parts = urlsplit(address)
        except ValueError:
            return Target(problem="is not an address")
        own = self.site_url and parts.netloc.lower() == home.netloc.lower()
        if not own or not f"{parts.path}/".startswith(self.base):
            return Target(external=address)
        target = self._rooted(unquote(parts.path) or "/", parts.fragment)
        if target.problem and self.versions:
            return Target(external=address)
        return target

    def _rooted(self, path: str, fragment: str) -> Target:
        """Resolve an address that starts at the root of the host."""
        base = self.base
        if path.startswith(base) or f"{path}/" == base:
            inside = path[len(base) :] if path.startswith(base) else ""
            found = self._inside(inside, fragment)
            if found.problem and self.versions:
                # /latest/page of a site with several versions.
                below = inside.partition("/")[2]
                return self._inside(below, fragment)
            return found
        if not self._inside(path.lstrip("/"), fragment).problem:
            return Target(
                path,
                problem=f"starts at the top of the host, and the site is at {base}",
            )
        return Target(path, problem=f"is outside the site, which is at {base}")

    def _inside(self, path: str, fragment: str) -> Target:
        """Resolve a path below the root of the site."""
        clean = posixpath.normpath(path) if path else "."
        if clean == ".." or clean.startswith("../"):
            if self.versions:
                return Target(external=clean)
            return Target(clean, problem="points outside the site")
        directory = path.endswith(("/", "/.", "/..")) or clean == "."
        prefix = "" if clean == "." else f"{clean}/"
        if clean in self.files and not directory:
            return Target(clean, fragment)
        if f"{prefix}index.html" in self.files:
            return Target(f"{prefix}index.html", fragment)
        # GitHub Pages and most other hosts append the suffix.
        if not directory and f"{clean}.html" in self.files:
            return Target(f"{clean}.html", fragment)
        return Target(clean, problem=self._missing(clean, prefix))

    def _missing(self, clean: str, prefix: str) -> str:
        wanted = {f"{clean}", f"{prefix}index.html", f"{clean}.html"}
        lowered = {name.lower() for name in wanted}
        other = next((n for n in sorted(self.files) if n.lower() in lowered), "")
        if other:
            return f"is broken: the file is named {other}"
        if any(name.startswith(prefix) for name in self.files) and prefix:
            return f"points to the directory {clean}, which has no index.html"
        return "is broken: there is no such file"


def has_fragment(fragment: str, targets: Iterable[str]) -> bool:
    """Whether a page has the target of a fragment, encoded or not."""
    name = fragment.partition(":~:")[0]
    if name == "" or name.lower() == "top" or name.startswith(("!", "/")):
        return True
    return name in targets or unquote(name) in targets
