"""``ci packages``: find packages, report dependencies, and check some packages."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from ci_engine.changes.affected_packages import AffectedPackages, affected_by
from ci_engine.changes.categories import read_classifier
from ci_engine.changes.detection import DetectionRequest, detect, read_change
from ci_engine.commands.command import Command, Request
from ci_engine.commands.gate_options import GateOptions, Only, Python, TierName
from ci_engine.commands.options import DryRun, Option, Since
from ci_engine.commands.output import print_json
from ci_engine.commands.package_gates import PackageGates, run_package_gates
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.configuration.value_types import Count
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
from ci_engine.reports.result_json import to_json

_ALL = ("", "auto-detect")
_ABOUT = """\
List the packages of a monorepo, report their dependencies, and check some of them.

Without another option it lists the packages.
"""


class PackagesOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci packages``."""

    scan: Annotated[bool, Option("list the packages (the default)")] = False
    configure: Annotated[
        bool, Option("write the detected packages to ci-framework/project/")
    ] = False
    releases: Annotated[
        bool, Option("with --configure: configure release-please as well")
    ] = False
    analyze_dependencies: Annotated[
        bool, Option("report the dependencies between packages")
    ] = False
    gate: Annotated[bool, Option("run the gate of the packages")] = False
    changed_only: Annotated[
        bool, Option("only what a change touches, and its dependents")
    ] = False
    fail_fast: Annotated[bool, Option("start no further package after a failure")] = (
        False
    )
    package: Annotated[
        str, Option("packages, comma-separated; auto-detect means all", "NAMES")
    ] = ""
    since: Since = ""
    format: Annotated[
        Literal["text", "json", "mermaid"],
        Option("how to print the dependencies", "text|json|mermaid"),
    ] = "text"
    tier: TierName = None
    python: Python = None
    only: Only = msgspec.field(default_factory=list[str])
    # 0 = as many as there are cores.
    jobs: Annotated[Count, Option("packages at the same time", "N")] = 0
    dry_run: DryRun = False

    @property
    def as_json(self) -> bool:
        """Whether the output is JSON."""
        return self.json or self.format == "json"

    def gate_options(self, package: str) -> GateOptions:
        """The options for the gate of one package."""
        return GateOptions(
            package=[package],
            tier=self.tier,
            python=self.python,
            only=self.only,
            since=self.since,
        )


def run(options: PackagesOptions, surroundings: Surroundings) -> int:
    """Run the requested action, and return the exit code."""
    project = read_project(surroundings.repository)
    graph = packages_graph(project)
    if options.configure:
        _configure(project, graph, options)
        return 0
    names = _chosen(graph, options)
    because: dict[str, str] = {}
    if options.changed_only:
        because = _affected(project, graph, options.since, surroundings).because
        names = [name for name in names if name in because]
    if options.gate and not (options.dry_run or (options.changed_only and not names)):
        gates = PackageGates(
            graph,
            names,
            options.gate_options,
            surroundings.reports(options.report_dir, "gate"),
            options.jobs,
            fail_fast=options.fail_fast,
        )
        reports = surroundings.reports(options.report_dir, "packages")
        return run_package_gates(gates, surroundings, reports, as_json=options.as_json)
    if options.gate or options.changed_only:
        _print_names(names, because, options)
        return 0
    _print_graph(project, graph, options, surroundings)
    return 0


def _print_graph(
    project: Project, graph: Graph, options: PackagesOptions, surroundings: Surroundings
) -> None:
    one = None
    if options.package not in _ALL:
        one = analyze(graph, find_package(graph, options.package))
    if not options.dry_run:
        directory = surroundings.reports(options.report_dir, "packages")
        prepare_directory(directory, project.output)
        write_text(directory / "packages.json", to_json(graph))
        write_text(directory / "summary.md", to_page(graph, one))
    if options.as_json:
        print_json(one if one is not None else graph)
    else:
        to = to_mermaid if options.format == "mermaid" else to_text
        sys.stdout.write(to(graph, one))


def _configure(project: Project, graph: Graph, options: PackagesOptions) -> None:
    written = write_detected(
        project, graph, releases=options.releases, dry_run=options.dry_run
    )
    if options.as_json:
        print_json({"schema": 1, "files": written})
        return
    would = "would be " if options.dry_run else ""
    for file in written:
        state = f"{would}written" if file.changed else "up to date"
        kept = f"; corrected by {', '.join(file.kept)}" if file.kept else ""
        sys.stdout.write(f"{file.path}: {state}{kept}\n")


def _chosen(graph: Graph, options: PackagesOptions) -> list[str]:
    """The named packages, or all of them if none is named."""
    if options.package in _ALL:
        return list(graph.order)
    named = [name.strip() for name in options.package.split(",") if name.strip()]
    found = {find_package(graph, name).name for name in named}
    return [name for name in graph.order if name in found]


def _affected(
    project: Project, graph: Graph, since: str, surroundings: Surroundings
) -> AffectedPackages:
    """The packages that the changes since a commit affect, and their dependents."""
    configuration = load_configuration(project.root, surroundings.variables)
    request = DetectionRequest(surroundings.variables, since)
    decision = detect(project, configuration, read_change(project, request), request)
    classifier = read_classifier(project, configuration, surroundings.variables)
    return affected_by(graph, classifier, decision)


def _print_names(
    names: Sequence[str], because: Mapping[str, str], options: PackagesOptions
) -> None:
    if options.as_json:
        rows = [{"name": name, "because": because.get(name, "")} for name in names]
        print_json({"schema": 1, "packages": rows})
        return
    for name in names:
        reason = f": {because[name]}" if name in because else ""
        sys.stdout.write(f"{name}{reason}\n")
    if not names:
        sys.stdout.write("the change touches no package\n")


COMMAND = Command(PackagesOptions, run, _ABOUT)
