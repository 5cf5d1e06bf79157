"""``ci release``: check everything that can be checked before a version is tagged."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Annotated, Literal

import msgspec

from ci_engine.commands.command import Command, Request
from ci_engine.commands.gate import gate_request
from ci_engine.commands.gate_options import GateOptions
from ci_engine.commands.options import DryRun, Option
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import UsageError
from ci_engine.findings.results import make_result, name_some, unfinished
from ci_engine.github.outputs import write_outputs
from ci_engine.github.subject import read_subject as read_run_subject
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project, normalize
from ci_engine.project.version_sources import static_version
from ci_engine.releases.pep440 import parse_version
from ci_engine.releases.release_run import GATE_CHECKS, RELEASE_CHECKS, ReleaseRun
from ci_engine.releases.subject import read_subject
from ci_engine.reports.console import Console
from ci_engine.reports.publishing import publish, write_reports

_ABOUT = """\
Check a version before it is tagged and published.

check  the work tree, its branch, version, tag, changelog and lock; build the sdist
       and the wheel once, and test both: install, import, start the commands
"""
Action = Literal["check"]
_NOTES = "notes.md"
_SHOWN = 5


class ReleaseOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci release``."""

    action: Annotated[list[str], Option("check", "ACTION", name="action")] = (
        msgspec.field(default_factory=list[str])
    )
    package: Annotated[str, Option("the package of a monorepo", "NAME")] = ""
    tag: Annotated[
        str, Option("an existing tag: it must match the version and this commit", "TAG")
    ] = ""
    version: Annotated[
        str, Option("the version that you will tag, if it comes from tags", "X.Y.Z")
    ] = ""
    dry_run: DryRun = False

    @property
    def subject(self) -> str:
        """The package to release."""
        return normalize(self.package.strip("./").replace("/", "-"))

    @property
    def rerun(self) -> str:
        """The command that repeats this run."""
        words = [f"--package={self.package}"] if self.package else []
        words += [f"--tag={self.tag}"] if self.tag else []
        words += [f"--version={self.version}"] if self.version else []
        return shlex.join(["ci-framework/ci", "release", "check", *words])


def run(options: ReleaseOptions, surroundings: Surroundings) -> int:
    """Check the release, and return the exit code of the verdict."""
    _refuse(options)
    if options.dry_run:
        print_list("release", "checks", RELEASE_CHECKS, as_json=options.json)
        return 0
    gate = GateOptions(
        only=[*GATE_CHECKS], package=[options.package] if options.package else []
    )
    project, configuration, request = gate_request(gate, surroundings)
    if not options.package:
        _require_package(project)
    reports = surroundings.reports(options.report_dir, f"release/{options.subject}")
    variables = surroundings.variables
    console = Console(variables, as_json=options.json)
    release = ReleaseRun(
        project=project,
        configuration=configuration,
        request=replace(request, reports=reports),
        subject=read_subject(
            project,
            configuration.settings.release,
            options.tag,
            options.version,
            package=bool(options.package),
        ),
        variables=dict(variables),
        today=surroundings.today,
        report=console.check,
        rerun=options.rerun,
    )
    prepare_directory(reports, project.output)
    write_reports(make_result("release", unfinished(RELEASE_CHECKS)), reports)
    with console.progress():
        checks = release.execute()
    result = make_result("release", checks, surroundings.seconds)
    result.package = options.package
    result.environment = next((c.environment for c in checks if c.environment), "")
    result.subject = read_run_subject(project, variables, surroundings.today)
    write_reports(result, reports)
    publish(result, reports, variables)
    _hand_on(release, surroundings)
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _refuse(options: ReleaseOptions) -> None:
    """Refuse unknown actions, and options that contradict each other."""
    if options.action != ["check"]:
        given = " ".join(options.action)
        problem = f"expected the action check, got {given!r}"
        raise UsageError(problem, hint="run `ci-framework/ci release check`")
    if options.tag and options.version:
        raise UsageError(
            "--version: cannot be combined with --tag, which states the version",
            hint="leave one of them out",
        )


def _require_package(project: Project) -> None:
    """Refuse a repository that only holds packages: nothing of it would be built."""
    if project.installable or static_version(project):
        return
    packages = packages_graph(project).packages
    names = [package.name for package in packages if package.path != "."]
    if names:
        raise UsageError(
            f"--package: expected one of {name_some(names, _SHOWN)}, got nothing: "
            "the top directory has no package",
            hint=f"run `ci-framework/ci release check --package {names[0]}`",
        )


def _hand_on(release: ReleaseRun, surroundings: Surroundings) -> None:
    """Write the files that the publishing jobs need."""
    version = parse_version(release.version)
    notes = release.request.reports / _NOTES
    write_text(notes, f"{release.notes or f'Release {release.version}'}\n")
    outputs = {
        "version": release.version,
        "tag": release.subject.tag or release.subject.names.of(release.version),
        "prerelease": str(version is not None and not version.is_final).lower(),
        "dist-path": release.dist.as_posix(),
        "notes-path": notes.as_posix(),
    }
    write_outputs(outputs, surroundings.variables)


COMMAND = Command(ReleaseOptions, run, _ABOUT)
