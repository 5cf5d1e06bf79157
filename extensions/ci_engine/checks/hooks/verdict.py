"""Parse the output of pre-commit or prek into findings and a verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ci_engine.checks.hooks.working_copy import CONFIG, WorkTree
from ci_engine.checks.outcomes import (
    from_findings,
    not_run,
    refuse_offline,
    skipped,
    timed_out,
)
from ci_engine.checks.sources import is_framework_file, text_of
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.processes.programs import Outcome

_MOST_OUTPUT = 15
_HEAD = re.compile(
    r"^(?P<name>\S.*?)\.{3,}(?P<why>\([^)]*\))?(?P<how>Passed|Failed|Skipped)$"
)
_DETAIL = re.compile(
    r"^(?:- (?P<key>hook id|exit code|duration): (?P<value>.*)"
    r"|- (?P<modified>files were modified by this hook))$"
)
_COLUMN = r"(?:(?:[:,]|,? column )(?P<column>\d+))?"
# `a.py:3:1: text`, `a.py:3 text`, `a.py(3): text`, `File "a.py", line 3`,
# `in "a.yaml", line 3, column 1` and `a.json: text (… line 1 column 2 …)`.
_LOCATIONS = (
    re.compile(r"^\s*(?P<path>[^\s:\"'(][^:\"'(]*?)[:(](?P<line>\d+)" + _COLUMN),
    re.compile(r"[\"'](?P<path>[^\"']+)[\"'], line (?P<line>\d+)" + _COLUMN),
    re.compile(r"^\s*(?P<path>[^\s:][^:]*): .*\bline (?P<line>\d+)" + _COLUMN),
    re.compile(r"^\s*(?P<path>[^\s:][^:]*): (?P<text>\S.*)$"),
)
_MISSING = re.compile(r"Executable `(?P<name>[^`]+)` not found")


@dataclass
class Hook:
    """The result of one hook.

    Attributes:
        id: its id, known for hooks that failed.
        exit_code: the exit code of a failure, 0 if the hook only modified files.
    """

    name: str
    status: str
    id: str = ""
    exit_code: int = 0
    modified: bool = False
    output: list[str] = field(default_factory=list[str])

    @property
    def missing(self) -> str:
        """The program that the hook needs and that is not installed."""
        found = _MISSING.search("\n".join(self.output))
        return found.group("name") if found else ""


def read_hooks(text: str) -> list[Hook]:
    """Read the output of a run, one entry per hook."""
    hooks: list[Hook] = []
    in_details = False
    for row in text.splitlines():
        head = _HEAD.match(row)
        if head:
            hooks.append(Hook(head.group("name"), head.group("how")))
            in_details = True
            continue
        if not hooks:
            continue
        detail = _DETAIL.match(row) if in_details else None
        if detail is None:
            in_details = False
            hooks[-1].output.append(row)
        elif detail.group("modified"):
            hooks[-1].modified = True
        elif detail.group("key") == "hook id":
            hooks[-1].id = detail.group("value")
        elif detail.group("key") == "exit code":
            hooks[-1].exit_code = int(detail.group("value"))
    return hooks


@dataclass
class HookRun:
    """One run of the hooks.

    Attributes:
        changes: the changes of each hook: file and first changed line.
    """

    outcome: Outcome
    hooks: list[Hook]
    changes: dict[str, dict[str, int]]

    @property
    def failed(self) -> list[Hook]:
        """The hooks that failed."""
        return [hook for hook in self.hooks if hook.status == "Failed"]


def judge_hooks(tool: Tool, tree: WorkTree, run: HookRun) -> CheckResult:
    """Judge a run; if exit code and output disagree, the hooks did not run."""
    outcome = run.outcome
    if outcome.timed_out:
        return timed_out(outcome)
    if outcome.code not in (0, 1) or bool(run.failed) != (outcome.code == 1):
        refuse_offline(tool.name, outcome)
        return not_run(f"{tool.name}: {_cause(outcome)}", outcome)
    missing = [hook for hook in run.failed if hook.missing]
    if missing:
        hook = missing[0]
        reason = f"hook {hook.id} needs {hook.missing}, which is missing"
        return not_run(reason, outcome)
    if not any(hook.status != "Skipped" for hook in run.hooks):
        return skipped("no hook has files to check")
    config = text_of(tree.context.project, CONFIG).splitlines()
    findings = [f for hook in run.failed for f in _findings(tree, run, hook, config)]
    theirs = [f for f in findings if not is_framework_file(f.path)]
    left_out = len(findings) - len(theirs)
    notes = (
        [f"left out: {left_out} in files of ci-framework itself"] if left_out else ()
    )
    return from_findings(theirs, tool.label, tool.environment, notes)


def _cause(outcome: Outcome) -> str:
    """The line of the output that explains why the hooks could not run."""
    rows = (outcome.stdout + outcome.stderr).splitlines()
    starts = ("An error has occurred", "An unexpected error", "error:")
    for number, row in enumerate(rows):
        if row.startswith(starts):
            cause = next((r for r in rows[number + 1 :] if "fatal:" in r), "")
            return " ".join(f"{row} {cause}".split())
    return outcome.describe_exit()


def _findings(
    tree: WorkTree, run: HookRun, hook: Hook, config: Sequence[str]
) -> list[Finding]:
    """The findings of a hook: its changes and its output."""
    name = hook.id or hook.name
    findings = [
        Finding(
            tool="hooks",
            rule=name,
            message=f"the hook {name} changes this file",
            path=path,
            line=line,
        )
        for path, line in run.changes.get(hook.id, {}).items()
    ]
    touched = {finding.path for finding in findings}
    printed = _find_locations(hook, hook.output, tree.relative)
    findings += [found for found in printed if found.path not in touched]
    if findings:
        return findings
    rows = [row for row in hook.output if row.strip()][-_MOST_OUTPUT:]
    message = "\n".join(rows) or f"the hook failed with exit code {hook.exit_code}"
    line = _line_of(config, name)
    return [Finding(tool="hooks", rule=name, message=message, path=CONFIG, line=line)]


def _line_of(config: Sequence[str], name: str) -> int:
    """The line of a hook in the configuration, 0 if it is not found."""
    wanted = re.compile(
        rf"""^\s*(?:-\s*)?(?:id|alias):\s*["']?{re.escape(name)}["']?\s*(?:#.*)?$"""
    )
    found = (n for n, row in enumerate(config, 1) if wanted.match(row))
    return next(found, 0)


def _find_locations(
    hook: Hook, rows: Sequence[str], known: Callable[[str], str]
) -> list[Finding]:
    """Turn output lines that name a file of the project into findings."""
    findings: list[Finding] = []
    for row in rows:
        for pattern in _LOCATIONS:
            match = pattern.search(row)
            path = known(match.group("path").strip()) if match else ""
            if match is None or not path:
                continue
            groups = match.groupdict()
            findings.append(
                Finding(
                    tool="hooks",
                    rule=hook.id or hook.name,
                    message=row.strip(),
                    path=path,
                    line=int(groups.get("line") or 0),
                    column=int(groups.get("column") or 0),
                )
            )
            break
    return findings
