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
    kind = answers.get("project_type")
    packages = inventory.mapping("package-mcp-servers") if kind == "monorepo" else {}
    if packages:
        first, command = next(iter(packages.items()))
        path, reason = f"{first}/pyproject.toml", _reason([*packages], command)
        fact = inventory.fact("package-mcp-servers")
    else:
        fact = inventory.fact("mcp-server")
        if fact is None or not fact.value or kind != "mcp-server":
            return []
        path = str(answers.get("settings_file") or "pyproject.toml")
        reason = _reason(["it"], str(fact.value))
    evidence = fact.evidence[:_SHOWN] if fact else []
    manual = Operation(
        kind="manual", path=path, reason=reason, risk="low", evidence=evidence
    )
    return [manual]


def _reason(servers: list[str], command: str) -> str:
    setting = f'[tool.ci-framework.mcp] with command = "{command}"'
    if len(servers) == 1:
        return (
            f"{servers[0]} is an MCP server: to have its gate start and check it, add "
            f"{setting}"
        )
    names = ", ".join(servers[:_SHOWN]) + (", ..." if servers[_SHOWN:] else "")
    return (
        f"{len(servers)} packages are MCP servers ({names}): to have the gates start "
        f"and check them, add to the pyproject.toml of each what {servers[0]} needs: "
        f"{setting}; `ci-framework analyze` names the commands"
    )
