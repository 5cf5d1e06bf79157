"""Find the projects of a repository, their packages, sources and tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from ci_engine.configuration.tables import table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.packages import Package, find_packages, join
from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Confidence, Evidence

_MOST_SHOWN = 20
_RUFF_SETTINGS = (PYPROJECT, "ruff.toml", ".ruff.toml")

_ASIDE = word_set("aside")
_NATIVE = (".pyx", ".rs", ".c", ".cc", ".cpp", ".cu", ".f90", ".go")
_NATIVE_BACKENDS = ("maturin", "scikit_build", "scikit-build", "mesonpy", "sipbuild")


@dataclass(frozen=True)
class Layout:
    """The projects and packages of a repository.

    Attributes:
        roots: directories of its projects; ``""`` is the root.
        nested: manifests of projects that do not belong to it.
    """

    roots: list[str]
    nested: list[str]
    packages: list[Package]
    sources: list[str]


def state_layout(survey: Survey, findings: Findings) -> Layout:
    """State the layout of the repository."""
    layout = _layout(survey)
    _state_projects(survey, layout, findings)
    locations = [package.evidence for package in layout.packages]
    findings.add(
        "packages",
        {package.name: package.path for package in layout.packages},
        "the build back end names them"
        if any(package.declared for package in layout.packages)
        else "directories and modules with Python code, in the usual places",
        locations,
        "certain" if any(p.declared for p in layout.packages) else "likely",
    )
    kind, because = _kind(survey, layout)
    findings.add("layout", kind, because, locations[:3], "likely")
    reason, confidence = _why_sources(layout)
    findings.add("source-paths", layout.sources, reason, locations, confidence)
    _state_templates(survey, findings)
    native = _native(survey)
    findings.add(
        "native-sources",
        native,
        f"{len(native)} files that a compiler has to build" if native else "none found",
        [Evidence(path=path) for path in native[:5]],
        "likely",
    )
    return layout


def _state_templates(survey: Survey, findings: Findings) -> None:
    """State the directories of templates for other projects."""
    tops = [path.partition("/")[0] for path in survey.templates]
    found = list(dict.fromkeys(tops))
    because = "it renders other projects from them" if found else "it renders nothing"
    locations = [Evidence(path=path) for path in survey.templates[:3]]
    findings.add("templates", found, because, locations)
    broken = [
        path
        for path in survey.templates
        if path.rpartition("/")[2] in _RUFF_SETTINGS
        and not _is_toml(survey.documents.text(path))
    ]
    because = "ruff stops at settings that are a template" if broken else "none found"
    locations = [Evidence(path=path) for path in broken]
    findings.add("template-settings", broken, because, locations)


def _is_toml(content: str) -> bool:
    try:
        msgspec.toml.decode(content)
    except msgspec.DecodeError:
        return False
    return True


def _why_sources(layout: Layout) -> tuple[str, Confidence]:
    if layout.sources == ["."]:
        return "no directory holds the code, so the whole repository counts", "guess"
    if not layout.sources:
        return "there is no Python code", "certain"
    declared = any(package.declared for package in layout.packages)
    return "directories of its packages", "certain" if declared else "likely"


def _layout(survey: Survey) -> Layout:
    members, nested = _projects(survey)
    top = find_packages(survey, "") if _is_project(survey) or not members else []
    if not members and nested and not top:
        members = [path.rpartition("/")[0] for path in nested]
        members = [path for path in members if not is_aside(path)]
        nested = [path for path in nested if path.rpartition("/")[0] not in members]
    roots = [*([""] if top or not members else []), *members]
    packages = [*top]
    for member in members:
        if not is_aside(member):
            packages += find_packages(survey, member)
    return Layout(roots, nested, packages, _sources(survey, roots, packages))


def _projects(survey: Survey) -> tuple[list[str], list[str]]:
    """Directories of declared members, and the manifests of all other projects."""
    manifests = [
        path
        for path in survey.files
        if path.endswith(f"/{PYPROJECT}")
        or (path.endswith("/setup.py") and survey.setup_call_of(path).line)
    ]
    directories = list(dict.fromkeys(path.rpartition("/")[0] for path in manifests))
    include, exclude = _member_patterns(survey)
    members = [
        directory
        for directory in directories
        if any(fnmatchcase(directory, pattern) for pattern in include)
        and not any(fnmatchcase(directory, pattern) for pattern in exclude)
    ]
    rest = [path for path in manifests if path.rpartition("/")[0] not in members]
    if not _is_project(survey) and not members:
        members = [
            d for d in directories if not is_aside(d) and not _within(d, directories)
        ]
        rest = [path for path in manifests if path.rpartition("/")[0] not in members]
    return members, rest


def _within(directory: str, others: Iterable[str]) -> bool:
    return any(directory.startswith(f"{other}/") for other in others)


def _member_patterns(survey: Survey) -> tuple[list[str], list[str]]:
    """Patterns of directories that the configuration declares as members."""
    workspace = survey.tool("uv", "workspace")
    include = [*strings(workspace, "members")]
    include += strings(survey.tool("hatch", "workspace"), "members")
    include += strings(survey.tool("hatch", "envs", "default", "workspace"), "members")
    tables = [survey.tool("poetry", "dependencies"), survey.tool("uv", "sources")]
    for holder in (survey.tool("pixi"), survey.documents.toml("pixi.toml")):
        tables.append(table(holder, "pypi-dependencies"))
        features = table(holder, "feature")
        tables += [table(features, name, "pypi-dependencies") for name in features]
    for dependencies in tables:
        for value in dependencies.values():
            path = text(value, "path")
            if path and not path.startswith("..") and join(path):
                include.append(join(path))
    plain = [pattern.strip("/").removeprefix("./") for pattern in include]
    return plain, [p.strip("/") for p in strings(workspace, "exclude")]


def is_aside(path: str) -> bool:
    """Whether a path is in a directory of examples, tests, copies and the like."""
    return any(part.lower() in _ASIDE for part in path.split("/"))


def _is_project(survey: Survey) -> bool:
    """Whether the repository itself is an installable project."""
    document = survey.documents.toml(PYPROJECT)
    tools = table(document, "tool")
    if "project" in document or table(tools, "poetry") or table(tools, "flit"):
        return True
    older = survey.documents.ini("setup.cfg")
    return survey.has("setup.py") or "metadata" in older.sections


def _sources(survey: Survey, roots: list[str], packages: list[Package]) -> list[str]:
    """Directories with code: the parents named src, else the packages themselves."""
    found: list[str] = []
    for package in packages:
        parent = package.path.rpartition("/")[0]
        if parent.rsplit("/", 1)[-1] == "src":
            found.append(parent)
        elif not package.path.endswith(".py"):
            found.append(package.path)
        else:
            found.append(parent or ".")
    unique = sorted(dict.fromkeys(found))
    if "." in unique and len(unique) > 1:
        unique.remove(".")
    if not unique:
        unique = _directories_with_scripts(survey, roots)
    return [path for path in unique if not _within(path, unique)]


def _directories_with_scripts(survey: Survey, roots: list[str]) -> list[str]:
    """The directories with code in a repository without packages."""
    if not survey.python_files:
        return []
    found = [
        child
        for root in roots
        for child in survey.children.get(root, [])
        if child in survey.python_directories
        and child.rsplit("/", 1)[-1].lower() not in _ASIDE
        and not child.rsplit("/", 1)[-1].startswith(".")
    ]
    if survey.templates and not found:
        # Template files are not code; only other files in such directories count.
        found = [path for path in survey.python_files if "/" not in path]
        found = [path for path in found if not is_test_file(path)]
    return found or ["."]


def is_test_file(path: str) -> bool:
    """Whether a file is a test file, by its name."""
    name = path.rsplit("/", 1)[-1]
    return name.startswith("test_") or name.endswith(("_test.py", "conftest.py"))


def _kind(survey: Survey, layout: Layout) -> tuple[str, str]:
    if not survey.python_files:
        return "none", "there is no Python code"
    if len([root for root in layout.roots if not is_aside(root)]) > 1 or (
        layout.roots and layout.roots != [""]
    ):
        return "workspace", "it consists of several projects, or of one further down"
    if not layout.packages:
        return "scripts", "there is Python code, but no package"
    if all(path.rsplit("/", 1)[-1] == "src" for path in layout.sources):
        return "src", "its packages are in src"
    return "flat", "its packages are at the top"


def _state_projects(survey: Survey, layout: Layout, findings: Findings) -> None:
    members = [root for root in layout.roots if root]
    keys = ("tool", "uv", "workspace")
    declared = [survey.location(*keys)] if survey.tool("uv", "workspace") else []
    manifests = [
        Evidence(path=manifest)
        for root in members
        if (manifest := survey.first(join(root, PYPROJECT), join(root, "setup.py")))
    ]
    findings.add(
        "workspace-members",
        members,
        "projects that the top one declares, or that stand there without one"
        if members
        else "it is one project",
        [*declared, *manifests[:_MOST_SHOWN]],
    )
    findings.add(
        "nested-projects",
        layout.nested,
        "manifests of examples, tests, tools or copies: no part of the project"
        if layout.nested
        else "none found",
        [Evidence(path=path) for path in layout.nested[:_MOST_SHOWN]],
        "likely",
    )


def _native(survey: Survey) -> list[str]:
    """Sources of extension modules, if a configuration builds them."""
    pyx = [
        path for path in survey.files if path.endswith(".pyx") and not is_aside(path)
    ]
    backend = text(survey.pyproject, "build-system", "build-backend")
    built = survey.setup_call.extensions or any(
        sign in backend for sign in _NATIVE_BACKENDS
    )
    if not built:
        return pyx
    return [p for p in survey.files if p.endswith(_NATIVE) and not is_aside(p)]
