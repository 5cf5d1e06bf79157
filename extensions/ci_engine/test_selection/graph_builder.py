"""Build the import graph, one kind of edge after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from ci_engine.configuration.value_types import Command
from ci_engine.project.repository import OUTPUT_DIRECTORY, Project
from ci_engine.test_selection.django_apps import DjangoApps
from ci_engine.test_selection.dynamic_imports import LOADING_SIGNS, Loads, loads_of
from ci_engine.test_selection.entry_points import EntryPoint, read_entry_points
from ci_engine.test_selection.fixture_users import Fixtures, FixtureUsers
from ci_engine.test_selection.import_graph import MAY_LOAD, ImportGraph
from ci_engine.test_selection.import_roots import declared_roots, other_roots
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.named_modules import NamedModules
from ci_engine.test_selection.plugin_directories import PluginDirectories
from ci_engine.test_selection.pytest_settings import find_tests, read_pytest_settings
from ci_engine.test_selection.python_imports import (
    guessed_imports,
    imports_of,
)
from ci_engine.test_selection.registries import registering_modules
from ci_engine.test_selection.repository_files import Files, parent, parents
from ci_engine.test_selection.text_mentions import (
    Mentions,
    script_modules,
    starting_programs,
)

# The framework's own code: a change to it runs everything anyway.
_WITHOUT = ("ci-framework", OUTPUT_DIRECTORY)


def build_graph(
    project: Project,
    source_paths: Sequence[str],
    test_paths: Sequence[str],
    *,
    deleted: Iterable[str] = (),
    command: Command = "",
) -> ImportGraph:
    """Find the files and tests of the graph, including deleted files.

    If the project has its own command for the tests, its options count as well.
    ``complete`` adds the edges, which a change that no code depends on does not need.
    """
    files = Files.of(project, _WITHOUT)
    points = read_entry_points(files)
    plugins = [point.module for point in points if point.group == "pytest11"]
    pytest = read_pytest_settings(project, plugins, command)
    declared = declared_roots(files, source_paths, pytest)
    roots = [*declared, *other_roots(files, declared)]
    deleted = [path for path in deleted if path.endswith((".py", ".pyx", ".pxd"))]
    modules = Modules(files, roots, declared, deleted)
    inside = _plain(test_paths).union(pytest.test_paths)
    tests, area = find_tests(files, pytest, inside)
    graph = ImportGraph(files, pytest, tests, area, _plain(source_paths) | inside)
    builder = _Builder(modules, graph, points)
    graph.completing = builder.build
    return graph


def _plain(paths: Sequence[str]) -> frozenset[str]:
    return frozenset("" if path == "." else path.strip("/") for path in paths)


class _Builder:
    """Builds a graph, one kind of edge after the other."""

    def __init__(
        self,
        modules: Modules,
        graph: ImportGraph,
        points: list[EntryPoint],
    ) -> None:
        self.modules = modules
        self.files = modules.files
        self.graph = graph
        self.edges = graph.edges
        commands = script_modules(points, modules)
        self.named_modules = NamedModules(modules, points)
        self.django_apps = DjangoApps(modules)
        self.plugins = PluginDirectories(modules)
        self.mentions = Mentions(modules, commands, graph.tests)
        self.fixture_users = FixtureUsers(graph.files, graph.area, graph.pytest)

    def build(self) -> None:
        """Read the imports, then add the other kinds of edges."""
        read, area = self.files.read, self.graph.area
        self.graph.engine = "ci-framework"
        loading = sorted(self.files.containing(*LOADING_SIGNS))
        loads = {p: loads_of(p, self.modules, read(p)) for p in loading}
        self.graph.programs.update(starting_programs(self.files).intersection(area))
        named = {path: self.mentions.of(path, read(path)) for path in area}
        in_code = {p: self._in_code(p, read(p)) for p in self.files.python}
        self._imports()
        for path, others in named.items():
            self._add(path, others, "names")
        self._loads(loads)
        for path, others in in_code.items():
            self._add(path, others, MAY_LOAD)
        self._registries()
        self._fixtures()
        self._implicit()
        self._links()

    def _in_code(self, path: str, text: bytes) -> set[str]:
        """The files that a file may load by names in its text."""
        found = self.named_modules.of(path, text) | self.plugins.of(path, text)
        return found | self.django_apps.of(path, text)

    def _add(self, path: str, others: Iterable[str], kind: str) -> None:
        known = self.edges.setdefault(path, {})
        for other in others:
            if other != path:
                known.setdefault(other, kind)

    def _imports(self) -> None:
        for path in self.files.python:
            found = imports_of(path, self.modules, self.files.read(path))
            self._add(path, found, "imports")
        for path in self.files.native:
            found = guessed_imports(path, self.modules, self.files.read(path))
            self._add(path, found, "imports")

    def _loads(self, found: Mapping[str, Loads]) -> None:
        """Add the files that are loaded by a name in a text."""
        for path, loads in found.items():
            self._add(path, loads.sure, "loads")
            self._add(path, loads.likely, MAY_LOAD)
            if loads.maybe:
                self.graph.maybe[path] = loads.maybe
            if loads.anything:
                self.graph.anything[path] = loads.anything
            if loads.unparsable:
                self.graph.failed.add(path)

    def _registries(self) -> None:
        """Importing anything of a package may need the modules that register there."""
        registering = registering_modules(self.files, self.edges)
        for init, modules in registering.items():
            location = f"{parent(init)}/"
            for path, edges in self.edges.items():
                if any(other.startswith(location) for other in edges):
                    self._add(path, modules, MAY_LOAD)

    def _fixtures(self) -> None:
        """Move the dependencies of a fixture to the files that request it."""
        for path in self.graph.area:
            if not path.endswith("conftest.py"):
                continue
            fixtures = Fixtures(path, self.modules, self.files.read(path))
            imports = fixtures.imports()
            named = fixtures.named(partial(self.mentions.of, path))
            for other, kind in list(self.edges[path].items()):
                fixture_needs = imports if kind == "imports" else named
                if kind in ("imports", "names") and other in fixture_needs:
                    names = fixture_needs[other] | named.get(other, frozenset())
                    self._move(path, other, names)

    def _move(self, path: str, other: str, names: frozenset[str]) -> None:
        """Replace the edge of a conftest file by edges of its fixtures' users."""
        users = self.fixture_users.of(path, names)
        if users is not None:
            del self.edges[path][other]
            for name in users:
                self._add(name, [other], "fixture")

    def _implicit(self) -> None:
        """The files that pytest loads for every test: conftest, packages, plugins.

        Of the packages that a test is in, those of tests count. The others are code,
        of which a test needs what it imports: see ``_below`` of the selection.
        """
        plugins = [
            file
            for name in self.graph.pytest.plugins
            for file in self.modules.resolve(name, "")
        ]
        area = frozenset(self.graph.area)
        for path in self.graph.tests | area:
            above = parents(path)
            locations = [f"{location}/conftest.py".lstrip("/") for location in above]
            known = self.modules.known
            self._add(path, (p for p in locations if p in known), "conftest")
            inits = [f"{location}/__init__.py" for location in above if location]
            self._add(path, (p for p in inits if p in area), "package")
            if path in self.graph.tests:
                self._add(path, plugins, "plugin")

    def _links(self) -> None:
        """A link depends on its target."""
        for path in self.files.linked.intersection(self.files.python):
            target = self.files.links[path]
            if target in self.modules.known:
                self._add(path, [target], "link")
