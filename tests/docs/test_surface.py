"""Names that projects use are removed only after a deprecation, with dates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import cast

import pytest

from tests.support.parsing import parse_yaml
from tests.support.renders import ROOT

# One process imports the script with its modules, and prints its decisions.
_SCRIPT = """\
import sys
sys.path.insert(0, "docs")
from generate_surface import *
names = SURFACE.read_text("utf-8").splitlines()
table = read_deprecations()
print(len(names), list(problems_of(table, names, date.today())))
day = date(2027, 1, 1)
early = Deprecation("answer gone", date(2026, 11, 1), date(2027, 5, 30))
short = Deprecation("answer gone", date(2026, 11, 1), date(2026, 12, 30))
print(compare(["answer gone", "answer a"], {"answer a", "answer b"}, [], day))
print(compare(["answer gone"], set(), [early], day).missing)
print(compare(["answer gone"], set(), [early], date(2027, 6, 1)).missing)
print(list(problems_of([short, early], ["answer gone"], day)))
print(list(problems_of([early], [], day)))
"""


def test_the_file_is_up_to_date_and_nothing_is_gone_too_early() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate_surface.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def decisions() -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_deprecation_names_what_there_is(decisions: list[str]) -> None:
    number, _, problems = decisions[0].partition(" ")
    assert int(number) > 500
    assert problems == "[]"


def test_a_new_name_is_added_and_a_lost_one_is_noticed(decisions: list[str]) -> None:
    assert "missing=['answer gone']" in decisions[1]
    assert "text='answer a\\nanswer b\\n'" in decisions[1]


def test_a_name_may_go_on_the_day_of_its_removal(decisions: list[str]) -> None:
    assert decisions[2:4] == ["['answer gone']", "[]"]


def test_a_deprecation_lasts_half_a_year(decisions: list[str]) -> None:
    assert decisions[4] == "['answer gone: fewer than 183 days until its removal']"
    assert "it may not be gone yet" in decisions[5]


def test_the_jobs_of_a_render_are_held() -> None:
    names = (ROOT / "docs" / "public-surface.txt").read_text("utf-8").splitlines()
    for path in (ROOT / "docs" / "example" / ".github" / "workflows").glob("*.yml"):
        jobs = cast("Mapping[str, object]", parse_yaml(path.read_text("utf-8"))["jobs"])
        held = {
            line.split()[2]
            for line in names
            if line.startswith(f"workflow {path.name} ")
        }
        assert jobs.keys() <= held


@pytest.mark.parametrize(
    "name",
    [
        "answer quality_tier=extended",
        "setting quality.coverage-threshold",
        "command gate --affected",
        "companion adopt --answer",
        "action quality-gates input tier",
        "action quality-gates output verdict",
        "workflow python-ci.yml ci-success",
        "result checks[].findings[].fingerprint",
        "result verdict",
    ],
)
def test_every_kind_of_name_is_held(name: str) -> None:
    text = (ROOT / "docs" / "public-surface.txt").read_text(encoding="utf-8")
    assert name in text.splitlines()
