"""Resolve the names of modules to files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from ci_engine.test_selection.repository_files import Files, parent, parents

# A module, and the name imported from it.
_Name = tuple[str, str]
_Reading = Callable[[bytes], Iterable[_Name]]


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
        self._hidden: set[str] = set()
        # Cached: many files import the same names.
        self._doubts: dict[str, bool] = {}
        self._doubtful_names: dict[bytes, list[_Name]] = {}
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
        if root in self._hiding:
            self._hidden.add(name)

    @property
    def plain_roots(self) -> list[str]:
        """The roots, except packages that would hide modules of Python's own."""
        return [root for root in self.roots if root not in self._hiding]

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

    def is_doubtful(self, name: str) -> bool:
        """Whether other readers of imports may resolve a name differently.

        It may mean several files, a built-in or a file that is not Python's
        own; or it does not exist although its package does.
        """
        if name not in self._doubts:
            self._doubts[name] = name in self._doubtful or (
                name.partition(".")[0] in self.top_names
                and name not in self._by_name
                and any(outer in self._by_name for outer in _outer(name))
            )
        return self._doubts[name]

    def doubtful_in(self, statement: bytes, named_in: _Reading) -> list[_Name]:
        """The doubtful imports of a statement, cached because many files repeat it."""
        if statement not in self._doubtful_names:
            self._doubtful_names[statement] = [
                (module, name)
                for module, name in named_in(statement)
                if self.is_doubtful(module)
                or (name and self.is_doubtful(f"{module}.{name}"))
            ]
        return self._doubtful_names[statement]

    @cached_property
    def _doubtful(self) -> set[str]:
        names = [
            name
            for name, paths in self._by_name.items()
            if len(paths) > 1 or not paths[0].endswith(".py")
        ]
        names += self.top_names & sys.stdlib_module_names
        return self._hidden.union(names)

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
        if len(paths) < 2:  # noqa: PLR2004 - one is no choice
            return paths
        above = set(parents(importer)) | self._declared
        near = [path for path in paths if self._start(path) in above]
        return near or paths

    def _start(self, path: str) -> str:
        """The root from which a file imports."""
        return self.files.outside_of_packages(parent(path))


def _is_pythons(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _outer(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
