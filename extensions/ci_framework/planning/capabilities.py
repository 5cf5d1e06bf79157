"""Map the existing CI to the framework: every job, step and feature."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.answers import OwnSetting
from ci_framework.inventory import Inventory, Job, Step, Unreadable, Workflow
from ci_framework.planning.capability_features import Feature, job_features
from ci_framework.planning.covering import Coverage, Covering
from ci_framework.planning.plan import Capability

# Steps that only prepare the other steps of their job.
_SERVING = frozenset(("checkout", "set-up", "install", "cache", "credentials"))
# The pull_request types that start the framework's workflow.
_TYPES = frozenset(("opened", "synchronize", "reopened", "checks_requested"))
# Events on which the framework's workflow runs as well.
_ON_CHANGES = frozenset(("push", "pull_request", "merge_group"))
State = Literal["covered", "kept", "manual"]
_FOLDER = ".github/workflows/"


def map_capabilities(
    inventory: Inventory,
    answers: Mapping[str, object],
    retired: Collection[str] = (),
    own: Sequence[OwnSetting] = (),
) -> list[Capability]:
    """Map everything that the existing CI does to its state after the adoption.

    Workflows in ``retired`` are removed on request; all others stay.
    """
    covering = Covering(inventory, answers, own)
    found: list[Capability] = []
    for workflow in inventory.workflows:
        gone = workflow.path in retired
        found += _Mapping(workflow, covering, gone).capabilities()
    found += [
        _unreadable(item, retired)
        for item in inventory.unreadable
        if item.path.startswith(_FOLDER)
    ]
    for pipeline in inventory.pipelines:
        for job in pipeline.jobs or [""]:
            found.append(
                Capability(
                    workflow=pipeline.path,
                    job=job,
                    step="",
                    line=1,
                    does=f"pipeline: {pipeline.system}",
                    state="kept",
                    by=pipeline.path,
                    because=pipeline.because,
                )
            )
    return found


def _unreadable(item: Unreadable, retired: Collection[str]) -> Capability:
    lost = "; it would be lost, and what it does is unknown"
    return Capability(
        workflow=item.path,
        job="",
        step="",
        line=item.line,
        does="unreadable workflow",
        state="manual",
        by=item.path,
        because=item.reason + (lost if item.path in retired else "; it stays as it is"),
    )


@dataclass(frozen=True)
class _Mapping:
    """The capabilities of one workflow."""

    workflow: Workflow
    covering: Covering
    gone: bool

    def capabilities(self) -> list[Capability]:
        rows = list(self._of_workflow())
        for job in self.workflow.jobs:
            rows += self._of_job(job)
        return rows

    def _row(
        self, feature: Feature, job: str = "", step: str = "", *, ask: str = ""
    ) -> Capability:
        """A capability: covered, else manual if requested or lost, else kept."""
        covered = feature.by if not ask else ""
        because = ask or feature.because
        if not covered and self.gone:
            because = f"would be lost with the workflow: {because}"
        elif not covered and self.workflow.problem and job and not ask:
            because = f"{because}; GitHub rejects the workflow today"
        state: State = "kept"
        if covered or ask or self.gone:
            state = "covered" if covered else "manual"
        return Capability(
            workflow=self.workflow.path,
            job=job,
            step=step,
            line=feature.line,
            does=feature.does,
            state=state,
            by=covered or self.workflow.path,
            because=because,
        )

    def _of_workflow(self) -> Iterator[Capability]:
        item = self.workflow
        if item.problem:
            feature = Feature("invalid workflow", 1)
            yield self._row(feature, ask=f"GitHub rejects it: {item.problem}")
        yield from (self._row(feature) for feature in self._triggers())
        for noun, names, key in (
            ("input", item.inputs, "workflow_dispatch"),
            ("output", item.outputs, "workflow_call"),
            ("secret", item.secrets, "env"),
        ):
            line = item.lines.get(key) or item.lines.get("on", 1)
            for name in names:
                yield self._row(Feature(f"{noun}: {name}", line, "", _ONLY_HERE))
        for scope, access in item.permissions.items():
            if access == "write":
                line = item.lines.get("permissions", 1)
                does = f"permission: {scope}: write"
                yield self._row(Feature(does, line, "", "its jobs may write"))
        yield from self._references()

    def _triggers(self) -> Iterator[Feature]:
        item = self.workflow
        for trigger in item.triggers:
            line = item.lines.get(trigger) or item.lines.get("on", 1)
            if trigger == "schedule":
                for cron in item.schedules or ["?"]:
                    yield Feature(f"schedule: {cron}", line, "", _ONLY_HERE)
            elif trigger in _ON_CHANGES and self.covering.workflow:
                others = [*self._other_times(trigger), *self._missing_branches()]
                by = "" if others else self.covering.workflow
                because = f"the framework does not run on {', '.join(others)}"
                because = because if others else f"{by} starts on it too"
                yield Feature(f"trigger: {trigger}", line, by, because)
            else:
                yield Feature(f"trigger: {trigger}", line, "", _ONLY_HERE)

    def _missing_branches(self) -> list[str]:
        """Branches for which only the existing workflow runs."""
        asked = [
            self.covering.text("main_branch", "main"),
            self.covering.text("integration_branch", ""),
        ]
        return [name for name in self.workflow.branches if name not in asked]

    def _other_times(self, trigger: str) -> list[str]:
        """Tags and types of an event for which the framework does not run."""
        filters = self.workflow.filters
        types = filters.get(f"{trigger}.types", [])
        tags = [f"tag {name}" for name in filters.get(f"{trigger}.tags", [])]
        return tags + [f"{trigger} {name}" for name in types if name not in _TYPES]

    def _references(self) -> Iterator[Capability]:
        for row in self.workflow.referred_by:
            does = f"referred to: {row.path}:{row.line}"
            line = self.workflow.lines.get("name", 1)
            if row.path in word_set("gatekeepers"):
                reason = "merging waits for its jobs by name"
                yield self._row(Feature(does, line), ask=reason)
            else:
                reason = "it is named there, by its path or its name"
                yield self._row(Feature(does, line, "", reason))

    def _of_job(self, job: Job) -> list[Capability]:
        beside = self.covering if self._runs_on_changes() else None
        features = job_features(job, beside)
        steps = [(step, self._does(step)) for step in job.steps]
        work = [
            found.by
            for _step, rows in steps
            for does, found in rows
            if not _is_serving(does)
        ]
        work += [item.by for item in features if not item.serves]
        whole = bool(work) and all(work)
        by = next((location for location in work if location), "") if whole else ""
        rows = [self._job_row(job, by)]
        for feature in features:
            inherits = Feature(feature.does, feature.line, by, _serves(by))
            rows.append(self._row(inherits if feature.serves else feature, job.id))
        for step, doing in steps:
            for does, found in doing:
                feature = Feature(does, step.line, found.by, found.because)
                if _is_serving(does):
                    feature = Feature(does, step.line, by, _serves(by))
                rows.append(self._row(feature, job.id, step.name))
        return rows

    def _job_row(self, job: Job, by: str) -> Capability:
        ask = ""
        if job.uses and not job.uses.startswith("./") and "inherit" in job.secrets:
            ask = f"passes every secret to {job.uses}: choose which pipeline stays"
        reason = f"{by} does all of it" if by else "not all of it is the framework's"
        return self._row(Feature("job", job.line, by, reason), job.id, ask=ask)

    def _runs_on_changes(self) -> bool:
        """Whether changes that start the framework also start the workflow."""
        return any(
            self._overlaps(trigger)
            for trigger in self.workflow.triggers
            if trigger in _ON_CHANGES
        )

    def _overlaps(self, trigger: str) -> bool:
        item = self.workflow
        types = item.filters.get(f"{trigger}.types", [])
        if types and not _TYPES & set(types):
            return False
        if f"{trigger}.tags" in item.filters and not item.branches:
            return False
        watched = len(item.branches) - len(self._missing_branches())
        patterns = any(set(name) & set("*?[!") for name in item.branches)
        return trigger != "push" or not item.branches or watched > 0 or patterns

    def _does(self, step: Step) -> list[tuple[str, Coverage]]:
        """What a step does, with the coverage of each part."""
        other = Coverage("", "the framework's runs start at other times")
        rows: list[tuple[str, Coverage]] = []
        for does in self.covering.does(step):
            found = self.covering.of_step(step, does)
            rows.append((does, found if self._runs_on_changes() else other))
        return rows


_ONLY_HERE = "only this workflow has it"


def _is_serving(does: str) -> bool:
    program = does.removeprefix("other: ")
    return does in _SERVING or (does != program and program in word_set("glue"))


def _serves(by: str) -> str:
    return "serves what the framework does as well" if by else "serves its job"
