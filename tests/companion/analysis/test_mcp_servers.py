"""Which existing projects are MCP servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.answers.derive import derive_answers
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
