"""``ci packages``: find packages, tell what depends on what, check some of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from ci_engine import __version__
from ci_engine.changes.affected_packages import AffectedPackages, affected_by
from ci_engine.changes.categories import read_classifier
from ci_engine.changes.detection import DetectionRequest, detect, read_change
from ci_engine.commands.package_gates import GateOptions, run_packages
from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import UsageError
from ci_engine.findings.results import CheckResult, RunResult, Verdict, verdict_of
from ci_engine.monorepo.detected_file import write_detected
from ci_engine.monorepo.package_descriptions import (
    analyze,
    to_mermaid,
    to_page,
    to_text,
)
from ci_engine.monorepo.package_graph import find_package, packages_graph
from ci_engine.monorepo.package_model import Graph
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project, read_project
from ci_engine.reports.console import conclude, make_console, print_check
from ci_engine.reports.publishing import publish, write_reports

__all__ = ["PackagesRequest", "run_gates", "run_packages_command"]

AUTO = "auto-detect"


@dataclass(frozen=True)
class PackagesRequest:
    """What the command line asked for.

    Attributes:
        root: the top of the repository.
        analyze: tell what depends on what.
        configure: bring the project's files on its packages up to date.
        releases: configure release-please as well where it is not yet.
        gate: run the gate of the packages.
        package: packages, comma-separated; empty or auto-detect = all there are.
        changed_only: only those that a change touches.
        since: the commit the change started from, empty = found out.
        form: how to print what depends on what.
        words: options of the gate, handed on.
        at_once: how many gates run at the same time; 0 = as many as there are cores.
        fail_fast: start no other package once one failed.
        dry_run: say what would be done, do nothing.
        report_dir: where to write; empty = the usual place.
    """

    root: Path
    analyze: bool = False
    configure: bool = False
    releases: bool = False
    gate: bool = False
    package: str = ""
    changed_only: bool = False
    since: str = ""
    form: Literal["text", "json", "mermaid"] = "text"
    words: Sequence[str] = ()
    at_once: int = 0
    fail_fast: bool = False
    dry_run: bool = False
    report_dir: str = ""


def run_packages_command(request: PackagesRequest) -> int:
    """Do what is asked for.

    Raises:
        UsageError: for a package that is not there.
        ConfigurationError: if a file of the project on its packages is wrong.
        ToolError: if git cannot list the files, or nothing can be written.
    """
    project = read_project(request.root)
    graph = packages_graph(project)
    if request.gate:
        return run_gates(project, graph, request)
    if request.configure:
        _configure(project, graph, request)
        return 0
    chosen = _chosen(graph, request)
    if request.changed_only:
        because = _affected(project, graph, request.since).because
        _print_affected(graph, because, chosen, request)
        return 0
    one = None
    if request.package not in ("", AUTO):
        one = analyze(graph, find_package(graph, request.package))
    page = to_page(graph, one)
    _write(project, request, {"packages.json": _json(graph), "summary.md": page})
    forms = {
        "text": to_text(graph, one),
        "json": _json(one if one is not None else graph),
        "mermaid": to_mermaid(graph, one),
    }
    sys.stdout.write(forms[request.form])
    return 0


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode() + "\n"


def _write(project: Project, request: PackagesRequest, files: dict[str, str]) -> None:
    if request.dry_run:
        return
    directory = Path.cwd() / (request.report_dir or project.output / "packages")
    prepare_directory(directory, project.output)
    for name, text in files.items():
        write_text(directory / name, text)


def _configure(project: Project, graph: Graph, request: PackagesRequest) -> None:
    written = write_detected(
        project, graph, releases=request.releases, dry_run=request.dry_run
    )
    if request.form == "json":
        sys.stdout.write(_json({"schema": 1, "files": written}))
        return
    would = "would be " if request.dry_run else ""
    for file in written:
        state = f"{would}written" if file.changed else "up to date"
        kept = f"; corrected by {', '.join(file.kept)}" if file.kept else ""
        sys.stdout.write(f"{file.path}: {state}{kept}\n")


def _chosen(graph: Graph, request: PackagesRequest) -> list[str]:
    """The packages that are named, all of them if none is."""
    if request.package in ("", AUTO):
        return list(graph.order)
    named = [word.strip() for word in request.package.split(",") if word.strip()]
    found = {find_package(graph, name).name for name in named}
    return [name for name in graph.order if name in found]


def _affected(project: Project, graph: Graph, since: str) -> AffectedPackages:
    """The packages that the work since a commit touches, and those that need them.

    Raises:
        UsageError: if that commit is not here.
    """
    configuration = load_configuration(project.root, os.environ)
    request = DetectionRequest(os.environ, since)
    decision = detect(project, configuration, read_change(project, request), request)
    classifier = read_classifier(project, configuration, os.environ)
    return affected_by(graph, classifier, decision)


def _print_affected(
    graph: Graph,
    because: dict[str, str],
    chosen: Sequence[str],
    request: PackagesRequest,
) -> None:
    names = [name for name in graph.order if name in because and name in chosen]
    if request.form == "json":
        rows = [{"name": name, "because": because[name]} for name in names]
        sys.stdout.write(_json({"schema": 1, "packages": rows}))
        return
    for name in names:
        sys.stdout.write(f"{name}: {because[name]}\n")
    if not names:
        sys.stdout.write("the change touches no package\n")


def run_gates(project: Project, graph: Graph, request: PackagesRequest) -> int:
    """Run the gate of each package that is asked for, and give one verdict.

    Raises:
        UsageError: if there is no package, or none of that name.
        ToolError: if the reports cannot be written.
    """
    names = _chosen(graph, request)
    if not names:
        raise UsageError(
            "this repository has no packages",
            hint="run `ci-framework/ci gate`, which checks it as a whole",
        )
    because: dict[str, str] = {}
    if request.changed_only:
        because = _affected(project, graph, request.since).because
        names = [name for name in names if name in because]
    if request.dry_run:
        for name in names:
            reason = f": {because[name]}" if name in because else ""
            sys.stdout.write(f"{name}{reason}\n")
        return 0
    if not names:
        sys.stdout.write("the change touches no package: nothing to check\n")
        return 0
    return _gates(project, graph, names, request)


def _gates(
    project: Project, graph: Graph, names: Sequence[str], request: PackagesRequest
) -> int:
    asked = Path.cwd() / request.report_dir if request.report_dir else None
    reports = asked or project.output / "packages"
    prepare_directory(reports, project.output)
    started = time.monotonic()
    options = GateOptions(
        words=request.words,
        reports=asked or project.output / "gate",
        at_once=request.at_once or min(8, os.cpu_count() or 1),
        fail_fast=request.fail_fast,
    )
    result = _result([], 0.0)
    result.verdict = Verdict.ERROR
    write_reports(result, reports)
    console = make_console()
    checks = run_packages(
        project, graph, names, options, lambda check: print_check(console, check)
    )
    result = _result(checks, time.monotonic() - started)
    write_reports(result, reports)
    publish(result, reports)
    conclude(console, result, project.relative(reports), as_json=request.form == "json")
    return result.verdict.exit_code


def _result(checks: list[CheckResult], seconds: float) -> RunResult:
    return RunResult(
        command="packages",
        verdict=verdict_of(checks),
        python="",
        checks=checks,
        framework=__version__,
        tier="",
        environment="one for each package",
        seconds=seconds,
    )
