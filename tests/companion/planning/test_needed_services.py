"""Tests that need a server fail in a job without one: the plan says so first."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.planning.needed_services import needed_services
from ci_framework.planning.plan import Operation
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

JOB = """\
  {name}:
    runs-on: ubuntu-latest
    services: {{{services}}}
    steps:
      - run: {command}
"""
POSTGRES = "db: {image: 'postgres:16-alpine'}"
QUEUE = "queue: {image: 'docker.io/library/rabbitmq:4'}"


def job(services: str, command: str = "pytest", name: str = "test") -> str:
    return JOB.format(services=services, command=command, name=name)


def rows(path: Path, *jobs: str, **answers: object) -> list[Operation]:
    workflow = "on: push\njobs:\n" + "".join(jobs)
    files = {"a/__init__.py": "", ".github/workflows/ci.yml": workflow}
    inventory = analyze(open_repository(make_repository(path / "project", files)))
    return needed_services(inventory, answers)


def test_the_answer_that_starts_a_service_is_named(tmp_path: Path) -> None:
    [row] = rows(tmp_path, job(f"{POSTGRES}, cache: {{image: redis}}"))
    assert (row.kind, row.risk) == ("manual", "medium")
    assert row.evidence[0].shown == ".github/workflows/ci.yml:5"
    assert "never run without cache and db" in row.reason
    assert """--answer 'services=["postgres", "redis"]'""" in row.reason


def test_another_service_needs_an_image(tmp_path: Path) -> None:
    [row] = rows(tmp_path, job(QUEUE))
    assert "for queue, --answer service_image=IMAGE@DIGEST" in row.reason
    assert "services=" not in row.reason


@pytest.mark.parametrize(
    ("jobs", "answers"),
    [
        ([job(POSTGRES), job("", name="fast")], {}),
        ([job(POSTGRES, "make docs", name="docs"), job("")], {}),
        ([job(POSTGRES)], {"services": ["postgres"]}),
        ([job(QUEUE)], {"service_image": "rabbitmq@sha256:0"}),
        ([job(POSTGRES)], {"ci_mode": "local"}),
    ],
    ids=["some test without", "not of tests", "answered", "image answered", "local"],
)
def test_nothing_is_said_where_tests_run_without_it(
    jobs: list[str], answers: dict[str, object], tmp_path: Path
) -> None:
    assert rows(tmp_path, *jobs, **answers) == []
