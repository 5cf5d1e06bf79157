"""The hardening checklist: every line is a check of every workflow and action."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.documents import Document, table
from tests.support.hardening import CHECKS, Check, verdict_job
from tests.support.hardening_jobs import (
    a_job_is_left_out_exactly_for_the_reason_recorded_under_its_name,
    a_matrix_shows_all_its_failures,
    ci_success_waits_for_every_job_and_always_runs,
    code_of_a_pull_request_gets_no_write_permission,
    every_job_has_a_time_limit,
    every_job_lists_its_permissions_with_the_reason,
    no_trigger_runs_foreign_code_with_our_rights,
    nobody_is_trusted_by_the_name_of_the_actor,
    only_a_pull_request_cancels_an_older_run,
    pull_requests_of_forks_need_no_secret,
    required_checks_run_in_the_merge_queue,
    runners_are_fixed_images_of_the_host,
    runs_that_are_not_cancelled_do_not_wait_for_each_other,
    secrets_stay_in_jobs_with_an_environment,
    the_workflow_has_no_permissions_of_its_own,
)
from tests.support.hardening_steps import (
    a_check_out_keeps_no_credentials,
    actions_are_pinned_to_a_commit_and_say_its_version,
    artifacts_have_their_own_name_and_end,
    artifacts_of_a_matrix_are_told_apart,
    caches_are_written_by_pushes_only,
    every_script_names_its_shell,
    everything_has_a_name,
    images_are_pinned_by_digest,
    inputs_and_outputs_of_an_action_are_described,
    jobs_with_secrets_or_an_identity_use_no_cache,
    no_expression_is_part_of_a_script,
    scripts_do_not_change_the_environment_of_later_steps,
    tools_are_pinned_to_a_version,
    what_compares_commits_has_the_history,
)
from tests.support.parsing import parse_yaml
from tests.support.renders import ROOT

if TYPE_CHECKING:
    from tests.workflows.conftest import Render


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
        "docs-check",
        "ci-success",
        "security-success",
    ]


@pytest.mark.parametrize("name", CHECKS)
def test_every_document_passes(
    name: str, documents: list[Document], subtests: pytest.Subtests
) -> None:
    for document in documents:
        with subtests.test(document=document.name):
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
    (what_compares_commits_has_the_history, r"fetch-depth: 0\n", "fetch-depth: 1\n"),
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
        r" {10}ref: \S+ github\.event\.pull_request\.base\.sha \|\| .*\n",
        "",
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
        r"-\$\{\{ matrix\.platform \}\}",
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
def test_check_notices_its_problem(
    document: Document, spot: Check, pattern: str, replacement: str
) -> None:
    broken = re.sub(pattern, replacement, document.text)
    assert broken != document.text
    assert list(spot(Document(document.name, broken))) != []


def test_every_check_has_a_problem() -> None:
    tried = {fault[0].__name__ for fault in (*FAULTS, *ACTION_FAULTS)}
    assert tried == set(CHECKS)


def test_the_runners_of_the_matrix_are_fixed_images() -> None:
    path = ROOT / "extensions/ci_engine/configs/quality-tiers.yaml"
    runners = table(parse_yaml(path.read_text(encoding="utf-8"))["runners"])
    assert set(runners) == {"linux", "macos", "windows"}
    for label in runners.values():
        assert re.fullmatch(r"(ubuntu|macos|windows)-\d[\w.-]*", str(label))
