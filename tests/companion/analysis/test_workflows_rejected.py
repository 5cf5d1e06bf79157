"""Invalid files stay untouched; workflows that GitHub rejects are reported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.analysis.workflows.reading import read_workflows
from ci_framework.inventory import Unreadable, Workflow
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

_CI = ".github/workflows/ci.yml"
_GOOD_JOB = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"


def _read(
    path: Path, files: Mapping[str, str | bytes]
) -> tuple[list[Workflow], list[Unreadable]]:
    return read_workflows(open_repository(make_repository(path, files)))


def _one(path: Path, text: str) -> Workflow:
    workflows, unreadable = _read(path, {_CI: text})
    assert unreadable == []
    return workflows[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"on: push\nx-common: 1\n{_GOOD_JOB}", "line 2: unknown key `x-common`"),
        (f"name: a\n{_GOOD_JOB}", "line 1: no `on`"),
        ("on: push\n", "line 1: no `jobs`"),
        (f"on: push\non: pull_request\n{_GOOD_JOB}", "line 2: `on` is a duplicate key"),
        (f"on: push\n{_GOOD_JOB}---\n{_GOOD_JOB}", "line 4: a second document"),
        (
            "on: push\njobs:\n  a: &a {runs-on: x, steps: [{run: b}]}\n"
            "  b:\n    <<: *a\n",
            "line 5: a merge key `<<`, which GitHub does not know",
        ),
        (
            "on: push\njobs:\n  a: {runs-on: ubuntu-latest}\n",
            "line 3: job `a` has no `steps`",
        ),
        (
            "on: push\njobs:\n  a: {steps: [{run: b}]}\n",
            "line 3: job `a` has no `runs-on`",
        ),
        (
            "on: push\njobs:\n  a: {runs-on: x, needs: b, steps: [{run: b}]}\n",
            "line 3: job `a` needs `b`, which is not a job",
        ),
        (
            "on: push\njobs:\n  a: {runs-on: x, steps: [{name: b}]}\n",
            "line 3: a step of job `a` has neither `run` nor `uses`",
        ),
        (
            "on: push\njobs:\n  a b: {runs-on: x, steps: [{run: b}]}\n",
            "line 3: `a b` cannot be the id of a job",
        ),
    ],
)
def test_what_github_rejects_is_reported(
    tmp_path: Path, text: str, problem: str
) -> None:
    assert _one(tmp_path, text).problem == problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("if: exists(github.actor)", "unknown function exists() in an expression"),
        ("if: hashFiles('a') != ''", "hashFiles() is not known in the `if` of a job"),
        (
            "if: github.ref = 'a'",
            "shell syntax in the expression `github.ref = 'a'`",
        ),
        ("if: secrets.A != ''", "secrets is not known in the `if` of a job"),
        ("if: env.A == 'b'", "env is not known in the `if` of a job"),
        ("if: githb.actor == 'b'", "unknown name githb in an expression"),
        (
            'env: {A: "${{ [[ -n $X ]] }}"}',
            "shell syntax in the expression `[[ -n $X ]]`",
        ),
        (
            "env: {A: '${{ github.ref == \"x\" }}'}",
            'shell syntax in the expression `github.ref == "x"`',
        ),
        ("env: {A: '${{ github.ref'}", "an expression `${{` that is not closed"),
        ("env: {A: '${{ }}'}", "an empty expression"),
    ],
)
def test_expressions_that_github_rejects_are_reported(
    tmp_path: Path, line: str, problem: str
) -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n"
        f"    {line}\n    steps:\n      - run: pytest\n"
    )
    assert _one(tmp_path, text).problem == f"line 5: {problem}"


@pytest.mark.parametrize(
    "line",
    [
        "if: github.event_name == 'push' && !cancelled() || inputs.a",
        "if: ${{ needs.a-b.outputs.c[0].d != 'say \"x\" && $y; it''s' }}",
        "if: contains(fromJSON('[1]'), github.event.inputs['x-y'])",
        "if: toJSON(github.event.commits.*.message) != '' && vars.X >= 1.5e3",
        "env: {A: \"${{ hashFiles('**/a') }}${{ secrets.B || runner.os }}\"}",
        "env: {A: \"${{ format('{0} {1}', matrix.os, strategy.job-index) }}\"}",
        'outputs: {A: "${{ steps.x.outputs.y-z }}"}',
        "env: {A: 'echo $(( 1 + 2 )) [[ -n $X ]] exists()'}",
    ],
)
def test_good_expressions_are_no_problem(tmp_path: Path, line: str) -> None:
    text = (
        "on: push\njobs:\n  a-b:\n    runs-on: x\n"
        f"    {line}\n    steps:\n      - run: pytest\n        if: failure()\n"
    )
    assert _one(tmp_path, text).problem == ""


@pytest.mark.parametrize(
    ("raw", "reason", "line"),
    [
        (b"on: push\njobs: {% if x %}\n", "not valid YAML", 2),
        (b"on: push\njobs:\n\ta: 1\n", "not valid YAML", 3),
        (b"on: [push\n", "not valid YAML", 2),
        (b"- a\n- b\n", "no mapping", 1),
        (b"on: p\xfcsh\n", "not UTF-8", 0),
        (b"on: *nothing\n", "found alias *nothing without its anchor", 1),
        (b"<<<<<<< HEAD\non: push\n=======\n", "not valid YAML", 2),
    ],
)
def test_what_does_not_parse_is_left_alone(
    tmp_path: Path, raw: bytes, reason: str, line: int
) -> None:
    workflows, unreadable = _read(tmp_path, {_CI: raw})
    assert workflows == []
    assert [(item.path, item.line) for item in unreadable] == [(_CI, line)]
    assert reason in unreadable[0].reason


def test_aliases_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        row = ", ".join([f"*a{level - 1}"] * 10)
        rows.append(f"a{level}: &a{level} [{row}]")
    workflows, unreadable = _read(tmp_path, {_CI: "\n".join(rows)})
    assert workflows == []
    assert "unfolds to more than" in unreadable[0].reason


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    workflows, unreadable = _read(tmp_path, {_CI: "a: " + "[" * 5000 + "]" * 5000})
    assert workflows == []
    assert "nested deeper" in unreadable[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "on: push\njobs: nothing\n",
        "on: push\njobs:\n  a: null\n  b: [1, 2]\n  c: {steps: text}\n",
        "on: {push: null, schedule: [1, {cron: 2}], workflow_dispatch: x}\njobs: {}\n",
        "on: push\njobs: {a: {strategy: {matrix: '${{ fromJSON(x) }}'}, steps: [1]}}\n",
        "on: push\njobs: {a: {services: x, permissions: [a], environment: [b]}}\n",
        "on: push\n? [a, b]\n: c\njobs: {[1]: {runs-on: {group: g, labels: [l]}}}\n",
    ],
)
def test_odd_shapes_are_read_as_far_as_they_go(tmp_path: Path, text: str) -> None:
    found = _one(tmp_path, text)
    assert found.triggers[0] == "push"
    assert found.problem != ""
