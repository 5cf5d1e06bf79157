"""Each name in docs/deprecations.toml still works, with a warning and a date."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.conftest import make_project, project
from tests.support.parsing import Document, parse_yaml, read_toml
from tests.support.projects import DemoProject
from tests.support.renders import ROOT

__all__ = ["make_project", "project"]

ENTRIES = {
    str(entry["name"]): entry
    for entry in read_toml(ROOT / "docs" / "deprecations.toml")["deprecated"]
}
# A value for each deprecated setting, as TOML.
VALUES = {"policy.function-lines": "9", "scan.denied-licences": '["GPL-3.0-only"]'}
INPUTS = re.compile(r"inputs\.([\w-]+)")


def _of_kind(kind: str) -> list[str]:
    return [name for name in ENTRIES if re.match(kind, name)]


def _note(name: str) -> str:
    """The warning about a deprecated name."""
    entry = ENTRIES[name]
    former, today = (str(text).split()[-1] for text in (name, entry["instead"]))
    return (
        f"{former} is deprecated, and may be removed from {entry['removal']} on; "
        f"use {today}"
    )


def _action(name: str) -> Document:
    path = ROOT / "actions" / name.split()[1] / "action.yml"
    return parse_yaml(path.read_text(encoding="utf-8"))


def test_every_entry_is_tried() -> None:
    kinds = ("setting ", "action .* input ", "action .* output ")
    tried = [name for kind in kinds for name in _of_kind(kind)]
    assert sorted(tried) == sorted(ENTRIES)


@pytest.mark.heavy
def test_a_deprecated_setting_works_and_is_named_once(project: DemoProject) -> None:
    names = _of_kind("setting ")
    for name in names:
        table, _, key = name.removeprefix("setting ").rpartition(".")
        value = VALUES[f"{table}.{key}"]
        text = f"[tool.ci-framework.{table}]\n{key} = {value}\n"
        project.append("pyproject.toml", text)
    run = project.run("doctor", "--json")
    messages = [problem["message"] for problem in json.loads(run.stdout)["problems"]]
    for name in names:
        assert messages.count(f"tool.ci-framework.{_note(name)}") == 1, messages
    config = project.run("config").stdout
    for name in names:
        assert name.removeprefix("setting ") in config


def _arguments(action: Document, given: Mapping[str, str], at: Path) -> str:
    """The command line and variables of an action's first step with these inputs."""
    inputs: dict[str, Document] = action["inputs"]
    values = {name: str(row.get("default", "")) for name, row in inputs.items()}
    values |= given
    step: Document = action["runs"]["steps"][0]
    mapped: dict[str, str] = step["env"]
    variables = {
        key: next((values[n] for n in INPUTS.findall(text) if values[n]), "")
        for key, text in mapped.items()
    }
    launcher = at / "ci-framework" / "ci"
    launcher.parent.mkdir(exist_ok=True)
    launcher.write_text('printf "%s|" "$@" "${GITHUB_TOKEN:-}"\n')
    script = re.sub(r'"\$GITHUB_ACTION_PATH[^"]*"', '"$LAUNCHER"', str(step["run"]))
    done = subprocess.run(
        ["bash", "-ec", script],
        env={"PATH": "/usr/bin:/bin", "LAUNCHER": str(launcher), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", _of_kind("action .* input "))
def test_a_deprecated_input_does_what_the_new_one_does(
    name: str, tmp_path: Path
) -> None:
    action = _action(name)
    former, today = (str(t).split()[-1] for t in (name, ENTRIES[name]["instead"]))
    assert action["inputs"][former]["deprecationMessage"] == _note(name)
    assert "deprecationMessage" not in action["inputs"][today]
    with_former = _arguments(action, {former: "true"}, tmp_path)
    assert with_former == _arguments(action, {today: "true"}, tmp_path)
    assert with_former != _arguments(action, {}, tmp_path)


@pytest.mark.parametrize("name", _of_kind("action .* output "))
def test_a_deprecated_output_has_the_value_of_the_new_one(name: str) -> None:
    outputs = _action(name)["outputs"]
    former, today = (str(t).split()[-1] for t in (name, ENTRIES[name]["instead"]))
    assert outputs[former]["description"] == _note(name)
    assert outputs[former]["value"] == outputs[today]["value"]
