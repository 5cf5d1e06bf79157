"""One command for many repositories: a failure does not stop the others."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from ci_engine.processes.programs import CanceledError, Outcome
from ci_framework.cli import main
from ci_framework.fleet import run as fleet_run
from tests.support.adoption_scenes import Companion
from tests.support.fleets import list_of, state_of

Answer = Callable[[Sequence[str]], Outcome]


def ended(words: Sequence[str], code: int = 0, **told: object) -> Outcome:
    """A command that ended and printed this as JSON."""
    summary = f"{words[3]} of {Path(words[4]).name}"
    text = json.dumps({"hash": "0123456789abcdef", "summary": summary, **told})
    return Outcome(tuple(words), code, text if told or not code else "", "", 0.1)


class Play:
    """Fakes the commands that the fleet starts, and records them."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.commands: list[list[str]] = []

    def __call__(self, command: Sequence[str | Path], **_: object) -> Outcome:
        words = [str(word) for word in command]
        self.commands.append(words[3:])
        answer = self.answers.get(Path(words[4]).name, ended)
        return answer(words)

    @property
    def names(self) -> list[str]:
        """The repositories that were worked on, in order."""
        found = [Path(words[1]).name for words in self.commands]
        self.commands.clear()
        return found


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    play = Play()
    monkeypatch.setattr(fleet_run, "run_program", play)
    return play


def fails(code: int, said: str = "") -> Answer:
    def answer(words: Sequence[str]) -> Outcome:
        return Outcome(tuple(words), code, "", said, 0.1)

    return answer


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "no repository is listed"),
        (b"# only\n  # comments\n\n", "no repository is listed"),
        (b"caf\xe9\n", "not UTF-8"),
        (b"one\n./two/../one\n", ":2: './two/../one' is the repository of line 1"),
        (b"x://h/a/b\n\nx://h/a/b.git\n", ":3: "),
        (b"one\nnul\0byte\n", ":2: "),
        (b"~nobody-of-this-name/x\n", ":1: "),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_before_anything_runs(
    companion: Companion, play: Play, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "repositories.txt"
    if content is not None:
        path.write_bytes(content)
    text = companion.run("fleet", "plan", path, code=2)
    assert said in text
    assert play.commands == []


def test_a_directory_is_no_list(
    companion: Companion, play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "Is a directory" in companion.run("fleet", "plan", ".", code=2)
    assert play.commands == []


def test_comments_blank_lines_and_marks_of_editors_are_no_repositories(
    companion: Companion, play: Play, tmp_path: Path
) -> None:
    path = tmp_path / "list"
    text = "\ufeff# ours\r\n\r\n one  # the first\r\ntwo#2\r\n"
    path.write_bytes(text.encode())
    companion.run("fleet", "plan", path, "--jobs", "1")
    assert play.names == ["one", "two#2"]


def test_paths_start_at_the_list_not_here(
    companion: Companion,
    play: Play,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "lists").mkdir()
    path = list_of(tmp_path / "lists", "../one", "-rf", tmp_path / "three")
    monkeypatch.chdir(tmp_path)
    companion.run("fleet", "plan", path.relative_to(tmp_path), "--jobs", "1")
    paths = [words[1] for words in play.commands]
    wanted = [tmp_path / "one", tmp_path / "lists" / "-rf", tmp_path / "three"]
    assert paths == [str(path) for path in wanted]


def test_a_plan_that_was_read_is_what_is_applied(
    companion: Companion, play: Play, listing: Path
) -> None:
    text = companion.run("fleet", "apply", listing, code=2)
    assert "fleet plan" in text
    assert play.commands == []
    companion.run("fleet", "plan", listing)
    play.commands.clear()
    companion.run("fleet", "apply", listing, "--answer", "quality_tier=full")
    for words in play.commands:
        assert words[:1] + words[2:] == [
            *("apply", "--json", "--plan", "0123456789abcdef"),
            *("--answer", "quality_tier=full"),
        ]


def test_agreeing_to_everything_needs_no_plan(
    companion: Companion, play: Play, listing: Path
) -> None:
    companion.run("fleet", "adopt", listing, "--yes", "--static", "--timeout", "9")
    for words in play.commands:
        assert words[2:] == ["--json", "--yes", "--timeout", "9.0", "--static"]


def test_a_validation_needs_an_agreement_of_its_own(
    companion: Companion, play: Play, listing: Path
) -> None:
    text = companion.run("fleet", "validate", listing, code=2)
    assert "--static" in text
    assert play.commands == []
    companion.run("fleet", "validate", listing, "--static")
    assert len(play.commands) == 3


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ((0, 0, 0), 0),
        ((0, 2, 2), 2),
        ((0, 2, 3), 3),
        ((3, 1, 2), 1),
        ((0, 0, -9), 3),
    ],
)
def test_one_that_fails_does_not_stop_the_others(
    companion: Companion,
    play: Play,
    listing: Path,
    codes: Sequence[int],
    wanted: int,
) -> None:
    for name, code in zip(("one", "two", "three"), codes, strict=True):
        if code:
            play.answers[name] = fails(code, "note: x\nci-framework apply: oops\nmore")
    text = companion.run("fleet", "apply", listing, "--yes", "--jobs", "1", code=wanted)
    assert play.names == ["one", "two", "three"]
    assert ("ci-framework apply: oops" in text) == any(codes)
    found = [m.entries["apply"].exit_code for m in state_of(listing).members.values()]
    assert found == [max(code, -1) for code in codes]


def test_a_second_run_does_only_what_is_left(
    companion: Companion, play: Play, listing: Path
) -> None:
    words = ["fleet", "apply", listing, "--yes", "--jobs", "1"]
    play.answers["two"] = fails(2)
    companion.run(*words, code=2)
    play.commands.clear()
    companion.run(*words, code=2)
    assert play.names == ["two"]
    del play.answers["two"]
    companion.run(*words)
    assert play.names == ["two"]
    companion.run(*words)
    assert play.names == []
    # A read-only command is never finished.
    companion.run("fleet", "status", listing)
    companion.run("fleet", "status", listing)
    assert len(play.commands) == 6


def test_a_limit_takes_so_many_of_those_left(
    companion: Companion, play: Play, listing: Path
) -> None:
    words = ["fleet", "apply", listing, "--yes", "--limit", "2", "--jobs", "1"]
    assert "waiting" in companion.run(*words)
    assert play.names == ["one", "two"]
    assert "waiting" not in companion.run(*words)
    assert play.names == ["three"]


def test_a_repository_that_cannot_be_cloned_has_the_first_error_of_git(
    companion: Companion, play: Play, tmp_path: Path
) -> None:
    listing = list_of(tmp_path, "x://host/gone", "x://host/other")
    advice = "\nPlease make sure that you have\nand the repository exists.\n"

    def refuse(words: Sequence[str]) -> Outcome:
        said = f"warning: x\nfatal: 'gone' is not a repository\nfatal: lost.\n{advice}"
        return Outcome(tuple(words), 128, "", said, 0.1)

    play.answers = {"gone": refuse, "other": refuse}
    companion.run("fleet", "plan", listing, code=3)
    entries = [m.entries["plan"] for m in state_of(listing).members.values()]
    summaries = {entry.summary for entry in entries}
    assert summaries == {"git clone: fatal: 'gone' is not a repository"}


@pytest.mark.parametrize("words", [("--jobs", "0"), ("--limit", "-1")])
def test_numbers_that_make_no_sense_are_refused(
    companion: Companion, listing: Path, words: tuple[str, str]
) -> None:
    text = companion.run("fleet", "plan", listing, *words, code=2)
    assert f"{words[0]}: expected" in text


def test_so_many_run_at_a_time(companion: Companion, play: Play, listing: Path) -> None:
    both = threading.Barrier(2, timeout=20)

    def together(words: Sequence[str]) -> Outcome:
        # Continues only if the other one is running too.
        both.wait()
        return ended(words)

    play.answers = {"one": together, "two": together}
    companion.run("fleet", "plan", listing, "--jobs", "2")
    assert sorted(play.names) == ["one", "three", "two"]


def test_the_state_is_whole_after_each_repository(
    companion: Companion, play: Play, listing: Path
) -> None:
    seen: list[list[str]] = []

    def look(words: Sequence[str]) -> Outcome:
        members = state_of(listing).members.values()
        seen.append([Path(m.path).name for m in members if m.entries])
        return ended(words)

    play.answers = dict.fromkeys(("one", "two", "three"), look)
    companion.run("fleet", "plan", listing, "--jobs", "1")
    assert seen == [[], ["one"], ["one", "two"]]


def test_an_interruption_keeps_what_is_done(
    companion: Companion, play: Play, listing: Path
) -> None:
    def interrupt(words: Sequence[str]) -> Outcome:
        raise KeyboardInterrupt

    def canceled(words: Sequence[str]) -> Outcome:
        raise CanceledError

    play.answers = {"two": interrupt, "three": canceled}
    words = ["fleet", "apply", listing, "--yes", "--jobs", "1"]
    assert "interrupted" in companion.run(*words, code=130)
    done = [Path(m.path).name for m in state_of(listing).members.values() if m.entries]
    assert done == ["one"]
    play.answers, play.commands = {}, []
    companion.run(*words)
    assert play.names == ["two", "three"]


def test_after_a_rollback_adopting_is_possible_again(
    companion: Companion, play: Play, listing: Path
) -> None:
    companion.run("fleet", "plan", listing)
    companion.run("fleet", "apply", listing)
    play.answers["two"] = fails(2, "ci-framework rollback: later commits overlap")
    companion.run("fleet", "rollback", listing, code=2)
    play.answers, play.commands = {}, []
    companion.run("fleet", "apply", listing, "--jobs", "1")
    # The one that was not rolled back is applied as before.
    assert play.names == ["one", "three"]


def checked(name: str, status: str) -> Mapping[str, str]:
    return {"name": name, "status": status, "reason": "because"}


def test_the_table_is_data_too(companion: Companion, play: Play, listing: Path) -> None:
    play.answers["two"] = fails(3, "ci-framework plan: no network")
    told = companion.json("fleet", "plan", listing, code=3)
    assert told["action"] == "plan"
    entries = [member["entries"]["plan"] for member in told["members"]]
    assert [entry["exit-code"] for entry in entries] == [0, 3, 0]
    assert entries[0]["hash"] == "0123456789abcdef"
    assert entries[1]["summary"] == "ci-framework plan: no network"


def test_a_broken_state_is_reported_and_kept(
    companion: Companion, play: Play, listing: Path
) -> None:
    state = listing.with_name(f"{listing.name}.fleet") / "fleet.json"
    state.parent.mkdir()
    state.write_text('{"schema": 1, "memb')
    text = companion.run("fleet", "plan", listing, code=2)
    assert str(state) in text
    assert "hint: remove the file" in text
    assert play.commands == []
    assert state.read_text() == '{"schema": 1, "memb'


def test_a_place_without_room_for_the_state_is_reported_before_anything_runs(
    companion: Companion, play: Play, listing: Path
) -> None:
    words = ["fleet", "plan", listing, "--workspace", listing]
    assert "--workspace" in companion.run(*words, code=3)
    assert play.commands == []


def test_names_cannot_draw_on_the_terminal(
    play: Play,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    name = "\x1b[31mred [bold]x {y} \u202egnp.exe"
    play.answers[name] = fails(2, "ci-framework plan: \x1b]0;title\x07")
    assert main(["fleet", "plan", str(list_of(tmp_path, name))]) == 2
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert "[bold]x {y}" in " ".join(text.split())
        assert not re.search(r"\x1b\[(\d+;)*3\d", text)
        assert "\x07" not in text
        assert "\u202e" not in text


def test_addresses_of_one_name_at_two_hosts_are_two_places(
    companion: Companion, play: Play, tmp_path: Path
) -> None:
    rows = [
        "https://one.example/team/app",
        "https://two.example/team/app.git",
        "git@two.example:../../app",
        "ssh://host/" + "long" * 100,
    ]
    companion.run("fleet", "plan", list_of(tmp_path, *rows), code=3)
    # There is nothing to clone: the fake git did nothing.
    locations = {words[-1] for words in play.commands}
    assert len(locations) == len(rows)
