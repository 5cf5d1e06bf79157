"""Compare the public API of the change with that of its base, using griffe."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.lint.bandit import newest_interpreter
from ci_engine.checks.outcomes import (
    EarlyResultError,
    describe_failure,
    from_findings,
    not_run,
    skipped,
    timed_out,
)
from ci_engine.checks.packaging.api_announcements import (
    find_announcement,
    is_announced,
)
from ci_engine.checks.packaging.api_trees import (
    ApiTree,
    write_base_tree,
    write_head_tree,
)
from ci_engine.checks.workspace import Tool
from ci_engine.environments import inside
from ci_engine.environments.environment import python_of
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.findings.results import CheckResult, Finding, name_some
from ci_engine.github.event import Event, read_event

_T = TypeVar("_T")
_MOST_NAMED = 5
_SAYS: dict[str, str] = {
    "object-removed": "{object} was removed",
    "object-changed-kind": "{object} changed from {old} to {new}",
    "parameter-moved": "{object}: the parameter {parameter} was moved",
    "parameter-removed": "{object}: the parameter {parameter} was removed",
    "parameter-changed-kind": "{object}: the parameter {parameter} is {new}, was {old}",
    "parameter-changed-default": (
        "{object}: the default of the parameter {parameter} is {new}, was {old}"
    ),
    "parameter-changed-required": "{object}: the parameter {parameter} is required now",
    "parameter-added-required": "{object}: the new parameter {parameter} is required",
    "return-changed-type": "{object} no longer states its return type {old}",
    "class-removed-base": "{object} no longer inherits from {old}",
    "async-changed": "{object} is {new} now; it was {old}",
}


class _Breakage(msgspec.Struct, frozen=True):
    """One breaking change."""

    kind: str
    object: str
    parameter: str
    old: str
    new: str
    deprecated: bool
    path: str
    line: int
    old_path: str = ""
    old_line: int = 0

    @property
    def rule(self) -> str:
        return self.kind.lower().replace("_", "-")


class _Unreadable(msgspec.Struct, frozen=True):
    """A file that ``inside/parse_all.py`` could not parse."""

    path: str
    line: int
    message: str


class _Comparison(msgspec.Struct, frozen=True):
    """The report of ``inside/api_breakages.py``."""

    breakages: list[_Breakage]
    removed: list[str]


def check(context: Context) -> CheckResult:
    """Compare the public API with that of the base; report unannounced breakage."""
    if not context.settings.api.library:
        return skipped("tool.ci-framework.api.library is false: it is not a library")
    event = read_event(context.variables)
    if _is_about_no_change(event):
        return skipped(f"the event {event.name} is not about a change")
    base = context.diff_base()
    if base.commit is None:
        return not_run(f"the base of the change is not known: {base.reason}")
    with tempfile.TemporaryDirectory(prefix="api-", dir=context.reports) as name:
        old = write_base_tree(context, base.commit, Path(name, "old"))
        new = write_head_tree(context, Path(name, "new"))
        names = sorted({*old.packages, *new.packages})
        if not new.packages and not old.packages:
            return not_run("no package was found that others can import")
        if not old.packages:
            return skipped("there was no package before the change")
        tool = _griffe(context)
        _refuse_unreadable(context, tool, old, new)
        script = ["api_breakages.py", str(old.directory), str(new.directory), *names]
        comparison = _run(context, tool, script, _Comparison)
    announced = ""
    if comparison.breakages or comparison.removed:
        versions = (old.version, new.version)
        announced = find_announcement(context, event, base.commit, *versions)
    findings = list(_findings(context, comparison, old, new))
    notes = [f"compared with {base.commit[:12]}, {base.reason}"]
    if announced:
        notes.append(f"announced: {announced}")
        findings = _as_warnings(findings)
    elif _is_without_labels(context, event) and any(
        f.severity == "error" for f in findings
    ):
        text = f"the event {event.name} has no labels: the run of the pull request"
        notes.append(f"{text} decides")
        findings = _as_warnings(findings)
    notes += _compiled(new)
    return from_findings(findings, tool.label, tool.environment, notes)


def _is_about_no_change(event: Event) -> bool:
    """Whether the workflow was started by something other than a change."""
    if event.name == "push":
        return not event.ref.startswith("refs/heads/")
    about = event.name.startswith("pull_request") or event.name == "merge_group"
    return bool(event.name) and not about


def _is_without_labels(context: Context, event: Event) -> bool:
    """Whether the labels of the merged change cannot be known."""
    merged = event.name == "merge_group" or (
        event.name == "push" and event.ref == f"refs/heads/{event.default_branch}"
    )
    return merged and bool(context.settings.api.labels)


def _griffe(context: Context) -> Tool:
    """The Python of the locked griffe, which runs only our scripts."""
    interpreter = newest_interpreter(context)
    found = isolated_tool(context.project, "griffelib", context.cancel, interpreter)
    command = (str(python_of(found.scripts.parent)), "-I")
    variables = context.tool_variables(found.variables)
    return Tool(
        "griffe", found.version, command, variables, "isolated, locked by ci-framework"
    )


def _run(context: Context, tool: Tool, script: Sequence[str], answer: type[_T]) -> _T:
    """Run one of our scripts that prints JSON."""
    arguments = [str(inside.DIRECTORY / script[0]), *script[1:]]
    outcome = context.execute(tool, arguments, context.timeout)
    if outcome.timed_out:
        raise EarlyResultError(timed_out(outcome))
    try:
        return msgspec.json.decode(outcome.stdout, type=answer)
    except msgspec.DecodeError as error:
        reason = f"griffe: {describe_failure(outcome)}"
        raise EarlyResultError(not_run(reason, outcome)) from error


def _refuse_unreadable(
    context: Context, tool: Tool, old: ApiTree, new: ApiTree
) -> None:
    """Refuse files that do not parse: griffe would ignore their part of the API."""
    script = ["parse_all.py", str(new.directory), str(old.directory)]
    rows: list[str] = []
    for each in _run(context, tool, script, list[_Unreadable]):
        path, before = Path(each.path), ""
        tree = new if path.is_relative_to(new.directory) else old
        name = tree.sources[path.relative_to(tree.directory).as_posix()]
        before = ", before the change" if tree is old else ""
        place = f"{context.project.prefix}{name}:{each.line}"
        rows.append(f"{place}: {each.message}{before}")
    if rows:
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        result = not_run(f"the code cannot be read: {rows[0]}{more}")
        result.output = "\n".join(rows)
        raise EarlyResultError(result)


def _findings(
    context: Context, comparison: _Comparison, old: ApiTree, new: ApiTree
) -> Iterator[Finding]:
    settings = context.settings.api
    for package in comparison.removed:
        known = is_announced(package, settings.announced)
        yield _finding(
            "object-removed", f"the package {package} was removed", "", 0, known=known
        )
    for each in comparison.breakages:
        if each.rule in settings.allowed_kinds:
            continue
        message = _SAYS[each.rule].format(**msgspec.structs.asdict(each))
        if each.old_path:
            place = old.sources.get(each.old_path, each.old_path)
            message += f" (it was in {context.project.prefix}{place}:{each.old_line})"
        announced = is_announced(each.object, settings.announced)
        if announced:
            message += "; announced by tool.ci-framework.api.announced"
        elif each.deprecated:
            message += "; it was deprecated"
        path = new.sources.get(each.path, "")
        known = announced or each.deprecated
        yield _finding(each.rule, message, path, each.line, known=known)


def _finding(rule: str, message: str, path: str, line: int, *, known: bool) -> Finding:
    """A finding; without a location it is about the whole project."""
    return Finding(
        tool="griffe",
        rule=rule,
        message=message,
        path=path or "pyproject.toml",
        line=line if path else 1,
        severity="warning" if known else "error",
    )


def _as_warnings(findings: Iterable[Finding]) -> list[Finding]:
    return [msgspec.structs.replace(each, severity="warning") for each in findings]


def _compiled(tree: ApiTree) -> list[str]:
    if not tree.compiled:
        return []
    named = name_some(tree.compiled, _MOST_NAMED)
    return [f"compiled modules without stubs were not compared: {named}"]
