"""The script of ci-success: success, or left out for a recorded reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping

import pytest

from tests.support.documents import Document, table, tables
from tests.support.hardening import verdict_job
from tests.support.rendered_workflows import document_names
from tests.support.tools import require_tool

# These have one job each, which is its own verdict; for releases, for published pages,
# for a fleet and for what is measured once a week nothing waits.
ALONE = (
    *("benchmarks.yml", "cleanup-dev-files.yml", "cleanup-pull-request.yml"),
    *("docs.yml", "docs-deploy.yml", "release-please.yml", "release.yml"),
    *("framework-update.yml", "site.yml", "fleet.yml", "coverage.yml"),
)
WITH_VERDICT = [
    name
    for name in document_names()
    if "/workflows/" in name and not name.endswith(ALONE)
]
RENDERED = [name for name in WITH_VERDICT if name.startswith("render:")]
FIRST = "change-detection"


def judge(
    document: Document,
    results: Mapping[str, str],
    skips: Mapping[str, str] | str | None = None,
    event: str = "pull_request",
) -> int:
    """Run the script as GitHub does, on these results of the needed jobs."""
    (step,) = tables(document.jobs[verdict_job(document)]["steps"])
    text = json.dumps(skips) if isinstance(skips, Mapping) else skips
    outputs = {} if text is None else {"skips": text}
    needs = {
        job: {"result": r, "outputs": outputs if job == FIRST else {"skips": "{}"}}
        for job, r in results.items()
    }
    never = " ".join(str(table(step["env"]).get("NEVER_SKIPPED", "")).split())
    chosen = "dependency-review" if event == "pull_request" else ""
    variables = {"NEVER_SKIPPED": re.sub(r"\$\{\{.*\}\}", chosen, never)}
    folders = {str(require_tool(name).parent) for name in ("bash", "jq")}
    completed = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", str(step["run"])],
        env={
            "PATH": os.pathsep.join(folders),
            "RESULTS": json.dumps(needs),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode <= 1:
        for job, result in results.items():
            assert f"{job}: {result}" in completed.stdout
    return completed.returncode


@pytest.mark.parametrize("document", WITH_VERDICT, indirect=True)
@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_one_job_without_success_is_red(document: Document, result: str) -> None:
    for last in ({"b": result}, {"b": result, "c": "success"}):
        assert judge(document, {FIRST: "success", **last}, {}) != 0


@pytest.mark.parametrize("document", WITH_VERDICT, indirect=True)
def test_only_successes_are_green(document: Document) -> None:
    assert judge(document, {FIRST: "success", "b": "success"}, {}) == 0


@pytest.mark.parametrize("document", WITH_VERDICT, indirect=True)
def test_no_job_at_all_is_red(document: Document) -> None:
    assert judge(document, {}) != 0


@pytest.mark.parametrize("document", RENDERED, indirect=True)
@pytest.mark.parametrize(
    ("result", "skips", "green"),
    [
        ("skipped", {"b": "only documentation changed"}, True),
        ("skipped", {"b": ""}, False),
        ("skipped", {"c": "only documentation changed"}, False),
        ("cancelled", {"b": "only documentation changed"}, False),
        ("failure", {"b": "only documentation changed"}, False),
        ("skipped", None, False),
        ("skipped", "", False),
        ("skipped", "nonsense", False),
    ],
)
def test_a_job_may_be_left_out_for_a_recorded_reason_only(
    document: Document,
    result: str,
    skips: Mapping[str, str] | str | None,
    *,
    green: bool,
) -> None:
    code = judge(document, {FIRST: "success", "b": result}, skips)
    assert (code == 0) is green


@pytest.mark.parametrize("document", RENDERED, indirect=True)
@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped"])
def test_without_detection_no_reason_counts(document: Document, result: str) -> None:
    reasons = {FIRST: "because", "b": "because"}
    assert judge(document, {FIRST: result, "b": "skipped"}, reasons) != 0
    assert judge(document, {"b": "success"}) != 0


@pytest.mark.parametrize("document", RENDERED, indirect=True)
def test_no_reason_leaves_out_what_always_runs(document: Document) -> None:
    audit = document.name.endswith("security-audit.yml")
    usual = "codeql" if document.name.endswith("codeql.yml") else "summary"
    for job in ("security-scan", "dependency-review") if audit else (usual,):
        code = judge(document, {FIRST: "success", job: "skipped"}, {job: "because"})
        assert code != 0, job


@pytest.mark.parametrize(
    "document", [n for n in RENDERED if n.endswith("security-audit.yml")], indirect=True
)
def test_dependencies_are_reviewed_in_pull_requests_only(document: Document) -> None:
    results = {FIRST: "success", "dependency-review": "skipped"}
    reasons = {"dependency-review": "there is no pull request"}
    assert judge(document, results, reasons, event="push") == 0
