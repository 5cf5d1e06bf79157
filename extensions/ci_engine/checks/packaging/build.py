"""Build the package, install the wheel in an empty environment, and import it."""

from __future__ import annotations

import re
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path, PurePosixPath

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import (
    EarlyResultError,
    from_findings,
    not_run,
    refuse_offline,
    skipped,
    timed_out,
)
from ci_engine.checks.packaging.artifacts import forget_artifacts, keep_artifacts
from ci_engine.checks.packaging.distribution import (
    Imports,
    finding_of,
    has_modules,
    import_finding,
    left_out,
    manifest_of,
    nothing_to_build,
    readme_of,
    script_finding,
)
from ci_engine.environments import inside
from ci_engine.environments.environment import python_of
from ci_engine.environments.isolated_tools import IsolatedTool, isolated_tool
from ci_engine.environments.virtual_environments import venv_commands
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Graph, Kind
from ci_engine.processes.child_environment import activated, manager_variables
from ci_engine.processes.network_failures import network_failure
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.git import Git
from ci_engine.project.repository import normalize
from ci_engine.project.version_sources import version_from_git

# Directories of tools that do not belong in a source distribution.
_JUNK = frozenset(
    {".ci-framework", ".git", ".nox", ".pixi", ".tox", ".venv", "node_modules"}
)
_TO_RUN: frozenset[Kind] = frozenset({"runtime"})
_TO_BUILD: frozenset[Kind] = frozenset({"runtime", "build"})
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_README_LINE = re.compile(r"\bline (\d+):")


def check(context: Context) -> CheckResult:
    """Build the sdist and the wheel, install the wheel and import it."""
    reason = nothing_to_build(context)
    forget_artifacts(context.request.reports)
    if reason:
        return skipped(reason)
    source = version_from_git(context.project)
    if source and Git(context.project.repository).is_shallow():
        return not_run(
            f"{source} takes the version from the history, and this clone is shallow: "
            "run `git fetch --unshallow --tags`, or check out with fetch-depth: 0"
        )
    probe = context.prepared.probe
    tool = isolated_tool(context.project, "build", context.cancel, probe.executable)
    # Outside of the repository, so that nothing in it can affect the wheel.
    with tempfile.TemporaryDirectory(
        prefix="ci-framework-build-", ignore_cleanup_errors=True
    ) as directory:
        build = Build(context, tool, probe.executable, Path(directory))
        findings = build.run()
    environment = f"isolated, Python {probe.python}"
    return from_findings(findings, f"build {tool.version}", environment)


def _graph(context: Context) -> tuple[Graph, str]:
    """The packages of this repository, and the one to build."""
    siblings = context.request.siblings
    if siblings is not None:
        return siblings.graph, siblings.own
    own = normalize(context.project.distribution)
    return packages_graph(context.project), own


class Build:
    """One build; each step continues or ends the check."""

    def __init__(
        self, context: Context, tool: IsolatedTool, interpreter: str, directory: Path
    ) -> None:
        self.context = context
        self.tool = tool
        self.interpreter = interpreter
        self.directory = directory
        self.end = time.monotonic() + context.timeout
        self.root = context.project.root
        self.prefix = directory / "environment"
        # The index may have no release yet that this change depends on.
        self.beside = directory / "beside"

    def step(self, command: Sequence[str | Path], *, sibling: bool = False) -> Outcome:
        """Run one program within the remaining time.

        Args:
            command: the program and its arguments.
            sibling: whether it builds another package, which has its own version.
        """
        # It installs the build requirements and runs the project's build.
        variables = manager_variables(self.tool.variables)
        variables |= {} if sibling else self.context.request.pretended
        variables |= {"COLUMNS": "200", "NO_COLOR": "1"}
        if self.beside.is_dir():
            for name, comma in (("UV_FIND_LINKS", ","), ("PIP_FIND_LINKS", " ")):
                locations = (variables.get(name), self.beside.as_uri())
                variables[name] = comma.join(filter(None, locations))
        outcome = run_program(
            command,
            cwd=self.root,
            timeout=max(1.0, self.end - time.monotonic()),
            variables=variables,
            cancel=self.context.cancel,
        )
        if outcome.timed_out:
            raise EarlyResultError(timed_out(outcome))
        if outcome.code is None or outcome.code < 0:
            self.give_up(Path(outcome.command[0]).name, outcome)
        return outcome

    def give_up(self, what: str, outcome: Outcome) -> None:
        """End the check without a verdict."""
        refuse_offline(what, outcome)
        raise EarlyResultError(not_run(f"{what}: {outcome.describe_exit()}", outcome))

    def frontend(self, *arguments: str | Path, sibling: bool = False) -> Outcome:
        """Run the build frontend."""
        installer = ["--installer", "uv"] if find_program("uv") else []
        program = self.tool.program("pyproject-build")
        return self.step([program, *installer, *arguments], sibling=sibling)

    def run(self) -> list[Finding]:
        """Build, inspect, install and import the distributions."""
        beside = self.make_siblings()
        sdist, wheel = self.make()
        findings = [*self.look_into(sdist), *self.render_readme(sdist, wheel)]
        with zipfile.ZipFile(wheel) as archive:
            names = frozenset(archive.namelist())
        findings += left_out(self.context, names)
        failed = self.install([wheel, *beside])
        findings += [failed] if failed else self.use(wheel)
        keep_artifacts(self.context.reports, (sdist, wheel))
        return findings

    def make_siblings(self) -> list[Path]:
        """Build wheels of the required packages of this repository.

        Returns:
            Those that the package requires at run time.
        """
        graph, own = _graph(self.context)
        if own not in graph.by_name:
            return []
        to_run = graph.needed_with(own, _TO_RUN, _TO_RUN)
        wheels: list[Path] = []
        for package in graph.needed_with(own, _TO_BUILD, _TO_BUILD):
            self.beside.mkdir(exist_ok=True)
            earlier = set(self.beside.iterdir())
            location = self.context.project.repository / package.path
            where = "--outdir", self.beside, location
            outcome = self.frontend("--wheel", *where, sibling=True)
            made = [path for path in self.beside.iterdir() if path not in earlier]
            if outcome.code != 0 or len(made) != 1:
                self.give_up(f"{package.name}, which it needs", outcome)
            wheels += made if package in to_run else []
        return wheels

    def make(self) -> tuple[Path, Path]:
        """Build the sdist, and the wheel from it, so that missing files show up."""
        made = self.directory / "made"
        outcome = self.frontend("--outdir", made, self.root)
        if outcome.code not in (0, 1) or (outcome.code and network_failure(outcome)):
            self.give_up("build", outcome)
        if outcome.code:
            message = f"the package cannot be built: {outcome.tail(15)}"
            finding = finding_of(self.context, "build-failed", message)
            result = from_findings([finding], f"build {self.tool.version}")
            result.output = outcome.tail(30)
            raise EarlyResultError(result)
        sdists, wheels = list(made.glob("*.tar.gz")), list(made.glob("*.whl"))
        if len(sdists) != 1 or len(wheels) != 1:
            self.give_up("build created no sdist and no wheel", outcome)
        return sdists[0], wheels[0]

    def look_into(self, sdist: Path) -> Iterator[Finding]:
        """Report files that do not belong in a source distribution."""
        with tarfile.open(sdist) as archive:
            tops = {PurePosixPath(name).parts[1:2] for name in archive.getnames()}
        for name in sorted(_JUNK & {part for parts in tops for part in parts}):
            message = f"the sdist contains {name}/: add it to .gitignore, or exclude it"
            yield finding_of(self.context, "sdist-junk", message)

    def render_readme(self, sdist: Path, wheel: Path) -> list[Finding]:
        """Check with twine whether PyPI can render the README."""
        program = self.tool.program("twine")
        outcome = self.step([program, "check", "--strict", sdist, wheel])
        # twine also colors its output without a terminal.
        outcome = replace(outcome, stdout=_COLOR.sub("", outcome.stdout))
        passed = len(re.findall(r"^Checking .*: PASSED$", outcome.stdout, re.MULTILINE))
        if outcome.code == 0 and passed == 2:  # noqa: PLR2004
            return []
        parts = re.split(r"^Checking .*: FAILED.*$", outcome.stdout, flags=re.MULTILINE)
        if outcome.code != 1 or len(parts) == 1:
            self.give_up("twine", outcome)
        report = re.sub(r"^Checking .*$", "", parts[1], flags=re.MULTILINE)
        message = " ".join(re.sub(r"\b(ERROR|WARNING)\b", "", report).split())
        readme = readme_of(self.context)
        line = _README_LINE.search(message)
        return [
            Finding(
                tool="twine",
                rule="readme",
                message=message,
                path=readme or manifest_of(self.context.project),
                line=int(line.group(1)) if line and readme else 1,
            )
        ]

    def install(self, wheels: Sequence[Path]) -> Finding | None:
        """Install the wheel and its requirements into a separate environment."""
        commands = venv_commands(self.prefix, interpreter=str(self.interpreter))
        made = self.step(commands.make)
        if made.code != 0:
            self.give_up("an empty environment", made)
        outcome = self.step([*commands.install, *wheels])
        if outcome.code == 0:
            return None
        if outcome.code not in (1, 2) or network_failure(outcome):
            self.give_up("installing the wheel", outcome)
        message = f"the wheel cannot be installed: {outcome.tail(10)}"
        return finding_of(self.context, "not-installable", message)

    def use(self, wheel: Path) -> list[Finding]:
        """Import every top-level module of the wheel, outside of the source tree."""
        imports = self.import_all(wheel.name.partition("-")[0])
        if isinstance(imports, Finding):
            return [imports]
        if not imports.modules and has_modules(self.context):
            message = "the wheel contains no module: name the packages for the backend"
            return [finding_of(self.context, "empty-wheel", message)]
        tops = {module.partition(".")[0] for module in imports.modules}
        failed = [import_finding(self.context, fail, tops) for fail in imports.failures]
        scripts = [script_finding(self.context, script) for script in imports.scripts]
        return failed or scripts

    def import_all(self, name: str) -> Imports | Finding:
        """Import what a distribution installed; report it if Python itself crashed."""
        script = inside.DIRECTORY / "import_wheel.py"
        outcome = self.start([python_of(self.prefix), "-I", script, name])
        if outcome.timed_out:
            raise EarlyResultError(timed_out(outcome))
        try:
            last = outcome.stdout.strip().splitlines()[-1:]
            imports = msgspec.json.decode("".join(last), type=Imports)
        except msgspec.DecodeError:
            imports = None
        if imports is None or outcome.code != 0:
            message = f"importing the wheel ended Python: {outcome.describe_exit()}"
            return finding_of(self.context, "import-failed", message)
        return imports

    def start(self, command: Sequence[str | Path], seconds: float = inf) -> Outcome:
        """Run an installed program in an empty directory."""
        empty = self.directory / "empty"
        empty.mkdir(exist_ok=True)
        return run_program(
            command,
            cwd=empty,
            timeout=min(seconds, max(1.0, self.end - time.monotonic())),
            variables=activated(self.prefix),
            cancel=self.context.cancel,
        )
