"""Python versions that test environments and matrices pin."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ci_engine.configuration.tables import items
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.readers.ini import IniError, parse_ini
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence

_MATRIX = re.compile(
    r"^[\"']?~?(?:cpython-?|python-?|py-?)?3[.-]?(1\d|[6-9])(?:\.\d+|\.x|\.\*)?[\"']?$"
)
_OTHERS = ("-dev", "pypy", "graalpy", "alpha", "beta", "rc")
_TOX_FACTOR = re.compile(r"(?:^|[-,{}\s])(?:py)?3\.?(\d+)(?=$|[-,{}\s])")
# Numbers that look like a version of Python 3 but are not.
_TOO_NEW = 30


@dataclass
class Evidenced:
    """Versions, with the locations that name them."""

    versions: list[str]
    locations: list[Evidence]

    def add(self, version: str, location: Evidence) -> None:
        """Add a version, with the location of its first occurrence."""
        if version not in self.versions:
            self.versions.append(version)
            self.locations.append(location)


def minor_version(key: str, value: str) -> str:
    """The minor version in a matrix value, empty if there is none."""
    plain = value.strip().strip("\"'")
    if any(sign in plain.lower() for sign in _OTHERS):
        return ""
    found = _MATRIX.match(plain)
    if found and (
        "py" in key.lower() or "." in plain or plain.lower().startswith("py")
    ):
        return f"3.{found.group(1)}"
    if re.search(r"py|tox|nox|env|session|toxenv", key.lower()):
        factor = re.match(r"^(?:tests?-)?py3(\d+)(?:$|[-_])", plain)
        return f"3.{factor.group(1)}" if factor else ""
    return ""


def environment_pythons(survey: Survey, pixi: Pixi) -> Evidenced:
    """Versions that environments of pixi, tox, nox and hatch pin."""
    found = Evidenced([], [])
    keys = (*pixi.prefix, "environments")
    for name in pixi.environments:
        named = re.search(r"(^|[-_])(py|python)[-_]?3?\.?\d+", name)
        version = pixi.python(name) if named else ""
        if version:
            found.add(version, survey.documents.location(pixi.path, *keys, name))
    _add_tox(survey, found)
    _add_legacy_tox(survey, found)
    _add_hatch(survey, found)
    for task in survey.tasks:
        if task.runner == "nox" and "test" in task.name.lower():
            for minor in re.findall(r"3\.(\d+)(?!\d|t)", task.environment):
                found.add(f"3.{minor}", task.evidence)
    return found


def _add_tox(survey: Survey, found: Evidenced) -> None:
    files = (
        ("tox.ini", "tox", survey.tox_ini),
        ("setup.cfg", "tox:tox", survey.setup_cfg),
    )
    for path, section, ini in files:
        for key in ("envlist", "env_list"):
            location = Evidence(path=path, line=ini.line(section, key))
            for version in tox_versions(ini.text(section, key)):
                found.add(version, location)
    for path, keys in (
        ("tox.toml", ("env_list",)),
        (PYPROJECT, ("tool", "tox", "env_list")),
    ):
        for name in strings(survey.documents.toml(path), *keys):
            for version in tox_versions(name):
                found.add(version, survey.documents.location(path, *keys))


def tox_versions(envlist: str) -> list[str]:
    """The versions in a list of tox environments, which may contain braces."""
    spread = re.sub(
        r"(?:py)?3\.?(\d?)\{([^}]*)\}",
        lambda found: (
            ",".join(f"py3{found.group(1)}{part}" for part in _spread(found.group(2)))
            + ","
        ),
        envlist,
    )
    minors = [int(minor) for minor in _TOX_FACTOR.findall(spread)]
    return [f"3.{minor}" for minor in minors if minor < _TOO_NEW]


def _spread(inside: str) -> list[str]:
    """The members of braces: a list, or a range such as 0-4."""
    found: list[str] = []
    for part in re.split(r"[,\s]+", inside):
        ends = re.fullmatch(r"(\d+)-(\d+)", part)
        if ends:
            numbers = range(int(ends.group(1)), int(ends.group(2)) + 1)
            found += [str(number) for number in numbers][:40]
        elif part.isdigit():
            found.append(part)
    return found


def _add_legacy_tox(survey: Survey, found: Evidenced) -> None:
    legacy = text(survey.pyproject, "tool", "tox", "legacy_tox_ini")
    try:
        ini = parse_ini(legacy)
    except IniError:
        return
    for key in ("envlist", "env_list"):
        for version in tox_versions(ini.text("tox", key)):
            found.add(version, survey.location("tool", "tox", "legacy_tox_ini"))


def _add_hatch(survey: Survey, found: Evidenced) -> None:
    for path, keys, environment in survey.hatch_environments():
        location = survey.documents.location(path, *keys, "matrix")
        for row in items(environment, "matrix"):
            for value in strings(row, "python"):
                if version := minor_version("python", value):
                    found.add(version, location)
