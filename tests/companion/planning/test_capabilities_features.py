"""Events, permissions, services and matrix jobs are in the map as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.capability_maps import (
    ANSWERS,
    mapped,
    states,
    workflow_of,
)


@pytest.mark.parametrize(
    "on",
    [
        "{push: {tags: ['v*']}}",
        "{pull_request: {types: [closed, labeled]}}",
        "{push: {branches: [next]}}",
        "{release: {types: [published]}}",
    ],
)
def test_work_at_events_of_its_own_is_kept(tmp_path: Path, on: str) -> None:
    found = mapped(tmp_path, workflow_of("pytest", on=on))
    assert {item.state for item in found} == {"kept"}


@pytest.mark.parametrize(
    "on",
    [
        "{push: {branches: [main], tags: ['v*']}}",
        "{push: {branches: ['**']}}",
        "{pull_request: {types: [opened, closed]}}",
        "{push: {branches: [next]}, pull_request: }",
        "push",
    ],
)
def test_work_on_changes_is_covered_beside_other_events(
    tmp_path: Path, on: str
) -> None:
    assert states(mapped(tmp_path, workflow_of("pytest", on=on)))["test"] == "covered"


def test_matrix_jobs_with_settings_of_their_own_are_kept(tmp_path: Path) -> None:
    head = (
        "    strategy: {matrix: {include: [{py: '3.12', env: py312},"
        " {py: '3.12', env: minimal}]}}\n"
    )
    result = states(mapped(tmp_path, workflow_of("pytest", head=head)))
    assert result["matrix: include = py=3.12, env=py312"] == "covered"
    assert result["matrix: include = py=3.12, env=minimal"] == "kept"


def test_a_step_that_decides_by_itself_serves_nothing(tmp_path: Path) -> None:
    own = '"if [ -f x ]; then exit 1; fi"'
    page = "echo a >> $GITHUB_STEP_SUMMARY"
    found = mapped(tmp_path, workflow_of("pytest", own, page, "echo a"))
    assert states(found) == {
        "job": "kept",
        "test": "covered",
        "script": "kept",
        "report": "kept",
        "other: echo": "kept",
    }


def test_features_of_a_job_are_kept(tmp_path: Path) -> None:
    head = (
        "    environment: staging\n"
        "    container: python:3.12\n"
        "    permissions: {contents: write, issues: read}\n"
        "    services: {redis: {image: 'redis:7'}}\n"
        "    env: {A: '${{ secrets.KEY }}'}\n"
    )
    found = mapped(tmp_path, workflow_of("pytest", head=head))
    assert states(found) == {
        "job": "kept",
        "environment: staging": "kept",
        "container: python:3.12": "kept",
        "permission: contents: write": "kept",
        "service: redis (redis:7)": "kept",
        "secret: KEY": "kept",
        "test": "covered",
    }
    service = next(item for item in found if item.does.startswith("service"))
    assert service.line == 8


def test_features_of_a_workflow_are_kept(tmp_path: Path) -> None:
    text = (
        "permissions: {packages: write}\nenv: {A: '${{ secrets.TOP }}'}\n"
        + workflow_of(
            "pytest",
            on="{workflow_call: {inputs: {x: {}}, outputs: {y: {}}, secrets: {z: {}}}}",
        )
    )
    assert states(mapped(tmp_path, text), "") == {
        "trigger: workflow_call": "kept",
        "input: x": "kept",
        "output: y": "kept",
        "secret: TOP": "kept",
        "secret: z": "kept",
        "permission: packages: write": "kept",
    }


def test_matrix_jobs_beyond_the_answers_are_kept(tmp_path: Path) -> None:
    head = (
        "    strategy:\n      matrix:\n"
        "        python: ['3.9', '3.11', '3.12']\n"
        "        os: [ubuntu-latest, macos-14, windows-latest]\n"
        "        extra: [a, b]\n"
        "        include:\n"
        "          - {python: '3.12', os: macos-14}\n"
        "          - {python: '3.11', os: macos-14}\n"
    )
    result = states(mapped(tmp_path, workflow_of("pytest", head=head)))
    assert result == {
        "job": "kept",
        "matrix: python = 3.9": "kept",
        "matrix: python = 3.11": "covered",
        "matrix: python = 3.12": "covered",
        "matrix: os = ubuntu-latest": "covered",
        "matrix: os = macos-14": "covered",
        "matrix: os = windows-latest": "kept",
        "matrix: extra = a, b": "kept",
        "matrix: include = python=3.12, os=macos-14": "covered",
        "matrix: include = python=3.11, os=macos-14": "kept",
        "matrix: 1 combinations such as 3.11 on macos-14": "kept",
        "test": "covered",
    }


def test_a_spot_check_covers_the_ends_only(tmp_path: Path) -> None:
    head = "    strategy: {matrix: {python: ['3.10', '3.11', '3.12']}}\n"
    text = workflow_of("pytest", head=head)
    result = states(mapped(tmp_path, text, {**ANSWERS, "ci_mode": "hybrid"}))
    assert result["matrix: python = 3.11"] == "kept"
    assert result["matrix: python = 3.12"] == "covered"
