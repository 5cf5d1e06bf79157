"""``ci bench``: compare the benchmarks with those of another commit."""

from __future__ import annotations

import threading
from typing import Annotated

import msgspec

from ci_engine.benchmarks.bench_run import BenchRun
from ci_engine.benchmarks.load.load_run import LoadRun
from ci_engine.commands.bench_history import HistoryUpdate, read_results
from ci_engine.commands.command import Command, Request, to_argv
from ci_engine.commands.options import DryRun, Option, switch
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.performance_settings import SuiteName
from ci_engine.configuration.reading import Table
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.configuration.value_types import Share
from ci_engine.errors import UsageError
from ci_engine.findings.fingerprints import fingerprint_findings
from ci_engine.findings.results import (
    RunResult,
    make_result,
    unfinished,
    verdict_of,
)
from ci_engine.github.outputs import write_outputs
from ci_engine.monorepo.package_view import view_package
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = """\
Compare the benchmarks with those of another commit.

Both are measured now, in turn, in separate processes. Without --compare-with, the other
commit is the base of the pull request, or the merge base with the main branch.
Uncommitted changes belong to the head.
"""


class BenchOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci bench``; None = as configured."""

    suite: Annotated[
        SuiteName,
        Option(
            "quick (the default), full: more processes, or load: a locust file",
            "quick|full|load",
        ),
    ] = "quick"
    compare_with: Annotated[str, Option("a commit, branch or tag", "REF")] = ""
    threshold: Annotated[
        Share | None, Option("how much slower a benchmark may become", "PERCENT")
    ] = None
    benchmark_suite: Annotated[
        list[str], Option("files and directories, comma-separated", "PATHS")
    ] = msgspec.field(default_factory=list[str])
    package: Annotated[
        str, Option("measure this package of a monorepo in its own environment", "NAME")
    ] = ""
    store: Annotated[
        str,
        Option(
            "add the result to the history, on the default branch only: branch (a "
            "branch of the remote), or a directory",
            "branch|DIR",
            bare="branch",
        ),
    ] = ""
    results: Annotated[
        str, Option("with --store: add these reports, measure nothing", "DIR")
    ] = ""
    profile: Annotated[
        bool, switch("write flame graphs of the slower or slowest benchmarks")
    ] = False
    dry_run: DryRun = False

    @property
    def destination(self) -> str:
        """The storage for results: inputs of workflows may also be true or false."""
        return {"true": "branch", "false": ""}.get(self.store, self.store)

    @property
    def overrides(self) -> Table:
        """The settings that the command line overrides."""
        given: Table = {}
        if self.threshold:
            given["regression-threshold"] = self.threshold
        if self.benchmark_suite:
            given["benchmark-suite"] = list(self.benchmark_suite)
        return {"performance": given}


def run(options: BenchOptions, surroundings: Surroundings) -> int:
    """Measure both commits, and return the exit code of the verdict."""
    if options.profile and options.suite == "load":
        raise UsageError("--profile: not with --suite load: a server is not profiled")
    root, variables = surroundings.repository, surroundings.variables
    project = read_project(root)
    configuration = load_configuration(root, variables, options.overrides)
    if options.package:
        view = view_package(project, options.package, variables, options.overrides)
        configuration, root = view.configuration, view.project.root
    reports = surroundings.reports(options.report_dir, "bench")
    kind = LoadRun if options.suite == "load" else BenchRun
    bench = kind(
        project=project,
        settings=configuration.settings,
        suite=options.suite,
        compare_with=options.compare_with,
        variables=variables,
        cancel=threading.Event(),
        package=options.package,
        profiles=reports / "profiles" if options.profile else None,
    )
    if options.results and not options.destination:
        raise UsageError(
            "--results: expected together with --store", hint="add --store"
        )
    if options.dry_run:
        base = bench.find_base()
        paths = bench.suite_paths(root) or ["no benchmark suite"]
        what = f"{(base.commit or 'nothing')[:12]} ({base.reason})"
        lines = [*paths, f"compared with {what}"]
        print_list("bench", "benchmarks", lines, as_json=options.json)
        return 0
    console = Console(variables, as_json=options.json)
    with console.progress():
        result = run_bench(bench, options, surroundings)
    for check in result.checks:
        console.check(check)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def run_bench(
    bench: BenchRun, options: BenchOptions, surroundings: Surroundings
) -> RunResult:
    """Run the benchmarks, write the reports and return the result."""
    reports = surroundings.reports(options.report_dir, "bench")
    prepare_directory(reports, bench.project.output)
    write_reports(make_result("bench", unfinished(["benchmarks"])), reports)
    before = on_signals(lambda _number, _frame: bench.cancel.set())
    try:
        if options.results:
            earlier = read_results(surroundings.directory / options.results)
            result = make_result("bench", [])
        else:
            result = _measure(bench, options, surroundings)
            earlier = [result]
        if options.destination:
            update = HistoryUpdate(
                bench.project,
                bench.settings,
                surroundings,
                options.destination,
                reports,
                bench.cancel,
            )
            result.checks.append(update.add(earlier))
    finally:
        restore(before)
    result.verdict = verdict_of(result.checks)
    result.seconds = surroundings.seconds
    write_reports(result, reports)
    publish(result, reports, surroundings.variables)
    compared = (check.comparison for check in result.checks if check.comparison)
    regressions = sum(each.count("regression") for each in compared)
    write_outputs({"regressions": str(regressions)}, surroundings.variables)
    return result


def _measure(
    bench: BenchRun, options: BenchOptions, surroundings: Surroundings
) -> RunResult:
    """Run the benchmarks of both sides."""
    check = bench.execute()
    check.seconds = surroundings.seconds
    check.rerun = to_argv("bench", options)
    check.findings = fingerprint_findings(bench.project.root, check.findings)
    python = bench.environment.probe.python if bench.environment else ""
    where = bench.environment.name if bench.environment else ""
    result = make_result("bench", [check], surroundings.seconds, where, python)
    result.package = options.package
    return result


COMMAND = Command(
    BenchOptions, run, _ABOUT, variables={"package": "CI_FRAMEWORK_PACKAGE"}
)
