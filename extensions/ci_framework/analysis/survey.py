"""The files and main documents of a repository, shared by all parts of the analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_engine.project.repository import printable
from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.readers.documents import Documents
from ci_framework.analysis.readers.ini import Ini
from ci_framework.analysis.readers.setup_py import SetupCall, read_setup_call
from ci_framework.inventory import Evidence, Hook, Job, Step, Task, Workflow, steps_of
from ci_framework.repository import Repository

PYPROJECT = "pyproject.toml"
# Files of template repositories: of cookiecutter, of Copier.
_COOKIECUTTER = "cookiecutter.json"
_COPIER = ("copier.yml", "copier.yaml")
# Directories whose projects are not the product.
_ASIDE = word_set("aside")


class Survey:
    """A repository under analysis.

    Attributes:
        documents: its files, parsed on demand.
        tasks: its named commands, set once they are read.
        workflows: its workflows, set likewise.
        hooks: its pre-commit hooks, set likewise.
    """

    def __init__(self, repository: Repository) -> None:
        """Start without reading anything."""
        self.repository = repository
        self.documents = Documents(repository)
        self.tasks: list[Task] = []
        self.workflows: list[Workflow] = []
        self.hooks: list[Hook] = []

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Ordinary files of the repository, without links, submodules and templates."""
        return tuple(path for path in self._ordinary if not self._is_template(path))

    @cached_property
    def templates(self) -> tuple[str, ...]:
        """Files from which other projects are rendered, which are not code here."""
        return tuple(path for path in self._ordinary if self._is_template(path))

    @cached_property
    def _ordinary(self) -> tuple[str, ...]:
        tracked = self.repository.tracked
        return tuple(
            path for path, entry in tracked.items() if entry.is_file and _is_text(path)
        )

    def _is_template(self, path: str) -> bool:
        """Whether a file is rendered, by the name of a directory or by its path."""
        return path.startswith(self._template_directories) or any(
            "{{" in part or "{%" in part for part in path.split("/")
        )

    @cached_property
    def _template_directories(self) -> tuple[str, ...]:
        """Directories that a template repository renders, with a trailing slash."""
        found = ["hooks/"] if _COOKIECUTTER in self.repository.tracked else []
        for name in _COPIER:
            if name in self.repository.tracked:
                below = table(self.documents.yaml(name)).get("_subdirectory")
                plain = below.strip("/") if isinstance(below, str) else ""
                found += [f"{plain}/"] if plain and "{" not in plain else []
        return tuple(found)

    @cached_property
    def unnamed(self) -> list[str]:
        """Files whose name is not text, with invalid bytes escaped."""
        return [printable(p) for p in self.repository.tracked if not _is_text(p)]

    @cached_property
    def directories(self) -> frozenset[str]:
        """Directories with a tracked file."""
        return _above(self.files)

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """Tracked files with Python code."""
        return tuple(path for path in self.files if path.endswith(".py"))

    @cached_property
    def python_directories(self) -> frozenset[str]:
        """Directories with Python code, at any depth."""
        return _above(self.python_files)

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The child directories of each directory; ``""`` is the root."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.directories):
            parent, _, _ = path.rpartition("/")
            found.setdefault(parent, []).append(path)
        return found

    def steps(self) -> Iterator[tuple[Workflow, Job, Step]]:
        """The steps of all workflows."""
        return steps_of(self.workflows)

    def hatch_environments(self) -> Iterator[tuple[str, tuple[str, ...], Table]]:
        """The environments of hatch: the file, the keys and the table of each."""
        for path, keys in (
            (PYPROJECT, ("tool", "hatch", "envs")),
            ("hatch.toml", ("envs",)),
        ):
            environments = table(self.documents.toml(path), *keys)
            for name in environments:
                yield path, (*keys, name), table(environments, name)

    def has(self, path: str) -> bool:
        """Whether an ordinary file with that name is tracked."""
        return self.documents.has(path)

    def first(self, *paths: str) -> str:
        """The first of the paths that is tracked, empty if none is."""
        return next((path for path in paths if self.has(path)), "")

    @cached_property
    def home(self) -> str:
        """The directory of the only project, empty if that is the root.

        If the root has no project, for example beside a front end, the one below it
        is analyzed.
        """
        if self.first(PYPROJECT, "setup.py", "setup.cfg", "pixi.toml"):
            return ""
        manifests = (p for p in self.files if p.endswith(f"/{PYPROJECT}"))
        homes = [path.rpartition("/")[0] for path in manifests]
        product = [
            home
            for home in homes
            if not any(part.lower() in _ASIDE for part in home.split("/"))
        ]
        return product[0] if len(product) == 1 else ""

    def at_home(self, name: str) -> str:
        """The path of a file beside the manifest of the project."""
        return f"{self.home}/{name}" if self.home else name

    @cached_property
    def pyproject(self) -> Table:
        """pyproject.toml of the project, empty if there is none."""
        return self.documents.toml(self.at_home(PYPROJECT))

    @cached_property
    def project(self) -> Table:
        """Its table ``project``."""
        return table(self.pyproject, "project")

    def tool(self, *keys: str) -> Table:
        """A table of a tool in pyproject.toml."""
        return table(self.pyproject, "tool", *keys)

    @cached_property
    def setup_cfg(self) -> Ini:
        """setup.cfg of the project."""
        return self.documents.ini(self.at_home("setup.cfg"))

    @cached_property
    def tox_ini(self) -> Ini:
        """tox.ini of the project."""
        return self.documents.ini(self.at_home("tox.ini"))

    @cached_property
    def setup_call(self) -> SetupCall:
        """The arguments of ``setup`` in setup.py of the project."""
        return self.setup_call_of(self.at_home("setup.py"))

    def setup_call_of(self, path: str) -> SetupCall:
        """The arguments of ``setup`` in a setup.py, if they are literals."""
        tree = self.documents.python(path) if self.has(path) else None
        return read_setup_call(tree)

    def location(self, *keys: str) -> Evidence:
        """The location of a key in pyproject.toml."""
        return self.documents.location(self.at_home(PYPROJECT), *keys)

    def file(self, path: str) -> Evidence:
        """The location of a whole file."""
        return Evidence(path=path)


def _above(paths: Iterable[str]) -> frozenset[str]:
    """The directories with some of the paths, at any depth."""
    found = {parent.as_posix() for p in paths for parent in PurePosixPath(p).parents}
    return frozenset(found - {"."})


def _is_text(path: str) -> bool:
    """Whether a name is UTF-8; reports are, and cannot contain other names."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
