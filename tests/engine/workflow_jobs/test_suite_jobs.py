"""The jobs that run the tests: how many there are, and which optional ones."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from ci_engine.changes.decision import Tests, everything
from ci_engine.configuration.loading import load_configuration
from ci_engine.github.event import Event
from ci_engine.project.repository import read_project
from ci_engine.reports.changes_page import to_changes_page
from ci_engine.workflow_jobs.jobs import Jobs, plan_jobs
from ci_engine.workflow_jobs.suite_jobs import with_suite_jobs

UV = "[tool.uv]\nmanaged = true\n"
PIXI = '[tool.pixi.workspace]\nchannels = []\nplatforms = ["linux-64"]\n'


def plan(root: Path, matrix: str, tests: Tests | None = None, more: str = UV) -> Jobs:
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "1"\n{more}\n'
        '[tool.ci-framework.matrix.answers]\npython-versions = ["3.11", "3.15"]\n'
        f'platforms = ["linux", "macos"]\n[tool.ci-framework.matrix]\n{matrix}\n'
    )
    decision = everything("a test")
    if tests is not None:
        decision = msgspec.structs.replace(decision, tests=tests)
    configuration = load_configuration(root, {})
    jobs = plan_jobs(decision, configuration, Event())
    return with_suite_jobs(jobs, read_project(root), decision, configuration)


def labels(jobs: Jobs) -> list[str]:
    entries = json.loads(jobs.outputs()["matrix"])["include"]
    return [entry["label"] for entry in entries]


def test_without_shards_each_job_runs_all_tests(tmp_path: Path) -> None:
    jobs = plan(tmp_path, "")
    whole = ["linux-py3.11", "linux-py3.15", "macos-py3.11", "macos-py3.15"]
    assert labels(jobs) == whole
    assert jobs.skips["combined-tests"] == "the tests are not divided among shards"


@pytest.mark.parametrize(("files", "shards"), [(1, 1), (2, 2), (9, 3), (0, 3)])
def test_a_few_files_of_tests_need_no_more_shards_than_that(
    tmp_path: Path, files: int, shards: int
) -> None:
    paths = [f"tests/test_{n}.py" for n in range(files)]
    tests = Tests("some", paths) if files else None
    jobs = plan(tmp_path, "shards = 3\nplatforms = ['linux']", tests)
    assert len(labels(jobs)) == 2 * shards
    assert ("combined-tests" in jobs.skips) is (shards == 1)
    if shards == 3:
        assert labels(jobs)[:3] == [f"linux-py3.11-{n}-of-3" for n in (1, 2, 3)]
        first = json.loads(jobs.outputs()["matrix"])["include"][0]
        assert (first["shard"], first["suffix"]) == ("1/3", " (1/3)")


@pytest.mark.parametrize("how", ["advisory", "required"])
def test_the_optional_jobs_are_on_the_ends_of_the_matrix(
    tmp_path: Path, how: str
) -> None:
    jobs = plan(tmp_path, f'lowest-direct = "{how}"\nfree-threaded = "{how}"')
    low, free = json.loads(jobs.outputs()["matrix"])["include"][-2:]
    assert (low["label"], low["resolution"]) == (
        "linux-py3.11-lowest-direct",
        "lowest-direct",
    )
    assert (free["label"], free["python-version"]) == ("linux-py3.15t", "3.15t")
    assert low["advisory"] is free["advisory"] is (how == "advisory")


@pytest.mark.parametrize(
    ("matrix", "more", "reason"),
    [
        ('lowest-direct = "{}"', PIXI, "pixi cannot resolve the lowest versions"),
        ('free-threaded = "{}"', PIXI, "pixi has no environment"),
        (
            'free-threaded = "{}"\npython-versions = ["3.13"]',
            UV,
            "no Python of the matrix is 3.14 or newer",
        ),
    ],
)
def test_a_job_that_is_impossible_is_named_or_refused(
    tmp_path: Path, matrix: str, more: str, reason: str
) -> None:
    jobs = plan(tmp_path, matrix.format("advisory"), more=more)
    assert reason in "".join(jobs.impossible.values())
    page = to_changes_page(everything("a test"), jobs)
    assert f"not possible | {reason}" in page
    with pytest.raises(Exception, match="got 'required'") as caught:
        plan(tmp_path, matrix.format("required"), more=more)
    assert reason in str(caught.value)


def test_pixi_has_a_free_threaded_job_where_it_has_the_environment(
    tmp_path: Path,
) -> None:
    named = '[tool.ci-framework.environments]\ntest = "py{python}"\n'
    more = f"{PIXI}{named}[tool.pixi.environments]\npy315t = []\n"
    assert labels(plan(tmp_path, 'free-threaded = "required"', more=more))[-1:] == [
        "linux-py3.15t"
    ]
