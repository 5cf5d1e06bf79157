"""Which existing projects are MCP servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.answers.derive import derive_answers
from ci_framework.planning.mcp_checks import unchecked_servers
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import Files

HEAD = '[project]\nname = "notes"\nversion = "1"\ndependencies = ["{needs}"]\n'
SCRIPTS = (
    '\n[project.scripts]\nnotes = "notes.cli:main"\nnotes-mcp = "notes.app:main"\n'
)
SERVER = "from mcp.server.fastmcp import FastMCP\n"


def project(needs: str, module: str, more: str = SCRIPTS) -> dict[str, str]:
    return {
        "pyproject.toml": HEAD.replace("{needs}", needs) + more,
        "src/notes/__init__.py": "",
        "src/notes/app.py": module,
    }


CASES: dict[str, tuple[Files, str, str]] = {
    "official SDK": (project("mcp>=1.9", SERVER), "notes-mcp", "mcp-server"),
    "fastmcp": (
        project("fastmcp", "import os\nfrom fastmcp import FastMCP\n"),
        "notes-mcp",
        "mcp-server",
    ),
    "low-level": (
        {
            **project("mcp[cli]", "from mcp.server.lowlevel import Server\n", ""),
            "src/notes/__main__.py": "import notes.app\n",
        },
        "python -m notes",
        "mcp-server",
    ),
    "client": (project("mcp", "from mcp import ClientSession\n"), "", "application"),
    "client of fastmcp": (
        project("fastmcp", "from fastmcp.client import Client\n"),
        "",
        "application",
    ),
    "server in a test": (
        {**project("mcp", "import mcp\n"), "tests/server.py": SERVER},
        "",
        "application",
    ),
    "nothing starts it": (project("mcp", SERVER, ""), "", "application"),
    "not required": (project("attrs", SERVER), "", "application"),
}


@pytest.mark.parametrize(("files", "command", "kind"), CASES.values(), ids=CASES)
def test_a_server_has_the_package_a_module_and_a_command(
    files: Files, command: str, kind: str, tmp_path: Path
) -> None:
    inventory = analyze(open_repository(make_repository(tmp_path / "notes", files)))
    assert inventory.text("mcp-server") == command
    assert derive_answers(inventory)["project_type"].value == kind


def test_servers_among_the_packages_of_a_monorepo_are_found(tmp_path: Path) -> None:
    def package(path: str, needs: str, module: str, name: str) -> Files:
        files = project(
            needs, module, f'[project.scripts]\n{name} = "notes.app:main"\n'
        )
        named = {
            "pyproject.toml": files["pyproject.toml"].replace('"notes"', f'"{name}"')
        }
        return {f"{path}/{file}": text for file, text in (files | named).items()}

    files = {
        **package("servers/notes", "MCP>=1.9", SERVER, "notes-mcp"),
        **package("servers/maps", "fastmcp", "from fastmcp import FastMCP\n", "maps"),
        **package("client", "mcp", "from mcp import ClientSession\n", "client"),
        **package("core", "attrs", SERVER, "core"),
    }
    inventory = analyze(open_repository(make_repository(tmp_path / "all", files)))
    expected = {"servers/maps": "maps", "servers/notes": "notes-mcp"}
    assert inventory.mapping("package-mcp-servers") == expected
    assert inventory.text("mcp-server") == ""
    row, *more = unchecked_servers(inventory, {"project_type": "monorepo"})
    assert not more
    assert (row.kind, row.path) == ("manual", "servers/maps/pyproject.toml")
    assert row.reason.startswith("2 packages are MCP servers (servers/maps, servers/")
    assert '[tool.ci-framework.mcp] with command = "maps"' in row.reason


def test_the_plan_says_how_a_server_comes_to_be_checked(tmp_path: Path) -> None:
    files, command, _ = CASES["official SDK"]
    inventory = analyze(open_repository(make_repository(tmp_path / "notes", files)))
    [row] = unchecked_servers(inventory, {"project_type": "mcp-server"})
    assert row.path == "pyproject.toml"
    assert f'[tool.ci-framework.mcp] with command = "{command}"' in row.reason
    assert unchecked_servers(inventory, {"project_type": "application"}) == []
