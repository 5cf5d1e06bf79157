"""The command line: ``ci-framework/ci COMMAND``."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ci_engine.commands.parser import Arguments, parse
from ci_engine.errors import CommandError, ToolError, UsageError

if TYPE_CHECKING:
    from ci_engine.changes.decision import Decision
    from ci_engine.configuration.loading import Configuration, Table
    from ci_engine.configuration.security_profiles import ScannerName
    from ci_engine.configuration.settings import CheckName
    from ci_engine.findings.results import CheckResult
    from ci_engine.project.repository import Project

__all__ = ["main"]

_MANY_OBJECTS = 100_000
_SHORT_TURN = 0.0002  # seconds


def main(arguments: Sequence[str] | None = None, repository: Path | None = None) -> int:
    """Run one command for a repository, and return its exit code.

    Args:
        arguments: the command line; None takes that of the process.
        repository: the top of the repository; None finds it from the current
            directory.
    """
    # A command lives for seconds: looking for garbage costs more than there is, and a
    # thread that waits for a program must not wait for its turn as well.
    gc.set_threshold(_MANY_OBJECTS)
    sys.setswitchinterval(_SHORT_TURN)
    parsed = parse(arguments)
    try:
        parsed.repository = _repository(repository)
        _discard_reports(parsed)
        return _COMMANDS[parsed.command](parsed)
    except CommandError as error:
        sys.stderr.write(f"ci {parsed.command}: {error}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        return error.exit_code
    except Exception:
        # A defect of ours is no verdict about the project: not green, and not red.
        import traceback

        traceback.print_exc()
        sys.stderr.write("an error of ci-framework itself: please report it\n")
        return ToolError.exit_code


def _repository(given: Path | None) -> Path:
    from ci_engine.project.repository import find_repository

    return given.resolve() if given is not None else find_repository(Path.cwd())


def _discard_reports(parsed: Arguments) -> None:
    """The reports of an earlier run must not pass for those of this one."""
    from ci_engine.project.output_files import discard_reports
    from ci_engine.project.repository import OUTPUT_DIRECTORY, normalize

    # A page that is given was written by an earlier run on purpose.
    if not (getattr(parsed, "dry_run", False) or getattr(parsed, "page", "")):
        default = parsed.repository / OUTPUT_DIRECTORY / parsed.command
        if parsed.command == "gate" and _package(parsed):
            default /= normalize(_package(parsed).strip("./").replace("/", "-"))
        discard_reports(
            Path.cwd() / (parsed.report_dir or default), ours=not parsed.report_dir
        )


def _package(parsed: Arguments) -> str:
    """The packages that the gate is limited to."""
    return parsed.package or os.environ.get("CI_FRAMEWORK_PACKAGE", "")


def _gate(parsed: Arguments) -> int:
    from ci_engine.commands.gate import GateRequest, run_gate
    from ci_engine.configuration.loading import load_configuration
    from ci_engine.project.repository import read_project

    root = parsed.repository
    _refuse_bad_python(parsed.python)
    if _package(parsed) and (parsed.affected or parsed.selection):
        raise UsageError(
            "--package: found a selection of tests as well; allowed: one of both",
            hint="leave the selection out: all tests of the package run",
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
    from ci_engine.reports.console import conclude, make_console

    conclude(make_console(), result, project.relative(reports), as_json=parsed.json)
    return result.verdict.exit_code


def _decision(
    parsed: Arguments, project: Project, configuration: Configuration
) -> Decision | None:
    """Which tests the change can break, if somebody asked.

    Raises:
        UsageError: if the file of a selection cannot be read.
    """
    if parsed.selection:
        from ci_engine.changes.decision import read_decision

        return read_decision(Path.cwd() / parsed.selection)
    if not parsed.affected:
        return None
    from ci_engine.changes.detection import DetectionRequest, detect, read_change

    request = DetectionRequest(os.environ, since=parsed.since)
    source = read_change(project, request)
    return detect(project, configuration, source, request)


def _gate_of_package(parsed: Arguments) -> int:
    from ci_engine.commands.gate import GateRequest, run_gate
    from ci_engine.environments.package_environment import package_preparation
    from ci_engine.monorepo.package_view import LEFT_OUT, view_package
    from ci_engine.monorepo.sibling_packages import Siblings
    from ci_engine.project.repository import read_project

    top = read_project(parsed.repository)
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
            prepare=package_preparation(view, tier, python),
            left_out=LEFT_OUT if view.project.prefix else {},
            siblings=Siblings(top, view.graph, view.package),
        ),
    )
    from ci_engine.reports.console import conclude, make_console

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


def _gates(parsed: Arguments) -> int:
    """The gate of several packages."""
    if parsed.paths or parsed.more_paths or parsed.fix or parsed.baseline == "write":
        raise UsageError(
            "--package: with several packages neither paths, --fix nor --baseline "
            "write are possible",
            hint="name one package",
        )
    parsed.gate, parsed.changed_only, parsed.configure = True, False, False
    parsed.releases, parsed.analyze, parsed.jobs, parsed.form = False, False, 0, "text"
    parsed.package = _package(parsed)
    return _packages(parsed)


def _packages(parsed: Arguments) -> int:
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
            root=parsed.repository,
            analyze=parsed.analyze,
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
    from ci_engine.reports.console import make_console, print_check

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
            raise UsageError(f"{path}: no such file", hint="correct the path")
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


def _overrides(parsed: Arguments) -> Table:
    """The settings that the command line gives, refused where they do not fit."""
    from ci_engine.configuration.loading import settings_mistakes

    quality: Table = {}
    if parsed.tier:
        quality["tier"] = parsed.tier
    if parsed.fail_fast:
        quality["fail-fast"] = True
    if parsed.coverage_threshold is not None:
        quality["coverage-threshold"] = parsed.coverage_threshold
    table: Table = {"quality": quality} if quality else {}
    if parsed.timeout is not None:
        from ci_engine.configuration.settings import BUILT_IN_CHECKS

        limit: Table = {"timeout": parsed.timeout}
        table["checks"] = dict.fromkeys(BUILT_IN_CHECKS, limit)
    for mistake in settings_mistakes(table):
        option = "--timeout" if "timeout" in mistake.keys else f"--{mistake.keys[-1]}"
        raise UsageError(f"{option}: found {mistake.found}; allowed: {mistake.allowed}")
    return table


def _refuse_bad_python(version: str) -> None:
    if version and not re.fullmatch(r"3\.\d{1,2}", version):
        raise UsageError(f"--python: found {version!r}; allowed: a version like 3.12")


def _scan(parsed: Arguments) -> int:
    from ci_engine.commands.scan import ScanRequest, run_scan
    from ci_engine.configuration.loading import load_configuration
    from ci_engine.project.repository import read_project

    root = parsed.repository
    configuration = load_configuration(root, os.environ, _scan_overrides(parsed))
    level = configuration.settings.security.level
    scanners: Sequence[ScannerName] = configuration.security.scanners_of(level)
    warnings: list[str] = []
    if parsed.only:
        names = [name.strip() for name in parsed.only.split(",") if name.strip()]
        scanners, warnings = configuration.security.select(names)
        sys.stderr.writelines(f"warning: {warning}\n" for warning in warnings)
    project = read_project(root)
    if parsed.dry_run:
        sys.stdout.writelines(f"{name}\n" for name in scanners)
        return 0
    reports = Path(parsed.report_dir) if parsed.report_dir else project.output / "scan"
    reports = Path.cwd() / reports
    result = run_scan(
        project,
        configuration,
        ScanRequest(
            level=level,
            scanners=scanners,
            notes=warnings,
            reports=reports,
            history="all" if parsed.advanced == "true" else parsed.history,
            tools=_lines(parsed.tools),
            since=parsed.since,
            baseline="write" if parsed.baseline == "write" else "check",
            grow=parsed.grow,
        ),
    )
    from ci_engine.reports.console import conclude, make_console, print_check

    console = make_console()
    for check in result.checks:
        print_check(console, check)
    conclude(console, result, project.relative(reports), as_json=parsed.json)
    return result.verdict.exit_code


def _scan_overrides(parsed: Arguments) -> Table:
    """The settings that the command line gives, refused where they do not fit."""
    from ci_engine.configuration.loading import settings_mistakes

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


def _changes(parsed: Arguments) -> int:
    from ci_engine.changes.detection import DetectionRequest
    from ci_engine.commands.changes import ChangesRequest, run_changes

    return run_changes(
        ChangesRequest(
            root=parsed.repository,
            detection=DetectionRequest(
                os.environ,
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


def _validate(parsed: Arguments) -> int:
    from ci_engine.commands.validate import run_validate

    return run_validate(
        parsed.repository, as_json=parsed.json, report_dir=parsed.report_dir
    )


def _setup(parsed: Arguments) -> int:
    from ci_engine.commands.setup import run_setup

    return run_setup(
        parsed.repository,
        hooks=parsed.hooks,
        dry_run=parsed.dry_run,
        as_json=parsed.json,
        report_dir=parsed.report_dir,
    )


def _summary(parsed: Arguments) -> int:
    from ci_engine.commands.summary import SummaryRequest, run_summary

    return run_summary(
        SummaryRequest(
            root=parsed.repository,
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


def _cleanup(parsed: Arguments) -> int:
    from ci_engine.commands.cleanup import CleanupRequest, run_cleanup

    return run_cleanup(
        CleanupRequest(
            root=parsed.repository,
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
