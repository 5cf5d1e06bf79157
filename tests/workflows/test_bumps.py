"""The script that proposes newer actions: old enough, full releases, no moved tag."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.renders import ROOT

NEW = "f" * 40


@pytest.fixture
def bumps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bumps", ROOT / ".ci/bump_pins.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by its name.
    sys.modules["bumps"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that hold pins."""
    for name in ("extensions", "template/.github", ".github"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / ".ci").mkdir()
    for name in ("install", "prove.py"):
        shutil.copy(ROOT / ".ci" / name, tmp_path / ".ci" / name)
    return tmp_path


def release(tag: str, days: int, **more: bool) -> dict[str, object]:
    when = datetime.now(timezone.utc) - timedelta(days=days)
    facts = {"draft": False, "prerelease": False, **more}
    return {
        "tag_name": tag,
        "published_at": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        **facts,
    }


def answers(
    module: ModuleType,
    patch: pytest.MonkeyPatch,
    root: Path,
    releases: Mapping[str, list[dict[str, object]]],
    moved: str = "",
) -> None:
    """Let GitHub answer: every pinned tag is where it was, but for one that moved."""
    pinned = {(p.repository, p.version): p.sha for p in module.read_pins(root)}

    def ask(path: str) -> object:
        _, _, owner, name, kind, *rest = path.partition("?")[0].split("/")
        repository = f"{owner}/{name}"
        if kind == "releases":
            return releases.get(repository, [])
        sha = pinned.get((repository, rest[0]), NEW)
        return {"sha": NEW if repository == moved else sha}

    def npm(*_words: str, cwd: Path) -> str:
        assert cwd.is_dir()
        return "{}"

    patch.setattr(module, "ask", ask)
    patch.setattr(module, "npm", npm)


@pytest.mark.heavy
def test_a_release_is_proposed_when_it_has_cooled_down(
    bumps: ModuleType,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    releases = [
        release("v99.0.0", 2),
        release("v98.0.0-rc1", 30),
        release("v97.0.0", 30, prerelease=True),
        release("v96.1.0", 9),
        release("v96.0.0", 40),
        release("v1.0.0", 900),
    ]
    answers(bumps, monkeypatch, copy, {"actions/checkout": releases})
    assert bumps.main([], copy) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"actions/checkout: v7.0.1 -> v96.1.0 {NEW}"
    ]
    assert bumps.main(["--write"], copy) == 0
    left = [
        p for p in copy.rglob("*") if p.is_file() and b"@3d3c42e5aac5" in p.read_bytes()
    ]
    assert left == []
    assert bumps.main([], copy) == 0


def test_nothing_newer_is_nothing_to_do(
    bumps: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(bumps, monkeypatch, copy, {"actions/checkout": [release("v7.0.1", 90)]})
    assert bumps.main([], copy) == 0


PROGRAMS = {
    "astral-sh/uv": ("9.1.2", ".github/workflows/fleet.yml", 'version: "{}"'),
    "nektos/act": ("v9.1.2", ".ci/install", "go install github.com/nektos/act@{}"),
    "rhysd/actionlint": ("v9.1.3", ".ci/install", "cmd/actionlint@{}"),
    "zricethezav/gitleaks": ("v9.1.4", ".ci/install", "gitleaks/v8@{}"),
    "renovatebot/renovate": ("99.1.2", ".ci/prove.py", '"renovate@{}"'),
}


@pytest.mark.heavy
def test_programs_are_proposed_and_written_wherever_they_are_named(
    bumps: ModuleType,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    releases = {name: [release(new, 9)] for name, (new, _, _) in PROGRAMS.items()}
    answers(bumps, monkeypatch, copy, releases)
    assert bumps.main(["--write"], copy) == 0
    lines = capsys.readouterr().out.splitlines()
    proposed = {line.partition(":")[0]: line.split()[-1] for line in lines}
    assert proposed == {name: new for name, (new, _, _) in PROGRAMS.items()}
    for new, file, row in PROGRAMS.values():
        assert row.format(new) in (copy / file).read_text(encoding="utf-8")
    texts = [bumps.read(path) for path in bumps.files(copy, bumps.INSTALLED_IN)]
    for name, (new, _, _) in PROGRAMS.items():
        pattern = bumps.PROGRAMS[name]
        assert {v for text in texts for v in re.findall(pattern, text)} == {new}


def test_a_tag_that_moved_stops_everything(
    bumps: ModuleType, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(bumps, monkeypatch, copy, {}, moved="actions/checkout")
    with pytest.raises(SystemExit, match=r"actions/checkout: the tag v7\.0\.1 leads"):
        bumps.main(["--write"], copy)


@pytest.mark.heavy
def test_packages_of_npm_are_proposed_and_locked(
    bumps: ModuleType,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers(bumps, monkeypatch, copy, {})
    manifest = copy / bumps.NPM / "conformance/package.json"
    (pinned,) = json.loads(manifest.read_text("utf-8"))["dependencies"].values()
    assert "-" in pinned
    now = datetime.now(timezone.utc)
    ages = {"9.0.0-alpha.2": 20, "9.0.0-alpha.10": 9, "9.0.0": 2, "0.1.99": 1}
    times = {v: (now - timedelta(days=d)).isoformat() for v, d in ages.items()}
    locked: list[Path] = []

    def npm(*words: str, cwd: Path) -> str:
        if words[0] == "install":
            locked.append(cwd)
        return json.dumps({"created": times["9.0.0"], **times})

    monkeypatch.setattr(bumps, "npm", npm)
    assert bumps.main([], copy) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"@modelcontextprotocol/conformance: {pinned} -> 9.0.0-alpha.10"]
    assert bumps.main(["--write"], copy) == 0
    assert locked == [manifest.parent]
    assert "9.0.0-alpha.10" in manifest.read_text("utf-8")
    # A release is not a reason to take the pre-release of the next one.
    text = manifest.read_text("utf-8").replace("9.0.0-alpha.10", "8.0.0")
    manifest.write_text(text, "utf-8")
    assert bumps.main([], copy) == 0
