"""Import every module of the project: what a selection of tests may not reach."""

from __future__ import annotations

import ast
import io
import json
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from ci_engine.checks.context import (
    Context,
    Tool,
    not_run,
    not_run_because,
    skipped,
    timed_out,
)
from ci_engine.checks.sources import source_files
from ci_engine.environments import inside
from ci_engine.environments.environment import Environment
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.git import Git

__all__ = ["check"]

_LEFT_OUT = ("__main__", "conftest", "setup")


class _Failure(msgspec.Struct):
    module: str
    error: str
    message: str
    path: str
    line: int


def check(context: Context) -> CheckResult:
    """Import the modules of the project's packages, each of which must not fail."""
    if not (context.partial or context.explicit):
        return skipped("imports", "all tests run: they import what matters")
    environment = context.environment
    if not isinstance(environment, Environment):
        return not_run_because("imports", environment)
    modules = _modules(context)
    if not modules:
        return skipped("imports", "no package below source-paths")
    command = (*environment.prefix, environment.probe.executable)
    tool = Tool("python", "", command, environment.variables, environment.name)
    root = context.project.root
    outcome, failures = _import(context, tool, root, modules)
    if outcome.timed_out:
        return timed_out("imports", outcome)
    if failures is None:
        return not_run(
            "imports", f"the imports did not end: {outcome.describe_exit()}", outcome
        )
    old = _known(context, tool, failures, modules)
    return _judge(context, environment, modules, failures, old)


def _modules(context: Context) -> dict[str, str]:
    """The modules inside of packages, with the directory that imports start from.

    What nobody imports and does more than define something is a script: importing it
    would run it.
    """
    files = source_files(context, (".py",))
    packages = {
        PurePosixPath(name).parent for name in files if name.endswith("/__init__.py")
    }
    found: dict[str, str] = {}
    for name in files:
        path = PurePosixPath(name)
        top = path.parent
        if (
            top not in packages
            or path.stem in _LEFT_OUT
            or path.stem.startswith("test_")
        ):
            continue
        while top in packages:
            top = top.parent
        inner = path.relative_to(top).with_suffix("")
        parts = inner.parts[:-1] if path.stem == "__init__" else inner.parts
        if all(part.isidentifier() for part in parts) and not _acts(context, name):
            found[".".join(parts)] = top.as_posix()
    return found


def _acts(context: Context, name: str) -> bool:
    """Whether importing a file calls something for what it does."""
    try:
        tree = ast.parse((context.project.root / name).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return False
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and _called(node.value) in ("main", "run", "exit", "cli", "app")
        for node in tree.body
    )


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _import(
    context: Context, tool: Tool, root: Path, modules: dict[str, str]
) -> tuple[Outcome, list[_Failure] | None]:
    script = inside.DIRECTORY / "import_all.py"
    roots = dict.fromkeys(str(root / location) for location in modules.values())
    told = {"roots": list(roots), "modules": sorted(modules)}
    with tempfile.TemporaryDirectory(prefix="imports-", dir=context.reports) as name:
        file = Path(name) / "modules.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        outcome = context.run("imports", tool, [str(script), str(file)])
    try:
        last = outcome.stdout.strip().splitlines()[-1]
        return outcome, msgspec.json.decode(last, type=list[_Failure])
    except (IndexError, msgspec.DecodeError):
        return outcome, None


def _known(
    context: Context, tool: Tool, failures: Sequence[_Failure], modules: dict[str, str]
) -> set[str]:
    """The modules that could not be imported before the change either."""
    start = context.start() if failures else None
    if start is None or start.commit is None:
        return set()
    again = {failure.module: modules[failure.module] for failure in failures}
    tops = sorted(set(again.values()))
    with tempfile.TemporaryDirectory(prefix="base-", dir=context.reports) as name:
        git = Git(context.project.root)
        outcome = git.run("archive", "--format=tar", start.commit, "--", *tops)
        if outcome.code != 0:
            return set()
        base = Path(name)
        _unpack(outcome.raw, base)
        there = {m: top for m, top in again.items() if _is_there(base / top, m)}
        _, before = _import(context, tool, base, there)
    return {failure.module for failure in before or ()}


def _is_there(top: Path, module: str) -> bool:
    """Whether there was such a module: one that is new was never red."""
    path = top.joinpath(*module.split("."))
    return path.with_name(f"{path.name}.py").is_file() or path.is_dir()


def _unpack(data: bytes, location: Path) -> None:
    """Write the Python files of an archive that git made, and nothing else."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            inside = ".." not in PurePosixPath(member.name).parts
            stream = archive.extractfile(member) if member.isfile() and inside else None
            if stream is not None:
                path = location / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(stream.read())


def _judge(
    context: Context,
    environment: Environment,
    modules: dict[str, str],
    failures: Sequence[_Failure],
    old: set[str],
) -> CheckResult:
    findings = [
        Finding(
            tool="imports",
            rule="import-error",
            message=f"import {failure.module}: {failure.error}: {failure.message}"
            + (" (as before the change)" if failure.module in old else ""),
            path=context.project.relative(failure.path) if failure.path else "",
            line=failure.line,
            severity="warning" if failure.module in old else "error",
        )
        for failure in failures
    ]
    red = any(finding.severity == "error" for finding in findings)
    return CheckResult(
        id="imports",
        status=Status.FAILED if red else Status.PASSED,
        findings=findings,
        tool=f"Python {environment.probe.python}",
        environment=environment.name,
        notes=[f"{len(modules)} modules were imported"],
    )
