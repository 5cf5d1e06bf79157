"""Find the MCP servers of a project, and the commands that start them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_engine.configuration.tables import table
from ci_engine.project.repository import normalize
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.packages import join
from ci_framework.analysis.readers.documents import strings
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Confidence, Evidence

_PACKAGES = ("mcp", "fastmcp")
# Clients use the same packages, but not these modules.
_SERVES = re.compile(r"\s*(from|import)\s+(mcp\.server\b|fastmcp(\.server)?\b(?!\.))")
_ASIDE = frozenset({"tests", "test", "examples", "docs", "benchmarks", "scripts"})
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True)
class _Needed:
    """A library for servers, and the location that requires it."""

    name: str
    evidence: Evidence


def state_mcp_server(
    survey: Survey, requirements: list[Requirement], findings: Findings
) -> None:
    """State the command of the server, empty if the project is not a server."""
    needed = [
        _Needed(item.name, item.evidence)
        for item in requirements
        if item.name in _PACKAGES and item.kind == "project"
    ]
    command, because, evidence = _server(survey, "", needed)
    sure: Confidence = "likely" if command else "certain"
    findings.add("mcp-server", command, because, evidence, sure)
    _state_package_servers(survey, findings)


def _state_package_servers(survey: Survey, findings: Findings) -> None:
    """State which nested packages are servers themselves."""
    commands: dict[str, str] = {}
    locations: list[Evidence] = []
    for root in findings.items("distributions"):
        if root == ".":
            continue
        command, _, evidence = _server(survey, root, [*_needed(survey, root)])
        if command:
            commands[root] = command
            locations += evidence[:1]
    because = "no package below the top requires mcp or fastmcp and serves"
    if commands:
        because = "they require mcp or fastmcp, serve, and a command starts each"
    findings.add("package-mcp-servers", commands, because, locations, "likely")


def _needed(survey: Survey, root: str) -> Iterator[_Needed]:
    """The server libraries that a nested package requires."""
    path = join(root, PYPROJECT)
    document = survey.documents.toml(path)
    for keys, lines in (
        (("project", "dependencies"), strings(document, "project", "dependencies")),
        (
            ("tool", "poetry", "dependencies"),
            list(table(document, "tool", "poetry", "dependencies")),
        ),
    ):
        for line in lines:
            found = _NAME.match(line)
            name = normalize(found[1]) if found else ""
            if name in _PACKAGES:
                yield _Needed(name, survey.documents.location(path, *keys))


def _server(
    survey: Survey, root: str, needed: list[_Needed]
) -> tuple[str, str, list[Evidence]]:
    """The command of the server in a directory, empty if there is none, and why."""
    if not needed:
        return "", "it does not require mcp or fastmcp", []
    serving = next(_serving(survey, root), None)
    if serving is None:
        because = f"it requires {needed[0].name}, and has no module that serves"
        return "", because, [needed[0].evidence]
    command, location = _command(survey, root)
    if not command:
        return "", f"{serving.path} serves, and no command starts it", [serving]
    because = (
        f"it requires {needed[0].name}, {serving.path} serves, and a command starts it"
    )
    return command, because, [needed[0].evidence, serving, location]


def _modules(survey: Survey, root: str) -> Iterator[tuple[str, list[str]]]:
    """The modules of a directory, each with the parts of its path inside it."""
    start = f"{root}/" if root else ""
    for path in survey.python_files:
        if path.startswith(start):
            yield path, path.removeprefix(start).split("/")


def _serving(survey: Survey, root: str) -> Iterator[Evidence]:
    """The modules that import parts of servers."""
    for path, parts in _modules(survey, root):
        if _ASIDE.intersection(part.lower() for part in parts[:-1]):
            continue
        for number, row in enumerate(survey.documents.text(path).split("\n"), 1):
            if _SERVES.match(row):
                yield Evidence(path=path, line=number)
                break


def _command(survey: Survey, root: str) -> tuple[str, Evidence]:
    """The command for the server: a script of the project, or a runnable package."""
    pyproject = join(root, PYPROJECT)
    document = survey.documents.toml(pyproject)
    for keys in (("project", "scripts"), ("tool", "poetry", "scripts")):
        scripts = list(table(document, *keys))
        named = [name for name in scripts if "mcp" in name.lower()]
        for name in (*named, *scripts):
            return name, survey.documents.location(pyproject, *keys, name)
    for path, parts in _modules(survey, root):
        if parts[-1] == "__main__.py" and not _ASIDE.intersection(parts):
            inner = parts[1:-1] if parts[0] == "src" else parts[:-1]
            return f"python -m {'.'.join(inner)}", Evidence(path=path, line=1)
    return "", Evidence(path="", line=0)
