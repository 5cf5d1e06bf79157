"""The script for a connected machine, with stand-ins for what is not here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.projects import git, program
from tests.support.renders import ROOT

# Answers as GitHub would: red for the first commit of the pull request, then green.
GH = """\
import json, subprocess, sys
from pathlib import Path
words = sys.argv[1:]
log = Path({log!r})
log.open("a").write(" ".join(words) + "\\n")
def git(*words):
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
if words[:2] == ["repo", "create"]:
    git("remote", "add", "origin", {remote!r})
    git("push", "--quiet", "origin", "main")
    sys.exit()
broken = "import os" in Path("src/proof/more.py").read_text() if \\
    Path("src/proof/more.py").exists() else False
end = "failure" if broken else "success"
branch = next((w[9:] for w in words if w.startswith("--branch=")), "")
if words[:2] == ["run", "list"] and branch:
    run = {{"headSha": git("rev-parse", branch), "status": "completed"}}
    print(json.dumps([{{**run, "conclusion": end, "workflowName": "Python CI"}}]))
elif words[:2] == ["run", "list"]:
    print(json.dumps([{{"conclusion": "success", "workflowName": "uv in /. - it"}}]))
elif words[:2] == ["pr", "view"] and words[-1] == "--json=comments":
    print(json.dumps({{"comments": [{{"body": "F401"}}] if broken else []}}))
elif words[:2] == ["pr", "view"]:
    print(json.dumps({{"mergeStateStatus": "BLOCKED" if broken else "CLEAN"}}))
elif words[-1].endswith("analyses"):
    print(json.dumps([{{"category": "ci-framework/lint/ruff/"}}]))
"""
PIXI = """\
import os, sys
sys.exit("no solution" if os.getcwd().endswith("application") else 0)
"""


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("prove", ROOT / ".ci/prove.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "prove", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "_POLL_SECONDS", 0)
    return module


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def test_missing_programs_are_named_with_their_address(
    prove: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prove.main(["github", "--owner", "octo"]) == 3
    error = capsys.readouterr().err
    assert "gh: not found; install it from https://cli.github.com" in error
    assert "npx: not found" in error
    assert prove.main(["pixi"]) == 3
    assert "pixi: not found; install it from https://pixi.sh" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        prove.main(["github"])
    assert "--owner: required for github" in capsys.readouterr().err


@pytest.mark.heavy
def test_a_pull_request_is_followed_from_red_to_green(
    prove: ModuleType,
    tools: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    remote, log = tmp_path / "remote.git", tmp_path / "gh.log"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    program(tools, "gh", GH.format(log=str(log), remote=str(remote)))
    program(tools, "npx", "print('github-actions')\n")
    words = ["github", "--owner", "octo", "--directory", str(tmp_path / "work")]
    code = prove.main([*words, "--template", str(ROOT)])
    output = capsys.readouterr().out
    assert code == 0, output
    steps = [row for row in output.splitlines() if row.startswith("ok ")]
    assert len(steps) == 14
    assert output.endswith("proved\n")
    assert "--method=PUT" in log.read_text(encoding="utf-8")
    assert git(remote, "log", "--format=%s", "change").split("\n")[:3] == [
        "feat: change",
        "feat: change",
        "feat: start",
    ]


@pytest.mark.heavy
def test_a_project_that_cannot_be_solved_does_not_end_the_others(
    prove: ModuleType,
    tools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program(tools, "pixi", PIXI)
    monkeypatch.setattr(prove, "KINDS", ("application", "library"))
    run = prove.run

    def without_gate(*command: str, cwd: Path) -> str:
        return "" if command[0] == "ci-framework/ci" else run(*command, cwd=cwd)

    monkeypatch.setattr(prove, "run", without_gate)
    assert prove.main(["pixi", "--directory", str(tmp_path / "work")]) == 1
    output = capsys.readouterr().out
    assert "FAILED   application: solve\nexit code 1\nno solution" in output
    assert "skipped  application: gate" in output
    assert "ok       library: gate" in output
    assert output.endswith("not proved\n")
