"""Find the code, the tests and the import names of a package."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

import msgspec

from ci_engine.monorepo.package_manifests import Manifest
from ci_engine.project.repository import normalize

_CODE = (".py", ".pyi", ".pyx", ".so", ".pyd")
_TESTS = ("tests", "test", "testing")
# Directories beside the code that others do not import.
_BESIDE = frozenset(
    {*_TESTS, "benchmarks", "bench", "build", "ci", "dist", "doc", "docs", "examples"}
    | {"example", "notebooks", "samples", "scripts", "tools", "venv"}
)
_SCRIPTS = frozenset({"setup", "conftest", "noxfile", "tasks", "fabfile", "__main__"})
_NAMESPACE_LEVELS = 6


class Layout(msgspec.Struct, frozen=True):
    """The locations in a package, relative to its directory.

    Attributes:
        imports: the import names of its code, with their directories or files.
    """

    sources: list[str]
    tests: list[str]
    imports: dict[str, str]


class _Files:
    """The code of a package as a tree of directories."""

    def __init__(self, names: Iterable[str]) -> None:
        self.children: dict[str, set[str]] = {}
        self.modules: dict[str, set[str]] = {}
        for name in names:
            folder, _, base = name.rpartition("/")
            self.modules.setdefault(folder, set()).add(base)
            while folder:
                parent, _, last = folder.rpartition("/")
                known = self.children.setdefault(parent, set())
                if last in known:
                    break
                known.add(last)
                folder = parent

    def has_init(self, folder: str) -> bool:
        return bool({"__init__.py", "__init__.pyi"} & self.modules.get(folder, set()))

    def exists(self, folder: str) -> bool:
        return folder in self.modules or folder in self.children


def is_test(name: str, tests: Collection[str]) -> bool:
    """Whether a file, relative to its package, belongs to the tests."""
    base = name.rpartition("/")[2]
    named = base.startswith("test_") or base.endswith("_test.py")
    below = any(name.startswith(f"{folder}/") for folder in tests)
    return (named and base.endswith(".py")) or base == "conftest.py" or below


def is_below(name: str, locations: Collection[str]) -> bool:
    """Whether a name is one of some paths, or below one; ``.`` means everything."""
    return any(
        location in (".", name) or name.startswith(f"{location}/")
        for location in locations
    )


def find_layout(names: Collection[str], directory: str, manifest: Manifest) -> Layout:
    """Find the layout of a package; ``directory`` is empty for the root."""
    code = [name for name in names if name.endswith(_CODE)]
    files = _Files(code)
    roots = {key: _clean(location) for key, location in manifest.roots.items()}
    tests = _tests(files, manifest)
    imports = {
        package: location
        for package, location in roots.items()
        if package and files.exists(location)
    }
    start = roots.get("")
    if start is None and not imports:
        start = "src" if files.exists("src") and not files.has_init("src") else ""
    if start and files.exists(start):
        imports.update(_below(files, start))
    elif start == "" and not imports:
        imports.update(_flat(files, directory, manifest, tests))
    for module in manifest.modules:
        location = f"{start}/{module}.py" if start else f"{module}.py"
        if location in names:
            imports.setdefault(module, location)
    tests = tests or _tests_inside(files, imports)
    return Layout(_sources(imports, start or ""), tests, _descend(files, imports))


def _clean(location: str) -> str:
    clean = posixpath.normpath(location) if location else "."
    return "" if clean == "." else clean


def _tests(files: _Files, manifest: Manifest) -> list[str]:
    usual = [name for name in _TESTS[:2] if files.exists(name)]
    configured = [posixpath.normpath(path).strip("/") for path in manifest.tests]
    # A package with tests beside its code has the same directory for both.
    found = [
        p for p in configured if files.exists(p) and set(p.split("/")) & set(_TESTS)
    ]
    return sorted({*usual, *found})


def _tests_inside(files: _Files, imports: dict[str, str]) -> list[str]:
    """The directories of tests inside the packages themselves."""
    return sorted(
        inside
        for location in imports.values()
        for name in _TESTS[:2]
        if files.exists(inside := posixpath.normpath(f"{location}/{name}"))
    )


def _below(files: _Files, root: str) -> dict[str, str]:
    """The packages and modules in a directory that contains nothing else."""
    found = {
        name: f"{root}/{name}"
        for name in sorted(files.children.get(root, ()))
        if name.isidentifier()
    }
    for base in sorted(files.modules.get(root, ())):
        name = base.partition(".")[0]
        if name.isidentifier() and name not in _SCRIPTS | {"__init__"}:
            found[name] = f"{root}/{base}"
    return found


def _flat(
    files: _Files, directory: str, manifest: Manifest, tests: Collection[str]
) -> dict[str, str]:
    """The packages and modules beside the manifest."""
    own = normalize(manifest.name).replace("-", "_")
    first = own.partition("_")[0]
    if files.has_init("") and directory.isidentifier():
        # The directory of the manifest is the package itself.
        return {directory: "."}
    folders = [
        name
        for name in sorted(files.children.get("", ()))
        if name.isidentifier() and name not in _BESIDE and name not in tests
    ]
    found = {name: name for name in folders if files.has_init(name)}
    for name in folders:
        if name.lower() in (own, first) or (not found and len(folders) == 1):
            found.setdefault(name, name)
    bases = files.modules.get("", set())
    modules = {base.partition(".")[0]: base for base in sorted(bases)}
    fitting = {name: base for name, base in modules.items() if name.lower() == own}
    if not found and not fitting:
        fitting = {
            name: base
            for name, base in modules.items()
            if name.isidentifier() and name not in _SCRIPTS and "test" not in name
        }
    return {**found, **fitting}


def _sources(imports: dict[str, str], root: str) -> list[str]:
    if not imports:
        return []
    if root:
        return [root]
    return sorted({location.partition("/")[0] for location in imports.values()})


def _descend(files: _Files, imports: dict[str, str]) -> dict[str, str]:
    """Replace a namespace by its parts."""
    found: dict[str, str] = {}
    waiting = [(name, location, 0) for name, location in imports.items()]
    while waiting:
        name, location, level = waiting.pop()
        children = sorted(files.children.get(location, ()))
        plain = (
            location == "." or location.endswith(_CODE) or files.modules.get(location)
        )
        if plain or not children or level == _NAMESPACE_LEVELS:
            found[name] = location
            continue
        waiting += [
            (f"{name}.{child}", f"{location}/{child}", level + 1)
            for child in children
            if child.isidentifier()
        ]
    return dict(sorted(found.items()))
