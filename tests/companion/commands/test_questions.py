"""The decisions of an adoption, asked at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.input.defaults import create_pipe_input
from prompt_toolkit.output import DummyOutput

from ci_engine.environments.isolated_tools import IsolatedTool, isolated_tool
from ci_engine.project.repository import Project
from ci_framework.commands import apply
from ci_framework.commands.questions import ask_decisions
from ci_framework.planning import always_red
from ci_framework.planning.build import PlanRequest, build_plan
from ci_framework.repository import open_repository
from tests.support.adoption_scenes import Companion, make_project, status_of

# Each plans an adoption, and one of them does so twice.
pytestmark = pytest.mark.heavy

ENTER, DOWN, INTERRUPT, SPACE = "\r", "\x1b[B", "\x03", " "


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    """The keys that a person presses."""
    with (
        create_pipe_input() as pipe,
        create_app_session(input=pipe, output=DummyOutput()),
    ):
        yield pipe


def decide(
    keys: PipeInput,
    path: Path,
    releases: Path,
    pressed: str,
    given: Mapping[str, object] | None = None,
) -> PlanRequest | None:
    answers = given or {}
    request = PlanRequest(str(releases), "v2.0.0", answers)
    built = build_plan(open_repository(make_project(path)), request)
    keys.send_text(pressed)
    return ask_decisions(built.plan, PlanRequest(answers=answers))


def test_defaults_change_nothing(
    keys: PipeInput, tmp_path: Path, releases: Path
) -> None:
    assert decide(keys, tmp_path, releases, ENTER * 3) == PlanRequest()


def test_the_gate_alone_is_one_choice(
    keys: PipeInput, tmp_path: Path, releases: Path
) -> None:
    decided = decide(keys, tmp_path, releases, DOWN + ENTER + DOWN + ENTER)
    assert decided == PlanRequest(answers={"quality_tier": "essential"}, smallest=True)


def test_parts_that_are_not_wanted_become_answers(
    keys: PipeInput, tmp_path: Path, releases: Path
) -> None:
    pressed = ENTER + SPACE + DOWN + DOWN + SPACE + ENTER + ENTER
    decided = decide(keys, tmp_path, releases, pressed)
    assert decided is not None
    assert decided.answers == {
        "update_bot": "none",
        "unmanaged": [".github/workflows/security-audit.yml"],
    }


def test_what_was_given_is_not_asked_again(
    keys: PipeInput, tmp_path: Path, releases: Path
) -> None:
    nothing: list[str] = []
    given: dict[str, object] = {
        "quality_tier": "full",
        "update_bot": "none",
        "hooks": nothing,
        "unmanaged": nothing,
    }
    decided = decide(keys, tmp_path, releases, ENTER, given)
    assert decided == PlanRequest(answers=given)


@pytest.mark.parametrize("pressed", [DOWN + DOWN + ENTER, INTERRUPT, ENTER + INTERRUPT])
def test_nothing_is_a_choice_too(
    keys: PipeInput, tmp_path: Path, releases: Path, pressed: str
) -> None:
    assert decide(keys, tmp_path, releases, pressed) is None


def test_adopting_at_a_terminal_asks_and_plans_again(
    keys: PipeInput,
    tmp_path: Path,
    releases: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = make_project(tmp_path)
    starts: list[str] = []

    def counted(project: Project, name: str) -> IsolatedTool:
        starts.append(name)
        return isolated_tool(project, name)

    monkeypatch.setattr(always_red, "isolated_tool", counted)
    monkeypatch.setattr(apply, "has_terminal", lambda: True)
    keys.send_text(DOWN + ENTER + ENTER + "n")
    words = ("--template", releases, "--vcs-ref", "v2.0.0")
    text = Companion(capsys).run("apply", project, *words)
    assert text.count("\nPlan ") == 2
    # The tree is the same, so one start counts, and one lists what `.` includes.
    assert starts == ["ruff", "ruff"]
    assert text.endswith("Nothing was written.\n")
    assert status_of(project) == ""
