"""Which engine writes the summary of a pull request: the change never picks it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.documents import Document, tables
from tests.support.projects import ROOT
from tests.support.tools import require_tool

WORKFLOW = ROOT / "docs/example/.github/workflows/python-ci.yml"


def engine(top: Path, name: str, code: int = 0, about: str = "CHANGE") -> None:
    """An engine that writes down that it was asked for a summary."""
    script = f"""
        [[ "$*" == *--help ]] && {{ echo "{about}"; exit {3 if code == 3 else 0}; }}
        echo "{name} CHANGE=${{CHANGE:-}}" >> "$LOG"
        exit {code}
        """
    path = top / "ci-framework/ci"
    path.parent.mkdir(parents=True)
    path.write_text(script, encoding="utf-8")


def write_summary(root: Path) -> tuple[int, list[str]]:
    """Run the step; which engines wrote a summary."""
    job = Document.read("python-ci.yml", WORKFLOW).jobs["summary"]
    (step,) = (s for s in tables(job["steps"]) if s.get("id") == "summary")
    log = root / "log"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", str(step["run"])],
        cwd=root,
        env={"PATH": str(require_tool("bash").parent), "LOG": str(log)},
        check=False,
    )
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    return done.returncode, lines


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_engine_of_the_target_branch_has_the_last_word(
    tmp_path: Path, code: int
) -> None:
    engine(tmp_path, "target", code)
    engine(tmp_path / ".ci-framework/change", "change")
    ours = [] if code == 3 else ["target CHANGE=.ci-framework/change"]
    assert write_summary(tmp_path) == (code, ours)


def test_an_engine_that_does_not_know_how_leaves_it_to_the_change(
    tmp_path: Path,
) -> None:
    engine(tmp_path, "target", about="usage")
    engine(tmp_path / ".ci-framework/change", "change", 1)
    assert write_summary(tmp_path) == (1, ["change CHANGE="])


def test_before_the_framework_is_merged_there_is_one_engine_only(
    tmp_path: Path,
) -> None:
    engine(tmp_path / ".ci-framework/change", "change")
    assert write_summary(tmp_path) == (0, ["change CHANGE="])


def test_what_is_no_pull_request_has_one_engine_only(tmp_path: Path) -> None:
    engine(tmp_path, "target", 1)
    assert write_summary(tmp_path) == (1, ["target CHANGE="])
