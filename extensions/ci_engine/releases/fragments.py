"""Find changelog fragments that a release has to collect first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ci_engine.configuration.reading import read_toml
from ci_engine.configuration.tables import table, text
from ci_engine.project.repository import Project

# Other files in the directories of fragments.
_OTHERS = frozenset({"readme", "template", "_template", "towncrier_template"})


def collecting_tool(project: Project) -> str:
    """The tool that collects fragments into the changelog, empty if there is none."""
    return next(iter(_folders(project).values()), "")


def find_fragments(project: Project) -> Iterator[tuple[str, str]]:
    """Each remaining fragment, and the tool that collects it."""
    folders = _folders(project)
    for name in project.names:
        path = PurePosixPath(name)
        stem = path.name.lower().partition(".")[0]
        tools = (folders.get(str(parent), "") for parent in path.parents)
        tool = next(filter(None, tools), "")
        if tool and stem and stem not in _OTHERS:
            yield name, tool


def _folders(project: Project) -> Mapping[str, str]:
    """The directories of fragments, and the tool for each."""
    found: dict[str, str] = {}
    own = project.root / "towncrier.toml"
    document = table(read_toml(own), "tool") if own.is_file() else {}
    settings = table(document, "towncrier") or project.tool("towncrier")
    if settings:
        package = text(settings, "package").replace(".", "/")
        inside = text(settings, "package_dir").strip("./")
        nested = "/".join(filter(None, (inside, package, "newsfragments")))
        given = text(settings, "directory").strip("/")
        found |= dict.fromkeys([given] if given else [nested], "towncrier")
    if "scriv" in table(project.pyproject, "tool"):
        folder = text(project.tool("scriv"), "fragment_directory") or "changelog.d"
        found[folder.strip("/")] = "scriv"
    return found
