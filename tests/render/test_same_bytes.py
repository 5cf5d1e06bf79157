"""A render depends only on the template and the answers."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.support.renders import Answers, render, snapshot

ANSWERS: Answers = {
    "project_name": "Same Everywhere",
    "description": "é 🎉",
    "python_versions": ["3.10", "3.12", "3.15"],
    "platforms": ["linux", "macos", "windows"],
}


@pytest.mark.parametrize("state", ["new", "existing"])
def test_place_time_and_environment_change_nothing(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    answers = {**ANSWERS, "project_state": state}
    first = snapshot(render(template, tmp_path / "first", answers))

    second = tmp_path / "an other" / "place"
    second.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text("[user]\nname = Somebody\n")
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "C",
        "USER": "somebody",
        "CI": "true",
        "PYTHONHASHSEED": "7",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(second)
    time.tzset()
    before = os.umask(0o077)
    try:
        again = snapshot(render(template, second, answers))
    finally:
        os.umask(before)
        monkeypatch.undo()
        time.tzset()
    assert again == first


def test_what_the_destination_holds_changes_nothing(
    template: Path, tmp_path: Path
) -> None:
    first = snapshot(render(template, tmp_path / "first", ANSWERS))
    second = tmp_path / "second"
    (second / "src" / "other").mkdir(parents=True)
    (second / "src" / "other" / "own.py").write_text("OWN = 1\n")
    (second / "pyproject.toml").write_text('[project]\nname = "older"\n')
    (second / "setup.cfg").write_text("[metadata]\nname = older\n")
    again = snapshot(render(template, second, ANSWERS))
    del again["src/other/own.py"], again["setup.cfg"]
    assert again == first


def test_the_order_of_choices_changes_nothing(template: Path, tmp_path: Path) -> None:
    first = snapshot(render(template, tmp_path / "first", ANSWERS))
    answers = {
        **ANSWERS,
        "python_versions": ["3.15", "3.10", "3.12", "3.10"],
        "platforms": ["windows", "macos", "linux"],
    }
    assert snapshot(render(template, tmp_path / "second", answers)) == first


def test_rendering_again_over_a_render_changes_nothing(
    template: Path, tmp_path: Path
) -> None:
    first = snapshot(render(template, tmp_path, ANSWERS))
    assert snapshot(render(template, tmp_path, ANSWERS)) == first
