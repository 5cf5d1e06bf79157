"""An inventory for people: readable with and without a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from ci_framework.analysis.analyze import analyze
from ci_framework.inventory import Inventory
from ci_framework.reporting.inventory_table import print_inventory
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import KINDS

WORKFLOW = """\
on: push
jobs:
  tests:
    runs-on: ubuntu-latest
    steps: [{ run: pytest }]
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    files = {
        **KINDS["poetry"],
        ".github/workflows/ci.yml": WORKFLOW,
        "Makefile": "test:\n\tpytest '[red]'\n",
        "setup.cfg": "stray\n",
        "pytest.ini": "",
        "tox.ini": "[pytest]\n",
    }
    return analyze(open_repository(make_repository(tmp_path, files)))


def shown(inventory: Inventory, *, terminal: bool) -> str:
    """What is printed."""
    out = io.StringIO()
    print_inventory(inventory, Console(file=out, width=100, force_terminal=terminal))
    return out.getvalue()


def test_every_section_is_there_in_plain_lines(inventory: Inventory) -> None:
    text = shown(inventory, terminal=False)
    for title in ("Facts", "Tools", "Tasks", "Workflows", "Hooks", "Left alone"):
        assert f"\n{title}\n" in text
    assert "\n  manager  poetry  certain  poetry.lock is tracked; other " in text
    assert "\n  pytest ^8  pytest.ini  tox.ini:1  " in text
    assert "pytest '[red]'" in text
    assert "setup.cfg:1  not valid INI" in text
    assert "\x1b" not in text


def test_a_terminal_gets_tables(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[" in shown(inventory, terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(inventory, terminal=True)
    assert "poetry.lock" in text
    assert "\x1b[3" not in text.replace("\x1b[3m", "")


def test_what_a_file_says_cannot_steer_the_terminal(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\ndescription = "a\\u001b[2Jb\\u202ec"\n'
    root = make_repository(tmp_path, {"pyproject.toml": text})
    found = analyze(open_repository(root))
    for terminal in (True, False):
        out = shown(found, terminal=terminal)
        assert "\x1b[2J" not in out
        assert "\u202e" not in out
