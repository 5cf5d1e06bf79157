"""The plan reports settings for the project's own bot, and never changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.planning.bots import exclusions
from ci_framework.planning.plan import Operation
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.adoption_scenes import PROJECT, make_project, plan

RENDERED: Mapping[str, object] = dict.fromkeys(
    [
        ".github/actions/set-up/action.yml",
        ".github/dependabot.yml",
        ".github/workflows/python-ci.yml",
        "ci-framework/ci",
    ]
)
OWNED = [".github/workflows/python-ci.yml", ".github/actions/set-up/**"]
UPDATES = ".github/dependabot.yml"


def told(path: Path, files: Mapping[str, str]) -> list[Operation]:
    found = exclusions(open_repository(make_repository(path, files)), RENDERED)
    for operation in found:
        assert operation.kind == "manual"
        assert operation.path in files
    return found


def reasons(path: Path, files: Mapping[str, str]) -> list[str]:
    return [operation.reason for operation in told(path, files)]


def entry(text: str) -> dict[str, str]:
    return {UPDATES: f"version: 2\nupdates:\n  - {{{text}}}\n"}


@pytest.mark.parametrize(
    "path", ["renovate.json", ".github/renovate.json5", ".renovaterc"]
)
def test_the_rule_for_renovate_is_reported_word_for_word(
    tmp_path: Path, path: str
) -> None:
    (reason,) = reasons(tmp_path, {path: '{"extends": ["config:recommended"]}\n'})
    rule = json.dumps({"matchFileNames": [*OWNED, "ci-framework/**"], "enabled": False})
    assert f"add to packageRules, at the end: {rule}" in reason


@pytest.mark.parametrize(
    "text",
    [
        '{"ignorePaths": [PATHS, "docs/**"]}',
        '{"packageRules": [{"matchFileNames": [PATHS], "enabled": false}]}',
        "// ours\n{packageRules: [{matchFileNames: [PATHS], enabled: false}]}",
    ],
)
def test_a_renovate_that_leaves_ours_alone_needs_nothing(
    tmp_path: Path, text: str
) -> None:
    paths = json.dumps([*OWNED, "ci-framework/**"])[1:-1]
    assert reasons(tmp_path, {"renovate.json5": text.replace("PATHS", paths)}) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"packageRules": [{"matchFileNames": [PATHS], "enabled": true}]}',
        '{"packageRules": [{"matchFileNames": ["ci-framework/**"], "enabled": false}]}',
        '{"packageRules": 3}',
        "[]",
    ],
)
def test_a_renovate_that_does_not_is_reported(tmp_path: Path, text: str) -> None:
    paths = json.dumps([*OWNED, "ci-framework/**"])[1:-1]
    assert reasons(tmp_path, {"renovate.json": text.replace("PATHS", paths)})


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("package-ecosystem: github-actions, directory: /", OWNED[:1]),
        ('package-ecosystem: github-actions, directories: ["/", "**/*"]', OWNED),
        ("package-ecosystem: pip, directory: /", None),
        ("package-ecosystem: pip, directory: /docs", None),
        ('package-ecosystem: pip, directories: ["**/*"]', ["ci-framework/**"]),
        ("package-ecosystem: npm, directory: /", None),
        (
            "package-ecosystem: github-actions, directory: /, "
            f"exclude-paths: [{OWNED[0]}]",
            None,
        ),
    ],
)
def test_the_lines_for_an_entry_of_dependabot_are_reported(
    tmp_path: Path, text: str, missing: list[str] | None
) -> None:
    found = reasons(tmp_path, entry(text))
    if missing is None:
        assert found == []
    else:
        (reason,) = found
        assert f"exclude-paths: {json.dumps(missing)}" in reason


@pytest.mark.parametrize("text", ["", "updates: [\n", "updates: {}\n"])
def test_a_file_that_cannot_be_read_reports_nothing(tmp_path: Path, text: str) -> None:
    assert reasons(tmp_path, {UPDATES: text}) == []


@pytest.mark.heavy
def test_the_plan_says_it_and_leaves_the_file_alone(
    tmp_path: Path, releases: Path
) -> None:
    files = {**PROJECT, "renovate.json": "{}\n"}
    project = make_project(tmp_path / "project", files)
    built = plan(project, releases)
    (operation,) = (o for o in built.plan.operations if o.path == "renovate.json")
    assert operation.kind == "manual"
    assert ".github/workflows/security-audit.yml" in operation.reason
    written = {change.path for change in built.changes}
    assert not written & {"renovate.json", ".github/dependabot.yml"}
