"""Workflows are read job by job, whatever they look like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from ci_framework.analysis.workflows.pipelines import read_pipelines
from ci_framework.analysis.workflows.reading import read_workflows
from ci_framework.inventory import Evidence, Unreadable, Workflow
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

_CI = ".github/workflows/ci.yml"
_GOOD_JOB = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"
_FULL = """\
name: Continuous
on:
  push:
    branches: [main, 'release/**']
  pull_request:
    branches: main
  schedule:
    - cron: '0 3 * * 1'
  workflow_dispatch:
    inputs:
      level: {type: string}
permissions:
  contents: read
env:
  TOKEN: ${{ secrets.TOP_TOKEN }}
jobs:
  test:
    name: Test ${{ matrix.python }}
    runs-on: [self-hosted, linux]
    needs: lint
    strategy:
      matrix:
        python: ['3.10', 3.12]
        include:
          - {python: '3.13', os: macos}
    services:
      redis:
        image: redis:7
    container: {image: python:3.12}
    environment: {name: staging, url: https://example.org}
    permissions: write-all
    steps:
      - uses: actions/checkout@v4
      - name: Tests
        env:
          KEY: ${{ secrets.API_KEY }}
          OTHER: ${{ secrets['OTHER_KEY'] }}
        run: |
          pip install -e .
          python -c 'import secrets; secrets.token_hex(4)'
          pytest -q
      - run: >-
          ruff
          check .
      - name: Odd
  lint:
    runs-on: ubuntu-latest
    steps:
      - {uses: pre-commit/action@v3.0.1}
  call:
    uses: owner/repo/.github/workflows/ci.yml@v2
    secrets: inherit
"""


def _read(
    path: Path, files: Mapping[str, str | bytes]
) -> tuple[list[Workflow], list[Unreadable]]:
    return read_workflows(open_repository(make_repository(path, files)))


def _one(path: Path, text: str) -> Workflow:
    workflows, unreadable = _read(path, {_CI: dedent(text)})
    assert unreadable == []
    return workflows[0]


def test_a_workflow_is_read_completely(tmp_path: Path) -> None:
    found = _one(tmp_path, _FULL)
    assert found.name == "Continuous"
    assert found.triggers == ["push", "pull_request", "schedule", "workflow_dispatch"]
    assert found.branches == ["main", "release/**"]
    assert found.schedules == ["0 3 * * 1"]
    assert found.inputs == ["level"]
    assert found.secrets == ["TOP_TOKEN"]
    assert found.permissions == {"contents": "read"}
    assert found.calls == ["owner/repo/.github/workflows/ci.yml@v2"]
    assert found.lines["schedule"] == 7
    assert [job.id for job in found.jobs] == ["test", "lint", "call"]


def test_a_job_is_read_completely(tmp_path: Path) -> None:
    job = _one(tmp_path, _FULL).jobs[0]
    assert (job.name, job.line) == ("Test ${{ matrix.python }}", 17)
    assert job.runs_on == ["self-hosted", "linux"]
    assert job.needs == ["lint"]
    assert job.matrix == {
        "python": ["3.10", "3.12"],
        "include": ["python=3.13, os=macos"],
    }
    assert job.services == {"redis": "redis:7"}
    assert job.container == "python:3.12"
    assert job.environment == "staging"
    assert job.permissions == {"all": "write"}
    assert job.secrets == ["API_KEY", "OTHER_KEY"]
    assert job.lines["services.redis"] == 27


def test_steps_have_their_lines_and_purposes(tmp_path: Path) -> None:
    jobs = _one(tmp_path, _FULL).jobs
    rows = [(step.name, step.kind, step.does, step.line) for step in jobs[0].steps]
    assert rows == [
        ("Run actions/checkout@v4", "uses", ["checkout"], 33),
        ("Tests", "run", ["install", "script", "test"], 34),
        ("Run ruff check .", "run", ["lint"], 42),
        ("Odd", "unknown", ["other: unknown"], 45),
    ]
    assert [step.does for step in jobs[1].steps] == [["hooks"]]


def test_a_call_hands_its_secrets_on(tmp_path: Path) -> None:
    call = _one(tmp_path, _FULL).jobs[2]
    assert call.uses == "owner/repo/.github/workflows/ci.yml@v2"
    assert call.secrets == ["inherit"]


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_line_ends_and_marks_change_nothing(
    tmp_path: Path, ends: bytes, mark: bytes
) -> None:
    raw = mark + _FULL.encode().replace(b"\n", ends)
    workflows, unreadable = _read(tmp_path, {_CI: raw})
    assert unreadable == []
    assert workflows[0].jobs[1].steps[0].line == 49


def test_an_alias_is_what_it_stands_for(tmp_path: Path) -> None:
    found = _one(
        tmp_path,
        """\
        on: push
        jobs:
          one:
            runs-on: ubuntu-latest
            steps: &steps
              - &first
                run: pytest
          two:
            runs-on: ubuntu-latest
            steps:
              - *first
              - run: mypy
          three:
            runs-on: ubuntu-latest
            steps: *steps
        """,
    )
    assert found.problem == ""
    steps = {job.id: [(s.does, s.line) for s in job.steps] for job in found.jobs}
    assert steps == {
        "one": [(["test"], 6)],
        "two": [(["test"], 11), (["typecheck"], 12)],
        "three": [(["test"], 6)],
    }


def test_odd_layouts_are_read(tmp_path: Path) -> None:
    found = _one(
        tmp_path,
        """\
        {on: [push, pull_request], jobs: {a: {runs-on: ubuntu-latest, steps: [
          {run: pytest},
          {uses: 'actions/checkout@v4'}]}}}
        """,
    )
    assert found.triggers == ["push", "pull_request"]
    assert [step.line for step in found.jobs[0].steps] == [2, 3]


def test_only_tracked_files_of_the_folder_count(tmp_path: Path) -> None:
    make_repository(tmp_path, {_CI: _FULL, ".github/workflows/sub/a.yml": _FULL})
    (tmp_path / ".github/workflows/new.yml").write_text(_FULL)
    workflows, _unreadable = read_workflows(open_repository(tmp_path))
    assert [item.path for item in workflows] == [_CI]


def test_links_and_large_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "link.yml").symlink_to("/etc/passwd")
    large = "on: push\n" + "# text\n" * 900_000
    workflows, unreadable = _read(tmp_path, {".github/workflows/large.yml": large})
    assert workflows == []
    assert {item.path.rsplit("/", 1)[-1] for item in unreadable} == {
        "link.yml",
        "large.yml",
    }


def test_who_refers_to_a_workflow_is_found(tmp_path: Path) -> None:
    workflows, _ = _read(
        tmp_path,
        {
            _CI: "name: The CI\non: {push: {paths: [.github/workflows/ci.yml]}}\n"
            + _GOOD_JOB,
            ".github/workflows/ci.yml.bak": "x",
            ".github/workflows/after.yml": (
                "on:\n  workflow_run:\n    workflows: [The CI]\n"
                "jobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n"
            ),
            "README.md": "x\n![](https://github.com/o/r/actions/workflows/ci.yml/badge.svg)\n",
            "docs/old.rst": "https://github.com/o/r/workflows/The%20CI/badge.svg\n",
            "docs/other.md": "workflows/ci.yml.bak workflows/ci.yml-old\n",
            ".mergify.yml": "queue:\n  - check-success=a\n",
        },
    )
    found = next(item for item in workflows if item.path == _CI)
    after = ".github/workflows/after.yml"
    assert found.referred_by == [
        Evidence(path=after, line=3),
        Evidence(path=after, line=6),
        Evidence(path="README.md", line=2),
        Evidence(path="docs/old.rst", line=1),
        Evidence(path=".mergify.yml", line=2),
    ]


def test_scripts_and_local_actions_are_looked_into(tmp_path: Path) -> None:
    workflows, _ = _read(
        tmp_path,
        {
            _CI: (
                "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
                "      - run: ./ci/go.sh --fast\n"
                "      - uses: ./.github/actions/everything\n"
                "      - run: bin/run\n"
                "      - run: import os\n        shell: python\n"
                "      - uses: nick-fields/retry@v3\n        with: {command: mypy}\n"
            ),
            "ci/go.sh": "#!/bin/sh\nset -e\nruff check\npytest\n",
            "bin/run": "#!/usr/bin/env bash\npip-audit\n",
            ".github/actions/everything/action.yml": (
                "runs:\n  using: composite\n  steps:\n    - run: mkdocs build\n"
                "    - uses: ./.github/actions/everything\n"
            ),
        },
    )
    assert [step.does for step in workflows[0].jobs[0].steps] == [
        ["lint", "test"],
        ["docs"],
        ["audit"],
        ["script"],
        ["typecheck"],
    ]


def test_tasks_are_looked_up_in_steps(tmp_path: Path) -> None:
    text = "on: push\njobs: {a: {runs-on: x, steps: [{run: pixi run go}]}}\n"
    make_repository(tmp_path, {_CI: text})
    workflows, _ = read_workflows(open_repository(tmp_path), {"go": ["pytest"]})
    assert workflows[0].jobs[0].steps[0].does == ["test"]


def test_other_ci_and_what_never_runs_is_found(tmp_path: Path) -> None:
    make_repository(
        tmp_path,
        {
            ".gitlab-ci.yml": "stages: [a]\nvariables: {A: b}\ntest:\n  script: x\n",
            ".circleci/config.yml": "jobs: {build: {}}\n",
            ".travis.yml": "language: python\n",
            "appveyor.yml": "{% broken",
            "azure-pipelines.yml": "jobs: [{job: one}]\n",
            ".cirrus.yml": "linux_task: {a: b}\n",
            ".pre-commit-config.yaml": "ci: {skip: [a]}\nrepos: []\n",
            ".github/workflows/old.yml.disabled": "on: push\n",
            ".github/workflows/off.yml": "# on: push\n\n# jobs:\n",
            ".github/workflows/README.md": "text\n",
            _CI: "on: push\n" + _GOOD_JOB,
        },
    )
    found = read_pipelines(open_repository(tmp_path))
    assert {(item.path, item.system, *item.jobs) for item in found} == {
        (".gitlab-ci.yml", "GitLab CI", "test"),
        (".circleci/config.yml", "CircleCI", "build"),
        (".travis.yml", "Travis CI"),
        ("appveyor.yml", "AppVeyor"),
        ("azure-pipelines.yml", "Azure Pipelines", "one"),
        (".cirrus.yml", "Cirrus CI", "linux_task"),
        (".pre-commit-config.yaml", "pre-commit.ci"),
        (".github/workflows/old.yml.disabled", "disabled"),
        (".github/workflows/off.yml", "disabled"),
    }


def test_a_repository_without_workflows_has_none(tmp_path: Path) -> None:
    assert _read(tmp_path, {"README.md": "x"}) == ([], [])
