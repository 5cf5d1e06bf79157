"""Build the package, install the wheel where nothing else is, and import it."""

from __future__ import annotations

import re
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import msgspec

from ci_engine.checks.artifacts import forget_artifacts, keep_artifacts
from ci_engine.checks.context import (
    Context,
    not_run,
    not_run_because,
    skipped,
    timed_out,
)
from ci_engine.config import as_table, find_line, read_text
from ci_engine.environment import Environment, activated, python_of
from ci_engine.errors import ToolError
from ci_engine.network import network_failure
from ci_engine.results import CheckResult, Finding, Status
from ci_engine.run import Outcome, find_program, run_program
from ci_engine.tools import IsolatedTool, isolated_tool

__all__ = ["check"]

_Command = Sequence[str | Path]

_MOST_FILES = 20
# Directories of tools that no source distribution should hold.
_JUNK = frozenset(
    {".ci-framework", ".git", ".nox", ".pixi", ".tox", ".venv", "node_modules"}
)
# What a package is made from, but does not need when it runs.
_NOT_FOR_USE = frozenset(
    {".c", ".cc", ".cpp", ".h", ".hpp", ".md", ".pxd", ".pyc", ".pyx", ".rs", ".rst"}
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_README_LINE = re.compile(r"\bline (\d+):")


class _Failure(msgspec.Struct):
    """How one import failed, as ``inside/import_wheel.py`` says it."""

    module: str
    error: str
    message: str
    missing: str
    path: str
    line: int


class _Imports(msgspec.Struct):
    modules: list[str]
    failures: list[_Failure]


class _EndedError(Exception):
    """The check is over before all of it was made."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.reason)
        self.result = result


def check(context: Context) -> CheckResult:
    """Make the sdist, the wheel from the sdist, and use that wheel."""
    reason = _nothing_to_build(context)
    forget_artifacts(context.reports)
    if reason:
        return skipped("build", reason)
    environment = context.environment
    if not isinstance(environment, Environment):
        return not_run_because("build", environment)
    interpreter = environment.probe.executable
    try:
        tool = isolated_tool(context.project, "build", context.cancel, interpreter)
    except ToolError as error:
        return not_run_because("build", error)
    # Outside of the repository, so that nothing in it can help the wheel.
    with tempfile.TemporaryDirectory(
        prefix="ci-framework-build-", ignore_cleanup_errors=True
    ) as directory:
        build = _Build(context, tool, environment.probe.executable, Path(directory))
        try:
            findings = build.run()
        except _EndedError as error:
            return error.result
    errors = [finding for finding in findings if finding.severity == "error"]
    return CheckResult(
        id="build",
        status=Status.FAILED if errors else Status.PASSED,
        findings=findings,
        tool=f"build {tool.version}",
        environment=f"isolated, Python {environment.probe.python}",
    )


def _nothing_to_build(context: Context) -> str:
    """Why there is no package to build, empty if there is one."""
    document = context.project.pyproject
    if "build-system" not in document:
        return "pyproject.toml has no [build-system]"
    for name, key in (("uv", "package"), ("poetry", "package-mode")):
        if as_table(as_table(document.get("tool")).get(name)).get(key) is False:
            return f"tool.{name}.{key} is false"
    return "" if context.project.installable else "pyproject.toml has no [project]"


class _Build:
    """One build: each step either goes on or ends the check."""

    def __init__(
        self, context: Context, tool: IsolatedTool, interpreter: str, directory: Path
    ) -> None:
        self.context = context
        self.tool = tool
        self.interpreter = interpreter
        self.directory = directory
        self.end = time.monotonic() + context.timeout("build")
        self.root = context.project.root

    def run(self) -> list[Finding]:
        """Build, look at what was built, install it, import it."""
        sdist, wheel = self.make()
        findings = [*self.look_into(sdist), *self.render_readme(sdist, wheel)]
        with zipfile.ZipFile(wheel) as archive:
            names = frozenset(archive.namelist())
        findings += _left_out(self.context, names)
        failed = self.install(wheel)
        findings += [failed] if failed else self.use(wheel)
        keep_artifacts(self.context.reports, (sdist, wheel))
        return findings

    def step(self, command: Sequence[str | Path], cwd: Path | None = None) -> Outcome:
        """Run one program within the time that is left.

        Raises:
            _EndedError: if it does not end in time or cannot be started.
        """
        variables = {**self.tool.variables, "COLUMNS": "200", "NO_COLOR": "1"}
        outcome = run_program(
            command,
            cwd=cwd or self.root,
            timeout=max(1.0, self.end - time.monotonic()),
            variables=variables,
            cancel=self.context.cancel,
        )
        if outcome.timed_out:
            raise _EndedError(timed_out("build", outcome))
        if outcome.code is None or outcome.code < 0:
            self.give_up(Path(outcome.command[0]).name, outcome)
        return outcome

    def give_up(self, what: str, outcome: Outcome) -> None:
        """End the check without a verdict.

        Raises:
            _EndedError: always.
        """
        offline = network_failure(outcome)
        because = f"needs the network: {offline}" if offline else outcome.ending()
        raise _EndedError(not_run("build", f"{what}: {because}", outcome))

    def make(self) -> tuple[Path, Path]:
        """Build the sdist, and the wheel from it: what the sdist lacks is lacking.

        Raises:
            _EndedError: if there are not exactly one of each in the end.
        """
        made = self.directory / "made"
        installer = ["--installer", "uv"] if find_program("uv") else []
        program = self.tool.program("pyproject-build")
        outcome = self.step([program, *installer, "--outdir", made, self.root])
        if outcome.code not in (0, 1) or (outcome.code and network_failure(outcome)):
            self.give_up("build", outcome)
        if outcome.code:
            message = f"the package cannot be built: {outcome.tail(15)}"
            finding = _finding(self.context, "build-failed", message)
            result = CheckResult(
                id="build",
                status=Status.FAILED,
                findings=[finding],
                tool=f"build {self.tool.version}",
                output=outcome.tail(30),
            )
            raise _EndedError(result)
        sdists, wheels = list(made.glob("*.tar.gz")), list(made.glob("*.whl"))
        if len(sdists) != 1 or len(wheels) != 1:
            self.give_up("build made no sdist and wheel", outcome)
        return sdists[0], wheels[0]

    def look_into(self, sdist: Path) -> Iterator[Finding]:
        """Report what a source distribution should not hold."""
        with tarfile.open(sdist) as archive:
            tops = {PurePosixPath(name).parts[1:2] for name in archive.getnames()}
        for name in sorted(_JUNK & {part for parts in tops for part in parts}):
            message = f"the sdist holds {name}/: add it to .gitignore, or exclude it"
            yield _finding(self.context, "sdist-junk", message)

    def render_readme(self, sdist: Path, wheel: Path) -> list[Finding]:
        """Ask twine whether PyPI could show the README."""
        program = self.tool.program("twine")
        outcome = self.step([program, "check", "--strict", sdist, wheel])
        # It colours its output also where nobody sees colours.
        outcome = replace(outcome, stdout=_COLOUR.sub("", outcome.stdout))
        passed = len(re.findall(r"^Checking .*: PASSED$", outcome.stdout, re.MULTILINE))
        if outcome.code == 0 and passed == 2:  # noqa: PLR2004
            return []
        parts = re.split(r"^Checking .*: FAILED.*$", outcome.stdout, flags=re.MULTILINE)
        if outcome.code != 1 or len(parts) == 1:
            self.give_up("twine", outcome)
        said = re.sub(r"^Checking .*$", "", parts[1], flags=re.MULTILINE)
        message = " ".join(re.sub(r"\b(ERROR|WARNING)\b", "", said).split())
        readme = _readme(self.context)
        line = _README_LINE.search(message)
        return [
            Finding(
                tool="twine",
                rule="readme",
                message=message,
                path=readme or "pyproject.toml",
                line=int(line.group(1)) if line and readme else 1,
            )
        ]

    def install(self, wheel: Path) -> Finding | None:
        """Install the wheel and what it asks for into an environment of its own."""
        prefix = self.directory / "environment"
        python = python_of(prefix)
        if find_program("uv") is not None:
            make: _Command = [
                "uv",
                "venv",
                "--quiet",
                "--python",
                self.interpreter,
                prefix,
            ]
            install: _Command = [
                "uv",
                "pip",
                "install",
                "--quiet",
                "--python",
                python,
                wheel,
            ]
        else:
            make = [self.interpreter, "-m", "venv", prefix]
            install = [python, "-m", "pip", "install", "--quiet", wheel]
        made = self.step(make)
        if made.code != 0:
            self.give_up("an empty environment", made)
        outcome = self.step(install)
        if outcome.code == 0:
            return None
        if outcome.code not in (1, 2) or network_failure(outcome):
            self.give_up("installing the wheel", outcome)
        message = f"the wheel cannot be installed: {outcome.tail(10)}"
        return _finding(self.context, "not-installable", message)

    def use(self, wheel: Path) -> list[Finding]:
        """Import every top-level module of the wheel, far from the source tree."""
        prefix = self.directory / "environment"
        script = Path(__file__).resolve().parent.parent / "inside" / "import_wheel.py"
        name = wheel.name.partition("-")[0]
        empty = self.directory / "empty"
        empty.mkdir()
        command: _Command = [python_of(prefix), "-I", script, name]
        outcome = run_program(
            command,
            cwd=empty,
            timeout=max(1.0, self.end - time.monotonic()),
            variables=activated(prefix),
            cancel=self.context.cancel,
        )
        if outcome.timed_out:
            raise _EndedError(timed_out("build", outcome))
        try:
            last = outcome.stdout.strip().splitlines()[-1:]
            imports = msgspec.json.decode("".join(last), type=_Imports)
        except msgspec.DecodeError:
            imports = None
        if imports is None or outcome.code != 0:
            message = f"importing the wheel ended Python: {outcome.ending()}"
            return [_finding(self.context, "import-failed", message)]
        if not imports.modules and _has_modules(self.context):
            message = "the wheel holds no module: name the packages for the backend"
            return [_finding(self.context, "empty-wheel", message)]
        tops = {module.partition(".")[0] for module in imports.modules}
        return [_of_failure(self.context, fail, tops) for fail in imports.failures]


def _finding(
    context: Context, rule: str, message: str, path: str = "pyproject.toml"
) -> Finding:
    line = 1
    if path == "pyproject.toml":
        text = read_text(context.project.root / path)
        line = find_line(text, ("build-system",)) or 1
    return Finding(tool="build", rule=rule, message=message, path=path, line=line)


def _readme(context: Context) -> str:
    """The file with the README, as the project names it."""
    value = as_table(context.project.pyproject.get("project")).get("readme")
    if not isinstance(value, str):
        value = as_table(value).get("file")
    return value if isinstance(value, str) else ""


def _has_modules(context: Context) -> bool:
    sources = tuple(f"{path.rstrip('/')}/" for path in context.settings.source_paths)
    names = (context.project.relative(path) for path in context.project.files)
    return any(name.endswith(".py") and name.startswith(sources) for name in names)


def _of_failure(context: Context, failure: _Failure, tops: set[str]) -> Finding:
    """Name what is missing, at the line of the source that asks for it."""
    if failure.error != "ModuleNotFoundError" or not failure.missing:
        rule = "import-failed"
        message = f"import {failure.module}: {failure.error}: {failure.message}"
    elif failure.missing.partition(".")[0] in tops:
        rule = "missing-module"
        message = f"{failure.missing} is imported, but is not in the wheel"
    else:
        rule = "undeclared-dependency"
        missing = failure.missing.partition(".")[0]
        message = f"{missing} is imported, but no dependency of the wheel brings it"
    source = _source_of(context, failure.path) if failure.path else ""
    if not source:
        return _finding(context, rule, message)
    return Finding(
        tool="build", rule=rule, message=message, path=source, line=failure.line
    )


def _source_of(context: Context, name: str) -> str:
    """The file of the repository that became a file of the wheel, empty if unclear."""
    names = (context.project.relative(path) for path in context.project.files)
    fits = [n for n in names if n == name or n.endswith(f"/{name}")]
    return min(fits, key=len, default="")


def _left_out(context: Context, wheel: frozenset[str]) -> list[Finding]:
    """Files of the package's own directories that did not get into the wheel.

    A type marker is always meant to; of other files a reader has to judge.
    """
    packages = {PurePosixPath(name).parts[0] for name in wheel if "/" in name}
    found: list[Finding] = []
    for path, name in _package_files(context, packages):
        if name in wheel or PurePosixPath(name).suffix in _NOT_FOR_USE:
            continue
        typed = PurePosixPath(name).name == "py.typed"
        rule = "missing-py.typed" if typed else "not-in-wheel"
        message = f"{name} is not in the wheel"
        severity = "error" if typed else "warning"
        found.append(
            Finding(
                tool="build",
                rule=rule,
                message=message,
                path=path,
                line=1,
                severity=severity,
            )
        )
    errors = [finding for finding in found if finding.severity == "error"]
    others = [finding for finding in found if finding.severity != "error"]
    return [*errors, *others[:_MOST_FILES]]


def _package_files(context: Context, packages: set[str]) -> Iterator[tuple[str, str]]:
    """Each file in the source of a package of the wheel, and its name in the wheel."""
    places = [f"{path.rstrip('/')}/" for path in context.settings.source_paths]
    for file in context.project.files:
        path = context.project.relative(file)
        for place in ("", *places):
            name = path.removeprefix(place)
            top, slash, _ = name.partition("/")
            if path.startswith(place) and slash and top in packages:
                yield path, name
                break
