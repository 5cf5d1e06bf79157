"""The baseline of a small project, and the findings in it."""

from __future__ import annotations

import json
from typing import cast

from tests.support.projects import (
    DemoProject,
    Json,
    Run,
)

BASELINE = "ci-framework/project/baseline.json"
KNOWN = "def old(x: object) -> bool:\n    return x == None\n"
FAILING = "def test_old() -> None:\n    assert 1 == 2\n"


def entries(project: DemoProject) -> list[Json]:
    return cast("list[Json]", baseline(project).get("findings", []))


def baseline(project: DemoProject) -> Json:
    return cast("Json", json.loads(project.read(BASELINE)))


def record(project: DemoProject, only: str = "lint", *more: str) -> Run:
    run = project.gate(only, "--baseline", "write", *more)
    assert run.code == 0, str(run)
    return run
