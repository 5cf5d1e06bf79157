"""The hardening checklist: every line is a check of every workflow and action."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.workflows.documents import Document, Table, table, tables, texts
from tests.workflows.rendering import TEMPLATE, own_documents, template_documents

if TYPE_CHECKING:
    from tests.workflows.conftest import Render

Problems = Iterator[str]
Check = Callable[[Document], Problems]

DOCUMENTS = [
    *(f"own:{path}" for path in own_documents()),
    *(f"render:{path}" for path in template_documents()),
]
PULL_REQUEST_ONLY = "${{ github.event_name == 'pull_request' }}"
MAXIMAL_RETENTION = 14
# Both are taken from the fixed images in quality-tiers.yaml.
CONFIGURED_RUNNERS = (
    "${{ matrix.runner }}",
    "${{ needs.change-detection.outputs.quick-runner }}",
)
TARGET_BRANCH = "${{ github.event.pull_request.base.sha }}"
# Actions that run nothing of the repository.
TRANSPORT = {"actions/download-artifact", "github/codeql-action/upload-sarif"}
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Put a check on the list, under its own name."""
    CHECKS[function.__name__] = function
    return function


def uses(step: Table) -> str:
    """The action of a step without its version."""
    return str(step.get("uses", "")).partition("@")[0]


def inputs(step: Table) -> Table:
    return table(step.get("with"))


@check
def actions_are_pinned_to_a_commit_and_say_its_version(
    doc: Document,
) -> Problems:
    pinned = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    for line in doc.uses_lines:
        if not pinned.fullmatch(line):
            yield line


@check
def images_are_pinned_by_digest(doc: Document) -> Problems:
    for line in doc.text.splitlines():
        # Deeper than this stand the inputs of steps.
        is_image = re.match(r" {0,8}(image|container): *\S|.*docker://", line)
        if is_image and "@sha256:" not in line:
            yield line


@check
def tools_are_pinned_to_a_version(doc: Document) -> Problems:
    pinned_by = {
        "actions/setup-go": ("go-version", r"\d+\.\d+(\.\d+)?"),
        "astral-sh/setup-uv": ("version", r"\d+\.\d+\.\d+"),
        "prefix-dev/setup-pixi": ("pixi-version", r"v\d+\.\d+\.\d+"),
    }
    for location, step in doc.steps():
        if uses(step) in pinned_by:
            key, form = pinned_by[uses(step)]
            if not re.fullmatch(form, str(inputs(step).get(key, ""))):
                yield f"{location}: {key} of {uses(step)}"


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
def a_check_out_keeps_no_credentials(doc: Document) -> Problems:
    for location, step in doc.steps():
        is_checkout = uses(step) == "actions/checkout"
        if is_checkout and inputs(step).get("persist-credentials") is not False:
            yield location


@check
def no_expression_is_part_of_a_script(doc: Document) -> Problems:
    for location, step in doc.steps():
        for script in (step.get("run"), inputs(step).get("script")):
            if "${{" in str(script):
                yield location


@check
def no_trigger_runs_foreign_code_with_our_rights(doc: Document) -> Problems:
    forbidden = {"pull_request_target", "workflow_run", "issue_comment"}
    yield from sorted(forbidden & set(doc.triggers))


def verdict_job(doc: Document) -> str:
    """The job to require: each workflow has one of its own name, or one job only."""
    own = [name for name in doc.jobs if name.endswith("-success")]
    return next(iter(own if len(doc.jobs) > 1 else doc.jobs), "")


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
def everything_has_a_name(doc: Document) -> Problems:
    if not doc.data.get("name"):
        yield "the document"
    if doc.is_action and not doc.data.get("description"):
        yield "the action has no description"
    for name, job in doc.jobs.items():
        if not job.get("name"):
            yield f"job {name}"
    for location, step in doc.steps():
        if not step.get("name"):
            yield location


@check
def inputs_and_outputs_of_an_action_are_described(doc: Document) -> Problems:
    if not doc.is_action:
        return
    for kind in ("inputs", "outputs"):
        for name, entry in table(doc.data.get(kind)).items():
            if not table(entry).get("description"):
                yield f"{kind} {name}"
            if kind == "outputs" and not table(entry).get("value"):
                yield f"{kind} {name} has no value"


@check
def every_script_names_its_shell(doc: Document) -> Problems:
    for location, step in doc.steps():
        if "run" in step and step.get("shell") != "bash":
            yield location


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
            inputs(step).get("ref") == TARGET_BRANCH for step in checkouts
        )
        if ours:
            writes -= {"pull-requests"}
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
def artifacts_have_their_own_name_and_end(doc: Document) -> Problems:
    for location, step in doc.steps():
        if uses(step) != "actions/upload-artifact":
            continue
        given = inputs(step)
        if "${{ github.run_attempt }}" not in str(given.get("name")):
            yield f"{location}: the name is taken when the job runs again"
        if given.get("if-no-files-found") != "error":
            yield f"{location}: a missing report goes unnoticed"
        days = given.get("retention-days")
        if not isinstance(days, int) or days > MAXIMAL_RETENTION:
            yield f"{location}: retention-days {days}"
        paths = str(given.get("path", "")).split()
        if not paths or any(
            re.match(r"(\.?/?|\*.*|\.git.*|.*\.env.*)$", p) for p in paths
        ):
            yield f"{location}: path {paths}"


@check
def artifacts_of_a_matrix_are_told_apart(doc: Document) -> Problems:
    for name, job in doc.jobs.items():
        if not table(job.get("strategy")):
            continue
        for step in tables(job.get("steps")):
            if uses(step) == "actions/upload-artifact":
                artifact = str(inputs(step).get("name"))
                wanted = ("${{ matrix.platform }}", "${{ matrix.python-version }}")
                if not all(part in artifact for part in wanted):
                    yield f"{name}: {artifact}"


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
def scripts_do_not_change_the_environment_of_later_steps(doc: Document) -> Problems:
    for location, step in doc.steps():
        if re.search(r"GITHUB_(ENV|PATH)\b", str(step.get("run"))):
            yield location


@check
def caches_are_written_by_pushes_only(doc: Document) -> Problems:
    push_only = "${{ github.event_name == 'push' }}"
    for location, step in doc.steps():
        given, action = inputs(step), uses(step)
        written = {
            "actions/cache": True,
            "actions/setup-go": given.get("cache") is not False,
            "actions/setup-python": "cache" in given,
            "astral-sh/setup-uv": given.get("enable-cache") is not False
            and given.get("save-cache") != push_only,
            "prefix-dev/setup-pixi": given.get("cache") is not False
            and given.get("cache-write") != push_only,
        }
        if written.get(action):
            yield f"{location}: {action}"


@check
def jobs_with_secrets_or_an_identity_use_no_cache(doc: Document) -> Problems:
    off = {
        "actions/setup-go": "cache",
        "astral-sh/setup-uv": "enable-cache",
        "prefix-dev/setup-pixi": "cache",
    }
    for name, job in doc.jobs.items():
        identity = table(job.get("permissions")).get("id-token") == "write"
        if not identity and "environment" not in job:
            continue
        for step in tables(job.get("steps")):
            action, given = uses(step), inputs(step)
            is_on = action in off and given.get(off[action]) is not False
            if is_on or action.startswith("actions/cache") or "cache" in given:
                yield f"{name}: {action}"


@check
def nobody_is_trusted_by_the_name_of_the_actor(doc: Document) -> Problems:
    if "github.actor" in doc.text:
        yield "github.actor"


def test_every_workflow_has_a_required_check_of_its_own(rendered: Render) -> None:
    root = rendered("codeql")
    paths = sorted((root / ".github" / "workflows").glob("*.yml"))
    workflows = [Document.read(path.name, path) for path in paths]
    required = [
        verdict_job(workflow)
        for workflow in workflows
        if "pull_request" in workflow.triggers
    ]
    assert required == [
        "cleanup-check",
        "codeql-success",
        "ci-success",
        "security-success",
    ]


@pytest.mark.parametrize("document", DOCUMENTS, indirect=True)
@pytest.mark.parametrize("name", CHECKS)
def test_document_holds(name: str, document: Document) -> None:
    assert list(CHECKS[name](document)) == []


# One fault for each check: what to replace in python-ci.yml, and by what.
PYTHON_CI = "render:.github/workflows/python-ci.yml"
QUALITY_GATES = "render:.github/actions/quality-gates/action.yml"
FAULTS: list[tuple[Check, str, str]] = [
    (
        actions_are_pinned_to_a_commit_and_say_its_version,
        r"@[0-9a-f]{40} # v7\.0\.1",
        "@v7.0.1",
    ),
    (
        actions_are_pinned_to_a_commit_and_say_its_version,
        r" # v7\.0\.1",
        "",
    ),
    (
        images_are_pinned_by_digest,
        r"(    timeout-minutes: 60\n)",
        r"\1    container: a:1\n",
    ),
    (tools_are_pinned_to_a_version, r'version: "0\.13\.9"', "version: latest"),
    (the_workflow_has_no_permissions_of_its_own, r"\npermissions: {}\n", "\n"),
    (every_job_lists_its_permissions_with_the_reason, r" # check out the code", ""),
    (
        every_job_lists_its_permissions_with_the_reason,
        r"    permissions:\n      contents: read.*\n(?!      )",
        "",
    ),
    (a_check_out_keeps_no_credentials, r"persist-credentials: false", "lfs: false"),
    (no_expression_is_part_of_a_script, r'"\$RESULTS"', "'${{ toJSON(needs) }}'"),
    (no_trigger_runs_foreign_code_with_our_rights, r"pull_request:", "issue_comment:"),
    (required_checks_run_in_the_merge_queue, r"  merge_group:\n", ""),
    (only_a_pull_request_cancels_an_older_run, r"cancel-in-progress: .*", ""),
    (only_a_pull_request_cancels_an_older_run, r"cancel-in-progress: .*", "x: 1"),
    (
        runs_that_are_not_cancelled_do_not_wait_for_each_other,
        r"github\.run_id",
        "github.ref",
    ),
    (every_job_has_a_time_limit, r"    timeout-minutes: 5\n", ""),
    (runners_are_fixed_images_of_the_host, r"ubuntu-24\.04", "ubuntu-latest"),
    (runners_are_fixed_images_of_the_host, r"ubuntu-24\.04", "self-hosted"),
    (everything_has_a_name, r"    name: ci-success\n", ""),
    (everything_has_a_name, r"- name: Set up uv\n        uses", "- uses"),
    (every_script_names_its_shell, r"        shell: bash\n", ""),
    (
        secrets_stay_in_jobs_with_an_environment,
        r"tier: \$\{\{ needs.*",
        "tier: ${{ secrets.A }}",
    ),
    (
        pull_requests_of_forks_need_no_secret,
        r"tier: \$\{\{ needs.*",
        "tier: ${{ secrets.A }}",
    ),
    (
        code_of_a_pull_request_gets_no_write_permission,
        r"contents: read",
        "contents: write",
    ),
    (
        code_of_a_pull_request_gets_no_write_permission,
        r"          ref: .*pull_request\.base\.sha.*\n",
        "",
    ),
    (
        code_of_a_pull_request_gets_no_write_permission,
        r"(      security-events: write.*\n    steps:\n)",
        r"\1      - name: Run\n        shell: bash\n        run: ci-framework/ci\n",
    ),
    (
        a_job_is_left_out_exactly_for_the_reason_recorded_under_its_name,
        r"\['comprehensive-tests'\]",
        "['quick-checks']",
    ),
    (
        a_job_is_left_out_exactly_for_the_reason_recorded_under_its_name,
        r"    if: .*\['quick-checks'\].*\n",
        "",
    ),
    (
        a_job_is_left_out_exactly_for_the_reason_recorded_under_its_name,
        r"needs: \[change-detection, quick-checks\]",
        "needs: quick-checks",
    ),
    (artifacts_have_their_own_name_and_end, r"-\$\{\{ github\.run_attempt \}\}", ""),
    (artifacts_have_their_own_name_and_end, r"if-no-files-found: error", ""),
    (artifacts_have_their_own_name_and_end, r"days: 7", "days: 90"),
    (artifacts_have_their_own_name_and_end, r"path: \.ci-framework/gate", "path: ."),
    (
        artifacts_of_a_matrix_are_told_apart,
        r"gate-\$\{\{ matrix\.platform \}\}",
        "gate",
    ),
    (a_matrix_shows_all_its_failures, r"fail-fast: false", "fail-fast: true"),
    (
        ci_success_waits_for_every_job_and_always_runs,
        r"if: \$\{\{ always\(\) \}\}",
        "if: true",
    ),
    (
        ci_success_waits_for_every_job_and_always_runs,
        r"      - code-scanning\n",
        "",
    ),
    (ci_success_waits_for_every_job_and_always_runs, r"  ci-success:", "  success:"),
    (
        scripts_do_not_change_the_environment_of_later_steps,
        r"run: bash ci-framework",
        r"run: env >> $GITHUB_ENV; bash ci-framework",
    ),
    (caches_are_written_by_pushes_only, r"          enable-cache: false\n", ""),
    (
        jobs_with_secrets_or_an_identity_use_no_cache,
        r"contents: read # check(.*\n)+?          enable-cache: false\n",
        "id-token: write # check\n    steps:\n      - name: Set up\n"
        "        uses: astral-sh/setup-uv@x\n",
    ),
    (nobody_is_trusted_by_the_name_of_the_actor, r"github\.run_id", "github.actor"),
]
SET_UP = "render:.github/actions/set-up/action.yml"
SET_UP_FAULTS: list[tuple[Check, str, str]] = [
    (tools_are_pinned_to_a_version, r"pixi-version: \S+", "run: 1"),
    (caches_are_written_by_pushes_only, r"        save-cache: .*\n", ""),
    (caches_are_written_by_pushes_only, r"        cache: false\n", ""),
]
ACTION_FAULTS: list[tuple[Check, str, str]] = [
    (no_expression_is_part_of_a_script, r'"\$PYTHON_VERSION"', "${{ inputs.tier }}"),
    (every_script_names_its_shell, r"      shell: bash\n", ""),
    (everything_has_a_name, r"- name: Run .*\n      id", "- id"),
    (
        inputs_and_outputs_of_an_action_are_described,
        r"    description: The tier to.*\n",
        "",
    ),
    (inputs_and_outputs_of_an_action_are_described, r"    value: .*\n", "\n"),
]


@pytest.mark.parametrize(
    ("document", "spot", "pattern", "replacement"),
    [
        *((PYTHON_CI, *fault) for fault in FAULTS),
        *((QUALITY_GATES, *fault) for fault in ACTION_FAULTS),
        *((SET_UP, *fault) for fault in SET_UP_FAULTS),
    ],
    indirect=["document"],
)
def test_check_notices_its_fault(
    document: Document, spot: Check, pattern: str, replacement: str
) -> None:
    broken = re.sub(pattern, replacement, document.text)
    assert broken != document.text
    assert list(spot(Document(document.name, broken))) != []


def test_every_check_has_a_fault() -> None:
    tried = {fault[0].__name__ for fault in (*FAULTS, *ACTION_FAULTS)}
    assert tried == set(CHECKS)


def test_the_runners_of_the_matrix_are_fixed_images() -> None:
    path = TEMPLATE / "ci-framework" / "configs" / "quality-tiers.yaml"
    runners = table(yaml.safe_load(path.read_text(encoding="utf-8"))["runners"])
    assert set(runners) == {"linux", "macos", "windows"}
    for label in runners.values():
        assert re.fullmatch(r"(ubuntu|macos|windows)-\d[\w.-]*", str(label))
