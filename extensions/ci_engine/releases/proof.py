"""Check the sdist: install, import and start it with pip."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_findings, skipped
from ci_engine.checks.packaging.build import Build
from ci_engine.checks.packaging.distribution import import_finding, script_finding
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.processes.network_failures import network_failure
from ci_engine.releases.built_files import (
    BuiltFiles,
    names_in_wheel,
    stray_files,
    wheels_differ,
)
from ci_engine.releases.subject import release_finding, same_version

_SECONDS = 60.0
_TRACEBACK = "Traceback (most recent call last)"


def prove(context: Context, built: BuiltFiles | None) -> CheckResult:
    """Install the sdist in an empty environment, import it, and start its commands.

    The check ``build`` has done the same with the wheel.
    """
    if built is None:
        return skipped("nothing was built")
    interpreter = context.prepared.probe.executable
    tool = isolated_tool(context.project, "build", context.cancel, interpreter)
    with tempfile.TemporaryDirectory(
        prefix="ci-framework-release-", ignore_cleanup_errors=True
    ) as directory:
        build = Build(context, tool, interpreter, Path(directory))
        beside = build.make_siblings()
        findings = [
            *stray_files(built, context.project),
            *_compare_wheels(build, built),
            *_use(build, built, beside),
        ]
    environment = f"isolated, Python {context.prepared.probe.python}"
    started = ", ".join(built.commands)
    notes = [f"started with --help: {started}"] if started else []
    return from_findings(findings, f"build {tool.version}", environment, notes)


def _compare_wheels(build: Build, built: BuiltFiles) -> Iterator[Finding]:
    """Build a wheel from the checkout: it must have the same files as the sdist's."""
    made = build.directory / "direct"
    outcome = build.frontend("--wheel", "--outdir", made, build.root)
    wheels = list(made.glob("*.whl"))
    if outcome.code == 0 and len(wheels) == 1:
        yield from wheels_differ(built, names_in_wheel(wheels[0]))
        return
    if network_failure(outcome):
        build.give_up("a wheel of the checkout", outcome)
    message = f"the checkout cannot be built without the sdist: {outcome.tail(5)}"
    yield release_finding("wheel-differs", message, "pyproject.toml", 1)


def _use(build: Build, built: BuiltFiles, beside: list[Path]) -> Iterator[Finding]:
    failed = build.install([built.sdist, *beside])
    if failed:
        message = failed.message.replace("the wheel", "the sdist", 1)
        yield release_finding("not-installable", message, failed.path, failed.line)
        return
    imports = build.import_all(built.wheel.name.partition("-")[0])
    if isinstance(imports, Finding):
        yield imports
        return
    tops = {module.partition(".")[0] for module in imports.modules}
    for failure in imports.failures:
        yield import_finding(build.context, failure, tops)
    for script in imports.scripts:
        yield script_finding(build.context, script)
    for module, stated in imports.stated.items():
        if stated and not same_version(stated, imports.version):
            message = (
                f"{module}.__version__ is {stated!r}, but the version of the package "
                f"is {imports.version}"
            )
            yield release_finding("stated-version", message, "pyproject.toml", 1)
    yield from _start(build, built)


def _start(build: Build, built: BuiltFiles) -> Iterator[Finding]:
    """Start each command with --help: it may refuse that, but must not crash."""
    scripts = build.prefix / ("Scripts" if os.name == "nt" else "bin")
    for name in built.commands:
        outcome = build.start([scripts / name, "--help"], _SECONDS)
        if outcome.timed_out:
            message = f"`{name} --help` did not end within {_SECONDS:.0f} s"
            yield release_finding(
                "command-hangs", message, "pyproject.toml", 1, "warning"
            )
        elif outcome.code is None:
            message = f"`{name}` cannot be started: {outcome.missing}"
            yield release_finding("command-fails", message, "pyproject.toml", 1)
        elif outcome.code != 0 and _TRACEBACK in outcome.stderr:
            last = outcome.stderr.strip().splitlines()[-1]
            message = f"`{name} --help` ends with {last}"
            yield release_finding("command-fails", message, "pyproject.toml", 1)
