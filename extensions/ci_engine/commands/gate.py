"""``ci gate``: run the checks of a tier and give one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from ci_engine.changes.decision import Decision, read_decision
from ci_engine.changes.detection import DetectionRequest, detect, read_change
from ci_engine.checks.gate_run import GateRun
from ci_engine.checks.request import GateRequest
from ci_engine.checks.tests.combined_shards import (
    COMBINED_CHECKS,
    LEFT_TO_COMBINING,
    ShardGroup,
)
from ci_engine.checks.tests.durations import durations_below, read_durations
from ci_engine.checks.tests.shard import Shard, parse_shard
from ci_engine.commands.combined_gates import run_combined_gates
from ci_engine.commands.command import Command
from ci_engine.commands.gate_options import GateOptions, refuse_contradictions
from ci_engine.commands.output import print_list
from ci_engine.commands.package_gates import PackageGates, run_package_gates
from ci_engine.commands.paths import (
    inside_package,
    relative_directory,
    relative_to_root,
    split_lines,
)
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.settings import (
    BUILT_IN_CHECKS,
    OF_PACKAGES,
    OF_SERVERS,
    CheckName,
    Settings,
)
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.environments.package_environment import package_preparation
from ci_engine.errors import UsageError, suggest
from ci_engine.findings.baseline import judge
from ci_engine.findings.recording import record, write
from ci_engine.findings.results import RunResult, Subject, verdict_of
from ci_engine.github.subject import read_subject
from ci_engine.monorepo.package_graph import find_package, packages_graph
from ci_engine.monorepo.package_view import LEFT_OUT, view_package
from ci_engine.monorepo.sibling_packages import Siblings
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.repository import Project, normalize, read_project
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = f"""\
Run the checks of a quality tier, and give one verdict for all of them.

checks: {", ".join(BUILT_IN_CHECKS[:8])},
  {", ".join(BUILT_IN_CHECKS[8:])}; and your own.
Each tier (essential, extended, full) runs the checks of the tiers before it as well.
"""


def run(options: GateOptions, surroundings: Surroundings) -> int:
    """Run the gate, and return the exit code of its verdict."""
    refuse_contradictions(options)
    if len(options.package) > 1:
        return _run_packages(options, surroundings)
    project, configuration, request = gate_request(options, surroundings)
    if options.combine:
        decision = _decision(options, project, configuration, surroundings)
        request = replace(request, decision=decision)
        subject = read_subject(project, surroundings.variables, surroundings.today)

        def prepare(group: ShardGroup) -> tuple[Project, Configuration, GateRequest]:
            if not group.package:
                return project, configuration, request
            only = group.checks or options.only
            own = msgspec.structs.replace(options, package=[group.package], only=only)
            return gate_request(own, surroundings)

        return run_combined_gates(options, surroundings, prepare, _run_gate, subject)
    if options.dry_run:
        names = [name for name in request.checks if name not in request.left_out]
        print_list("gate", "checks", names, as_json=options.json)
        return 0
    console = Console(surroundings.variables, as_json=options.json)
    request = replace(
        request,
        decision=_decision(options, project, configuration, surroundings),
        on_result=console.check,
    )
    prepare_directory(request.reports, project.output)
    gate = GateRun(project, configuration, request, surroundings.variables)
    subject = read_subject(project, surroundings.variables, surroundings.today)
    result = _run_gate(gate, console, subject)
    console.conclude(result, relative_directory(request.reports, surroundings))
    return result.verdict.exit_code


def _run_packages(options: GateOptions, surroundings: Surroundings) -> int:
    """Run the gates of several packages."""
    graph = packages_graph(read_project(surroundings.repository))
    named = {find_package(graph, name).name for name in options.package}
    names = [name for name in graph.order if name in named]
    if options.dry_run:
        print_list("gate", "packages", names, as_json=options.json)
        return 0

    def gate(name: str) -> GateOptions:
        return msgspec.structs.replace(options, package=[name], json=False)

    gates = PackageGates(
        graph,
        names,
        gate,
        surroundings.reports(options.report_dir, "gate"),
        fail_fast=options.fail_fast,
    )
    reports = surroundings.reports(options.report_dir, "packages")
    return run_package_gates(gates, surroundings, reports, as_json=options.json)


def _named(
    settings: Settings, names: Sequence[str], *, package: bool
) -> list[CheckName]:
    """The named checks of all tiers, in their usual order."""
    known = settings.known_checks(package=package)
    for name in names:
        if name in known or (package and name in OF_SERVERS):
            continue
        if name in OF_PACKAGES:
            problem = f"--only: the check {name!r} is about one package"
            raise UsageError(problem, hint="add `--package NAME`")
        if name in OF_SERVERS and not settings.mcp.configured:
            problem = f"--only: the check {name!r} needs an MCP server"
            raise UsageError(problem, hint="set tool.ci-framework.mcp.command")
        if name in settings.checks:
            problem = f"--only: the check {name!r} is turned off"
            hint = f"remove tool.ci-framework.checks.{name}.tier"
            raise UsageError(problem, hint=hint)
        raise UsageError(
            f"--only: unknown check {name!r}; {suggest(name, known)}",
            hint="run `ci-framework/ci gate --help`",
        )
    return [name for name in settings.checks if name in names]


def gate_request(
    options: GateOptions, surroundings: Surroundings
) -> tuple[Project, Configuration, GateRequest]:
    """The request of a gate, for the whole repository or one of its packages."""
    project = top = read_project(surroundings.repository)
    given = [*options.paths, *split_lines(options.more_paths)]
    paths = relative_to_root(given, surroundings)
    variables, overrides = surroundings.variables, options.overrides
    python, package, view = options.python or "", "", None
    if options.package:
        view = view_package(top, options.package[0], variables, overrides)
        project, configuration = view.project, view.configuration
        package, python = view.package.name, python or view.how.python
        paths = inside_package(paths, project.prefix, package)
    else:
        configuration = load_configuration(top.root, variables, overrides)
    settings = configuration.settings
    tier = settings.quality.tier
    checks = settings.checks_of(tier, package=bool(package))
    left_out: dict[CheckName, str] = {}
    if options.only:
        checks = _named(settings, options.only, package=bool(package))
        # Requested for many packages together, and not each of them is a server.
        others = set(checks) - set(settings.known_checks(package=bool(package)))
        left_out = dict.fromkeys(others, "the package has no MCP server to check")
    elif checks:
        # A gate without checks is still an error.
        left_out = settings.missing_checks(tier, configuration.tiers.defaults.checks)
        checks = [name for name in settings.checks if name in (*checks, *left_out)]
    if options.shard is not None:
        judged_later = [n for n in COMBINED_CHECKS if n in checks and n != "test"]
        left_out |= dict.fromkeys(judged_later, LEFT_TO_COMBINING)
    request = GateRequest(
        tier=tier,
        checks=checks,
        reports=surroundings.reports(options.report_dir, f"gate/{normalize(package)}"),
        python=python,
        fail_fast=settings.quality.fail_fast,
        fix=options.fix,
        paths=paths,
        since=options.since,
        baseline=options.baseline,
        grow=options.grow,
        explicit=bool(options.only),
        left_out=left_out,
        shard=_shard(options, surroundings, project.prefix),
        resolution=options.resolution,
        advisory=options.advisory,
        allow_offline=options.allow_offline,
    )
    if view is not None:
        request = replace(
            request,
            package=package,
            prepare=package_preparation(view, tier, python),
            left_out={**left_out, **(LEFT_OUT if project.prefix else {})},
            siblings=Siblings(top, view.graph, view.package),
        )
    return project, configuration, request


def _shard(
    options: GateOptions, surroundings: Surroundings, prefix: str
) -> Shard | None:
    """The requested shard of the tests."""
    if options.shard is None:
        return None
    recorded = surroundings.directory / options.durations
    known = read_durations(recorded) if options.durations else {}
    return parse_shard(options.shard, durations_below(known, prefix))


def _decision(
    options: GateOptions,
    project: Project,
    configuration: Configuration,
    surroundings: Surroundings,
) -> Decision | None:
    """The tests that the change can break, if requested."""
    if options.selection:
        return read_decision(surroundings.directory / options.selection)
    if not options.affected:
        return None
    request = DetectionRequest(surroundings.variables, since=options.since)
    return detect(project, configuration, read_change(project, request), request)


def _run_gate(gate: GateRun, console: Console, subject: Subject) -> RunResult:
    """Run the checks and write the reports.

    The reports say "interrupted" from the start and are replaced at the end, so
    that a killed run never leaves the reports of an earlier one.
    """
    request = gate.request
    write_reports(gate.unfinished(), request.reports)
    if request.since and gate.diff_base().commit is None:
        raise UsageError(
            gate.diff_base().reason,
            hint="name a commit, branch or tag that `git log` accepts",
        )
    with console.progress():
        result = gate.execute()
    result.subject = subject
    if request.baseline == "write":
        # Findings are reported even where they may not be recorded.
        write_reports(result, request.reports)
        _write_baseline(gate, result)
    write_reports(result, request.reports)
    publish(result, request.reports, gate.variables)
    return result


def _write_baseline(gate: GateRun, result: RunResult) -> None:
    """Record the findings as the baseline, then judge the run by that baseline."""
    top, old = gate.project.repository, gate.baseline
    new, kept = record(result.checks, old, gate.scope)
    changed = write(top, old, new, grow=gate.request.grow)
    for check in result.checks:
        judge(check, new)
    result.verdict = verdict_of(result.checks)
    result.notes = [f"ci-framework/project/baseline.json: {changed}", *kept]


COMMAND = Command(
    GateOptions,
    run,
    _ABOUT,
    variables={"package": "CI_FRAMEWORK_PACKAGE", "shards": "SHARDS"},
)
