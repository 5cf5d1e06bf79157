"""The script of ci-success: green only when every job it needs succeeded."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.workflows.documents import Document, tables
from tests.workflows.test_hardening import DOCUMENTS
from tests.workflows.tools import require_tool

WITH_VERDICT = [name for name in DOCUMENTS if "/workflows/" in name]


def judge(document: Document, results: dict[str, str]) -> int:
    """Run the script as GitHub does, on these results of the needed jobs."""
    (step,) = tables(document.jobs["ci-success"]["steps"])
    needs = {job: {"result": r, "outputs": {"a": "b"}} for job, r in results.items()}
    folders = {str(require_tool(name).parent) for name in ("bash", "jq")}
    completed = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", str(step["run"])],
        env={"PATH": os.pathsep.join(folders), "RESULTS": json.dumps(needs)},
        capture_output=True,
        text=True,
        check=False,
    )
    for job, result in results.items():
        assert f"{job}: {result}" in completed.stdout
    return completed.returncode


@pytest.mark.parametrize("document", WITH_VERDICT, indirect=True)
@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_one_job_without_success_is_red(document: Document, result: str) -> None:
    for last in ({"b": result}, {"b": result, "c": "success"}):
        assert judge(document, {"a": "success", **last}) != 0


@pytest.mark.parametrize("document", WITH_VERDICT, indirect=True)
def test_only_successes_are_green(document: Document) -> None:
    assert judge(document, {"a": "success", "b": "success"}) == 0


@pytest.mark.parametrize("document", WITH_VERDICT, indirect=True)
def test_no_job_at_all_is_red(document: Document) -> None:
    assert judge(document, {}) != 0
