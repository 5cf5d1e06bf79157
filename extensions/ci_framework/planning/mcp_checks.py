"""Report servers of a project that are not checked until their command is set."""

from __future__ import annotations

from collections.abc import Mapping

from ci_framework.inventory import Inventory
from ci_framework.planning.plan import Operation

# The maximum number of packages that a reason names.
_SHOWN = 3


def unchecked_servers(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[Operation]:
    """A row that explains how to let the gate check the servers.

    Args:
        inventory: the facts about the repository.
        answers: those of the plan; packages of a monorepo have separate gates.
    """
    found = inventory.mapping("package-mcp-servers")
    evidence = inventory.fact("package-mcp-servers")
    if answers.get("project_type") != "monorepo" or not found:
        return _server_of_the_project(inventory, answers)
    first, command = next(iter(found.items()))
    return [
        Operation(
            kind="manual",
            path=f"{first}/pyproject.toml",
            reason=_reason(list(found), command),
            risk="low",
            evidence=evidence.evidence[:_SHOWN] if evidence else [],
        )
    ]


def _reason(paths: list[str], command: str) -> str:
    first, *others = paths
    setting = f'[tool.ci-framework.mcp] with command = "{command}"'
    if not others:
        return (
            f"{first} is an MCP server: to have its gate start and check it, add "
            f"{setting}"
        )
    names = ", ".join(paths[:_SHOWN]) + (", ..." if paths[_SHOWN:] else "")
    return (
        f"{len(paths)} packages are MCP servers ({names}): to have the gates start and "
        f"check them, add to the pyproject.toml of each what {first} needs: {setting}; "
        "`ci-framework analyze` names the commands"
    )


def _server_of_the_project(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[Operation]:
    fact = inventory.fact("mcp-server")
    if fact is None or not fact.value or answers.get("project_type") != "mcp-server":
        return []
    return [
        Operation(
            kind="manual",
            path=str(answers.get("settings_file") or "pyproject.toml"),
            reason="it is an MCP server: to have the gate start and check it, add "
            f'[tool.ci-framework.mcp] with command = "{fact.value}"',
            risk="low",
            evidence=fact.evidence[:_SHOWN],
        )
    ]
