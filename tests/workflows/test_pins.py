"""Third-party actions: the pins file is the one list of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.documents import Document, tables
from tests.support.parsing import parse_yaml
from tests.support.rendered_workflows import COMBINATIONS
from tests.support.renders import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflows.conftest import Render

PINS_FILE = ROOT / "extensions" / "action-pins.yaml"
ENTRIES = tables(parse_yaml(PINS_FILE.read_text(encoding="utf-8"))["actions"])
PINS = {str(e["uses"]): f"{e['uses']}@{e['sha']} # {e['version']}" for e in ENTRIES}


def references(root: Path) -> set[str]:
    """Every third-party action that workflows and actions below a root use."""
    files = [
        *root.glob(".github/workflows/*.y*ml"),
        *root.glob(".github/actions/*/*.yml"),
    ]
    documents = [Document.read(file.name, file) for file in files]
    return {line for document in documents for line in document.uses_lines}


def test_every_action_used_is_pinned_as_the_pins_file_says(
    documents: list[Document], subtests: pytest.Subtests
) -> None:
    for document in documents:
        with subtests.test(document=document.name):
            assert set(document.uses_lines) <= set(PINS.values())


def test_the_pins_file_has_one_well_formed_entry_for_each_action() -> None:
    assert len(PINS) == len(ENTRIES)
    assert list(PINS) == sorted(PINS)
    for entry in ENTRIES:
        assert set(entry) == {"uses", "sha", "version"}
        assert re.fullmatch(r"[0-9a-f]{40}", str(entry["sha"]))
        assert re.fullmatch(r"v\d+\.\d+\.\d+", str(entry["version"]))


def test_the_pins_file_lists_nothing_that_is_not_used(rendered: Render) -> None:
    used = references(ROOT).union(
        *(references(rendered(name)) for name in COMBINATIONS)
    )
    assert set(PINS.values()) - used == set()
