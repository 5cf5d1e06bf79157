"""pixi's own parser accepts every project with pixi, and rejects wrong ones."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import cast

import pytest

from tests.support.parsing import parse_toml, read_toml
from tests.support.pixi_rules import pixi_mistakes
from tests.support.renders import Answers, Document, render_once

PROJECT = """
[project]
name = "demo"
[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]
"""

COMBINATIONS = [
    {
        "package_manager": "pixi",
        "project_type": kind,
        "config_profile": profile,
        "pixi_prefix": prefix,
    }
    for kind, profile, prefix in product(
        ("library", "application", "monorepo"),
        ("tiered", "comprehensive"),
        ("", "ci-"),
    )
]


def project_with_pixi(template: Path, shared: Path, answers: Answers) -> Path:
    name = "-".join(["pixi", *map(str, answers.values())])
    return render_once(template, shared / name, answers)


@pytest.mark.parametrize("answers", COMBINATIONS, ids=lambda a: "-".join(a.values()))
def test_the_parser_accepts_each_kind_of_project(
    template: Path, shared_directory: Path, answers: Answers
) -> None:
    path = project_with_pixi(template, shared_directory, answers)
    assert pixi_mistakes(read_toml(path / "pyproject.toml")) == []
    for package in path.glob("packages/*/pyproject.toml"):
        assert "pixi" not in read_toml(package).get("tool", {})


@pytest.mark.parametrize("prefix", ["ci-", "my-ci-", "fw-"])
def test_no_task_has_the_same_word_in_front_twice(
    template: Path, shared_directory: Path, prefix: str
) -> None:
    answers = {"package_manager": "pixi", "pixi_prefix": prefix}
    path = project_with_pixi(template, shared_directory, answers)
    tasks = cast(
        "Document", read_toml(path / "pyproject.toml")["tool"]["pixi"]["tasks"]
    )
    assert len(tasks) == 21
    assert [name for name in tasks if "ci-ci-" in name] == []
    assert all(name.startswith(prefix) for name in tasks)


def mistakes_of(text: str) -> list[str]:
    return pixi_mistakes(parse_toml(PROJECT + text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[tool.pixi.tasks]\nlint = "ruff check"\nall = [{ task = "lint" }]',
        '[tool.pixi.tasks.a]\ncmd = ["a", "b"]\ndefault-environment = "default"',
        '[tool.pixi.tasks.a]\nargs = ["x", { arg = "y", default = "1" }]\ncmd = "a"',
        '[tool.pixi.tasks.a]\ndepends-on = "b"\ndescription = "Both"',
        '[tool.pixi.tasks.a]\ndepends-on = ["b", { task = "c", environment = "e" }]',
        '[tool.pixi.environments]\na = []\nb = { solve-group = "b" }',
        '[dependency-groups]\nx = []\n[tool.pixi.environments]\na = ["x", "default"]',
        '[tool.pixi.environments.a.dependencies]\npython = "3.12.*"',
        '[tool.pixi.feature.a.pypi-dependencies]\nx = "*"\ny = { path = "." }',
    ],
)
def test_what_pixi_accepts_is_accepted(text: str) -> None:
    assert mistakes_of(text) == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            '[tool.pixi.tasks.a]\ndepends-on = ["b"]\ndefault-environment = "e"',
            "tool.pixi.tasks.a: unexpected key default-environment",
        ),
        (
            '[tool.pixi.feature.f.tasks.a]\ndepends-on = []\ncwd = "."',
            "tool.pixi.feature.f.tasks.a: unexpected key cwd",
        ),
        (
            '[tool.pixi.tasks.a]\ncmd = "a"\ndepends = ["b"]',
            "tool.pixi.tasks.a: unexpected key depends",
        ),
        (
            '[tool.pixi.tasks.a]\ndepends-on = { task = "b" }',
            "tool.pixi.tasks.a.depends-on: not an array",
        ),
        (
            '[tool.pixi.tasks.a]\ndepends-on = [{ environment = "e" }]',
            "tool.pixi.tasks.a.depends-on[0]: task is missing",
        ),
        (
            '[tool.pixi.tasks.a]\ncmd = "a"\nargs = [{ arg = "x", default = "" }, "y"]',
            "tool.pixi.tasks.a.args: no default after one that has a default",
        ),
        (
            '[tool.pixi.environments]\nA_b = ["default"]',
            "tool.pixi.environments.A_b: not lower-case letters, digits and dashes",
        ),
        (
            '[tool.pixi.environments]\na = ["missing"]',
            "tool.pixi.environments.a: no feature missing",
        ),
        (
            "[tool.pixi.environments]\na = { no-default-feature = true }",
            "tool.pixi.environments.a: features is missing",
        ),
        (
            "[tool.pixi.environments.a.system-requirements]\n[tool.pixi.feature.a]",
            "tool.pixi.environments.a: unexpected key system-requirements",
        ),
        (
            '[tool.pixi.feature.default.dependencies]\npython = "*"',
            "tool.pixi.feature.default: the name is reserved",
        ),
        (
            '[tool.pixi.pypi-dependencies]\nx = { path = ".", version = "*" }',
            "tool.pixi.pypi-dependencies.x: more than one source",
        ),
        (
            '[dependency-groups]\na = [{ include-group = "b" }]',
            "dependency-groups.a: there is no group b",
        ),
        ("[tool.pixi.task]", "tool.pixi: unexpected key task"),
    ],
)
def test_what_pixi_refuses_is_refused(text: str, mistake: str) -> None:
    assert mistake in mistakes_of(text)
