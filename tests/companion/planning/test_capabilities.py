"""Only the parts of the existing CI that the framework does as well are covered."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from ci_framework.answers import OwnSetting
from ci_framework.inventory import Evidence, Task
from ci_framework.planning.capabilities import map_capabilities
from ci_framework.planning.plan import Operation
from ci_framework.reporting.plan_page import print_capabilities, print_plan
from tests.support.adoptions import empty_plan
from tests.support.capability_maps import (
    ANSWERS,
    CI,
    inventory_of,
    mapped,
    read,
    states,
    workflow_of,
)


@pytest.mark.parametrize(
    ("step", "does", "by"),
    [
        ("pytest", "test", "comprehensive-tests (test)"),
        ("uv run pytest -q -n 4 ./tests/", "test", "comprehensive-tests (test)"),
        ("ruff check .", "lint", "quick-checks (lint)"),
        ("ruff format --check", "format", "quick-checks (format)"),
        ("mypy src", "typecheck", "quick-checks (typecheck)"),
        ("bandit -r src", "security", "quick-checks (security)"),
        ("pip-audit", "audit", "quick-checks (audit)"),
        ("pre-commit run -a", "hooks", "quick-checks (hooks)"),
        ("uses: pre-commit/action@v3", "hooks", "quick-checks (hooks)"),
        ("coverage report", "coverage", "comprehensive-tests (coverage)"),
    ],
)
def test_what_the_framework_does_as_well_is_covered(
    tmp_path: Path, step: str, does: str, by: str
) -> None:
    found = mapped(tmp_path, workflow_of("uses: actions/checkout@v4", step))
    assert states(found) == {"job": "covered", "checkout": "covered", does: "covered"}
    row = next(item for item in found if item.does == does)
    assert (row.by, row.line) == (f"python-ci.yml: {by}", 7)


@pytest.mark.parametrize(
    "step",
    [
        "pytest -m slow",
        "pytest -k fast",
        "pytest tests/unit",
        "pytest ${{ matrix.args }}",
        "pytest --ignore=tests/x",
        "tox -e py312",
        "flake8 src",
        "ruff check && flake8",
        "make ruff",
        "tox -e mypy",
        "black --check .",
        "pyright",
        "twine upload dist/*",
        "python -m build",
        "frobnicate",
        "pytest benchmarks --benchmark-only",
        "safety check",
        "uses: codecov/codecov-action@v5",
        "uses: actions/upload-artifact@v4",
        "uses: github/codeql-action/analyze@v3",
    ],
)
def test_what_only_the_workflow_does_is_kept(tmp_path: Path, step: str) -> None:
    found = mapped(tmp_path, workflow_of("uses: actions/checkout@v4", step))
    assert set(states(found).values()) == {"kept"}
    assert {item.by for item in found if item.job} == {CI}


def test_a_step_is_kept_as_far_as_it_does_more(tmp_path: Path) -> None:
    found = mapped(tmp_path, workflow_of("pip install x && ruff check && frobnicate"))
    assert states(found) == {
        "job": "kept",
        "install": "kept",
        "lint": "covered",
        "other: frobnicate": "kept",
    }


@pytest.mark.parametrize(
    ("change", "step", "does"),
    [
        ({"quality_tier": "essential"}, "bandit -r src", "security"),
        ({"type_checker": "pyright"}, "mypy", "typecheck"),
        ({"ci_mode": "local"}, "pytest", "test"),
        ({"coverage_threshold": 0}, "coverage report", "coverage"),
        ({"test_paths": ["test"]}, "pytest tests", "test"),
    ],
)
def test_answers_decide_what_is_covered(
    tmp_path: Path, change: dict[str, object], step: str, does: str
) -> None:
    inventory = read(tmp_path, workflow_of(step))
    assert states(map_capabilities(inventory, ANSWERS))[does] == "covered"
    changed = map_capabilities(inventory, {**ANSWERS, **change})
    assert states(changed)[does] == "kept"


def test_the_build_is_covered_at_the_full_tier(tmp_path: Path) -> None:
    text = workflow_of("python -m build && twine check dist/*")
    found = mapped(tmp_path, text, {**ANSWERS, "quality_tier": "full"})
    assert states(found) == {
        "job": "covered",
        "build": "covered",
        "metadata": "covered",
    }


def test_own_settings_decide_what_is_covered(tmp_path: Path) -> None:
    inventory = read(
        tmp_path, workflow_of("tox -e py312", "ruff format --check", "pytest")
    )
    own = [
        OwnSetting(("commands", "test"), ["pytest", "-m", "not slow"], "it is so"),
        OwnSetting(("checks", "format", "tier"), "none", "it is so"),
    ]
    result = states(map_capabilities(inventory, ANSWERS, (), own))
    assert result == {"job": "kept", "test": "kept", "format": "kept"}
    lifted = read(tmp_path / "b", workflow_of("pytest -m 'not slow'"))
    assert states(map_capabilities(lifted, ANSWERS, (), own)) == {
        "job": "covered",
        "test": "covered",
    }


def test_tasks_of_the_project_are_looked_up(tmp_path: Path) -> None:
    found = read(tmp_path, workflow_of("pixi run check"))
    tasks = [
        Task(
            runner="pixi",
            name="check",
            environment="",
            command=command,
            does=[],
            evidence=Evidence(path="pyproject.toml"),
        )
        for command in ("ruff check src", "frobnicate")
    ]
    inventory = inventory_of(found.workflows, tasks=tasks)
    result = states(map_capabilities(inventory, ANSWERS))
    assert result == {"job": "kept", "lint": "covered", "other: frobnicate": "kept"}
    first = inventory_of(found.workflows, tasks=tasks[:1])
    assert states(map_capabilities(first, ANSWERS)) == {
        "job": "covered",
        "lint": "covered",
    }


def test_runs_at_other_times_are_kept(tmp_path: Path) -> None:
    text = workflow_of(
        "pytest", on="{schedule: [{cron: '0 1 * * *'}], workflow_dispatch: }"
    )
    found = mapped(tmp_path, text)
    assert states(found) == {"job": "kept", "test": "kept"}
    assert states(found, "") == {
        "schedule: 0 1 * * *": "kept",
        "trigger: workflow_dispatch": "kept",
    }


def test_branches_that_the_framework_does_not_watch_are_kept(tmp_path: Path) -> None:
    inventory = read(
        tmp_path, workflow_of("pytest", on="{push: {branches: [main, next]}}")
    )
    assert states(map_capabilities(inventory, ANSWERS), "") == {"trigger: push": "kept"}
    both = {**ANSWERS, "integration_branch": "next"}
    assert states(map_capabilities(inventory, both), "") == {"trigger: push": "covered"}


def test_what_a_retired_workflow_alone_does_would_be_lost(tmp_path: Path) -> None:
    text = workflow_of("pytest", "frobnicate")
    kept = mapped(tmp_path, text)
    gone = mapped(tmp_path / "b", text, retired=[CI])
    assert len(kept) == len(gone)
    assert states(gone) == {
        "job": "manual",
        "test": "covered",
        "other: frobnicate": "manual",
    }
    lost = next(item for item in gone if item.does == "other: frobnicate")
    assert lost.because.startswith("would be lost with the workflow")


def test_a_workflow_that_github_rejects_is_for_a_person(tmp_path: Path) -> None:
    found = mapped(tmp_path, "x-a: 1\n" + workflow_of("frobnicate"))
    assert found[0].state == "manual"
    assert found[0].because == "GitHub rejects it: line 1: unknown key `x-a`"
    step = next(item for item in found if item.does == "other: frobnicate")
    assert step.state == "kept"
    assert step.because.endswith("GitHub rejects the workflow today")


def test_a_call_of_another_pipeline_with_all_secrets_is_for_a_person(
    tmp_path: Path,
) -> None:
    text = "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/c.yml@v1\n"
    result = states(mapped(tmp_path, text + "    secrets: inherit\n"))
    call = "calls: o/r/.github/workflows/c.yml@v1"
    assert result == {"job": "manual", call: "kept", "secret: inherit": "kept"}
    assert states(mapped(tmp_path / "b", text)) == {"job": "kept", call: "kept"}


def test_checks_that_merging_waits_for_are_for_a_person(tmp_path: Path) -> None:
    inventory = read(
        tmp_path,
        workflow_of("pytest"),
        bors__toml='status = ["a"]\n',
        README__md="ci.yml",
    )
    found = map_capabilities(inventory, ANSWERS)
    row = next(item for item in found if item.does == "referred to: bors.toml:1")
    assert row.state == "manual"


def test_unreadable_workflows_and_other_ci_are_in_the_map(tmp_path: Path) -> None:
    inventory = read(tmp_path, "on: [", __travis__yml="language: python\n")
    found = map_capabilities(inventory, ANSWERS)
    assert [(item.workflow, item.does, item.state) for item in found] == [
        (CI, "unreadable workflow", "manual"),
        (".travis.yml", "pipeline: Travis CI", "kept"),
    ]


def test_the_table_shows_states_and_numbers(tmp_path: Path) -> None:
    file = StringIO()
    console = Console(file=file, width=200, no_color=True)
    text = workflow_of("pytest", '"\\e[31m frobnicate"')
    print_capabilities(mapped(tmp_path, text), console)
    page = file.getvalue()
    assert "covered  ci.yml:6" in page
    assert "5 parts: 3 covered, 2 kept, 0 manual" in page
    assert "\x1b" not in page
    print_capabilities([], console)
    assert file.getvalue() == page


def test_a_plan_begins_with_the_decisions_and_folds_equal_rows() -> None:
    made = [
        Operation(kind="create", path=f"ci-framework/{name}", reason="its own file")
        for name in "abcde"
    ]
    decide = Operation(kind="manual", path="setup.cfg", reason="add a line")
    plan = msgspec.structs.replace(
        empty_plan("abc", [*made, decide]),
        answers={
            "sbom": "yes",
            "packages": [],
            "services": [],
            "service_image": "",
            "coverage_threshold": 0,
        },
        reasons={
            "sbom": "the default",
            "packages": "the default: they are found",
            "services": "no job has one",
            "service_image": "no job has one",
            "coverage_threshold": "nothing requires one",
        },
    )
    file = StringIO()
    print_plan(plan, Console(file=file, width=200, no_color=True))
    page = file.getvalue()
    assert page.index("add a line") < page.index("its own file")
    assert page.count("its own file") == 1
    assert "5 files: ci-framework/a, ci-framework/b, ci-framework/c and 2 more" in page
    assert "defaults: sbom: yes, packages: empty" in page
    rows = [" ".join(line.split()) for line in page.splitlines()]
    assert "services, service_image no job has one" in rows
    assert "coverage_threshold 0 nothing requires one" in rows
