"""``ci docs``: build, check, publish, verify and serve the documentation."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from ci_engine.commands.command import Command, Request
from ci_engine.commands.docs_publish import DocsPublication
from ci_engine.commands.docs_run import DocsRun
from ci_engine.commands.docs_serve import serve
from ci_engine.commands.docs_verify import DocsVerification
from ci_engine.commands.options import DryRun, Option, switch
from ci_engine.commands.output import print_list
from ci_engine.commands.paths import relative_directory
from ci_engine.configuration.docs_settings import DocsTool
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.configuration.value_types import Count
from ci_engine.documentation.deployment import Deployment
from ci_engine.documentation.publishing import AliasType, NewVersion
from ci_engine.errors import UsageError
from ci_engine.findings.results import CheckResult
from ci_engine.processes.signals import on_signals, restore
from ci_engine.project.repository import read_project
from ci_engine.reports.console import Console

_ABOUT = """\
Build, check, publish, verify or serve the documentation, made with MkDocs, Sphinx or
Zensical.

build    build it, with warnings as errors
check    build it, and check links, anchors, images, headings and reachability
publish  build it, and add it to the branch of the published pages
verify   wait until the live site shows the published pages
serve    build it, and serve it on this machine, and build it again when a file changes
"""
# Which action an option is for.
_OF_ACTION = {
    "site": ("check", "publish", "verify"),
    "external": ("check",),
    "version": ("publish", "verify"),
    "address": ("verify",),
    "alias": ("publish",),
    "alias-type": ("publish",),
    "title": ("publish",),
    "default": ("publish",),
    "delete": ("publish",),
    "listing": ("publish",),
}
Action = Literal["build", "check", "publish", "verify", "serve"]
_ACTIONS: Mapping[str, Action] = {
    "build": "build",
    "check": "check",
    "publish": "publish",
    "verify": "verify",
    "serve": "serve",
}


class DocsOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci docs``."""

    action: Annotated[
        list[str],
        Option("build, check, publish, verify or serve", "ACTION", name="action"),
    ] = msgspec.field(default_factory=list[str])
    tool: Annotated[
        DocsTool | None,
        Option(
            "the tool to use instead of the one in the settings",
            "mkdocs|sphinx|zensical",
        ),
    ] = None
    site: Annotated[
        str, Option("use the pages in this directory instead of building them", "DIR")
    ] = ""
    external: Annotated[
        bool, switch("with check: check the links to other sites as well")
    ] = False
    version: Annotated[
        str,
        Option(
            "with publish and verify: the version of the pages; auto: that of a "
            "workflow run's tag, or dev on its default branch",
            "X.Y|auto",
        ),
    ] = ""
    alias: Annotated[
        list[str], Option("with publish: other names of it, such as latest", "NAMES")
    ] = msgspec.field(default_factory=list[str])
    alias_type: Annotated[
        AliasType | None,
        Option("how new aliases are made (copy)", "copy|symlink|redirect"),
    ] = None
    title: Annotated[
        str, Option("with publish: its title in the list of versions", "TEXT")
    ] = ""
    default: Annotated[
        bool, switch("with publish: redirect the root of the site to this version")
    ] = False
    delete: Annotated[
        list[str], Option("with publish: remove these versions", "VERSIONS")
    ] = msgspec.field(default_factory=list[str])
    listing: Annotated[
        bool, Option("with publish: list what is published", name="--list")
    ] = False
    address: Annotated[
        str, Option("with verify: the address of the live site", "URL")
    ] = ""
    remote: Annotated[
        str,
        Option("with publish and verify: the remote of the branch (origin)", "NAME"),
    ] = "origin"
    port: Annotated[Count, Option("with serve: the port (8000)", "PORT")] = 8000
    dry_run: DryRun = False

    @property
    def overrides(self) -> Table:
        """The settings that the command line overrides."""
        return {"docs": {"tool": self.tool}} if self.tool else {}

    @property
    def new_version(self) -> NewVersion | None:
        """The version to publish, None if the site has no versions.

        Raises:
            UsageError: if an option needs a version.
        """
        if self.version:
            return NewVersion(
                self.version, self.alias, self.title, self.alias_type, self.default
            )
        for name in ("alias", "alias_type", "title", "default"):
            if getattr(self, name):
                raise UsageError(
                    f"--{name.replace('_', '-')}: expected together with --version",
                    hint="add --version",
                )
        return None

    @property
    def rerun(self) -> str:
        """The command that repeats this run."""
        words = [f"--site={self.site}"] if self.site else []
        words += [f"--tool={self.tool}"] if self.tool else []
        words += ["--external"] if self.external else []
        words += [f"--version={self.version}"] if self.version else []
        words += [f"--alias={','.join(self.alias)}"] if self.alias else []
        words += ["--default"] if self.default else []
        words += [f"--delete={','.join(self.delete)}"] if self.delete else []
        words += [f"--address={self.address}"] if self.address else []
        return shlex.join(["ci-framework/ci", "docs", *self.action, *words])


def run(options: DocsOptions, surroundings: Surroundings) -> int:
    """Run the requested action, and return the exit code of the verdict."""
    action = _action(options)
    root, variables = surroundings.repository, surroundings.variables
    configuration = load_configuration(root, variables, options.overrides)
    docs = DocsRun(
        project=read_project(root),
        settings=configuration.settings,
        surroundings=surroundings,
        given_site=options.site,
        rerun=options.rerun,
        cancel=threading.Event(),
    )
    if options.dry_run and action in ("build", "check", "serve"):
        print_list("docs", "steps", docs.steps(action), as_json=options.json)
        return 0
    if action == "verify" and options.dry_run:
        print_list("docs", "steps", ["compare the live site"], as_json=options.json)
        return 0
    if action == "publish":
        publication = _publication(docs, options)
        if options.listing:
            return publication.print_versions(as_json=options.json)
        if options.dry_run and options.delete:
            lines = [f"remove {name}" for name in options.delete]
            print_list("docs", "steps", lines, as_json=options.json)
            return 0
        if options.dry_run:
            return publication.plan(as_json=options.json)
    console = Console(variables, as_json=options.json)
    before = on_signals(lambda _number, _frame: docs.cancel.set())
    try:
        with console.progress():
            checks = _checks(action, docs, options, console)
    finally:
        restore(before)
    result = docs.report(checks, options.report_dir)
    for check in result.checks:
        console.check(check)
    reports = surroundings.reports(options.report_dir, "docs")
    console.conclude(result, relative_directory(reports, surroundings))
    return result.verdict.exit_code


def _action(options: DocsOptions) -> Action:
    """The requested action, after refusing options of other actions."""
    hint = "run `ci-framework/ci docs --help`"
    given = " ".join(options.action)
    action = _ACTIONS.get(given)
    if action is None:
        message = f"expected one of {', '.join(_ACTIONS)}, got {given or 'nothing'}"
        raise UsageError(message, hint=hint)
    for name, of_action in _OF_ACTION.items():
        value: object = getattr(options, name.replace("-", "_"))
        if value and action not in of_action:
            shown = " or ".join(of_action)
            raise UsageError(f"--{name}: expected together with {shown}", hint=hint)
    return action


def _checks(
    action: Action, docs: DocsRun, options: DocsOptions, console: Console
) -> list[CheckResult]:
    if action == "build":
        return docs.build()
    if action == "check":
        return docs.check(external=options.external)
    if action == "serve":
        return serve(docs, options.port, console)
    if action == "verify":
        return [_verification(docs, options).verify()]
    publication = _publication(docs, options)
    if options.delete:
        return [publication.delete(options.delete)]
    return publication.publish()


def _publication(docs: DocsRun, options: DocsOptions) -> DocsPublication:
    """What to publish: from the options, or from the event of the workflow run."""
    if options.version != "auto":
        return DocsPublication(docs, options.remote, options.new_version)
    return DocsPublication(docs, options.remote, _planned(docs).new)


def _verification(docs: DocsRun, options: DocsOptions) -> DocsVerification:
    """What to verify: from the options, or from the event of the workflow run."""
    version = options.version
    is_branch = bool(version) or docs.settings.docs.deploy == "branch"
    if version == "auto":
        planned = _planned(docs)
        is_branch = planned.kind == "branch"
        version = planned.new.version if planned.new else ""
    return DocsVerification(docs, options.remote, is_branch, version, options.address)


def _planned(docs: DocsRun) -> Deployment:
    """What the workflow run publishes.

    Raises:
        UsageError: if it publishes nothing.
    """
    planned = docs.deployment
    if planned.kind == "none":
        raise UsageError(
            f"nothing is published: {planned.because}",
            hint="give the version, such as --version 1.2",
        )
    return planned


COMMAND = Command(DocsOptions, run, _ABOUT)
