"""Checks of workflows and jobs: triggers, permissions, conditions, limits."""

from __future__ import annotations

import json
import re

from tests.support.documents import Document, table, tables, texts
from tests.support.hardening import (
    Problems,
    check,
    inputs,
    uses,
    verdict_job,
)

PULL_REQUEST_ONLY = "${{ github.event_name == 'pull_request' }}"
# Both are taken from the fixed images in quality-tiers.yaml.
CONFIGURED_RUNNERS = (
    "${{ matrix.runner }}",
    "${{ needs.change-detection.outputs.quick-runner }}",
)
TARGET_BRANCH = "${{ github.event.pull_request.base.sha }}"
# The same for a pull request; for a push, what was pushed.
OURS = "${{ github.event.pull_request.base.sha || github.sha }}"
# Actions that run nothing of the repository.
TRANSPORT = {"actions/download-artifact", "github/codeql-action/upload-sarif"}


@check
def the_workflow_has_no_permissions_of_its_own(doc: Document) -> Problems:
    if not doc.is_action and doc.data.get("permissions") != {}:
        yield "top level needs `permissions: {}`"


@check
def every_job_lists_its_permissions_with_the_reason(doc: Document) -> Problems:
    for name, job in doc.jobs.items():
        if not isinstance(job.get("permissions"), dict):
            yield f"{name}: no list of permissions"
    lines = doc.text.splitlines()
    for number, line in enumerate(lines, 1):
        granted = re.match(r"\s+(?!build-mode)[a-z-]+: (read|write|none)\b", line)
        empty = re.match(r"\s+permissions: \{\}", line)
        if (granted or empty) and not re.search(r"\S # \w", line):
            yield f"line {number} has no reason: {line.strip()}"


@check
def no_trigger_runs_foreign_code_with_our_rights(doc: Document) -> Problems:
    forbidden = {"pull_request_target", "workflow_run", "issue_comment"}
    yield from sorted(forbidden & set(doc.triggers))


@check
def required_checks_run_in_the_merge_queue(doc: Document) -> Problems:
    if verdict_job(doc) and "pull_request" in doc.triggers:
        yield from sorted({"merge_group"} - set(doc.triggers))


@check
def only_a_pull_request_cancels_an_older_run(doc: Document) -> Problems:
    if doc.is_action:
        return
    concurrency = table(doc.data.get("concurrency"))
    if not concurrency.get("group"):
        yield "no concurrency group"
    if concurrency.get("cancel-in-progress") not in (False, PULL_REQUEST_ONLY):
        yield f"cancel-in-progress: {concurrency.get('cancel-in-progress')}"


@check
def runs_that_are_not_cancelled_do_not_wait_for_each_other(doc: Document) -> Problems:
    # GitHub keeps one waiting run in a group and drops the ones before it.
    concurrency = table(doc.data.get("concurrency"))
    cancels = concurrency.get("cancel-in-progress") == PULL_REQUEST_ONLY
    if cancels and "|| github.run_id" not in str(concurrency.get("group")):
        yield str(concurrency.get("group"))


@check
def every_job_has_a_time_limit(doc: Document) -> Problems:
    for name, job in doc.jobs.items():
        if "uses" not in job and not isinstance(job.get("timeout-minutes"), int):
            yield name


@check
def runners_are_fixed_images_of_the_host(doc: Document) -> Problems:
    for name, job in doc.jobs.items():
        for label in texts(job.get("runs-on")):
            fixed = re.fullmatch(r"(ubuntu|macos|windows)-\d[\w.-]*", label)
            if not fixed and label not in CONFIGURED_RUNNERS:
                yield f"{name}: {label}"


@check
def secrets_stay_in_jobs_with_an_environment(doc: Document) -> Problems:
    if "secrets: inherit" in doc.text:
        yield "secrets: inherit"
    for name, job in doc.jobs.items():
        if "secrets." in json.dumps(job) and "environment" not in job:
            yield name
        conditions = [job.get("if"), *(s.get("if") for s in tables(job.get("steps")))]
        if any("secrets." in str(condition) for condition in conditions):
            yield f"{name}: a secret in a condition"


@check
def pull_requests_of_forks_need_no_secret(doc: Document) -> Problems:
    if "pull_request" in doc.triggers and "secrets." in doc.text:
        yield "a secret in a workflow that runs for pull requests"


@check
def code_of_a_pull_request_gets_no_write_permission(doc: Document) -> Problems:
    if "pull_request" not in doc.triggers:
        return
    for name, job in doc.jobs.items():
        granted = table(job.get("permissions"))
        writes = {scope for scope, right in granted.items() if right == "write"}
        steps = tables(job.get("steps"))
        checkouts = [step for step in steps if uses(step) == "actions/checkout"]
        ours = bool(checkouts) and all(
            inputs(step).get("ref") in (TARGET_BRANCH, OURS) for step in checkouts
        )
        if ours:
            writes -= {"pull-requests", "security-events"}
        if all(uses(step) in TRANSPORT for step in steps):
            writes -= {"security-events"}
        if writes:
            yield f"{name}: {', '.join(sorted(writes))}"


@check
def a_job_is_left_out_exactly_for_the_reason_recorded_under_its_name(
    doc: Document,
) -> Problems:
    if "change-detection" not in doc.jobs:
        return
    for name, job in doc.jobs.items():
        recorded = f"!fromJSON(needs.change-detection.outputs.skips)['{name}']"
        after_failures = "!cancelled() && needs.change-detection.result == 'success' &&"
        allowed = {
            f"${{{{ {recorded} }}}}",
            f"${{{{ {after_failures} {recorded} }}}}",
            "${{ always() }}",
        }
        condition = str(job.get("if"))
        if name != "change-detection" and condition not in allowed:
            yield f"{name}: {condition}"
        needs = texts(job.get("needs"))
        if recorded in condition and "change-detection" not in needs:
            yield f"{name} does not need change-detection"


@check
def a_matrix_shows_all_its_failures(doc: Document) -> Problems:
    for name, job in doc.jobs.items():
        strategy = table(job.get("strategy"))
        if strategy and strategy.get("fail-fast") is not False:
            yield name


@check
def ci_success_waits_for_every_job_and_always_runs(doc: Document) -> Problems:
    if "pull_request" not in doc.triggers:
        return
    verdict = verdict_job(doc)
    job = doc.jobs.get(verdict, {})
    if not job or job.get("name") != verdict:
        yield "no job whose id and name is that of a required check"
    if len(doc.jobs) > 1 and job.get("if") != "${{ always() }}":
        yield f"if: {job.get('if')}"
    left_out = set(doc.jobs) - {verdict} - set(texts(job.get("needs")))
    if left_out:
        yield f"does not need {', '.join(sorted(left_out))}"


@check
def nobody_is_trusted_by_the_name_of_the_actor(doc: Document) -> Problems:
    if "github.actor" in doc.text:
        yield "github.actor"
