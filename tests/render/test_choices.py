"""The effects of single answers: rulesets, agent instructions, backends, hooks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import cast

import pytest
from copier import run_copy

from tests.support.parsing import parse_yaml
from tests.support.renders import Document, render

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Files that a test does not look at, so that it is quicker.
QUICK = ["/.github", "/src", "/tests"]


def pyproject(project: Path) -> Document:
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def test_the_ruleset_requires_the_one_check_on_the_long_lived_branches(
    template: Path, tmp_path: Path
) -> None:
    answers = {"main_branch": "trunk", "integration_branch": "development"}
    project = render(template, tmp_path / "remote", answers)
    text = (project / "ci-framework/ruleset.json").read_text(encoding="utf-8")
    ruleset = cast("Document", json.loads(text))
    assert ruleset["target"] == "branch"
    assert ruleset["enforcement"] == "active"
    assert ruleset["conditions"]["ref_name"] == {
        "include": ["refs/heads/trunk", "refs/heads/development"],
        "exclude": [],
    }
    rules = {rule["type"]: rule.get("parameters") for rule in ruleset["rules"]}
    assert set(rules) == {"deletion", "non_fast_forward", "required_status_checks"}
    assert rules["required_status_checks"]["required_status_checks"] == [
        {"context": "ci-success"}
    ]
    listed = (project / "ci-framework/files.sha256").read_text(encoding="utf-8")
    assert "  ci-framework/ruleset.json\n" in listed
    local = render(template, tmp_path / "local", {"ci_mode": "local"})
    assert not (local / "ci-framework/ruleset.json").exists()


def test_the_ruleset_is_formatted_as_prettier_does(
    template: Path, tmp_path: Path
) -> None:
    """Prettier, biome and dprint join a list that fits into 80 columns."""
    for length, lines in ((31, 1), (32, 4)):
        answers = {"main_branch": "a" * length, "integration_branch": "b"}
        project = render(template, tmp_path / str(length), answers, exclude=QUICK)
        text = (project / "ci-framework/ruleset.json").read_text(encoding="utf-8")
        rows = text[text.index('      "include"') : text.index('      "exclude"')]
        assert len(rows.splitlines()) == lines, rows
        assert '[{ "context": "ci-success" }]' in text


@pytest.mark.heavy
def test_a_local_monorepo_configures_no_releases_on_github(
    template: Path, tmp_path: Path
) -> None:
    for mode, configured in (("local", False), ("remote", True)):
        answers = {"project_type": "monorepo", "ci_mode": mode}
        project = render(template, tmp_path / mode, answers)
        assert (project / "release-please-config.json").exists() is configured


@pytest.mark.parametrize(
    ("manager", "tests", "lock"),
    [
        ("pixi", "`pixi run test`", "`pixi lock`"),
        ("uv", "`uv run pytest`", "`uv lock`"),
        ("poetry", "`poetry run pytest`", "`poetry lock`"),
        ("pip", "`.venv/bin/python -m pytest`", ""),
    ],
)
def test_agents_learn_the_commands_of_the_manager(
    template: Path, tmp_path: Path, manager: str, tests: str, lock: str
) -> None:
    project = render(template, tmp_path, {"package_manager": manager})
    text = (project / "AGENTS.md").read_text(encoding="utf-8")
    assert tests in text
    assert ("lock file" in text) == bool(lock)
    assert lock in text
    assert len(text.splitlines()) < 30


def test_an_existing_project_gets_no_instructions_for_agents(
    template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path, {"project_state": "existing"})
    assert not (project / "AGENTS.md").exists()


def test_new_releases_are_held_back_only_where_it_is_answered(
    template: Path, tmp_path: Path
) -> None:
    answers = {"package_manager": "uv"}
    usual = pyproject(render(template, tmp_path / "usual", answers))
    assert usual["tool"]["uv"] == {"required-version": ">=0.8"}
    held = pyproject(
        render(template, tmp_path / "h", answers | {"exclude_newer": "1 week"})
    )
    assert held["tool"]["uv"] == {
        "required-version": ">=0.9.17",
        "exclude-newer": "1 week",
    }


@pytest.mark.parametrize("manager", ["uv", "pip"])
def test_an_age_of_releases_without_effect_is_reported(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], manager: str
) -> None:
    answers = {"package_manager": manager, "exclude_newer": "1 week"}
    run_copy(str(template), tmp_path / "x", data=answers, defaults=True, vcs_ref="HEAD")
    said = "exclude_newer has no effect with pip" in capfd.readouterr().err
    assert said is (manager == "pip")


def test_uv_build_has_an_upper_bound(template: Path, tmp_path: Path) -> None:
    project = pyproject(render(template, tmp_path, {"build_backend": "uv_build"}))
    (required,) = project["build-system"]["requires"]
    assert required.startswith("uv_build>=")
    assert ",<0." in required


@pytest.mark.parametrize(
    ("mode", "types"),
    [("remote", ["pre-commit"]), ("local", ["pre-commit", "pre-push"])],
)
def test_a_push_runs_the_gate_where_there_is_no_other_ci(
    template: Path, tmp_path: Path, mode: str, types: list[str]
) -> None:
    project = render(template, tmp_path, {"ci_mode": mode})
    text = (project / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    document = cast("Document", parse_yaml(text))
    assert document["default_install_hook_types"] == types
    hooks = {hook["id"]: hook for hook in document["repos"][0]["hooks"]}
    stages = {name: hook.get("stages") for name, hook in hooks.items()}
    if mode == "remote":
        assert set(map(str, stages.values())) == {"None"}
    else:
        # Who pushes to a server of the office may have no other network.
        assert hooks["ci-framework-push"]["entry"].endswith("ci gate --allow-offline")
        assert stages.pop("ci-framework-push") == ["pre-push"]
        assert all(stage == ["pre-commit"] for stage in stages.values())
