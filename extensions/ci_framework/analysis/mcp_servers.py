"""Find out whether the project is an MCP server, and which command starts it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.tables import table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_PACKAGES = ("mcp", "fastmcp")
# Clients use the same packages, but not these modules.
_SERVES = re.compile(r"\s*(from|import)\s+(mcp\.server\b|fastmcp(\.server)?\b(?!\.))")
_ASIDE = frozenset({"tests", "test", "examples", "docs", "benchmarks", "scripts"})


def state_mcp_server(
    survey: Survey, requirements: list[Requirement], findings: Findings
) -> None:
    """State the command of the server, empty if the project is not a server."""
    needed = [r for r in requirements if r.name in _PACKAGES and r.kind == "project"]
    if not needed:
        findings.add("mcp-server", "", "it does not require mcp or fastmcp")
        return
    serving = next(_serving(survey), None)
    if serving is None:
        because = f"it requires {needed[0].name}, and has no module that serves"
        findings.add("mcp-server", "", because, [needed[0].evidence])
        return
    command, location = _command(survey)
    if not command:
        because = f"{serving.path} serves, and no command starts it"
        findings.add("mcp-server", "", because, [serving])
        return
    because = (
        f"it requires {needed[0].name}, {serving.path} serves, and a command starts it"
    )
    evidence = [needed[0].evidence, serving, location]
    findings.add("mcp-server", command, because, evidence, "likely")


def _serving(survey: Survey) -> Iterator[Evidence]:
    """The modules that import parts of servers."""
    for path in survey.python_files:
        if _ASIDE.intersection(path.lower().split("/")[:-1]):
            continue
        for number, row in enumerate(survey.documents.text(path).split("\n"), 1):
            if _SERVES.match(row):
                yield Evidence(path=path, line=number)
                break


def _command(survey: Survey) -> tuple[str, Evidence]:
    """The command for the server: a script of the project, or a runnable package."""
    for keys in (("project", "scripts"), ("tool", "poetry", "scripts")):
        scripts = list(table(survey.pyproject, *keys))
        named = [name for name in scripts if "mcp" in name.lower()]
        for name in (*named, *scripts):
            return name, survey.location(*keys, name)
    for path in survey.python_files:
        parts = path.split("/")
        if parts[-1] == "__main__.py" and not _ASIDE.intersection(parts):
            inner = parts[1:-1] if parts[0] == "src" else parts[:-1]
            return f"python -m {'.'.join(inner)}", Evidence(path=path, line=1)
    return "", Evidence(path="", line=0)
