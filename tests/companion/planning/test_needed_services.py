"""The plan reports tests that need a server, which the jobs do not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.planning.needed_services import needed_services
from ci_framework.planning.plan import Operation
from ci_framework.planning.system_packages import system_packages
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
def test_nothing_is_reported_where_tests_run_without_it(
    jobs: list[str], answers: dict[str, object], tmp_path: Path
) -> None:
    assert rows(tmp_path, *jobs, **answers) == []


def steps(*scripts: str) -> str:
    rows = "".join(f"      - run: {script}\n" for script in scripts)
    return f"  test:\n    runs-on: ubuntu-latest\n    steps:\n{rows}"


@pytest.mark.parametrize(
    "command",
    [
        "docker compose up -d db mailpit",
        "docker-compose -f ci.yml up --wait",
        "docker run --rm -d -p 5432:5432 postgres",
        "sudo systemctl start mysql",
    ],
)
def test_a_server_that_a_step_starts_is_needed_as_well(
    tmp_path: Path, command: str
) -> None:
    [row] = rows(tmp_path, steps(command, "pytest"))
    assert command.removeprefix("sudo ") in row.reason
    assert "--answer service_image=IMAGE@DIGEST" in row.reason
    assert row.evidence[0].shown == ".github/workflows/ci.yml:6"


def test_a_container_that_runs_to_its_end_is_no_server(tmp_path: Path) -> None:
    assert rows(tmp_path, steps("docker run --rm hadolint/hadolint", "pytest")) == []


def test_packages_of_the_system_are_named_if_all_tests_have_them(
    tmp_path: Path,
) -> None:
    command = "sudo apt-get update && sudo apt-get install -y git libmemcached-dev"
    jobs = steps(command, "pytest")
    workflow = f"on: push\njobs:\n{jobs}"
    other = jobs.replace("  test:", "  bare:").replace(command, "apt-get install git")
    for name, text, number in (("one", workflow, 1), ("two", workflow + other, 0)):
        files = {"a/__init__.py": "", ".github/workflows/ci.yml": text}
        repository = make_repository(tmp_path / name, files)
        found = system_packages(analyze(open_repository(repository)), {})
        assert len(found) == number
        assert all("install libmemcached-dev with apt" in row.reason for row in found)
