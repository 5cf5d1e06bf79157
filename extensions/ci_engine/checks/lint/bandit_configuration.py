"""The project's own bandit configuration, used by the gate but not by scans."""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from pathlib import Path

from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.tables import one_or_several, table
from ci_engine.errors import CommandError, ConfigurationError, ToolError
from ci_engine.findings.results import name_some
from ci_engine.project.repository import Project

# Names of configuration files that bandit does not find itself.
_YAML_NAMES = ("bandit.yaml", "bandit.yml", ".bandit.yaml", ".bandit.yml")
_INI = ".bandit"
_TABLE = "pyproject.toml"
# Settings that weaken bandit, in its files and in its INI file.
_LIMITS = ("tests", "skips", "exclude_dirs", "exclude")
_MOST = 20


def bandit_options(project: Project) -> list[str]:
    """The options that pass the project's own configuration to bandit.

    bandit finds none of these itself if it is given files, and it reads ``.bandit``
    as INI although many projects keep YAML in it.
    """
    options: list[str] = []
    own = project.root / _INI
    if own.is_file():
        if not _is_ini(own):
            return ["-c", _INI]
        options = ["--ini", _INI]
    for name in _YAML_NAMES:
        if (project.root / name).is_file():
            return [*options, "-c", name]
    if "bandit" in table(project.pyproject, "tool"):
        options += ["-c", _TABLE]
    return options


def bandit_limits(project: Project) -> Iterator[str]:
    """Describe how the project's own configuration limits bandit."""
    options = bandit_options(project)
    for kind, name in zip(options[::2], options[1::2], strict=True):
        if kind == "--ini":
            limits = _ini_limits(project.root / name)
        elif name == _TABLE:
            limits = table(project.pyproject, "tool", "bandit")
        else:
            limits = table(read_yaml(project.root / name))
        for key in _LIMITS:
            values = [str(value) for value in one_or_several(limits.get(key, []))]
            if values:
                yield f"{name} limits bandit: {key} {name_some(values, _MOST)}"


def _ini_limits(path: Path) -> dict[str, object]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(read_text(path))
    return dict(parser["bandit"]) if parser.has_section("bandit") else {}


def _is_ini(path: Path) -> bool:
    """Whether the file has an INI section for bandit; otherwise it must be YAML."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(path))
    except (ConfigurationError, configparser.Error):
        pass
    else:
        return True
    try:
        document = read_yaml(path)
    except CommandError:
        document = None
    if not isinstance(document, dict):
        raise ToolError(".bandit is neither an INI file nor YAML: bandit cannot run")
    return False
