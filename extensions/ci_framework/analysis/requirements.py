"""The project's requirements and their sources: extras, groups, files, environments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ci_engine.configuration.tables import items, table
from ci_engine.project.repository import normalize
from ci_framework.analysis.metadata import fields
from ci_framework.analysis.readers.documents import strings
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)$")
# The project itself, with extras: `.[test]`.
_OWN = re.compile(r"\s*(?:(?:-e|--editable)[\s=]+)?\.\[([^\]]*)\]\s*")
_HERE = "."
# Nested files belong to examples and fixtures.
_DEEPEST = 2
_FILE = re.compile(r"(^|/)(requirements|constraints)?[^/]*\.(txt|in)$")


@dataclass(frozen=True)
class Requirement:
    """One distribution that some part of the project requires.

    Attributes:
        name: normalized.
        version: the range as written, may be empty.
        kind: ``project``, ``extra``, ``group``, ``file``, ``poetry``, ``hatch``,
            ``conda``, ``pixi`` or ``build``.
        group: the extra, group, file or environment it belongs to.
        extras: the requested extras of the distribution.
    """

    name: str
    version: str
    kind: str
    group: str
    evidence: Evidence
    extras: tuple[str, ...] = ()


def read_requirements(survey: Survey) -> list[Requirement]:
    """All requirements, except those in pixi manifests, which are read elsewhere."""
    found = [
        *_project(survey),
        *_groups(survey),
        *_poetry(survey),
        *_tables(survey),
        *_setuptools(survey),
        *_files(survey),
        *_conda(survey),
    ]
    name = next((normalize(value) for value, _ in fields(survey, "name")), "")
    return [*found, *_own_extras(found, {name, _HERE})]


def _own_extras(found: list[Requirement], names: set[str]) -> Iterator[Requirement]:
    """The requirements from extras of the project itself, such as ``.[test]``."""
    extras: dict[str, list[Requirement]] = {}
    for item in found:
        if item.kind == "extra":
            extras.setdefault(normalize(item.group), []).append(item)
    for item in found:
        waiting = list(item.extras) if item.name in names else []
        seen: set[str] = set()
        while waiting:
            extra = normalize(waiting.pop())
            if extra in seen:
                continue
            seen.add(extra)
            for other in extras.get(extra, []):
                yield replace(other, kind=item.kind, group=item.group)
                waiting += other.extras if other.name in names else ()


def _each(
    lines: Iterable[str], kind: str, group: str, evidence: Evidence
) -> Iterator[Requirement]:
    for line in lines:
        requirement = parse(line, kind, group, evidence)
        if requirement is not None:
            yield requirement


def parse(line: str, kind: str, group: str, evidence: Evidence) -> Requirement | None:
    """Parse one requirement; None for an option, an address or a comment."""
    plain = line.split(" #", maxsplit=1)[0].split(";", maxsplit=1)[0]
    if here := _OWN.fullmatch(plain):
        extras = tuple(part.strip() for part in here.group(1).split(","))
        return Requirement(_HERE, "", kind, group, evidence, extras)
    found = _NAME.match(plain)
    if found is None or "://" in line.split("@", maxsplit=1)[0]:
        return None
    version = found.group(3).strip()
    if version and version[0] not in "<>=!~@(":
        return None
    name = normalize(found.group(1))
    extras = tuple(re.findall(r"[\w.-]+", found.group(2) or ""))
    return Requirement(name, version.strip("()"), kind, group, evidence, extras)


def _listed(
    survey: Survey, keys: tuple[str, ...], kind: str, group: str
) -> Iterator[Requirement]:
    """The requirements of a list in pyproject.toml, each with its line."""
    start = survey.location(*keys)
    for line in strings(survey.pyproject, *keys):
        number = survey.documents.line_of(start.path, line, start.line or 1)
        location = Evidence(path=start.path, line=number or start.line)
        yield from _each([line], kind, group, location)


def _project(survey: Survey) -> Iterator[Requirement]:
    yield from _listed(survey, ("project", "dependencies"), "project", "")
    for extra in table(survey.project, "optional-dependencies"):
        keys = ("project", "optional-dependencies", extra)
        yield from _listed(survey, keys, "extra", extra)
    yield from _listed(survey, ("build-system", "requires"), "build", "")


def _groups(survey: Survey) -> Iterator[Requirement]:
    groups = table(survey.pyproject, "dependency-groups")
    for group in groups:
        for member in _members(groups, group, ()):
            keys = ("dependency-groups", member)
            yield from _listed(survey, keys, "group", group)
    for manager in ("uv", "pdm"):
        older = ("tool", manager, "dev-dependencies")
        if strings(survey.pyproject, *older):
            yield from _listed(survey, older, "group", "dev")
        for group in table(survey.pyproject, *older):
            yield from _listed(survey, (*older, group), "group", group)


def _members(groups: object, group: str, seen: tuple[str, ...]) -> list[str]:
    """A group with the groups that it includes."""
    if group in seen:
        return []
    names = {normalize(name): name for name in table(groups)}
    found = [group]
    for item in items(groups, group):
        included = table(item).get("include-group")
        name = names.get(normalize(included)) if isinstance(included, str) else None
        if name is not None:
            found += _members(groups, name, (*seen, group))
    return found


def _poetry(survey: Survey) -> Iterator[Requirement]:
    poetry = survey.tool("poetry")
    sections: dict[str, tuple[str, ...]] = {
        "": ("dependencies",),
        "dev": ("dev-dependencies",),
    }
    for group in table(poetry, "group"):
        sections[group] = ("group", group, "dependencies")
    for group, keys in sections.items():
        for name, value in table(poetry, *keys).items():
            if normalize(name) == "python":
                continue
            location = survey.location("tool", "poetry", *keys, name)
            version = value if isinstance(value, str) else table(value).get("version")
            kind = "poetry" if group else "project"
            spec = version if isinstance(version, str) else ""
            yield Requirement(normalize(name), spec, kind, group, location)


def _tables(survey: Survey) -> Iterator[Requirement]:
    for name in survey.tool("hatch", "envs"):
        for key in ("dependencies", "extra-dependencies"):
            keys = ("tool", "hatch", "envs", name, key)
            yield from _listed(survey, keys, "hatch", name)
    hatch = survey.documents.toml("hatch.toml")
    for name in table(hatch, "envs"):
        for key in ("dependencies", "extra-dependencies"):
            location = survey.documents.location("hatch.toml", "envs", name, key)
            lines = strings(hatch, "envs", name, key)
            yield from _each(lines, "hatch", name, location)


def _setuptools(survey: Survey) -> Iterator[Requirement]:
    for section, kind in (("options", "project"), ("options.extras_require", "extra")):
        for key, setting in survey.setup_cfg.sections.get(section, {}).items():
            if section == "options" and key != "install_requires":
                continue
            for offset, row in enumerate(setting.value.split("\n")):
                location = Evidence(path="setup.cfg", line=setting.line + offset)
                group = key if kind == "extra" else ""
                yield from _each([row], kind, group, location)
    call = survey.setup_call
    needs = strings(call.values, "install_requires")
    location = Evidence(path="setup.py", line=call.lines.get("install_requires", 0))
    yield from _each(needs, "project", "", location)
    for extra in table(call.values, "extras_require"):
        location = Evidence(path="setup.py", line=call.lines.get("extras_require", 0))
        lines = strings(call.values, "extras_require", extra)
        yield from _each(lines, "extra", extra, location)


def _files(survey: Survey) -> Iterator[Requirement]:
    for path in survey.files:
        if "requirement" not in path or path.count("/") > 1 or not _FILE.search(path):
            continue
        for number, row in enumerate(survey.documents.text(path).split("\n"), 1):
            location = Evidence(path=path, line=number)
            yield from _each([row.strip()], "file", path, location)
    for section in ("packages", "dev-packages"):
        for name in table(survey.documents.toml("Pipfile"), section):
            location = survey.documents.location("Pipfile", section, name)
            yield Requirement(normalize(name), "", "file", "Pipfile", location)


def _conda(survey: Survey) -> Iterator[Requirement]:
    for path in survey.files:
        name = path.rsplit("/", 1)[-1]
        if not name.endswith((".yml", ".yaml")) or path.count("/") > _DEEPEST:
            continue
        if not re.match(r"(conda-)?env(ironment)?([-_.]|$)", name):
            continue
        document = survey.documents.yaml(path)
        for item in items(document, "dependencies"):
            lines = [item] if isinstance(item, str) else strings(table(item), "pip")
            for line in lines:
                number = survey.documents.line_of(path, line)
                location = Evidence(path=path, line=number)
                plain = re.sub(
                    r"(?<![=<>!~])=(?!=)", "==", line.split("::")[-1], count=1
                )
                yield from _each([plain], "conda", path, location)
