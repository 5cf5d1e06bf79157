"""Import every module of the project, because a selection of tests may not."""

from __future__ import annotations

import ast
import io
import json
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import from_findings, not_run, skipped, timed_out
from ci_engine.checks.sources import source_files
from ci_engine.checks.workspace import Tool
from ci_engine.environments import inside
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.processes.programs import Outcome
from ci_engine.project.git import Git

_LEFT_OUT = ("__main__", "conftest", "setup")


class _Failure(msgspec.Struct):
    module: str
    error: str
    message: str
    path: str
    line: int


def check(context: Context) -> CheckResult:
    """Import all modules of the project's packages."""
    if not (context.request.partial or context.request.explicit):
        return skipped("not needed: all tests run")
    environment = context.prepared
    modules = _modules(context)
    if not modules:
        return skipped("no package below source-paths")
    command = (*environment.prefix, environment.probe.executable)
    tool = Tool("python", "", command, environment.variables, environment.name)
    root = context.project.root
    outcome, failures = _import(context, tool, root, modules)
    if outcome.timed_out:
        return timed_out(outcome)
    if failures is None:
        reason = f"the imports did not finish: {outcome.describe_exit()}"
        return not_run(reason, outcome)
    old = _known(context, tool, failures, modules)
    findings = [_finding(context, failure, old) for failure in failures]
    notes = [f"{len(modules)} modules were imported"]
    python = f"Python {environment.probe.python}"
    return from_findings(findings, python, environment.name, notes)


def _modules(context: Context) -> dict[str, str]:
    """The modules inside of packages, with the directory to import them from.

    A module that does more than define names is a script: importing would run it.
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
    """Whether importing a file calls functions for their effects."""
    try:
        tree = ast.parse((context.project.root / name).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return False
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and _name_of(node.value.func) in ("main", "run", "exit", "cli", "app")
        for node in tree.body
    )


def _name_of(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _import(
    context: Context, tool: Tool, root: Path, modules: dict[str, str]
) -> tuple[Outcome, list[_Failure] | None]:
    script = inside.DIRECTORY / "import_all.py"
    roots = dict.fromkeys(str(root / location) for location in modules.values())
    listing = {"roots": list(roots), "modules": sorted(modules)}
    with tempfile.TemporaryDirectory(prefix="imports-", dir=context.reports) as name:
        file = Path(name) / "modules.json"
        file.write_text(json.dumps(listing), encoding="utf-8")
        outcome = context.run(tool, [str(script), str(file)])
    try:
        last = outcome.stdout.strip().splitlines()[-1]
        return outcome, msgspec.json.decode(last, type=list[_Failure])
    except (IndexError, msgspec.DecodeError):
        return outcome, None


def _known(
    context: Context, tool: Tool, failures: Sequence[_Failure], modules: dict[str, str]
) -> set[str]:
    """The modules that could not be imported before the change either."""
    base = context.diff_base() if failures else None
    if base is None or base.commit is None:
        return set()
    again = {failure.module: modules[failure.module] for failure in failures}
    tops = sorted(set(again.values()))
    with tempfile.TemporaryDirectory(prefix="base-", dir=context.reports) as name:
        git = Git(context.project.root)
        outcome = git.run("archive", "--format=tar", base.commit, "--", *tops)
        if outcome.code != 0:
            return set()
        tree = Path(name)
        _unpack(outcome.raw, tree)
        there = {m: top for m, top in again.items() if _is_there(tree / top, m)}
        _, before = _import(context, tool, tree, there)
    return {failure.module for failure in before or ()}


def _is_there(top: Path, module: str) -> bool:
    """Whether the module existed; failures of new modules are new."""
    path = top.joinpath(*module.split("."))
    return path.with_name(f"{path.name}.py").is_file() or path.is_dir()


def _unpack(data: bytes, location: Path) -> None:
    """Extract only the Python files of an archive that git created."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            inside = ".." not in PurePosixPath(member.name).parts
            stream = archive.extractfile(member) if member.isfile() and inside else None
            if stream is not None:
                path = location / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(stream.read())


def _finding(context: Context, failure: _Failure, old: set[str]) -> Finding:
    known = failure.module in old
    message = f"import {failure.module}: {failure.error}: {failure.message}"
    return Finding(
        tool="imports",
        rule="import-error",
        message=f"{message} (as before the change)" if known else message,
        path=context.project.relative(failure.path) if failure.path else "",
        line=failure.line,
        severity="warning" if known else "error",
    )
