"""Find imports by names in texts: plugins, lazy modules, commands.

Evidence: calls such as ``import_module(name)``, and the texts in the same file.
"""

from __future__ import annotations

import ast

import msgspec

from ci_engine.project.python_sources import last_name, walk
from ci_engine.test_selection.computed_names import starts_of
from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.python_imports import imports_of, parse
from ci_engine.test_selection.repository_files import parent

# Only files that contain one of these are examined.
LOADING_SIGNS = (
    *(b"import_module", b"__import__", b"load_module", b"run_module", b"run_path"),
    *(b"pytest_plugins", b"spec_from_file_location", b"iter_modules", b"walk_packages"),
    *(b"lazy_loader", b"lazy.attach", b"def __getattr__(name"),
    *(b".scan(", b"autodiscover_tasks", b"_submodules(", b"find_modules(", b".wire("),
)
_LOADERS = frozenset(
    {"import_module", "__import__", "run_module", "run_path", "load_module"}
    | {"spec_from_file_location"}
)
# How a loader finds names itself.
_LISTING = (
    *(b"glob", b"iterdir", b"listdir", b"scandir", b"os.walk"),
    *(b"iter_modules", b"walk_packages"),
)
_WALKERS = frozenset({"iter_modules", "walk_packages"})
# Functions of libraries that import every module below a package.
_SCANNERS = frozenset(
    (
        "autodiscover_tasks",
        "import_submodules",
        "load_submodules",
        "find_modules",
        "wire",
    )
)
# Where a function ``scan`` is such a one.
_SCANNING = (b"pyramid", b"venusian", b"Configurator", b"config.scan(")


class Loads(msgspec.Struct, frozen=True):
    """The files that one file loads dynamically.

    Attributes:
        sure: the files that it certainly loads.
        likely: those that it probably loads, such as all in a directory of plugins.
        maybe: those that it may load, depending on its input.
        anything: those that it may load if its input is a complete name.
        unparsable: whether it may load files, but is not valid Python.
    """

    sure: frozenset[str] = frozenset()
    likely: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    anything: frozenset[str] = frozenset()
    unparsable: bool = False


_UNKNOWN = Loads(unparsable=True)


def loads_of(path: str, modules: Modules, text: bytes) -> Loads:
    """Find the files that a file with a sign of loading loads by names in texts."""
    tree = parse(text)
    return _Loading(path, modules, text, tree).find() if tree else _UNKNOWN


class _Loading:
    """The analysis of one file's calls and texts."""

    def __init__(
        self, path: str, modules: Modules, text: bytes, tree: ast.Module
    ) -> None:
        self.path = path
        self.modules = modules
        self.text = text
        self.nodes = list(walk(tree))
        self.texts = [
            node.value
            for node in self.nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        self.outermost = _outermost(path, modules)
        self.sure: set[str] = set()
        self.likely: set[str] = set()
        self.maybe: set[str] = set()
        self.anything: set[str] = set()

    def find(self) -> Loads:
        """Examine every call."""
        path = self.path
        calls = [node for node in self.nodes if isinstance(node, ast.Call)]
        names = {last_name(call.func) for call in calls}
        lazy = path.endswith("/__init__.py") and b"def __getattr__" in self.text
        lazy |= "attach" in names or "attach_stub" in names
        named = {
            found
            for value in self.texts
            for found in _named(value, path, self.modules, beside=lazy)
        }
        plugins = b"pytest_plugins" in self.text
        self.sure.update(named if lazy or plugins else ())
        computed = [call for call in calls if self._is_computed(call)]
        if computed:
            self.likely |= named
        if (computed or plugins) and lists_directories(self.text):
            self.likely |= _listed(path, self.modules, self.texts)
        for call in computed:
            self._by_call(call)
        self._by_package(calls)
        own = {path}
        sure = self.sure - own
        likely = self.likely - sure - own
        maybe = self.maybe - likely - sure - own
        anything = self.anything - maybe - likely - sure - own
        return Loads(
            frozenset(sure), frozenset(likely), frozenset(maybe), frozenset(anything)
        )

    def _is_computed(self, call: ast.Call) -> bool:
        """Whether the argument of a call is computed; literals are counted directly."""
        name = last_name(call.func)
        if name in _WALKERS:
            return True
        argument = call.args[0] if call.args else None
        if name in _LOADERS and isinstance(argument, ast.Constant):
            if isinstance(argument.value, str):
                found = _named(argument.value, self.path, self.modules, beside=False)
                self.sure.update(found)
            return False
        return name in _LOADERS

    def _by_package(self, calls: list[ast.Call]) -> None:
        """The modules below the packages that a file walks or scans."""
        scan = {"scan"} if any(sign in self.text for sign in _SCANNING) else set[str]()
        scanning = [c for c in calls if last_name(c.func) in _SCANNERS | scan]
        walking = [call for call in calls if last_name(call.func) in _WALKERS]
        if not scanning and not walking:
            return
        inits = imports_of(self.path, self.modules, self.text)
        for text in self.texts if scanning else ():
            inits.update(_named(text, self.path, self.modules, beside=False))
        for init in inits:
            location = parent(init)
            name = location.rpartition("/")[2]
            if init.endswith("/__init__.py") and (
                scanning or any(_mentions(call, name) for call in walking)
            ):
                self._below(location)
        if any(last_name(call.func) == "scan" and not call.args for call in scanning):
            # Without a name, the package of the caller.
            self.likely.update(self.modules.below(parent(self.path)))

    def _by_call(self, call: ast.Call) -> None:
        if last_name(call.func) in _WALKERS:
            self._below(parent(self.path))
            return
        argument = call.args[0] if call.args else None
        for start in starts_of(argument, self.nodes):
            location = _below(start, self.path, self.modules)
            if location is None:
                self.anything.update(self.modules.below(self.outermost))
            else:
                self._below(location)

    def _below(self, location: str) -> None:
        """All files of a directory; a package that loads itself is not evidence."""
        kept = self.maybe if location == self.outermost else self.likely
        kept.update(self.modules.below(location))


def _mentions(call: ast.Call, name: str) -> bool:
    """Whether a call has a name in its arguments."""
    return any(
        last_name(node) == name
        for argument in call.args
        for node in walk(argument)
        if isinstance(node, (ast.Name, ast.Attribute))
    )


def lists_directories(text: bytes) -> bool:
    """Whether a file lists directories."""
    return any(sign in text for sign in _LISTING)


def _listed(path: str, modules: Modules, texts: list[str]) -> set[str]:
    """The modules in the directories below a file that its texts name."""
    found: set[str] = set()
    here = parent(path)
    for value in texts:
        parts = [part for part in value.split("/") if part not in ("", ".")]
        while parts and "*" in parts[-1]:
            parts.pop()
        location = "/".join(filter(None, (here, *parts)))
        if parts and location in modules.files.directories:
            found.update(modules.below(location))
    return found


def _named(value: str, path: str, modules: Modules, *, beside: bool) -> list[str]:
    """The modules that a text names: ``a.b:c``, ``.b``, or, beside it, ``b``."""
    name = value.partition(":")[0].strip()
    plain = name.lstrip(".")
    if not plain.replace(".", "").isidentifier():
        return []
    level = len(name) - len(plain)
    if level:
        return modules.relative(path, level, plain)
    if "." in name:
        # The last part may be a class or a function.
        outer = name.rpartition(".")[0]
        whole = modules.exact(name, path)
        return whole or (modules.exact(outer, path) if "." in outer else [])
    found = modules.exact(name, path) if name not in _COMMON else []
    return [*found, *(modules.relative(path, 1, name) if beside else [])]


# Texts that are rarely names of modules.
_COMMON = frozenset({"test", "tests", "src", "docs", "name", "main", "data"})


def _below(start: str, path: str, modules: Modules) -> str | None:
    """The directory of names with this prefix; None if it is not known.

    ``f"package.plugins.{name}"`` may name everything below ``package.plugins``.
    """
    name = start.rpartition(".")[0]
    if start.startswith("."):
        level = len(start) - len(start.lstrip("."))
        directory = parent(path)
        for _ in range(level - 1):
            directory = parent(directory)
        inner = name.lstrip(".").replace(".", "/")
        return "/".join(filter(None, (directory, inner)))
    inits = modules.exact(name, path) if name else []
    packages = [parent(init) for init in inits if init.endswith("/__init__.py")]
    # A namespace package is only a directory.
    inner = f"/{name.replace('.', '/')}"
    spaces = [f"{root}{inner}".lstrip("/") for root in modules.roots if name]
    packages += [path for path in spaces if path in modules.files.directories]
    return packages[0] if packages else None


def _outermost(path: str, modules: Modules) -> str:
    """The outermost package of a file, else its directory."""
    location = parent(path)
    while parent(location) in modules.files.packages:
        location = parent(location)
    return location
