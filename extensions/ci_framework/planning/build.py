"""Build the plan of an adoption: which files change, how, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ci_engine.configuration.reading import Table, as_table
from ci_engine.errors import ToolError, UsageError
from ci_framework.analysis.analyze import analyze
from ci_framework.analysis.survey import PYPROJECT
from ci_framework.answers import derive_answers, own_settings
from ci_framework.answers.smallest import smallest_answers
from ci_framework.inventory import Evidence, Inventory
from ci_framework.planning.bots import exclusions
from ci_framework.planning.capabilities import map_capabilities
from ci_framework.planning.drift import find_drift
from ci_framework.planning.file_answers import shape_answers, shape_rewritten
from ci_framework.planning.files import Blocked, FilePlan, plan_files
from ci_framework.planning.given_answers import refuse_other_kind, refuse_unknown
from ci_framework.planning.left_out import left_out
from ci_framework.planning.mcp_checks import unchecked_servers
from ci_framework.planning.needed_services import needed_services
from ci_framework.planning.plan import Change, Operation, Plan, plan_hash, summarize
from ci_framework.planning.recorded_answers import (
    Recorded,
    answers_file_for,
    find_recorded,
)
from ci_framework.planning.required_checks import same_checks
from ci_framework.planning.retire import retire
from ci_framework.planning.second_pipeline import second_pipeline
from ci_framework.planning.system_packages import system_packages
from ci_framework.planning.test_requirements import plan_test_requirements
from ci_framework.planning.whole_tree import whole_tree
from ci_framework.rendering import Rendered, Source, find_source, render
from ci_framework.repository import Repository

# Files that are left to the project may affect others: a few rounds settle it.
_MOST_ROUNDS = 5


@dataclass(frozen=True)
class PlanRequest:
    """The request from the command line.

    Attributes:
        template: the template's address, empty = the one this companion belongs to.
        ref: its version, empty = the one this companion belongs to.
        answers: answers of the user, which override those of the analysis.
        smallest: whether only the gate is adopted.
    """

    template: str = ""
    ref: str = ""
    answers: Mapping[str, object] = field(default_factory=dict[str, object])
    retire: Sequence[str] = ()
    smallest: bool = False


@dataclass(frozen=True)
class BuiltPlan:
    """A plan with the bytes to write and the analysis behind it.

    Attributes:
        adopted: whether the repository was adopted before.
    """

    plan: Plan
    changes: list[Change]
    inventory: Inventory
    adopted: bool


@dataclass
class _Draft:
    """An unfinished plan."""

    answers: dict[str, object]
    reasons: dict[str, str]
    stepped_back: list[Operation] = field(default_factory=list[Operation])

    def step_back(self, blocked: Sequence[Blocked]) -> None:
        """Change answers so that the next render leaves these files to the project."""
        for item in blocked:
            if item.path == PYPROJECT:
                name = "settings_file"
                self.answers[name] = "ci-framework.toml"
                because = f"{PYPROJECT} cannot take the settings: {item.reason}"
            else:
                name = "unmanaged"
                self.answers[name] = sorted(
                    {*_paths(self.answers.get(name)), item.path}
                )
                because = f"{item.path}: {item.reason}"
            self.reasons[name] = "; ".join(
                filter(None, [self.reasons.get(name), because])
            )
            self.stepped_back.append(
                Operation(
                    kind="manual" if item.patch else "keep",
                    path=item.path,
                    reason=f"stays as it is: {item.reason}",
                    risk="low",
                    patch=item.patch,
                )
            )


def _refuse_taken_names(draft: _Draft) -> None:
    """Refuse files of the project at paths that our workflows execute."""
    taken = [
        item.path
        for item in draft.stepped_back
        if item.path.startswith(("ci-framework/", ".github/actions/"))
        and not item.path.startswith("ci-framework/project/")
    ]
    if taken:
        raise UsageError(
            f"the framework needs names that files of the project have: "
            f"{', '.join(taken)}",
            hint=f"rename them, such as `git mv {taken[0]} NEW_NAME`, and commit",
        )


def _paths(answer: object) -> list[str]:
    try:
        return msgspec.convert(answer, list[str])
    except msgspec.ValidationError:
        # Missing, or something that the template will refuse.
        return []


def build_plan(repository: Repository, request: PlanRequest) -> BuiltPlan:
    """Plan the adoption of a repository; writes nothing.

    Raises:
        UsageError: if something was requested that the repository does not have.
        ConfigurationError: if the template rejects an answer.
        ToolError: if the template is not available.
    """
    inventory = analyze(repository)
    recorded = find_recorded(repository)
    if recorded is not None:
        return _plan_of_adopted(repository, inventory, recorded, request)
    _refuse_taken_settings(repository)
    source = find_source(request.template, request.ref)
    answers_file = answers_file_for(repository)
    draft = _first_draft(repository, inventory, request)
    rendered, files = _settle(repository, inventory, source, draft, answers_file)
    refuse_unknown(request.answers, rendered.answers)
    _refuse_taken_names(draft)
    retired = retire(repository, inventory, request.retire)
    needs = plan_test_requirements(repository, inventory, rendered.answers)
    operations = [
        *files.operations,
        *needs.operations,
        *left_out(inventory, rendered.answers),
        *unchecked_servers(inventory, rendered.answers),
        *needed_services(inventory, rendered.answers),
        *system_packages(inventory, rendered.answers),
        *second_pipeline(inventory, rendered.answers),
        *retired.operations,
        *draft.stepped_back,
        *_kept_workflows(inventory, request.retire),
        *exclusions(repository, rendered.files),
        *whole_tree(repository, inventory, rendered.files),
        *same_checks(inventory, rendered.files, request.retire),
        *_unreadable(inventory),
    ]
    reasons = dict(sorted(draft.reasons.items()))
    plan = _plan(repository, inventory, rendered, operations, request)
    plan = msgspec.structs.replace(plan, answers_file=answers_file, reasons=reasons)
    changes = [*files.changes, *needs.changes, *retired.changes]
    return BuiltPlan(plan, changes, inventory, adopted=False)


def _plan(
    repository: Repository,
    inventory: Inventory,
    rendered: Rendered,
    operations: list[Operation],
    request: PlanRequest,
) -> Plan:
    """The plan of these operations, still without the file for answers."""
    own = own_settings(inventory, rendered.answers)
    return Plan(
        hash=plan_hash(rendered.template, rendered.answers, operations),
        base=repository.head,
        template=rendered.template,
        answers_file="",
        answers=rendered.answers,
        reasons={},
        operations=operations,
        capabilities=map_capabilities(inventory, rendered.answers, request.retire, own),
        summary=summarize(operations),
    )


def _refuse_taken_settings(repository: Repository) -> None:
    """Refuse two tables of settings, as it would be unclear which one applies."""
    content = repository.read(PYPROJECT) or b""
    try:
        tool = as_table(msgspec.toml.decode(content, type=Table).get("tool"))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    if "ci-framework" in tool:
        raise UsageError(
            f"{PYPROJECT}: tool.ci-framework: expected recorded answers beside it",
            hint="remove the table if it is left from another framework, or "
            "restore .copier-answers.yml from git",
        )


def _first_draft(
    repository: Repository, inventory: Inventory, request: PlanRequest
) -> _Draft:
    """The answers of the analysis, of the files' shapes, and of the user."""
    draft = _Draft(answers={}, reasons={})
    found = derive_answers(inventory) | dict(shape_rewritten(repository, inventory))
    found |= shape_answers(repository, request.retire)
    if request.smallest:
        prefix = found.get("github_prefix")
        found |= smallest_answers(str(prefix.value) if prefix else "")
    for name, answer in found.items():
        draft.answers[name] = answer.value
        draft.reasons[name] = answer.because
    for name, value in request.answers.items():
        refuse_other_kind(name, draft.answers.get(name), value)
        draft.answers[name] = value
        draft.reasons[name] = "given by the user"
    return draft


def _settle(
    repository: Repository,
    inventory: Inventory,
    source: Source,
    draft: _Draft,
    answers_file: str,
) -> tuple[Rendered, FilePlan]:
    """Render until every rendered file can be placed."""
    blocked: Sequence[Blocked] = ()
    for _ in range(_MOST_ROUNDS):
        draft.step_back(blocked)
        rendered = render(source, draft.answers, answers_file)
        own = own_settings(inventory, rendered.answers)
        files = plan_files(repository, rendered, own)
        if not files.blocked:
            return rendered, files
        blocked = files.blocked
    names = ", ".join(item.path for item in blocked)
    raise ToolError(
        f"the template still renders files that the project already has: {names}",
        hint="rename these files, or report it",
    )


def _kept_workflows(inventory: Inventory, retired: Sequence[str]) -> list[Operation]:
    return [
        Operation(
            kind="keep",
            path=workflow.path,
            reason="an existing workflow stays as it is; remove it with --retire when "
            "the capabilities say that nothing is lost",
            evidence=[Evidence(path=workflow.path)],
        )
        for workflow in inventory.workflows
        if workflow.path not in retired
    ]


def _unreadable(inventory: Inventory) -> list[Operation]:
    return [
        Operation(
            kind="manual",
            path=item.path,
            reason=f"not changed, it cannot be parsed: {item.reason}",
            evidence=[Evidence(path=item.path, line=item.line)],
        )
        for item in inventory.unreadable
    ]


def _plan_of_adopted(
    repository: Repository,
    inventory: Inventory,
    recorded: Recorded,
    request: PlanRequest,
) -> BuiltPlan:
    """The plan for an adopted repository: only drift and retired workflows."""
    source = find_source(request.template or recorded.source, recorded.commit)
    rendered = render(source, recorded.answers, recorded.path)
    retired = retire(repository, inventory, request.retire)
    operations = [*find_drift(repository, rendered), *retired.operations]
    plan = _plan(repository, inventory, rendered, operations, request)
    plan = msgspec.structs.replace(plan, answers_file=recorded.path)
    return BuiltPlan(plan, retired.changes, inventory, adopted=True)
