"""Inspect the content of a built distribution and its imports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from ci_engine.checks.context import Context
from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.reading import as_table, read_text
from ci_engine.findings.results import Finding
from ci_engine.project.repository import Project

_MOST_FILES = 20
# Files that a package is built from, but does not need at run time.
_NOT_FOR_USE = frozenset(
    {".c", ".cc", ".cpp", ".h", ".hpp", ".md", ".pxd", ".pyc", ".pyx", ".rs", ".rst"}
)


class ImportFailure(msgspec.Struct):
    """A failed import, as reported by ``inside/import_wheel.py``."""

    module: str
    error: str
    message: str
    missing: str
    path: str
    line: int


class BrokenScript(msgspec.Struct):
    """A command whose target does not exist, and why."""

    script: str
    message: str


class Imports(msgspec.Struct):
    """The report of ``inside/import_wheel.py``.

    Attributes:
        version: the installed version.
        stated: the ``__version__`` of each module that has one.
    """

    version: str
    stated: dict[str, str]
    modules: list[str]
    failures: list[ImportFailure]
    scripts: list[BrokenScript]


def finding_of(
    context: Context,
    rule: str,
    message: str,
    keys: tuple[str, ...] = ("build-system",),
    tool: str = "build",
) -> Finding:
    """A finding at the location in the manifest, if there is one."""
    path = manifest_of(context.project)
    line = find_line(read_text(context.project.root / path), keys) or 1
    return Finding(tool=tool, rule=rule, message=message, path=path, line=line)


def manifest_of(project: Project) -> str:
    """The file that describes the package: pyproject.toml, or a setup.py alone."""
    script = "build-system" not in project.pyproject
    legacy = script and (project.root / "setup.py").is_file()
    return "setup.py" if legacy else "pyproject.toml"


def nothing_to_build(context: Context) -> str:
    """Why there is no package to build, empty if there is one."""
    document = context.project.pyproject
    # Without the table, tools build a setup.py with setuptools (PEP 517).
    legacy = context.request.legacy and manifest_of(context.project) == "setup.py"
    if "build-system" not in document and not legacy:
        return "pyproject.toml has no [build-system]"
    for name, key in (("uv", "package"), ("poetry", "package-mode")):
        if as_table(as_table(document.get("tool")).get(name)).get(key) is False:
            return f"tool.{name}.{key} is false"
    return "" if context.project.installable else "pyproject.toml has no [project]"


def readme_of(context: Context) -> str:
    """The README file that the project names."""
    value = as_table(context.project.pyproject.get("project")).get("readme")
    if not isinstance(value, str):
        value = as_table(value).get("file")
    return value if isinstance(value, str) else ""


def has_modules(context: Context) -> bool:
    """Whether the project has modules that belong in the wheel."""
    sources = tuple(f"{path.rstrip('/')}/" for path in context.settings.source_paths)
    names = (context.project.relative(path) for path in context.project.files)
    return any(name.endswith(".py") and name.startswith(sources) for name in names)


def import_finding(context: Context, failure: ImportFailure, tops: set[str]) -> Finding:
    """Report a missing module, at the source line that imports it."""
    if failure.error != "ModuleNotFoundError" or not failure.missing:
        rule = "import-failed"
        message = f"import {failure.module}: {failure.error}: {failure.message}"
    elif failure.missing.partition(".")[0] in tops:
        rule = "missing-module"
        message = f"{failure.missing} is imported, but is not in the wheel"
    else:
        rule = "undeclared-dependency"
        missing = failure.missing.partition(".")[0]
        message = f"{missing} is imported, but no dependency of the wheel provides it"
    source = _source_of(context, failure.path) if failure.path else ""
    if not source:
        return finding_of(context, rule, message)
    return Finding(
        tool="build", rule=rule, message=message, path=source, line=failure.line
    )


def script_finding(context: Context, broken: BrokenScript) -> Finding:
    """Report a broken command, at its line of pyproject.toml."""
    name = broken.script.partition(" = ")[0]
    keys = ("project", "scripts", name)
    message = f"the command {broken.script} cannot start: {broken.message}"
    return finding_of(context, "broken-script", message, keys)


def _source_of(context: Context, name: str) -> str:
    """The repository file that became a file of the wheel, empty if unclear."""
    names = (context.project.relative(path) for path in context.project.files)
    fits = [n for n in names if n == name or n.endswith(f"/{name}")]
    return min(fits, key=len, default="")


def left_out(context: Context, wheel: frozenset[str]) -> list[Finding]:
    """Files of the package's own directories that are not in the wheel.

    Type markers are always required; for other files readers must decide.
    """
    packages = {PurePosixPath(name).parts[0] for name in wheel if "/" in name}
    errors: list[Finding] = []
    others: list[Finding] = []
    for path, name in _package_files(context, packages):
        if name in wheel or PurePosixPath(name).suffix in _NOT_FOR_USE:
            continue
        typed = PurePosixPath(name).name == "py.typed"
        found = Finding(
            tool="build",
            rule="missing-py.typed" if typed else "not-in-wheel",
            message=f"{name} is not in the wheel",
            path=path,
            line=1,
            severity="error" if typed else "warning",
        )
        (errors if typed else others).append(found)
    return [*errors, *others[:_MOST_FILES]]


def _package_files(context: Context, packages: set[str]) -> Iterator[tuple[str, str]]:
    """Each source file of the wheel's packages, and its name in the wheel."""
    locations = [f"{path.rstrip('/')}/" for path in context.settings.source_paths]
    for file in context.project.files:
        path = context.project.relative(file)
        for location in ("", *locations):
            name = path.removeprefix(location)
            top, slash, _ = name.partition("/")
            if path.startswith(location) and slash and top in packages:
                yield path, name
                break
