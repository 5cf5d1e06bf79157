"""The report of an adoption, for the pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

import msgspec

from ci_framework.inventory import Inventory
from ci_framework.planning.plan import Capability, Operation, Plan
from ci_framework.reporting.adoption_tables import tool_lines, write_table
from ci_framework.reporting.escaped import as_code, as_text
from ci_framework.reporting.first_day import TITLE, first_day_lines
from ci_framework.reporting.folding import DECISIONS, fold_operations, shorten
from ci_framework.validating.model import Check, TestTable, Validation

_VERDICTS = {
    "validated": "validated",
    "validated-statically": "validated statically: no code of the project was run",
    "not-validated": "NOT VALIDATED: something could not be checked",
    "failed": "FAILED: the adoption made something worse",
}
_State = Literal["covered", "kept", "manual"]
_MOST_ROWS = 60
_MOST_FILES = 5
_LABELS = {"passed": "ok", "failed": "FAILED", "not-run": "NOT RUN", "skipped": "-"}


def report_markdown(plan: Plan, validation: Validation, inventory: Inventory) -> str:
    """Write the report as Markdown."""
    parts = [
        _heading(plan, validation),
        _first_day(plan),
        _decisions(plan),
        _next_steps(plan, validation),
        _summary(plan, validation),
        _operations(plan.operations),
        _capabilities(plan.capabilities),
        tool_lines(inventory, validation),
        _tests(validation.tests),
        _checks(validation.checks),
        _rollback(),
    ]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def report_json(
    plan: Plan, validation: Validation, inventory: Inventory
) -> dict[str, object]:
    """Write the report as JSON; the baseline is a separate file."""
    return {
        "schema": 1,
        "plan": plan,
        "validation": msgspec.structs.replace(validation, baseline=None),
        "tools": inventory.tools,
        "seconds": {},
    }


def _heading(plan: Plan, validation: Validation) -> list[str]:
    verdict = _VERDICTS[validation.verdict]
    title = f"# ci-framework {as_text(plan.template.version)}: adoption"
    return [title, "", f"**{as_text(verdict)}**", ""]


def _first_day(plan: Plan) -> list[str]:
    """Findings that fail the gate from the first day, with the command to fix them."""
    lines = [
        f"- {as_text(text)}" + (f" {as_code(command)}" if command else "")
        for text, command in first_day_lines(plan.always_red)
    ]
    return [f"## {TITLE}", "", *lines, ""] if lines else []


def _decisions(plan: Plan) -> list[str]:
    """Decisions of the maintainer: operations, and parts of the old CI."""
    operations = [item for item in plan.operations if item.kind in DECISIONS]
    lines = [
        f"- {_files(paths)}: {as_text(item.reason)}"
        for item, paths in fold_operations(operations)
    ]
    lines += [
        f"- {_location(item)}: {as_text(item.because)}"
        for item in plan.capabilities
        if item.state == "manual"
    ]
    return ["## For you to decide", "", *lines, ""] if lines else []


def _files(paths: list[str]) -> str:
    """Files as code, limited to the first ones."""
    return shorten([as_code(path) for path in paths], _MOST_FILES)


def _summary(plan: Plan, validation: Validation) -> list[str]:
    kinds = Counter(item.kind for item in plan.operations)
    states = Counter(item.state for item in plan.capabilities)
    done = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    lines = ["## Summary", "", f"- Files: {as_text(done) or 'nothing to do'}."]
    if plan.capabilities:
        counted = ", ".join(
            f"{count} {state}" for state, count in sorted(states.items())
        )
        lines.append(
            f"- What the existing CI does: {as_text(counted)}. None of it is lost."
        )
    if validation.tests is not None:
        lines.append(f"- Tests: {as_text(_test_summary(validation.tests))}.")
    if validation.baseline:
        lines.append(
            "- What fails today is recorded in `ci-framework/project/baseline.json`, "
            "which may only shrink."
        )

    lines.append(
        f"- Plan {as_code(plan.hash)} for commit {as_code(plan.base[:12] or '-')}."
    )
    return [*lines, ""]


def _test_summary(tests: TestTable) -> str:
    after = ", ".join(f"{number} {name}" for name, number in tests.after.items())
    worse = [item for item in tests.differences if item.kind in ("worse", "lost")]
    if worse:
        return f"{len(worse)} have different outcomes than before ({after or 'none'})"
    return f"the same before and after ({after or 'none'})"


def _next_steps(plan: Plan, validation: Validation) -> list[str]:
    lines = [f"- {as_text(step)}" for step in validation.next_steps]
    decisions = any(item.kind in DECISIONS for item in plan.operations)
    if not lines and decisions:
        lines = ["- decide what is listed above, then merge this pull request"]
    elif not lines:
        lines = ["- merge this pull request; nothing is left to do"]
    failing = [f"- {as_text(item)}" for item in validation.red_today[:_MOST_ROWS]]
    if failing:
        failing = [
            "",
            "Failing before the adoption already; fix it at any time:",
            "",
            *failing,
        ]
    return ["## Next steps", "", *lines, *failing, ""]


def _operations(operations: list[Operation]) -> list[str]:
    """Changes to the project's own files; new files are folded away."""
    if not operations:
        return []
    order = ("retire", "set-leaf", "insert-block", "keep")
    own = [item for item in operations if item.kind in order]
    new = [item for item in operations if item.kind == "create"]
    ranked = sorted(own, key=lambda item: (order.index(item.kind), item.path))
    rows = [
        (item.kind, _files(paths), item.risk, as_text(item.reason))
        for item, paths in fold_operations(ranked)
    ]
    lines = ["## What was done", ""]
    lines += write_table("what|file|risk|why", rows) if rows else []
    if new:
        title = f"{len(new)} new files of the framework"
        lines += [f"<details><summary>{title}</summary>", ""]
        for item, paths in fold_operations(new):
            lines.append(f"- {len(paths)} x {as_text(item.reason)}:")
            lines += [f"  - {as_code(path)}" for path in paths]
        lines += ["", "</details>", ""]
    return lines


def _capabilities(capabilities: list[Capability]) -> list[str]:
    if not capabilities:
        return []
    lines = ["## What the existing CI does", ""]
    states: tuple[_State, ...] = ("covered", "kept", "manual")
    counts: Counter[tuple[str, _State]] = Counter(
        (item.workflow, item.state) for item in capabilities
    )
    workflows = dict.fromkeys(item.workflow for item in capabilities)
    rows = [
        (as_code(name), *(str(counts[name, state]) for state in states))
        for name in workflows
    ]
    lines += write_table("workflow|covered|kept|by hand", rows)
    return lines


def _location(item: Capability) -> str:
    inside = " / ".join(filter(None, (item.job, item.step)))
    line = f":{item.line}" if item.line else ""
    context = f" ({as_text(inside)})" if inside else ""
    return f"{as_code(f'{item.workflow}{line}')}{context} {as_text(item.does)}"


def _tests(tests: TestTable | None) -> list[str]:
    if tests is None:
        return []
    names = list(dict.fromkeys([*tests.before, *tests.after]))
    rows = [
        (as_text(name), str(tests.before.get(name, 0)), str(tests.after.get(name, 0)))
        for name in names
    ]
    seconds = (f"{tests.seconds_before:.1f}", f"{tests.seconds_after:.1f}")
    rows.append(("seconds", *seconds))
    lines = ["## Tests", "", f"Command: {as_code(tests.command)}", ""]
    lines += write_table("outcome|before|after", rows)
    if tests.differences:
        different = [
            (
                item.kind,
                as_code(item.test),
                as_text(", ".join(item.before) or "not there"),
                as_text(", ".join(item.after) or "not there"),
            )
            for item in tests.differences
        ]
        lines += write_table("difference|test|before|after", different)
    return lines


def _checks(checks: list[Check]) -> list[str]:
    rows = [
        (
            check.name,
            _LABELS[check.status],
            f"{check.seconds:.1f}",
            as_text(check.reason),
        )
        for check in checks
    ]
    lines = ["## Validation", "", *write_table("check|result|seconds|what", rows)]
    for check in checks:
        lines += _details(check)
    return lines


def _details(check: Check) -> Iterator[str]:
    """The results: in full where it matters, folded away elsewhere."""
    if not check.details:
        return
    open_word = " open" if check.status in ("failed", "not-run") else ""
    yield f"<details{open_word}><summary>{check.name}: details</summary>"
    yield ""
    for row in check.details:
        yield f"- {as_text(row)}"
    yield ""
    yield "</details>"
    yield ""


def _rollback() -> list[str]:
    return [
        "## How to undo it",
        "",
        "`ci-framework rollback` removes exactly what was added and puts every file "
        "back, byte for byte. Once this is merged, `git revert` of the one commit does "
        "the same.",
        "",
    ]
