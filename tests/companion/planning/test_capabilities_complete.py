"""Nothing that the existing CI does is lost from the map."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_framework.inventory import Job, Step, Workflow
from ci_framework.planning.capabilities import map_capabilities
from tests.support.capability_maps import (
    ANSWERS,
    inventory_of,
)

_TEXT = st.sampled_from(
    [
        "test",
        "lint",
        "other: x",
        "checkout",
        "publish",
        "install",
        "coverage",
        "nonsense",
    ]
)
_COMMANDS = st.sampled_from(
    [
        "pytest",
        "ruff check",
        "x",
        "make test",
        "",
        "pytest -m a",
        "tox -e ${{ a }}",
        "'",
    ]
)


@st.composite
def _steps(draw: st.DrawFn, line: int) -> Step:
    return Step(
        name=draw(st.sampled_from(["", "a", "b"])),
        kind=draw(st.sampled_from(["uses", "run", "unknown"])),
        text=draw(_COMMANDS),
        does=draw(st.lists(_TEXT, max_size=3, unique=True)),
        line=line,
    )


@st.composite
def _jobs(draw: st.DrawFn, name: str) -> Job:
    lines = draw(st.lists(st.integers(1, 99), unique=True, max_size=4))
    words = st.lists(
        st.sampled_from(["3.9", "3.12", "ubuntu-latest", "x", ""]), max_size=3
    )
    return Job(
        id=name,
        name="",
        line=draw(st.integers(1, 99)),
        runs_on=draw(words),
        uses=draw(st.sampled_from(["", "./a.yml", "o/r/a.yml@v1"])),
        matrix=draw(
            st.dictionaries(st.sampled_from(["a", "include"]), words, max_size=2)
        ),
        services=draw(st.dictionaries(st.sampled_from("rs"), st.just("i"), max_size=2)),
        secrets=draw(st.lists(st.sampled_from(["inherit", "A"]), unique=True)),
        permissions=draw(
            st.dictionaries(st.just("contents"), st.sampled_from(["read", "write"]))
        ),
        environment=draw(st.sampled_from(["", "pypi"])),
        needs=[],
        steps=[draw(_steps(line)) for line in lines],
    )


@st.composite
def _workflows(draw: st.DrawFn, path: str) -> Workflow:
    names = draw(st.lists(st.sampled_from("abc"), unique=True, max_size=3))
    return Workflow(
        path=path,
        name="",
        triggers=draw(
            st.lists(st.sampled_from(["push", "schedule", "release"]), unique=True)
        ),
        branches=draw(st.lists(st.sampled_from(["main", "x"]), unique=True)),
        problem=draw(st.sampled_from(["", "broken"])),
        calls=[],
        referred_by=[],
        jobs=[draw(_jobs(name)) for name in names],
        secrets=draw(st.lists(st.just("TOP"), max_size=1)),
        schedules=["0 1 * * *"],
    )


@pytest.mark.heavy
@given(
    workflows=st.tuples(_workflows("1.yml"), _workflows("2.yml")),
    retired=st.lists(st.sampled_from(["1.yml", "2.yml"]), unique=True),
    mode=st.sampled_from(["remote", "hybrid", "local"]),
)
def test_no_job_step_or_feature_is_ever_lost(
    workflows: tuple[Workflow, Workflow], retired: list[str], mode: str
) -> None:
    answers = {**ANSWERS, "ci_mode": mode}
    found = map_capabilities(inventory_of(workflows), answers, retired)
    covered_lines = {
        (row.workflow, row.job, row.line) for row in found if row.step or row.job
    }
    present = {
        (item.path, job.id, line)
        for item in workflows
        for job in item.jobs
        for line in (job.line, *(step.line for step in job.steps))
    }
    assert covered_lines == present
    shown = {(row.workflow, row.job, row.does) for row in found}
    for item in workflows:
        assert all((item.path, "", f"secret: {name}") in shown for name in item.secrets)
        for job in item.jobs:
            assert (item.path, job.id, "job") in shown
            for name in job.secrets:
                assert (item.path, job.id, f"secret: {name}") in shown
            for name in job.services:
                assert (item.path, job.id, f"service: {name} (i)") in shown
            if job.environment:
                assert (item.path, job.id, f"environment: {job.environment}") in shown
    for row in found:
        if row.state == "covered":
            assert mode != "local"
            assert row.by.startswith(("python-ci.yml", "local-hybrid.yml"))
        else:
            assert row.state == "manual" or row.workflow not in retired
            assert row.by == row.workflow
        assert row.because
