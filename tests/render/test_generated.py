"""Generated files are current: hashes, copies, the example."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.renders import ROOT


@pytest.fixture
def generate() -> ModuleType:
    path = ROOT / ".ci" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What the command reads and writes."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("template", "extensions", "actions", ".github", "docs/example"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy2(ROOT / "copier.yml", tmp_path)
    return tmp_path


def test_the_generated_files_are_current(
    generate: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    code = generate.main(["--check"], ROOT)
    assert (code, capsys.readouterr().out) == (0, "")


def test_one_command_brings_everything_up_to_date(
    generate: ModuleType, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = copy / "template" / "ci-framework" / "scripts" / "selective-ci.sh"
    script.write_text(script.read_text(encoding="utf-8") + "# changed\n", "utf-8")
    action = copy / "actions" / "set-up" / "action.yml"
    action.write_text("name: older\n", "utf-8")
    (copy / "docs" / "example" / "leaving.txt").write_text("older\n", "utf-8")
    expected = {
        "extensions/jinja/static-files.jinja",
        "actions/set-up/action.yml",
        "docs/example/ci-framework/scripts/selective-ci.sh",
        "docs/example/ci-framework/files.sha256",
        "docs/example/leaving.txt",
    }
    assert generate.main(["--check"], copy) == 1
    *reported, hint = capsys.readouterr().out.splitlines()
    assert hint == "hint: run `uv run .ci/generate.py`"
    assert {line.partition(": ")[0] for line in reported} == expected
    assert generate.main([], copy) == 0
    assert generate.main(["--check"], copy) == 0
    assert not (copy / "docs" / "example" / "leaving.txt").exists()
