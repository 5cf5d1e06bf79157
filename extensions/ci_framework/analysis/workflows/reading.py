"""Read the workflows of a repository, job by job."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from ci_framework.analysis.purposes.vocabulary import word_list
from ci_framework.analysis.readers.documents import Documents
from ci_framework.analysis.readers.yaml_nodes import Node, NodeError, Page, read_page
from ci_framework.analysis.workflows.expressions import secrets_of
from ci_framework.analysis.workflows.jobs import (
    Surroundings,
    access_of,
    default_shell,
    read_job,
    read_step,
)
from ci_framework.analysis.workflows.local_actions import Scripts, action_steps
from ci_framework.analysis.workflows.references import references
from ci_framework.analysis.workflows.validity import problem_of
from ci_framework.inventory import Evidence, Job, Step, Unreadable, Workflow
from ci_framework.repository import Repository

_FOLDER = PurePosixPath(".github/workflows")
_FILTERS = ("branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore", "types")
_BRANCH_EVENTS = ("push", "pull_request", "pull_request_target", "merge_group")


def is_workflow(path: str) -> bool:
    """Whether GitHub recognizes a file as a workflow."""
    location = PurePosixPath(path)
    return location.parent == _FOLDER and location.suffix in (".yml", ".yaml")


def read_workflows(
    repository: Repository, tasks: Mapping[str, Sequence[str]] | None = None
) -> tuple[list[Workflow], list[Unreadable]]:
    """Read every tracked workflow; files that do not parse are reported and ignored."""
    documents = Documents(repository)
    pages: dict[str, Page] = {}
    for path, entry in repository.tracked.items():
        if not is_workflow(path):
            continue
        if not entry.is_file:
            documents.refuse(path, "a link or a submodule, which is not followed")
            continue
        try:
            page = _page(documents, path)
        except NodeError as error:
            documents.refuse(path, str(error), error.line)
        else:
            if page is not None:
                pages[path] = page
    around = _Local(documents, tasks or {}).surroundings
    plain = [_workflow(path, page, around) for path, page in pages.items()]
    return _with_references(repository, documents, plain, pages), [
        item for path, item in documents.unreadable.items() if is_workflow(path)
    ]


def _page(documents: Documents, path: str) -> Page | None:
    text = documents.text(path)
    if path in documents.unreadable:
        return None
    page = read_page(text)
    if not page.documents:
        # Empty files, or only comments: reported with the pipelines.
        return None
    if page.documents[0].kind != "map":
        raise NodeError("no mapping", page.documents[0].line)
    return page


class _Local:
    """The names that steps can use in this repository."""

    def __init__(
        self, documents: Documents, tasks: Mapping[str, Sequence[str]]
    ) -> None:
        self._documents = documents
        self._seen: dict[str, list[Step]] = {}
        self.surroundings = Surroundings(Scripts(documents, tasks), self._steps)

    def _steps(self, uses: str) -> Sequence[Step]:
        if uses not in self._seen:
            # An action may use itself, so limit the depth.
            self._seen[uses] = []
            nodes = action_steps(self._documents, uses)
            self._seen[uses] = [read_step(node, self.surroundings) for node in nodes]
        return self._seen[uses]


def _workflow(path: str, page: Page, around: Surroundings) -> Workflow:
    top = page.documents[0]
    started = top.get("on")
    jobs = top.get("jobs")
    read = [
        read_job(name, body, line, around, default_shell(top))
        for (name, body), line in zip(jobs.pairs, jobs.key_lines, strict=True)
    ]
    call, dispatch = started.get("workflow_call"), started.get("workflow_dispatch")
    asked = [name for name, _body in call.get("secrets").pairs]
    kept = [n for n, (key, _value) in enumerate(top.pairs) if key != "jobs"]
    outside = Node(
        "map",
        top.line,
        pairs=tuple(top.pairs[n] for n in kept),
        key_lines=tuple(top.key_lines[n] for n in kept),
    )
    inputs = [name for where in (dispatch, call) for name in _keys(where.get("inputs"))]
    return Workflow(
        path=path,
        name=top.get("name").text,
        triggers=_keys(started) or started.words(),
        branches=_branches(started),
        problem=problem_of(page),
        calls=_calls(read),
        referred_by=[],
        jobs=read,
        schedules=[item.get("cron").text for item in started.get("schedule").items],
        inputs=list(dict.fromkeys(inputs)),
        outputs=_keys(call.get("outputs")),
        secrets=list(dict.fromkeys([*secrets_of(outside), *asked])),
        permissions=access_of(top.get("permissions")),
        filters=_filters(started),
        lines={**started.lines, **top.lines},
    )


def _keys(node: Node) -> list[str]:
    return list(dict.fromkeys(name for name, _value in node.pairs))


def _branches(started: Node) -> list[str]:
    words = [
        word
        for event in _BRANCH_EVENTS
        for word in started.get(event).get("branches").words()
    ]
    return list(dict.fromkeys(words))


def _filters(started: Node) -> dict[str, list[str]]:
    return {
        f"{event}.{key}": value.words()
        for event, body in started.pairs
        for key, value in body.pairs
        if key in _FILTERS
    }


def _calls(jobs: Sequence[Job]) -> list[str]:
    called = [job.uses for job in jobs if job.uses]
    local = [
        step.text
        for job in jobs
        for step in job.steps
        if step.kind == "uses" and step.text.startswith("./")
    ]
    return list(dict.fromkeys([*called, *local]))


def _with_references(
    repository: Repository,
    documents: Documents,
    workflows: Sequence[Workflow],
    pages: Mapping[str, Page],
) -> list[Workflow]:
    found = references(repository, {item.path: item.name for item in workflows})
    complete: list[Workflow] = []
    for item in workflows:
        waiting = _waiting(item.name or item.path, pages)
        rows = dict.fromkeys([*waiting, *found[item.path], *_gated(item, documents)])
        complete.append(msgspec.structs.replace(item, referred_by=list(rows)))
    return complete


def _waiting(name: str, pages: Mapping[str, Page]) -> list[Evidence]:
    """The workflows that start when the one with this name ends."""
    rows: list[Evidence] = []
    for path, page in pages.items():
        waited = page.documents[0].get("on").get("workflow_run").get("workflows")
        items = waited.items or (waited,)
        rows += [Evidence(path=path, line=at.line) for at in items if at.text == name]
    return rows


def _gated(workflow: Workflow, documents: Documents) -> list[Evidence]:
    """Where a merge bot or a branch rule names a job of the workflow."""
    names = {name for job in workflow.jobs for name in (job.id, job.name) if name}
    names = {name.split("${{")[0].strip(" (") or name for name in names}
    rows: list[Evidence] = []
    for path in word_list("gatekeepers"):
        for number, line in enumerate(documents.text(path).splitlines(), start=1):
            for name in names:
                if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", line):
                    rows.append(Evidence(path=path, line=number))
                    break
    return rows
