"""Find the packages of a project, as its build backend does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import items, table
from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

# Directories without packages of the product, and names of top-level modules and
# directories that are not installed.
_ASIDE = word_set("aside")
_NOT_PRODUCT = _ASIDE | word_set("not-product")
_NOT_MODULES = word_set("not-modules")
_SOURCE_DIRECTORIES = ("src", "lib", "python", "source")


@dataclass(frozen=True)
class Package:
    """An importable package or module.

    Attributes:
        path: its directory, or the file of a module.
        declared: whether the build backend's settings name it.
    """

    name: str
    path: str
    evidence: Evidence
    declared: bool = False


def join(*parts: str) -> str:
    """Join the parts of a path inside the repository, ignoring empty ones."""
    plain = (part.strip("/") for part in parts if part and part != ".")
    return "/".join(part.removeprefix("./") for part in plain if part not in ("", "."))


def find_packages(survey: Survey, root: str) -> list[Package]:
    """The packages of the project in the directory ``root``."""
    declared = [
        package
        for package in _declared(survey, root)
        if package.path in survey.python_directories or survey.has(package.path)
    ]
    if declared:
        unique = {package.path: package for package in declared}
        return [unique[path] for path in sorted(unique)]
    return _discovered(survey, root)


def _declared(survey: Survey, root: str) -> Iterator[Package]:
    path = join(root, "pyproject.toml")
    document = survey.documents.toml(path)
    for keys, names, where in _named(document):
        evidence = survey.documents.location(path, *keys)
        for name in names:
            yield from _at(survey, join(root, where, name), evidence)
    keys = ("tool", "setuptools", "packages", "find")
    if find := table(document, *keys):
        evidence = survey.documents.location(path, *keys)
        for directory in strings(find, "where") or ["."]:
            include, exclude = strings(find, "include"), strings(find, "exclude")
            yield from _found(survey, join(root, directory), include, exclude, evidence)
    yield from _from_setup_cfg(survey, root)
    yield from _from_setup_py(survey, root)


def _named(
    document: Table,
) -> Iterator[tuple[tuple[str, ...], list[str], str]]:
    """The packages that settings of build backends name: keys, names and directory."""
    hatch = ("tool", "hatch", "build", "targets", "wheel")
    for keys in (hatch, hatch[:3]):
        for key in ("packages", "only-include"):
            yield (*keys, key), strings(document, *keys, key), ""
    for item in items(document, "tool", "poetry", "packages"):
        where = text(item, "from")
        yield ("tool", "poetry", "packages"), [text(item, "include")], where
    older = text(document, "tool", "flit", "metadata", "module")
    flit = text(document, "tool", "flit", "module", "name") or older
    for where in ("src", ""):
        yield ("tool", "flit"), [flit.replace(".", "/")] if flit else [], where
    uv = ("tool", "uv", "build-backend")
    where = text(document, *uv, "module-root") or "src"
    if "module-root" in table(document, *uv) and not text(document, *uv, "module-root"):
        where = ""
    names = [n.replace(".", "/") for n in strings(document, *uv, "module-name")]
    yield (*uv, "module-name"), names, where
    pdm = ("tool", "pdm", "build")
    yield (*pdm, "includes"), strings(document, *pdm, "includes"), ""
    maturin = ("tool", "maturin")
    if source := text(document, *maturin, "python-source"):
        project = text(document, "project", "name").replace("-", "_")
        name = text(document, *maturin, "module-name").split(".")[0] or project
        yield (*maturin, "python-source"), [name] if name else [], source
    setuptools = ("tool", "setuptools")
    directory = text(document, *setuptools, "package-dir", "")
    packages = [n.replace(".", "/") for n in strings(document, *setuptools, "packages")]
    yield (*setuptools, "packages"), packages, directory
    modules = strings(document, *setuptools, "py-modules")
    yield (*setuptools, "py-modules"), [f"{name}.py" for name in modules], directory


def _from_setup_cfg(survey: Survey, root: str) -> Iterator[Package]:
    path = join(root, "setup.cfg")
    ini = survey.documents.ini(path)
    packages = ini.rows("options", "packages")
    evidence = Evidence(path=path, line=ini.line("options", "packages"))
    base = next(
        (row.split("=", 1)[1].strip() for row in ini.rows("options", "package_dir")
         if row.startswith("=")),
        "",
    )  # fmt: skip
    if packages and packages[0].startswith(("find:", "find_namespace:")):
        section = "options.packages.find"
        where = ini.text(section, "where") or base
        include, exclude = ini.rows(section, "include"), ini.rows(section, "exclude")
        yield from _found(survey, join(root, where), include, exclude, evidence)
        return
    for name in " ".join(packages).replace(",", " ").split():
        yield from _at(survey, join(root, base, name.replace(".", "/")), evidence)
    for name in " ".join(ini.rows("options", "py_modules")).replace(",", " ").split():
        yield from _at(survey, join(root, base, f"{name}.py"), evidence)


def _from_setup_py(survey: Survey, root: str) -> Iterator[Package]:
    path = join(root, "setup.py")
    call = survey.setup_call_of(path)
    evidence = Evidence(path=path, line=call.lines.get("packages", call.line))
    base = text(call.values, "package_dir", "")
    if call.finds is not None:
        where = text(call.finds, "where") or base
        include = strings(call.finds, "include")
        exclude = strings(call.finds, "exclude")
        yield from _found(survey, join(root, where), include, exclude, evidence)
    for name in strings(call.values, "packages"):
        directory = text(call.values, "package_dir", name)
        where = directory or join(base, name.replace(".", "/"))
        yield from _at(survey, join(root, where), evidence)
    for name in strings(call.values, "py_modules"):
        yield from _at(survey, join(root, base, f"{name}.py"), evidence)


def _at(survey: Survey, path: str, evidence: Evidence) -> Iterator[Package]:
    """The top-level packages of a path in the settings; several for a pattern."""
    candidates = [path]
    if any(sign in path for sign in "*?["):
        plain = path.split("*", maxsplit=1)[0].rstrip("/")
        candidates = [
            child
            for child in survey.python_directories
            if fnmatchcase(child, path.removesuffix("/**/*").removesuffix("/**"))
        ] or [plain]
    for candidate in candidates:
        if not candidate:
            continue
        if survey.has(f"{candidate}.py"):
            candidate = f"{candidate}.py"  # noqa: PLW2901 - the module it stands for
        if candidate in survey.python_directories and _is_container(survey, candidate):
            for package in _inside(survey, candidate):
                yield replace(package, evidence=evidence, declared=True)
            continue
        top = _top(survey, candidate)
        name = top.rsplit("/", 1)[-1].removesuffix(".py")
        yield Package(name, top, evidence, declared=True)


def _is_container(survey: Survey, path: str) -> bool:
    """Whether a directory contains packages, such as src, and is none itself."""
    name = path.rsplit("/", 1)[-1]
    return name in _SOURCE_DIRECTORIES and not survey.has(f"{path}/__init__.py")


def _top(survey: Survey, path: str) -> str:
    """The outermost package of a package: a.b is in a, if a is one."""
    parent = path.rpartition("/")[0]
    while parent and survey.has(f"{parent}/__init__.py"):
        path, parent = parent, parent.rpartition("/")[0]
    return path


def _found(
    survey: Survey,
    root: str,
    include: Iterable[str],
    exclude: Iterable[str],
    evidence: Evidence,
) -> Iterator[Package]:
    """The packages that setuptools finds in a directory."""
    wanted, unwanted = list(include), list(exclude)
    for child in survey.children.get(root, []):
        name = child.rsplit("/", 1)[-1]
        if child not in survey.python_directories or not name.isidentifier():
            continue
        plain = survey.has(f"{child}/__init__.py")
        if wanted and not any(fnmatchcase(name, pattern) for pattern in wanted):
            continue
        if any(fnmatchcase(name, pattern) for pattern in unwanted):
            continue
        if not plain and not wanted and not root:
            continue
        # This also finds tests and tools, which are not part of the product.
        if not wanted and name in _ASIDE:
            continue
        yield Package(name, child, evidence, declared=True)


def _discovered(survey: Survey, root: str) -> list[Package]:
    for name in _SOURCE_DIRECTORIES:
        directory = join(root, name)
        if directory in survey.python_directories and (
            name == "src" or not survey.has(f"{directory}/__init__.py")
        ):
            found = _inside(survey, directory)
            if found:
                return found
    candidates = [
        child
        for child in survey.children.get(root, [])
        if child in survey.python_directories
        and (_may_be_product(child) or _is_named(survey, root, child))
    ]
    regular = [child for child in candidates if survey.has(f"{child}/__init__.py")]
    if not regular:
        direct = {path.rpartition("/")[0] for path in survey.python_files}
        regular = [child for child in candidates if child in direct]
    if not regular:
        regular = [path for path in candidates if _is_namespace(survey, path)]
    return [_package(path) for path in regular] or [*_modules(survey, root)]


def _is_namespace(survey: Survey, path: str) -> bool:
    """Whether a directory has packages further down, and no projects."""
    names = [name for name in survey.files if name.startswith(f"{path}/")]
    ends = {name.rpartition("/")[2] for name in names}
    return "__init__.py" in ends and not ends & {"pyproject.toml", "setup.py"}


def _is_named(survey: Survey, root: str, path: str) -> bool:
    """Whether a directory has the project's name, even one such as tests."""
    document = survey.documents.toml(join(root, "pyproject.toml"))
    name = text(document, "project", "name") or text(document, "tool", "poetry", "name")
    plain = name.lower().replace("-", "_").replace(".", "_")
    regular = survey.has(f"{path}/__init__.py")
    return regular and path.rsplit("/", 1)[-1].lower() == plain


def _may_be_product(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    private = name.startswith((".", "test_")) or name.endswith(("_test", "_tests"))
    return name.isidentifier() and not private and name.lower() not in _NOT_PRODUCT


def _inside(survey: Survey, directory: str) -> list[Package]:
    """The packages and modules directly in a directory of sources."""
    if survey.has(f"{directory}/__init__.py"):
        return [_package(directory)]
    children = [
        child
        for child in survey.children.get(directory, [])
        if child in survey.python_directories
        and child.rsplit("/", 1)[-1].isidentifier()
    ]
    regular = [c for c in children if c.rsplit("/", 1)[-1] not in ("test", "tests")]
    return [_package(child) for child in regular] + [*_modules(survey, directory)]


def _modules(survey: Survey, root: str) -> Iterator[Package]:
    depth = root.count("/") + 1 if root else 0
    for path in survey.python_files:
        if path.count("/") != depth or not path.startswith(f"{root}/" if root else ""):
            continue
        name = path.rsplit("/", 1)[-1].removesuffix(".py")
        tests = name.startswith("test_") or name.endswith("_test")
        if name.isidentifier() and name not in _NOT_MODULES and not tests:
            yield Package(name, path, Evidence(path=path))


def _package(path: str) -> Package:
    return Package(path.rsplit("/", 1)[-1], path, Evidence(path=path))
