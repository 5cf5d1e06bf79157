"""Whether the framework's own settings are allowed and fit the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ci_engine import __version__
from ci_engine.cleanup.cleanup_patterns import CleanupPatterns
from ci_engine.configuration.loading import (
    Table,
    configs_directory,
    configuration_file,
    describe_location,
    project_table,
    read_text,
    read_toml,
    read_yaml,
    settings_mistakes,
)
from ci_engine.configuration.security_profiles import SecurityProfiles
from ci_engine.configuration.settings import TIERS, ChangePatterns, QualityTiers
from ci_engine.configuration.tables import table, text, texts
from ci_engine.configuration.typed_tables import Mistake, find_mistakes
from ci_engine.environments.isolated_tools import read_tool_locks
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.project.repository import Project, normalize
from ci_engine.project.requires_python import allows_python
from ci_engine.scanning.waivers import WAIVERS_FILE, waivers_mistakes

__all__ = [
    "check_framework_files",
    "check_settings",
    "check_waivers",
    "configuration_finding",
]

_KEYS = ("tool", "ci-framework")
_FRAMEWORK_FILES: dict[str, type[msgspec.Struct]] = {
    "quality-tiers.yaml": QualityTiers,
    "change-patterns.yaml": ChangePatterns,
    "security-profiles.yaml": SecurityProfiles,
    "cleanup-patterns.yaml": CleanupPatterns,
}


def configuration_finding(path: str, content: str, mistake: Mistake) -> Finding:
    """Turn a mistake into a finding that names key, value and what is allowed."""
    key, line = describe_location(mistake, content)
    return Finding(
        tool="ci-framework",
        rule="configuration",
        message=f"key {key}: found {mistake.found}; allowed: {mistake.allowed}",
        path=path,
        line=line,
    )


def check_framework_files() -> Iterator[Finding]:
    """Check the engine's own files in ``ci_engine/configs``."""
    for name, structure in _FRAMEWORK_FILES.items():
        yield from _check_framework_file(configs_directory() / name, structure)
    path = configs_directory() / "tool-locks.yaml"
    try:
        read_tool_locks()
    except ConfigurationError as error:
        yield _broken(path, error)


def check_waivers(project: Project) -> Iterator[Finding]:
    """Check the file of waivers, if the project has one."""
    path = project.root / WAIVERS_FILE
    if not path.is_file():
        return
    try:
        for mistake in waivers_mistakes(path):
            yield configuration_finding(WAIVERS_FILE, read_text(path), mistake)
    except ConfigurationError as error:
        yield _broken(path, error)


def _check_framework_file(
    path: Path, structure: type[msgspec.Struct]
) -> Iterator[Finding]:
    try:
        raw = read_yaml(path)
        for mistake in find_mistakes(raw, structure):
            yield configuration_finding(_shown(path), read_text(path), mistake)
    except ConfigurationError as error:
        yield _broken(path, error)


def _shown(path: Path) -> str:
    return f"ci_engine/configs/{path.name}"


def _broken(path: Path, error: ConfigurationError) -> Finding:
    return Finding(
        tool="ci-framework",
        rule="configuration",
        message=str(error),
        path=_shown(path),
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
            f"{__version__!r}, the version of the engine beside it; "
            "finish or repeat `copier update`",
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
