"""``ci doctor``: what the engine finds on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.support.projects import DemoProject


def test_everything_that_is_required_is_there(project: DemoProject) -> None:
    run = project.run("doctor", "--json")
    assert run.code == 0, str(run)
    answer = json.loads(run.stdout)
    assert answer["ok"] is True
    facts = {fact["name"]: fact["value"] for fact in answer["facts"]}
    assert facts["git"].startswith("git version")
    assert facts["repository"] == str(project.root)
    assert facts["environment"] == ".venv"
    assert facts["cache"].startswith(str(project.cache))


def test_a_missing_git_is_named_with_the_next_step(
    project: DemoProject, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    bash = shutil.which("bash")
    assert bash
    (tmp_path / "bin" / "bash").symlink_to(bash)
    run = project.run("doctor", variables={"PATH": str(tmp_path / "bin")})
    assert run.code == 3, str(run)
    (line,) = [row for row in run.stdout.splitlines() if row.startswith("git ")]
    assert line.split(maxsplit=1)[1] == "MISSING: not found"
    assert "hint: install git" in run.stdout
