"""Decide the jobs of a workflow for a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from ci_engine.changes.categories import read_classifier
from ci_engine.changes.decision import Decision
from ci_engine.changes.detection import ChangeSource, DetectionRequest, detect
from ci_engine.configuration.loading import Configuration
from ci_engine.findings.baseline import baseline_path
from ci_engine.project.repository import Project
from ci_engine.project.version_sources import version_from_git
from ci_engine.workflow_jobs.benchmark_jobs import with_benchmarks
from ci_engine.workflow_jobs.jobs import Jobs, plan_jobs, with_conformance
from ci_engine.workflow_jobs.package_jobs import find_affected, with_packages
from ci_engine.workflow_jobs.suite_jobs import with_suite_jobs


def decide_jobs(
    project: Project,
    configuration: Configuration,
    source: ChangeSource,
    request: DetectionRequest,
    *,
    spot_check: bool = False,
    dependents: Literal["auto", "true", "false"] = "auto",
) -> tuple[Decision, Jobs]:
    """Decide what a change affects, and what each job of a workflow does for it.

    Raises:
        ToolError: if git fails; everything must then count as changed.
    """
    decision = detect(project, configuration, source, request)
    jobs = plan_jobs(decision, configuration, source.event, spot_check=spot_check)
    # The base decides on baseline entries that the change adds.
    known = baseline_path(project.root).is_file()
    history = known or bool(version_from_git(project))
    jobs = msgspec.structs.replace(jobs, history=history)
    classifier = read_classifier(project, configuration, request.variables)
    jobs = with_suite_jobs(jobs, project, decision, configuration)
    jobs = with_conformance(jobs, decision, configuration.settings)
    packages = find_affected(project, classifier, decision, dependents)
    decision = msgspec.structs.replace(decision, packages=packages.names)
    jobs = with_packages(jobs, packages, configuration)
    jobs = with_benchmarks(
        jobs, project, decision, packages, configuration, source.event
    )
    return decision, jobs


def skips_of(
    project: Project,
    configuration: Configuration,
    source: ChangeSource,
    variables: Mapping[str, str],
    *,
    by_package: bool,
) -> Mapping[str, str]:
    """The jobs that a change skips, and why; in a monorepo, jobs are per package."""
    request = DetectionRequest(variables)
    dependents: Literal["auto", "true"] = "true" if by_package else "auto"
    _, jobs = decide_jobs(
        project, configuration, source, request, dependents=dependents
    )
    return jobs.skips
