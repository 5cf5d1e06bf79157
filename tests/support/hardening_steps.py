"""Checks of steps: what they use, run and keep."""

from __future__ import annotations

import re

from tests.support.documents import Document, table, tables
from tests.support.hardening import (
    Problems,
    check,
    inputs,
    uses,
)

MAXIMAL_RETENTION = 14


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
def a_check_out_keeps_no_credentials(doc: Document) -> Problems:
    for location, step in doc.steps():
        is_checkout = uses(step) == "actions/checkout"
        if is_checkout and inputs(step).get("persist-credentials") is not False:
            yield location


@check
def what_compares_commits_has_the_history(doc: Document) -> Problems:
    """A shallow clone has no diff base: everything would be selected, or nothing."""
    compares = ("change-detection", "security-scan", "cleanup-dev-files")
    if "pull_request" not in doc.triggers:
        return
    for name, job in doc.jobs.items():
        steps = tables(job.get("steps"))
        scripts = " ".join(str(step.get("run", "")) for step in steps)
        needs = any(uses(step).endswith(compares) for step in steps)
        needs = needs or "--since" in scripts or " changes" in scripts
        checkouts = [step for step in steps if uses(step) == "actions/checkout"]
        if needs and any(inputs(step).get("fetch-depth") != 0 for step in checkouts):
            yield f"job {name}: no history"


@check
def no_expression_is_part_of_a_script(doc: Document) -> Problems:
    for location, step in doc.steps():
        for script in (step.get("run"), inputs(step).get("script")):
            if "${{" in str(script):
                yield location


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
                if "${{ matrix.slice }}" in artifact:
                    continue
                if not all(part in artifact for part in wanted):
                    yield f"{name}: {artifact}"


@check
def scripts_do_not_change_the_environment_of_later_steps(doc: Document) -> Problems:
    for location, step in doc.steps():
        if re.search(r"GITHUB_(ENV|PATH)\b", str(step.get("run"))):
            yield location


@check
def caches_are_written_by_pushes_only(doc: Document) -> Problems:
    push_only = "${{ github.event_name == 'push' }}"
    # A scheduled run is one of the default branch, too.
    trusted = (push_only[:-3], "${{ github.event_name == 'schedule' ")
    for location, step in doc.steps():
        given, action = inputs(step), uses(step)
        written = {
            "actions/cache": True,
            "actions/cache/save": not str(step.get("if")).startswith(trusted),
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
