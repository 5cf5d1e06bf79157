"""Wrong arguments: the message and the next step."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ci_framework.cli import main
from tests.support.projects import clean_environment


@pytest.mark.parametrize(
    ("words", "message", "of"),
    [
        ([], "ci-framework: expected a command; known: adopt, ", ""),
        (["plann"], "ci-framework: unknown command 'plann'; did you mean 'plan'?", ""),
        (
            ["plan", "--vcs-reff=1"],
            "ci-framework plan: unknown option --vcs-reff; did you mean '--vcs-ref'?",
            " plan",
        ),
        (["plan", ".", "more"], "ci-framework plan: unknown argument more", " plan"),
        (
            ["plan", "--answers"],
            "ci-framework plan: --answers: expected a value",
            " plan",
        ),
        (
            ["fleet", "adoptt", "list"],
            "ci-framework fleet: action: expected one of ",
            " fleet",
        ),
    ],
)
def test_a_wrong_word_is_refused_with_the_next_step(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str, of: str
) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0].startswith(message)
    assert lines[1:] == [f"hint: run `ci-framework{of} --help`"]


def test_a_closed_pipe_ends_it_without_noise() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "ci_framework", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
