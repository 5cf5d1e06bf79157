"""Whether the framework's own settings are allowed and fit the repository."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine import __version__
from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.project_settings import (
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
from ci_engine.project.repository import Project, normalize
from ci_engine.project.requires_python import allows_python
from ci_engine.scanning.waivers import WAIVERS_FILE, waivers_mistakes

__all__ = [
    "check_settings",
    "check_waivers",
    "configuration_finding",
]

_KEYS = ("tool", "ci-framework")


def configuration_finding(path: str, content: str, mistake: Mistake) -> Finding:
    """Turn a mistake into a finding that names key, value and what is allowed."""
    return Finding(
        tool="ci-framework",
        rule="configuration",
        message=mistake.message,
        path=path,
        line=find_line(content, mistake.keys),
    )


def check_waivers(project: Project) -> Iterator[Finding]:
    """Check the file of waivers, if the project has one."""
    path = project.root / WAIVERS_FILE
    if not path.is_file():
        return
    try:
        for mistake in waivers_mistakes(path):
            yield configuration_finding(WAIVERS_FILE, read_text(path), mistake)
    except ConfigurationError as error:
        yield Finding(
            tool="ci-framework",
            rule="configuration",
            message=str(error),
            path=WAIVERS_FILE,
        )


def check_settings(project: Project) -> Iterator[Finding]:
    """Check ``[tool.ci-framework]`` by itself and against the repository."""
    source = configuration_file(project.root)
    if source is None:
        return
    content = read_text(source)
    settings = project_table(read_toml(source), source)
    mistakes = settings_mistakes(settings)
    if not mistakes:
        mistakes = list(_against_repository(project, settings))
    for mistake in mistakes:
        yield configuration_finding(source.name, content, mistake)


def _against_repository(project: Project, settings: Table) -> Iterator[Mistake]:
    version = settings.get("version")
    if version not in (None, __version__):
        yield Mistake(
            (*_KEYS, "version"),
            f"{version!r}",
            f"{__version__!r} as the engine beside it (repeat `copier update`)",
        )
    for key in ("source-paths", "test-paths"):
        for position, path in enumerate(texts(settings, key)):
            if not (project.root / path).is_dir():
                keys = (*_KEYS, key, f"[{position}]")
                yield Mistake(keys, f"{path!r}", "a directory of this repository")
    yield from _unsupported_pythons(project, settings)
    yield from _unknown_environments(project, settings)


def _unsupported_pythons(project: Project, settings: Table) -> Iterator[Mistake]:
    """The matrix must not ask for a Python that the project refuses."""
    required = text(project.pyproject, "project", "requires-python")
    for position, version in enumerate(texts(settings, "matrix", "python-versions")):
        if not allows_python(required, version):
            keys = (*_KEYS, "matrix", "python-versions", f"[{position}]")
            allowed = f"a version that fits requires-python = {required!r}"
            yield Mistake(keys, f"{version!r}", allowed)


def _unknown_environments(project: Project, settings: Table) -> Iterator[Mistake]:
    """The environment of a tier must exist."""
    pixi = project.manager == "pixi"
    if pixi and (project.root / "pixi.toml").is_file():
        return
    known = sorted({*project.groups, *project.extras})
    if pixi:
        known = ["default", *table(project.pixi, "environments")]
    noun = "pixi environment" if pixi else "dependency group or extra"
    names = {normalize(name) for name in known}
    for tier, name in table(settings, "environments").items():
        if tier in TIERS and isinstance(name, str) and name:
            if normalize(name) in names:
                continue
            if not pixi and (project.root / name).is_file():
                continue
            allowed = f"a {noun} of the project: {', '.join(known) or 'it has none'}"
            if not pixi:
                allowed += ", or the path of a requirement file"
            yield Mistake((*_KEYS, "environments", tier), f"{name!r}", allowed)
