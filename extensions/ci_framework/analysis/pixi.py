"""Read pixi manifests: environments, their tools and Pythons, and names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_engine.project.repository import normalize
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.purposes.vocabulary import word_list
from ci_framework.analysis.readers.documents import strings, text, words
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence

DEFAULT = "default"
_VERSION = re.compile(r"3\.(\d+)")
_PINNED = re.compile(r"^\s*(?:==?|~=)?\s*3\.\d+(?:\.\*|\.\d+)?\s*$")
_PLATFORMS = {"linux": "linux", "osx": "macos", "win": "windows"}

_TOOLS = word_list("pixi-tools")


@dataclass(frozen=True)
class Pixi:
    """The manifest.

    Attributes:
        path: the file, empty if the project does not use pixi.
        prefix: the keys before its tables.
        groups: dependency groups and extras, which are features with the same name.
    """

    path: str
    prefix: tuple[str, ...]
    document: Table
    groups: tuple[Requirement, ...]

    @cached_property
    def features(self) -> list[str]:
        """The names of features, including those of dependency groups and extras."""
        named = {requirement.group for requirement in self.groups}
        return sorted({*table(self.document, "feature"), *named})

    @cached_property
    def environments(self) -> dict[str, list[str]]:
        """The features of each environment; the default feature is listed by name."""
        found: dict[str, list[str]] = {DEFAULT: [DEFAULT]}
        for name, value in table(self.document, "environments").items():
            features = strings(value) or strings(value, "features")
            bare = table(value).get("no-default-feature") is True
            found[name] = [*features] if bare else [*features, DEFAULT]
        return found

    def tasks(self) -> Iterator[tuple[str, str, object, tuple[str, ...]]]:
        """Each task: its feature, its name, its definition and its keys."""
        for name, value in table(self.document, "tasks").items():
            yield "", name, value, (*self.prefix, "tasks", name)
        for feature in table(self.document, "feature"):
            keys = ("feature", feature, "tasks")
            for name, value in table(self.document, *keys).items():
                yield feature, name, value, (*self.prefix, *keys, name)

    def environments_of(self, feature: str) -> list[str]:
        """The environments with a feature."""
        wanted = feature or DEFAULT
        return [name for name, has in self.environments.items() if wanted in has]

    def dependencies(self, feature: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """The requirements of a feature: name, range and keys."""
        own: tuple[str, ...] = () if feature == DEFAULT else ("feature", feature)
        targets = table(self.document, *own, "target")
        sections = [own, *((*own, "target", target) for target in targets)]
        for section in sections:
            for kind in ("dependencies", "pypi-dependencies", "host-dependencies"):
                for name, value in table(self.document, *section, kind).items():
                    spec = value if isinstance(value, str) else text(value, "version")
                    keys = (*self.prefix, *section, kind, name)
                    yield normalize(name), spec, keys
        for requirement in self.groups:
            if requirement.group == feature:
                yield requirement.name, requirement.version, ()

    def tools(self, environment: str) -> list[str]:
        """The tools in an environment."""
        has = {
            name
            for feature in self.environments[environment]
            for name, _, _ in self.dependencies(feature)
        }
        return [tool for tool in _TOOLS if tool in has]

    def python(self, environment: str) -> str:
        """The only minor version that an environment allows, empty if open."""
        for feature in self.environments[environment]:
            for name, spec, _ in self.dependencies(feature):
                if name == "python" and (version := pinned_python(spec)):
                    return version
        return ""

    @cached_property
    def platforms(self) -> list[str]:
        """The platforms of an environment."""
        found: list[str] = []
        for name in ("workspace", "project"):
            for platform in words(table(self.document, name).get("platforms")):
                known = _PLATFORMS.get(platform.split("-")[0])
                found += [known] if known and known not in found else []
        return found


def pinned_python(spec: str) -> str:
    """The only minor version that a range allows, empty if open."""
    versions = set(_VERSION.findall(spec))
    if _PINNED.match(spec) and versions:
        return f"3.{versions.pop()}"
    bounds = re.fullmatch(r"\s*>=\s*3\.(\d+)[\d.]*\s*,\s*<\s*3\.(\d+)[\d.a]*\s*", spec)
    if bounds and int(bounds.group(2)) == int(bounds.group(1)) + 1:
        return f"3.{bounds.group(1)}"
    return ""


def read_pixi(survey: Survey, requirements: Iterable[Requirement]) -> Pixi:
    """Read pixi.toml, else the tables in pyproject.toml."""
    if survey.has("pixi.toml"):
        return Pixi("pixi.toml", (), survey.documents.toml("pixi.toml"), ())
    if survey.home or not survey.tool("pixi"):
        return Pixi("", (), {}, ())
    kinds = ("group", "extra")
    groups = tuple(
        item
        for item in requirements
        if item.kind in kinds and item.evidence.path == PYPROJECT
    )
    return Pixi(PYPROJECT, ("tool", "pixi"), survey.tool("pixi"), groups)


def state_pixi(survey: Survey, pixi: Pixi, findings: Findings) -> None:
    """State the facts about pixi, none if the project does not use it."""
    if not pixi.path:
        return

    def location(*keys: str) -> Evidence:
        return survey.documents.location(pixi.path, *pixi.prefix, *keys)

    findings.add("pixi-manifest", pixi.path, f"pixi reads {pixi.path}", [location()])
    kind = next((k for k in ("workspace", "project") if k in pixi.document), "")
    findings.add(
        "pixi-table",
        kind or None,
        f"the manifest has [{'.'.join((*pixi.prefix, kind))}]"
        if kind
        else "the manifest names neither a workspace nor a project",
        [location(kind)] if kind else [location()],
    )
    findings.add(
        "pixi-environments",
        {name: " ".join(has) for name, has in pixi.environments.items()},
        "each environment with its features",
        [location("environments")],
    )
    findings.add(
        "pixi-environment-tools",
        {name: " ".join(pixi.tools(name)) for name in pixi.environments},
        "the dependencies of its features, default included unless switched off",
        [location("environments")],
    )
    pythons = {name: pixi.python(name) for name in pixi.environments}
    findings.add(
        "pixi-environment-pythons",
        {name: version for name, version in pythons.items() if version},
        "a feature of theirs fixes the version of Python",
        [location("environments")],
    )
    names = sorted({name for _, name, _, _ in pixi.tasks()})
    findings.add(
        "pixi-tasks",
        names,
        "tasks of the manifest and its features",
        [location("tasks")],
    )
    taken = {*names, *pixi.environments, *pixi.features}
    findings.add(
        "taken-names",
        sorted(taken),
        "environments, features and tasks share no name with the framework's own",
        [location()],
    )
