"""Every command in a console block is run, or listed with the reason why not."""

from __future__ import annotations

import re

import pytest

from tests.support.documentation_scenes import Workshop
from tests.support.documented_commands import COMMANDS, NOT_RUN
from tests.support.pages import PAGES, read_page
from tests.support.renders import ROOT


def _documented() -> set[str]:
    return {
        line.strip()
        for path in PAGES
        for block in read_page(path).blocks
        if block.language == "console"
        for line in block.lines
        if line.strip()
    }


def test_every_command_is_known_and_every_known_one_is_documented() -> None:
    assert _documented() == {*COMMANDS, *NOT_RUN}


def test_each_command_that_is_not_run_has_a_reason() -> None:
    assert all(NOT_RUN.values())
    assert not set(NOT_RUN) & set(COMMANDS)


def test_blocks_are_of_known_languages() -> None:
    languages = {b.language for path in PAGES for b in read_page(path).blocks}

    assert languages <= {"console", "text", "toml", "json", "yaml", "python", "mermaid"}


@pytest.mark.heavy
@pytest.mark.parametrize("command", COMMANDS)
def test_command_works(command: str, workshop: Workshop) -> None:
    example = COMMANDS[command]
    location = workshop.scene(example.scene)
    if example.before:
        before = workshop.run(example.before, location)
        assert before.code == 0, before.output

    outcome = workshop.run(example.line(command), location)

    assert outcome.code == example.code, outcome.output
    if example.after:
        after = workshop.run(example.after, location)
        assert after.code == 0, f"{outcome.output}\n{after.output}"


@pytest.mark.heavy
def test_a_conflict_looks_as_it_is_shown(workshop: Workshop) -> None:
    page = read_page(ROOT / "docs" / "quick-start.md")
    shown = next(b for b in page.blocks if b.lines[0].startswith("<<<<<<<"))
    text = (workshop.conflict() / "pyproject.toml").read_text(encoding="utf-8")

    assert _without_versions("\n".join(shown.lines)) in _without_versions(text)


def _without_versions(text: str) -> str:
    return re.sub(r"\d+(\.\d+)*", "N", text)
