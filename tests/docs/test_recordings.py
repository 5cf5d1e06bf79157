"""The recordings of the terminal: real, current, and of no particular machine."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from ci_engine.configuration.settings import BUILT_IN_CHECKS
from docs import record_terminal as recorder
from tests.support.documentation_scenes import Workshop
from tests.support.pages import read_page
from tests.support.renders import ROOT

# What a recording is about, and the code that prints it.
_MESSAGES = {
    "new-project": ("is ready. Next:", "reports in"),
    "red-gate": ("again: ", "reports in"),
    "adoption": ("For you to decide", "validated statically"),
    "update-with-a-conflict": (
        "After a change of the package manager",
        "line named above",
    ),
    "monorepo-change": ("reports in",),
}
_PACKAGES = ("mono-core", "mono-cli")
_COMMIT = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b")
_MACHINE = re.compile(r"/(tmp|work|home|root|Users|var)/|\\Users\\")


@cache
def _text(name: str) -> str:
    picture = (recorder.RECORDINGS / f"{name}.svg").read_text(encoding="utf-8")
    return recorder.transcript(picture)


def test_each_recording_is_there_and_shown() -> None:
    there = {path.stem for path in recorder.RECORDINGS.iterdir()}
    page = read_page(ROOT / "docs" / "tour.md")
    shown = {Path(link).stem for link in page.links if link.startswith("recordings/")}

    assert there == shown == set(recorder.SCENES)


@pytest.mark.parametrize("name", recorder.SCENES)
def test_recording_shows_its_commands_and_current_messages(name: str) -> None:
    text = _text(name)
    sources = _sources()
    flat = " ".join(text.split())
    for step in recorder.SCENES[name]:
        assert f"$ {step.shown}" in flat.replace("\n", " "), step.shown
    for message in _MESSAGES[name]:
        assert message in flat, message
        assert message.strip() in sources, message
    checks = re.findall(r"(?m)^(?:ok|FAILED|skipped) +([\w-]+) ", text)
    assert set(checks) <= {*BUILT_IN_CHECKS, *_PACKAGES}


@cache
def _sources() -> str:
    paths = [
        *(ROOT / "extensions").rglob("*.py"),
        *(ROOT / "extensions").rglob("*.jinja"),
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("name", recorder.SCENES)
def test_recording_has_nothing_of_a_machine_or_another_site(name: str) -> None:
    picture = (recorder.RECORDINGS / f"{name}.svg").read_text(encoding="utf-8")

    assert not _MACHINE.search(_text(name))
    assert set(_COMMIT.findall(_text(name))) <= {
        "0123abc",
        "0123456789abcdef0123456789abcdef01234567",
    }
    assert not re.findall(r"url\(['\"]?http|@import|@font-face|href=", picture)


@pytest.mark.heavy
def test_a_red_gate_looks_as_it_is_recorded(workshop: Workshop) -> None:
    kept = dict(workshop.variables)
    try:
        shown = recorder.record(workshop, recorder.SCENES["red-gate"])
    finally:
        workshop.variables.clear()
        workshop.variables.update(kept)
    again = recorder.transcript(recorder.draw("red-gate", shown))

    # The checks end in any order.
    assert _words(again) == _words(_text("red-gate"))


def _words(text: str) -> list[str]:
    return sorted(" ".join(line.split()) for line in text.splitlines())
