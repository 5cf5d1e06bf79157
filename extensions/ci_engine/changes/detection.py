"""Detect changes, from an event to a decision."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ci_engine.changes.affected_tests import find_affected_tests
from ci_engine.changes.categories import read_classifier
from ci_engine.changes.decision import Decision, decide, everything
from ci_engine.changes.diff import Change, changed_files
from ci_engine.changes.diff_base import (
    DiffBase,
    find_branch_point,
    find_diff_base,
)
from ci_engine.changes.quiet_changes import quiet_changes
from ci_engine.configuration.loading import Configuration
from ci_engine.errors import ToolError, UsageError
from ci_engine.github.event import Event, read_event
from ci_engine.project.git import Git
from ci_engine.project.repository import Project


class DetectionRequest(msgspec.Struct, frozen=True):
    """What to detect.

    Attributes:
        since: the commit to compare with, empty = detected.
        head: the last commit of the change; empty = HEAD, locally with uncommitted
            changes.
        analyze: whether to follow the imports to the tests.
        optimize: whether tests that the change cannot break may be skipped.
    """

    variables: Mapping[str, str]
    since: str = ""
    head: str = ""
    analyze: bool = True
    optimize: bool = True


class ChangeSource(msgspec.Struct, frozen=True):
    """The changes reported by the event and git.

    Attributes:
        event: the event that started this workflow, if there is one.
        everything: why everything counts as changed, empty if it does not.
        diff_base: the diff base of the change.
        changes: the changed files, if the diff base is known.
    """

    event: Event
    everything: str = ""
    diff_base: DiffBase = DiffBase(None, "not requested")
    changes: list[Change] = msgspec.field(default_factory=list[Change])


def read_change(project: Project, request: DetectionRequest) -> ChangeSource:
    """Read the changes from the event and git, without any configuration."""
    event = read_event(request.variables)
    because = "" if request.since else event.everything_because()
    if because:
        return ChangeSource(event, because)
    head = request.head or "HEAD"
    if event.name == "push" and not request.since:
        # The earlier pushes of a branch may never have been green.
        base = find_branch_point(project.root, event.default_branch, head)
    else:
        base = find_diff_base(project.root, request.since, request.variables, head)
    if base.commit is None:
        return ChangeSource(event, diff_base=base)
    work_tree = not (event.name or request.head)
    changes = changed_files(project.root, base, work_tree=work_tree, head=head)
    return ChangeSource(event, diff_base=base, changes=changes)


def detect(
    project: Project,
    configuration: Configuration,
    source: ChangeSource,
    request: DetectionRequest,
) -> Decision:
    """Decide what a change affects and which tests it can break.

    Raises:
        ToolError: if git fails; everything then counts as changed.
        UsageError: if ``since`` or ``head`` is not in this clone.
    """
    commit = request.variables.get("GITHUB_SHA", "")
    if source.everything:
        decision = _everything(project, configuration, source.everything, request)
        return msgspec.structs.replace(decision, head=commit or "HEAD")
    head = request.head or (commit if source.event.name else "") or "HEAD"
    base = source.diff_base
    if base.commit is None:
        if base.reason.startswith(("--since", "--head")):
            hint = "name a commit, branch or tag that `git log` accepts"
            raise UsageError(base.reason, hint=hint)
        return everything(f"the diff base is not known: {base.reason}", head=head)
    decision = _decide(project, configuration, source, base.commit, request)
    return msgspec.structs.replace(decision, head=head)


def _everything(
    project: Project,
    configuration: Configuration,
    because: str,
    request: DetectionRequest,
) -> Decision:
    """All tests run; those that the last change can break run first."""
    decision = everything(because)
    try:
        base = find_diff_base(project.root, "", request.variables)
        if base.commit is None:
            return decision
        changes = changed_files(project.root, base, work_tree=False)
        classifier = read_classifier(project, configuration, request.variables)
        found = find_affected_tests(project, configuration, changes, classifier)
    except ToolError:
        # Only the order of the tests is lost.
        return decision
    affected = msgspec.structs.replace(found, everything=because)
    tests = affected.tests(optimize=False)
    return msgspec.structs.replace(decision, tests=tests, affected=affected)


def _decide(
    project: Project,
    configuration: Configuration,
    source: ChangeSource,
    base: str,
    request: DetectionRequest,
) -> Decision:
    changes = source.changes
    if any(change.submodule for change in changes):
        names = ", ".join(change.path for change in changes if change.submodule)
        return everything(f"a submodule moved: {names}", base)
    classifier = read_classifier(project, configuration, request.variables)
    here = not request.head or Git(project.root).is_checked_out(request.head)
    if here:
        quiet = quiet_changes(project, configuration, changes)
        classifier = classifier.with_quiet(quiet)
    affected = None
    if request.analyze and here and changes:
        affected = find_affected_tests(project, configuration, changes, classifier)
    # A push runs all tests; only proposed changes may skip some.
    optimize = request.optimize and source.event.name in ("", "pull_request")
    paths = [change.path for change in changes]
    return decide(classifier, paths, base, "", affected=affected, optimize=optimize)
