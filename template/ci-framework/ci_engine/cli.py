"""The command line: ``ci-framework/ci COMMAND``."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ci_engine import __version__
from ci_engine.errors import CommandError, ToolError, UsageError
from ci_engine.security_options import add_cleanup, add_scan
from ci_engine.shared_options import add_baseline, add_since

if TYPE_CHECKING:
    from ci_engine.changes import Decision
    from ci_engine.config import Configuration, Table
    from ci_engine.profiles import EngineName
    from ci_engine.project import Project
    from ci_engine.results import CheckResult
    from ci_engine.settings import CheckName

__all__ = ["main"]

_EXIT_CODES = """\
exit codes: 0 green; 1 red; 2 wrong usage or configuration; 3 a required tool could
not run. Settings: [tool.ci-framework] in pyproject.toml, CI_FRAMEWORK_* variables.
"""


class _Arguments(argparse.Namespace):
    """Everything the command line may hold, typed."""

    command: str
    tier: str
    python: str
    only: str
    fail_fast: bool
    fix: bool
    coverage_threshold: int | None
    timeout: float | None
    report_dir: str
    json: bool
    dry_run: bool
    since: str
    baseline: str
    grow: bool
    hooks: bool
    explain: str
    matrix: Literal["full", "spot-check"]
    level: str
    history: Literal["", "none", "change", "all"]
    image: list[str]
    action: Literal["check", "apply", "pull-request", "push", "configured"]
    patterns: str
    skip_comment: str
    advanced: str
    tools: str
    reports: str
    page: str
    comment: str
    security: str
    performance: str
    paths: list[str]
    more_paths: str
    affected: bool
    selection: str
    head: str
    analyze_dependencies: Literal["auto", "true", "false"]
    optimize_tests: str
    package: str
    configure: bool
    releases: bool
    analyse: bool
    gate: bool
    changed_only: bool
    form: Literal["text", "json", "mermaid"]
    jobs: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parsed = _parse(arguments)
    try:
        _discard_reports(parsed)
        return _COMMANDS[parsed.command](parsed)
    except CommandError as error:
        sys.stderr.write(f"ci {parsed.command}: {error}\n")
        if error.next_step:
            sys.stderr.write(f"next: {error.next_step}\n")
        return error.exit_code
    except Exception:
        # A defect of ours is no verdict about the project: not green, and not red.
        traceback.print_exc()
        sys.stderr.write("an error of ci-framework itself: please report it\n")
        return ToolError.exit_code


def _discard_reports(parsed: _Arguments) -> None:
    """The reports of an earlier run must not pass for those of this one."""
    from ci_engine.output import discard_reports
    from ci_engine.project import OUTPUT_DIRECTORY, normalise, repository_root

    # A page that is given was written by an earlier run on purpose.
    if not (getattr(parsed, "dry_run", False) or getattr(parsed, "page", "")):
        default = repository_root() / OUTPUT_DIRECTORY / parsed.command
        if parsed.command == "gate" and _package(parsed):
            default /= normalise(_package(parsed).strip("./").replace("/", "-"))
        discard_reports(
            Path.cwd() / (parsed.report_dir or default), ours=not parsed.report_dir
        )


def _parse(arguments: Sequence[str] | None) -> _Arguments:
    """Parse the command line; an unknown option gets the usage of its own command."""
    parser, commands = _parser()
    parsed, unknown = parser.parse_known_args(arguments, namespace=_Arguments())
    if unknown:
        command = commands[parsed.command]
        known = re.findall(r"--[a-z-]+", command.format_usage())
        near = difflib.get_close_matches(unknown[0].partition("=")[0], known, 1)
        guess = f"; did you mean {near[0]}?" if near else ""
        command.error(f"{unknown[0]}: no such option{guess}")
    return parsed


def _parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    parser = argparse.ArgumentParser(
        prog="ci", description="The same checks here as in CI.", epilog=_EXIT_CODES
    )
    parser.add_argument(
        "--version", action="version", version=f"ci-framework {__version__}"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="say which Python runs the engine"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_gate(commands.add_parser("gate", help="run the checks of a quality tier"))
    _add_changes(commands.add_parser("changes", help="tell what a change touches"))
    add_cleanup(commands.add_parser("cleanup", help="find files left by tools"))
    add_scan(commands.add_parser("scan", help="look for flaws and secrets"))
    _add_validate(
        commands.add_parser("validate", help="check every configuration file")
    )
    _add_setup(commands.add_parser("setup", help="prepare environment and hooks"))
    _add_summary(commands.add_parser("summary", help="one page for all that ran"))
    _add_packages(
        commands.add_parser("packages", help="the packages of a monorepo, and checks")
    )
    for command in commands.choices.values():
        command.epilog = _EXIT_CODES
        command.add_argument(
            "--verbose", action="store_true", help="say which Python runs the engine"
        )
        command.add_argument(
            "--json", action="store_true", help="print the result as JSON"
        )
        command.add_argument(
            "--report-dir", default="", metavar="DIR", help="where reports are written"
        )
    return parser, commands.choices


def _add_gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tier", default="", help="essential, extended or full")
    parser.add_argument(
        "--python", default="", metavar="3.X", help="the Python that runs the tests"
    )
    parser.add_argument(
        "--only", default="", metavar="CHECKS", help="some checks, comma-separated"
    )
    parser.add_argument(
        "--fail-fast", action="store_true", help="stop at the first failure"
    )
    parser.add_argument(
        "--fix", action="store_true", help="let ruff correct what it can"
    )
    parser.add_argument(
        "--coverage-threshold", type=int, metavar="PERCENT", help="least coverage"
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for each single check"
    )
    add_baseline(parser)
    add_since(parser)
    parser.add_argument(
        "--affected",
        action="store_true",
        help="leave out the tests that the change cannot break",
    )
    parser.add_argument(
        "--selection",
        default="",
        metavar="FILE",
        help="the same, as `ci changes` told it in its changes.json",
    )
    parser.add_argument(
        "--package", default="", metavar="NAMES", help="check these packages alone"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would run, run nothing"
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="only these files, or tests by id"
    )
    parser.add_argument(
        "--paths",
        dest="more_paths",
        default="",
        metavar="LINES",
        help="the same as one text with a path on each line",
    )


def _add_changes(parser: argparse.ArgumentParser) -> None:
    add_since(parser)
    parser.add_argument(
        "--head", default="", metavar="COMMIT", help="where the change ends"
    )
    parser.add_argument(
        "--explain",
        default="",
        metavar="FILE",
        help="tell what one file is, which tests it selects and what selects it",
    )
    # With a value each, for workflows: their inputs are texts.
    parser.add_argument(
        "--analyze-dependencies",
        nargs="?",
        choices=("auto", "true", "false"),
        const="true",
        default="auto",
        help="follow the imports from the change to the tests, and to the packages "
        "that need those which it touches; true plans jobs for packages in any case",
    )
    parser.add_argument(
        "--optimize-tests",
        choices=("true", "false"),
        default="true",
        help="leave out tests that the change cannot break",
    )
    parser.add_argument(
        "--matrix",
        choices=("full", "spot-check"),
        default="full",
        help="whether CI tests a change on all Pythons or on two",
    )


def _add_packages(parser: argparse.ArgumentParser) -> None:
    for name, destination, text in (
        ("scan", "scan", "list the packages (what is done if nothing is asked for)"),
        ("configure", "configure", "write what is found to ci-framework/project/"),
        ("releases", "releases", "with --configure: configure release-please as well"),
        ("analyze-dependencies", "analyse", "tell which package needs which"),
        ("gate", "gate", "run the gate of the packages"),
        ("changed-only", "changed_only", "only what a change touches, and its users"),
        ("fail-fast", "fail_fast", "start no other package once one failed"),
        ("dry-run", "dry_run", "say what would be done, do nothing"),
    ):
        parser.add_argument(
            f"--{name}", dest=destination, action="store_true", help=text
        )
    parser.add_argument(
        "--package",
        default="",
        metavar="NAMES",
        help="packages, comma-separated; auto-detect stands for all",
    )
    add_since(parser)
    parser.add_argument(
        "--format",
        dest="form",
        choices=("text", "json", "mermaid"),
        default="text",
        help="how to print what depends on what",
    )
    parser.add_argument("--tier", default="", help="essential, extended or full")
    parser.add_argument(
        "--python", default="", metavar="3.X", help="the Python that runs the tests"
    )
    parser.add_argument(
        "--only", default="", metavar="CHECKS", help="some checks, comma-separated"
    )
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="packages at the same time"
    )


def _add_validate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(paths=[])


def _add_setup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-hooks", dest="hooks", action="store_false", help="leave git hooks alone"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, do nothing"
    )


def _add_summary(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reports", default=".ci-framework", metavar="DIR", help="reports to gather"
    )
    parser.add_argument(
        "--page", default="", metavar="FILE", help="take this page, gather nothing"
    )
    # With a value each, for workflows: their inputs are texts.
    for name, default, text in (
        ("comment", "false", "comment on the pull request"),
        ("security", "true", "write the section on security"),
        ("performance", "true", "write the section on where the time went"),
    ):
        parser.add_argument(
            f"--{name}",
            nargs="?",
            choices=("true", "false"),
            const="true",
            default=default,
            help=text,
        )


def _package(parsed: _Arguments) -> str:
    """The packages that the gate is limited to."""
    return parsed.package or os.environ.get("CI_FRAMEWORK_PACKAGE", "")


def _gate(parsed: _Arguments) -> int:
    from ci_engine.commands.gate import GateRequest, run_gate
    from ci_engine.config import load_configuration
    from ci_engine.project import read_project, repository_root

    root = repository_root()
    _refuse_bad_python(parsed.python)
    if _package(parsed) and (parsed.affected or parsed.selection):
        raise UsageError(
            "--package: found a selection of tests as well; allowed: one of both",
            next_step="leave the selection out: all tests of the package run",
        )
    if "," in _package(parsed).strip(", "):
        return _gates(parsed)
    if _package(parsed):
        return _gate_of_package(parsed)
    configuration = load_configuration(root, os.environ, _overrides(parsed))
    settings = configuration.settings
    checks = settings.checks_of(settings.quality.tier)
    if parsed.only:
        checks = _only(settings.known_checks(), parsed.only)
    project = read_project(root)
    if parsed.dry_run:
        sys.stdout.writelines(f"{name}\n" for name in checks)
        return 0
    reports = Path(parsed.report_dir) if parsed.report_dir else project.output / "gate"
    reports = Path.cwd() / reports
    result = run_gate(
        project,
        configuration,
        GateRequest(
            tier=settings.quality.tier,
            checks=checks,
            python=parsed.python,
            fail_fast=settings.quality.fail_fast,
            fix=parsed.fix,
            paths=_from_root([*parsed.paths, *_lines(parsed.more_paths)], root),
            reports=reports,
            since=parsed.since,
            baseline="write" if parsed.baseline == "write" else "check",
            grow=parsed.grow,
            decision=_decision(parsed, project, configuration),
            explicit=bool(parsed.only),
            on_result=_print_result,
        ),
    )
    # Imported while the tools run: that is time in which this process only waits.
    from ci_engine.report.console import conclude, make_console

    conclude(make_console(), result, project.relative(reports), as_json=parsed.json)
    return result.verdict.exit_code


def _decision(
    parsed: _Arguments, project: Project, configuration: Configuration
) -> Decision | None:
    """Which tests the change can break, if somebody asked.

    Raises:
        UsageError: if the file of a selection cannot be read.
    """
    if parsed.selection:
        from ci_engine.changes import read_decision

        return read_decision(Path.cwd() / parsed.selection)
    if not parsed.affected:
        return None
    from ci_engine.detection import DetectionRequest, detect
    from ci_engine.event import read_event

    request = DetectionRequest(since=parsed.since)
    return detect(project, configuration, read_event(os.environ), request)


def _gate_of_package(parsed: _Arguments) -> int:
    from ci_engine.commands.gate import GateRequest, run_gate
    from ci_engine.packages.declared import Siblings
    from ci_engine.packages.gate import prepared_for
    from ci_engine.packages.view import LEFT_OUT, view_package
    from ci_engine.project import read_project, repository_root

    top = read_project(repository_root())
    view = view_package(top, _package(parsed), os.environ, _overrides(parsed))
    settings = view.configuration.settings
    tier = settings.quality.tier
    checks = settings.checks_of(tier, package=True)
    if parsed.only:
        checks = _only(settings.known_checks(package=True), parsed.only)
    if parsed.dry_run:
        sys.stdout.writelines(f"{name}\n" for name in checks)
        return 0
    name = view.package.name
    python = parsed.python or view.how.python
    reports = Path.cwd() / (parsed.report_dir or top.output / "gate" / name)
    paths = _from_root([*parsed.paths, *_lines(parsed.more_paths)], top.root)
    result = run_gate(
        view.project,
        view.configuration,
        GateRequest(
            tier=tier,
            checks=checks,
            python=python,
            fail_fast=settings.quality.fail_fast,
            fix=parsed.fix,
            paths=_inside(paths, view.project.prefix, name),
            reports=reports,
            since=parsed.since,
            baseline="write" if parsed.baseline == "write" else "check",
            grow=parsed.grow,
            explicit=bool(parsed.only),
            on_result=_print_result,
            package=name,
            prepare=prepared_for(view, tier, python),
            left_out=LEFT_OUT if view.project.prefix else {},
            siblings=Siblings(top, view.graph, view.package),
        ),
    )
    from ci_engine.report.console import conclude, make_console

    conclude(make_console(), result, top.relative(reports), as_json=parsed.json)
    return result.verdict.exit_code


def _inside(paths: list[str], prefix: str, package: str) -> list[str]:
    """Name paths from the directory of a package.

    Raises:
        UsageError: for a path that is elsewhere.
    """
    for path in paths:
        if not path.startswith(prefix):
            raise UsageError(f"{path}: not a file of the package {package}")
    return [path.removeprefix(prefix) for path in paths]


def _gates(parsed: _Arguments) -> int:
    """The gate of several packages."""
    if parsed.paths or parsed.more_paths or parsed.fix or parsed.baseline == "write":
        raise UsageError(
            "--package: with several packages neither paths, --fix nor --baseline "
            "write are possible",
            next_step="name one package",
        )
    parsed.gate, parsed.changed_only, parsed.configure = True, False, False
    parsed.releases, parsed.analyse, parsed.jobs, parsed.form = False, False, 0, "text"
    parsed.package = _package(parsed)
    return _packages(parsed)


def _packages(parsed: _Arguments) -> int:
    from ci_engine.commands.packages import PackagesRequest, run_packages_command

    _refuse_bad_python(parsed.python)
    words: list[str] = []
    for option in ("tier", "python", "only", "since"):
        value = str(getattr(parsed, option))
        words += [f"--{option}", value] if value else []
    for option in ("coverage_threshold", "timeout"):
        limit = getattr(parsed, option, None)
        name = f"--{option.replace('_', '-')}"
        words += [name, str(limit)] if limit is not None else []
    return run_packages_command(
        PackagesRequest(
            analyse=parsed.analyse,
            configure=parsed.configure,
            releases=parsed.releases,
            gate=parsed.gate,
            package=parsed.package,
            changed_only=parsed.changed_only,
            since=parsed.since,
            form="json" if parsed.json else parsed.form,
            words=words,
            at_once=parsed.jobs,
            fail_fast=parsed.fail_fast,
            dry_run=parsed.dry_run,
            report_dir=parsed.report_dir,
        )
    )


def _print_result(check: CheckResult) -> None:
    from ci_engine.report.console import make_console, print_check

    print_check(make_console(), check)


def _from_root(paths: list[str], root: Path) -> list[str]:
    """Name the given files from the top of the repository, where the tools run.

    Raises:
        UsageError: for a file that is not there; nothing would be checked.
    """
    named: list[str] = []
    for path in paths:
        file, separator, test = path.partition("::")
        absolute = Path.cwd() / file
        if absolute.exists() and absolute.is_relative_to(root):
            file = absolute.relative_to(root).as_posix()
        elif not (root / file).exists():
            raise UsageError(f"{path}: no such file", next_step="correct the path")
        named.append(f"{file}{separator}{test}")
    return named


def _only(checks: list[CheckName], names: str) -> list[CheckName]:
    """Limit the checks to the named ones, of whichever tier, in their own order."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in checks]
    if unknown or not wanted:
        raise UsageError(
            f"--only: found {', '.join(unknown) or 'nothing'}; "
            f"allowed: {', '.join(checks)}"
        )
    return [name for name in checks if name in wanted]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _overrides(parsed: _Arguments) -> Table:
    """The settings that the command line gives, refused where they do not fit."""
    from ci_engine.config import settings_mistakes

    quality: Table = {}
    if parsed.tier:
        quality["tier"] = parsed.tier
    if parsed.fail_fast:
        quality["fail-fast"] = True
    if parsed.coverage_threshold is not None:
        quality["coverage-threshold"] = parsed.coverage_threshold
    table: Table = {"quality": quality} if quality else {}
    if parsed.timeout is not None:
        from ci_engine.settings import BUILT_IN_CHECKS

        limit: Table = {"timeout": parsed.timeout}
        table["checks"] = dict.fromkeys(BUILT_IN_CHECKS, limit)
    for mistake in settings_mistakes(table):
        option = "--timeout" if "timeout" in mistake.keys else f"--{mistake.keys[-1]}"
        raise UsageError(f"{option}: found {mistake.found}; allowed: {mistake.allowed}")
    return table


def _refuse_bad_python(version: str) -> None:
    if version and not re.fullmatch(r"3\.\d{1,2}", version):
        raise UsageError(f"--python: found {version!r}; allowed: a version like 3.12")


def _scan(parsed: _Arguments) -> int:
    from ci_engine.commands.scan import ScanRequest, run_scan
    from ci_engine.config import load_configuration
    from ci_engine.profiles import ENGINE_NAMES
    from ci_engine.project import read_project, repository_root

    root = repository_root()
    configuration = load_configuration(root, os.environ, _scan_overrides(parsed))
    level = configuration.settings.security.level
    engines: Sequence[EngineName] = configuration.security.levels[level].engines
    if parsed.only:
        wanted = _only([*ENGINE_NAMES], parsed.only)
        engines = [name for name in ENGINE_NAMES if name in wanted]
    project = read_project(root)
    if parsed.dry_run:
        sys.stdout.writelines(f"{name}\n" for name in engines)
        return 0
    reports = Path(parsed.report_dir) if parsed.report_dir else project.output / "scan"
    reports = Path.cwd() / reports
    result = run_scan(
        project,
        configuration,
        ScanRequest(
            level=level,
            engines=engines,
            reports=reports,
            history="all" if parsed.advanced == "true" else parsed.history,
            tools=_lines(parsed.tools),
            since=parsed.since,
            baseline="write" if parsed.baseline == "write" else "check",
            grow=parsed.grow,
        ),
    )
    from ci_engine.report.console import conclude, make_console, print_check

    console = make_console()
    for check in result.checks:
        print_check(console, check)
    conclude(console, result, project.relative(reports), as_json=parsed.json)
    return result.verdict.exit_code


def _scan_overrides(parsed: _Arguments) -> Table:
    """The settings that the command line gives, refused where they do not fit."""
    from ci_engine.config import settings_mistakes

    security: Table = {}
    if parsed.level:
        security["level"] = parsed.level
    images = [name for name in parsed.image if name]
    if images:
        security["scan-containers"] = True
    table: Table = {"security": security} if security else {}
    if images:
        table["scan"] = {"images": images}
    for mistake in settings_mistakes(table):
        raise UsageError(f"--level: found {mistake.found}; allowed: {mistake.allowed}")
    return table


def _changes(parsed: _Arguments) -> int:
    from ci_engine.commands.changes import ChangesRequest, run_changes
    from ci_engine.detection import DetectionRequest

    return run_changes(
        ChangesRequest(
            detection=DetectionRequest(
                since=parsed.since,
                head=parsed.head,
                analyze=parsed.analyze_dependencies != "false",
                optimize=parsed.optimize_tests == "true",
            ),
            explain=parsed.explain,
            matrix=parsed.matrix,
            dependents=parsed.analyze_dependencies,
            as_json=parsed.json,
            report_dir=parsed.report_dir,
        )
    )


def _validate(parsed: _Arguments) -> int:
    from ci_engine.commands.validate import run_validate

    return run_validate(as_json=parsed.json, report_dir=parsed.report_dir)


def _setup(parsed: _Arguments) -> int:
    from ci_engine.commands.setup import run_setup

    return run_setup(
        hooks=parsed.hooks,
        dry_run=parsed.dry_run,
        as_json=parsed.json,
        report_dir=parsed.report_dir,
    )


def _summary(parsed: _Arguments) -> int:
    from ci_engine.commands.summary import SummaryRequest, run_summary

    return run_summary(
        SummaryRequest(
            reports=Path.cwd() / parsed.reports,
            # Large values come through the environment, which has no length limit
            # worth mentioning and is never read by a shell.
            needs=os.environ.get("NEEDS", ""),
            skips=os.environ.get("SKIPS", ""),
            page=parsed.page,
            comment=parsed.comment == "true",
            security=parsed.security == "true",
            performance=parsed.performance == "true",
            as_json=parsed.json,
            report_dir=parsed.report_dir,
        )
    )


def _cleanup(parsed: _Arguments) -> int:
    from ci_engine.commands.cleanup import CleanupRequest, run_cleanup

    return run_cleanup(
        CleanupRequest(
            action=parsed.action,
            patterns=parsed.patterns,
            since=parsed.since,
            comment=parsed.skip_comment != "true",
            as_json=parsed.json,
            report_dir=parsed.report_dir,
            dry_run=parsed.dry_run,
        )
    )


_COMMANDS = {
    "changes": _changes,
    "cleanup": _cleanup,
    "gate": _gate,
    "packages": _packages,
    "scan": _scan,
    "setup": _setup,
    "summary": _summary,
    "validate": _validate,
}
