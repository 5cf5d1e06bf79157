"""Check whether the framework's own settings are valid and match the repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from ci_engine import __version__
from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.project_settings import (
    ANSWERS,
    SETTINGS_KEYS,
    configuration_file,
    project_table,
    settings_mistakes,
)
from ci_engine.configuration.reading import Table, read_text, read_toml
from ci_engine.configuration.settings import TIERS
from ci_engine.configuration.tables import table, text, texts
from ci_engine.configuration.typed_tables import Mistake
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_overrides import FOLDER, read_overrides
from ci_engine.project.extras import read_extras
from ci_engine.project.repository import Project, normalize
from ci_engine.project.requires_python import allows_python
from ci_engine.project.tool_settings import TOOLS, settings_files
from ci_engine.scanning.waivers import WAIVERS_FILE, waivers_mistakes
from ci_engine.validation.marked_blocks import configuration_finding


def _findings(path: Path, name: str, mistakes: Iterable[Mistake]) -> Iterator[Finding]:
    """Turn mistakes into findings with key, value and allowed values."""
    for mistake in mistakes:
        line = find_line(read_text(path), mistake.keys)
        yield configuration_finding(name, mistake.message, line)


def check_waivers(project: Project, today: date) -> Iterator[Finding]:
    """Check the file of waivers, if the project has one."""
    path = project.root / WAIVERS_FILE
    if not path.is_file():
        return
    try:
        yield from _findings(path, WAIVERS_FILE, waivers_mistakes(path, today))
    except ConfigurationError as error:
        yield configuration_finding(WAIVERS_FILE, str(error))


def check_shadowed_settings(project: Project) -> Iterator[Finding]:
    """Report tool settings in a file that another file hides."""
    for tool in TOOLS:
        files = settings_files(project, tool)
        for file, line in files[1:]:
            yield Finding(
                tool="ci-framework",
                rule="shadowed-settings",
                message=f"these settings of {tool} have no effect: it reads "
                f"{files[0].file} only",
                path=file,
                line=line,
                severity="warning",
            )


def check_packages(project: Project) -> Iterator[Finding]:
    """Report entries about packages that do not exist."""
    if not (project.root / FOLDER).is_dir():
        return
    known = packages_graph(project).names
    for name, keys in read_overrides(project.root).named.items():
        for key in keys:
            if normalize(key) not in known:
                yield Finding(
                    tool="ci-framework",
                    rule="packages",
                    message=f"{key} is not a package; packages: {', '.join(known)}",
                    path=f"{FOLDER}/{name}",
                )


def check_settings(project: Project) -> Iterator[Finding]:
    """Check ``[tool.ci-framework]`` by itself and against the repository."""
    source = configuration_file(project.root)
    if source is None:
        return
    settings = project_table(read_toml(source), source)
    mistakes = settings_mistakes(settings) or _against_repository(project, settings)
    yield from _findings(source, source.name, mistakes)


def _against_repository(project: Project, settings: Table) -> Iterator[Mistake]:
    version = settings.get("version")
    if version not in (None, __version__):
        yield Mistake(
            (*SETTINGS_KEYS, "version"),
            f"{version!r}",
            f"{__version__!r}, the version of the engine (run `copier update` again)",
        )
    for key, wanted in (
        ("source-paths", "a directory of this repository"),
        ("test-paths", "a directory or file of this repository"),
    ):
        for position, path in enumerate(texts(settings, key)):
            where = project.root / path
            if not (where.is_dir() or (where.is_file() and key == "test-paths")):
                keys = (*SETTINGS_KEYS, key, f"[{position}]")
                yield Mistake(keys, f"{path!r}", wanted)
    yield from _unsupported_pythons(project, settings)
    yield from _unknown_environments(project, settings)


def _unsupported_pythons(project: Project, settings: Table) -> Iterator[Mistake]:
    """Check that the matrix has only Pythons that the project supports."""
    required = text(project.pyproject, "project", "requires-python")
    # The project's own settings take precedence.
    own = ("matrix", "python-versions")
    names = own if texts(settings, *own) else ("matrix", ANSWERS, "python-versions")
    for position, version in enumerate(texts(settings, *names)):
        if not allows_python(required, version):
            keys = (*SETTINGS_KEYS, *names, f"[{position}]")
            allowed = f"a version that fits requires-python = {required!r}"
            yield Mistake(keys, f"{version!r}", allowed)


def _unknown_environments(project: Project, settings: Table) -> Iterator[Mistake]:
    """Check that the environment of each tier exists."""
    pixi = project.manager == "pixi"
    if pixi and (project.root / "pixi.toml").is_file():
        return
    known = sorted({*project.groups, *read_extras(project)})
    if pixi:
        known = ["default", *table(project.pixi, "environments")]
    noun = "pixi environment" if pixi else "dependency group or extra"
    names = {normalize(name) for name in known}
    for tier, name in table(settings, "environments").items():
        if tier not in TIERS or not isinstance(name, str) or not name:
            continue
        if normalize(name) not in names and (
            pixi or not (project.root / name).is_file()
        ):
            allowed = f"a {noun} of the project: {', '.join(known) or 'it has none'}"
            if not pixi:
                allowed += ", or the path of a requirement file"
            yield Mistake((*SETTINGS_KEYS, "environments", tier), f"{name!r}", allowed)
