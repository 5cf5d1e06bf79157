"""Resolve the names of modules to files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cached_property

from ci_engine.test_selection.repository_files import Files, parent, parents


class Modules:
    """The modules of a repository by their dotted names."""

    def __init__(
        self,
        files: Files,
        roots: Sequence[str],
        declared: Iterable[str] = (),
        deleted: Iterable[str] = (),
    ) -> None:
        """List the modules.

        Args:
            files: the files of the modules.
            roots: directories in which imports are resolved.
            declared: those of them from which every file may import.
            deleted: files that the change deleted.
        """
        self.files = files
        self.roots = tuple(dict.fromkeys(roots))
        self.known = frozenset([*files.python, *files.native, *deleted])
        self._by_name: dict[str, list[str]] = {}
        self._declared = frozenset(declared)
        # Directories with modules named like Python's own are searched, too: within the
        # package and elsewhere, these names still mean Python's modules.
        self._hiding = frozenset(
            parent(path)
            for path in self.known
            if parent(path) in files.packages
            and parent(path) in self.roots
            and _is_pythons(path.rpartition("/")[2].removesuffix(".py"))
        )
        # Cached: many files of a directory contain the same import statements.
        self.files_by_statement: dict[str, dict[bytes, set[str]]] = {}
        # Import statements that need no file of the repository.
        self.foreign: set[bytes] = set()
        starts = frozenset(self.roots)
        for path in sorted(self.known):
            for root in parents(path):
                if root in starts:
                    self._add(path, root)

    def _add(self, path: str, root: str) -> None:
        inner = path[len(root) + 1 :] if root else path
        stem = inner.rpartition(".")[0]
        name = stem.removesuffix("/__init__").replace("/", ".")
        if name == "__init__" or (root in self._hiding and _is_pythons(name)):
            return
        self._by_name.setdefault(name, []).append(path)

    @cached_property
    def top_names(self) -> frozenset[str]:
        """The first parts of all names."""
        return frozenset(name.partition(".")[0] for name in self._by_name)

    @cached_property
    def tops_with_modules(self) -> frozenset[str]:
        """Those that contain modules, or are packages."""
        return frozenset(
            name.partition(".")[0]
            for name, paths in self._by_name.items()
            if "." in name or any(path.endswith("/__init__.py") for path in paths)
        )

    def exact(self, name: str, importer: str) -> list[str]:
        """The files with exactly this module name."""
        return self._nearest(self._by_name.get(name, []), importer)

    def resolve(self, name: str, importer: str) -> list[str]:
        """The files of a module, or of its innermost package in the repository."""
        while name:
            found = self.exact(name, importer)
            if found:
                return found
            name = name.rpartition(".")[0]
        return []

    def member(self, module: str, name: str, importer: str) -> list[str]:
        """The file for ``from module import name``; without a name, ``import``.

        That is the module with that name, else the module it is imported from.
        """
        plain = module.lstrip(".")
        level = len(module) - len(plain)
        inner = ".".join(filter(None, (plain, name)))
        if not level:
            return self.exact(inner, importer) or self.resolve(plain, importer)
        return self.relative(importer, level, inner) or self.relative(
            importer, level, plain
        )

    def relative(self, importer: str, level: int, name: str) -> list[str]:
        """The file of a relative import."""
        directory = parent(importer)
        for _ in range(level - 1):
            directory = parent(directory)
        inner = name.replace(".", "/")
        location = "/".join(filter(None, (directory, inner)))
        package = f"{location}/__init__.py"
        for path in (
            (f"{location}.py", package, f"{location}.pyx") if name else (package,)
        ):
            if path in self.known:
                return [path]
        return []

    def below(self, directory: str) -> list[str]:
        """Every module below a directory."""
        return [path for path in self.known if path.startswith(f"{directory}/")]

    def _nearest(self, paths: list[str], importer: str) -> list[str]:
        """Choose the files that the importer can mean.

        Prefer declared code, and files in the importer's own directory of tests;
        otherwise any of them may be meant.
        """
        if len(paths) < 2:  # noqa: PLR2004 - one is not a choice
            return paths
        above = set(parents(importer)) | self._declared
        near = [path for path in paths if self._start(path) in above]
        return near or paths

    def _start(self, path: str) -> str:
        """The root from which a file imports."""
        return self.files.outside_of_packages(parent(path))


def _is_pythons(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names
