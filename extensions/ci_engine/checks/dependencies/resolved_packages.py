"""Resolve the versions that an installer would choose today, without installing.

For projects without a lock. Manifests are read, not run, and only wheels are
considered, so that no code of the project or of a package is executed. The installers
run outside the repository, so that they do not read its configuration.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from ci_engine.checks.dependencies.declared_requirements import names_in
from ci_engine.checks.dependencies.inventory import Dependencies, Dependency, name_of
from ci_engine.checks.dependencies.requirement_files import read_requirements
from ci_engine.checks.workspace import Tool, Workspace
from ci_engine.environments.installer import installer_variables
from ci_engine.errors import ToolError
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import Outcome, find_program
from ci_engine.project.output_files import write_text

_HINT = "commit a lock file, for example with `uv lock`, so that a scan can read it"
_PIP = (
    *("install", "--dry-run", "--ignore-installed", "--quiet", "--no-input"),
    *("--disable-pip-version-check", "--only-binary", ":all:"),
)
_UV = (
    *("pip", "compile", "--quiet", "--no-build", "--no-header", "--no-annotate"),
    "--generate-hashes",
)


class _Metadata(msgspec.Struct):
    name: str
    version: str
    requires_dist: list[str] = []


class _Install(msgspec.Struct):
    metadata: _Metadata


class _Report(msgspec.Struct):
    install: list[_Install]


def resolve(
    workspace: Workspace, requirements: Sequence[str], timeout: float
) -> Dependencies:
    """Resolve requirements such as ``six>=1; marker`` to versions.

    Raises:
        ToolError: if there is no solution, or the index cannot be reached.
    """
    computed = [row for row in requirements if row == "setup.py"]
    if computed:
        raise ToolError(
            "setup.py computes its requirements, and a scan does not run it",
            hint=_HINT,
        )
    # Outside of the repository: installers search parent directories for settings.
    with tempfile.TemporaryDirectory(prefix="ci-framework-") as name:
        directory = Path(name)
        listing = directory / "requirements.in"
        write_text(listing, "".join(f"{row}\n" for row in requirements))
        run = _with_uv if find_program("uv") is not None else _with_pip
        found = run(workspace, directory, listing, timeout)
    direct = tuple(sorted(names_in(requirements)))
    return replace(found, source="the index, as of today", direct=direct)


def _with_uv(
    workspace: Workspace, directory: Path, listing: Path, timeout: float
) -> Dependencies:
    target = directory / "requirements.txt"
    uv = Tool("uv", "", ("uv",), installer_variables(), "the uv of this machine")
    command = [*_UV, "--output-file", str(target), str(listing)]
    outcome = workspace.execute(uv, command, timeout, directory)
    _refuse_failure(outcome)
    found = read_requirements(target, "").gathered.all()
    return replace(found, files={})


def _with_pip(
    workspace: Workspace, directory: Path, listing: Path, timeout: float
) -> Dependencies:
    target = directory / "report.json"
    pip = replace(workspace.locked_tool("pip"), variables=installer_variables())
    command = [*_PIP, "--report", str(target), "--requirement", str(listing)]
    outcome = workspace.execute(pip, command, timeout, directory)
    _refuse_failure(outcome)
    try:
        report = msgspec.json.decode(target.read_bytes(), type=_Report)
    except (OSError, msgspec.DecodeError) as error:
        raise ToolError(f"pip: unusable output: {error}", hint=_HINT) from error
    rows = [each.metadata for each in report.install]
    audited = [
        Dependency(
            name_of(row.name),
            row.version,
            requires=tuple(sorted({name_of(text) for text in row.requires_dist})),
        )
        for row in rows
    ]
    return Dependencies("", tuple(sorted(audited)))


def _refuse_failure(outcome: Outcome) -> None:
    if outcome.code == 0:
        return
    offline = network_failure(outcome)
    because = f"the index cannot be reached: {offline}" if offline else outcome.tail(3)
    raise ToolError(
        "there is no lock file, and the versions could not be resolved: "
        f"{because or outcome.describe_exit()}",
        hint=_HINT,
    )
