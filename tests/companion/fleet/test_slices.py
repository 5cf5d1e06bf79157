"""A fleet on several machines: each runs a slice, and one merges the results."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from ci_engine.errors import UsageError
from ci_framework.cli import main
from ci_framework.fleet.slices import take_slice
from ci_framework.fleet.state import Action, Entry, FleetState, Member, write_state

SOURCES = [f"https://example.org/owner/{name}" for name in "abcdefghijk"]


def members() -> list[Member]:
    return [Member(source=source, path=f"/there/{source[-1]}") for source in SOURCES]


@pytest.mark.parametrize("count", [1, 2, 3, 11, 12])
def test_the_slices_are_the_list_once(count: int) -> None:
    slices = [take_slice(members(), f"{n}/{count}") for n in range(1, count + 1)]
    taken = Counter(member.source for part in slices for member in part)
    assert taken == Counter(SOURCES)
    assert max(map(len, slices)) - min(map(len, slices)) <= 1
    assert [m.source for m in take_slice(members(), "")] == SOURCES


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2"])
def test_a_slice_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--slice: expected a slice such as 2/4"):
        take_slice(members(), text)


def record(
    directory: Path, names: str, code: int = 0, action: Action = "adopt"
) -> None:
    """The workspace of a slice that worked on some repositories."""
    done = [member for member in members() if member.source[-1] in names]
    for member in done:
        text = f"{action} of {member.source[-1]}"
        member.entries = {action: Entry(exit_code=code, seconds=1.0, summary=text)}
    state = FleetState(members={member.path: member for member in done})
    write_state(directory / "fleet.json", state)


def merge(tmp_path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> int:
    listing = tmp_path / "list.txt"
    listing.write_text("\n".join(SOURCES) + "\n", "utf-8")
    capsys.readouterr()
    options = ["fleet", "adopt", str(listing), "--merge", str(tmp_path / "slices")]
    return main([*options, *words])


def test_one_summary_has_what_all_slices_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "slices" / "1", "acegik")
    record(tmp_path / "slices" / "2", "bdfh")
    # No slice reached the last one.
    assert merge(tmp_path, capsys, "--json") == 3
    told = json.loads(capsys.readouterr().out)["members"]
    assert [m["source"] for m in told] == SOURCES
    assert [m["source"][-1] for m in told if not m["entries"]] == ["j"]
    assert told[1]["entries"]["adopt"]["summary"] == "adopt of b"

    record(tmp_path / "slices" / "2", "bdfhj")
    assert merge(tmp_path, capsys) == 0
    record(tmp_path / "slices" / "3", "c", code=1)
    assert merge(tmp_path, capsys) == 1
    assert "adopt of c" in capsys.readouterr().out


def test_nothing_to_merge_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge(tmp_path, capsys) == 2
    assert "no fleet.json below it" in capsys.readouterr().err
    assert merge(tmp_path, capsys, "--slice", "1/2") == 2
