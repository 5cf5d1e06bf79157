"""Hold the project's code to limits of size and complexity, and find dead code.

An analysis of its own with the parser of this interpreter: nothing is imported and
nothing is run.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from ci_engine.checks.context import Context, not_run_because, skipped
from ci_engine.checks.lint.code import (
    Source,
    branches_of,
    dead_names,
    functions_of,
    lines_of,
    words_of_text,
)
from ci_engine.checks.sources import source_files
from ci_engine.configuration.settings import Policy
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status

__all__ = ["check"]

# Files that tools write say so in their first lines.
_GENERATED = "@generated"
_HEAD_LINES = 5
# Files that may name a private function or class, an entry point for example.
_NAMING_SUFFIXES = (".toml", ".cfg", ".ini", ".yaml", ".yml", ".json", ".ipynb", ".pyi")
_MOST_BYTES = 1024 * 1024


def check(context: Context) -> CheckResult:
    """Analyze the source files; tests count as places that use names."""
    limits = context.settings.policy
    if not any(
        (limits.file_lines, limits.function_lines, limits.complexity, limits.dead_code)
    ):
        return skipped("policy", "every limit is off")
    try:
        names = source_files(context, (".py",))
        sources, notes = _read(context, names)
        findings = [found for source in sources for found in _over(source, limits)]
        if limits.dead_code:
            findings += _dead_code(context, sources)
    except ToolError as error:
        return not_run_because("policy", error)
    if not sources:
        paths = ", ".join(context.paths or context.settings.source_paths)
        result = skipped("policy", f"no Python files of the project in {paths}")
        result.notes = notes
        return result
    return CheckResult(
        id="policy",
        status=Status.FAILED if findings else Status.PASSED,
        findings=sorted(findings, key=lambda found: (found.path, found.line)),
        tool="policy",
        environment="ci-framework",
        notes=notes,
    )


def _read(context: Context, names: list[str]) -> tuple[list[Source], list[str]]:
    """Parse the files; what is left out is noted with the reason."""
    sources: list[Source] = []
    generated: list[str] = []
    broken: list[str] = []
    for name in names:
        text = _decoded(context.project.root / name)
        if _GENERATED in "\n".join(text.splitlines()[:_HEAD_LINES]):
            generated.append(name)
            continue
        tree = _parsed(text)
        if tree is None:
            broken.append(name)
        else:
            sources.append(Source(name, text, tree))
    notes: list[str] = []
    if generated:
        notes.append(f"generated, not judged: {', '.join(generated)}")
    if broken:
        notes.append(f"not judged, does not parse (see lint): {', '.join(broken)}")
    return sources, notes


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _decoded(path: Path) -> str:
    """Decode a file as Python does, by its own declaration.

    Raises:
        ToolError: if it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ToolError(f"{path.name}: cannot be read: {error.strerror}") from error
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return raw.decode(encoding, "replace")
    except (SyntaxError, LookupError):
        return raw.decode("utf-8", "replace")


def _over(source: Source, limits: Policy) -> Iterator[Finding]:
    """What is longer or more complex than allowed."""
    lines = len(source.text.splitlines())
    if limits.file_lines and lines > limits.file_lines:
        text = f"{lines} lines; allowed: {limits.file_lines}"
        yield _finding("file-length", text, source.path, 1)
    for name, function in functions_of(source.tree):
        length = lines_of(function)
        if limits.function_lines and length > limits.function_lines:
            text = f"{name}: {length} lines; allowed: {limits.function_lines}"
            yield _finding("function-length", text, source.path, function.lineno)
        complexity = 1 + branches_of(function)
        if limits.complexity and complexity > limits.complexity:
            text = f"{name}: complexity {complexity}; allowed: {limits.complexity}"
            yield _finding("complexity", text, source.path, function.lineno)


def _dead_code(context: Context, sources: list[Source]) -> Iterator[Finding]:
    """Private names of modules that no file of the project uses."""
    judged = {source.path for source in sources}
    others: list[Source] = []
    mentioned: set[str] = set()
    for path in context.project.files:
        name = context.project.relative(path)
        if name in judged or name.startswith("ci-framework/ci_engine/"):
            continue
        if path.suffix == ".py":
            text = _decoded(path)
            tree = _parsed(text)
            if tree is not None:
                others.append(Source(name, text, tree))
                continue
            mentioned |= words_of_text(text)
        elif path.suffix in _NAMING_SUFFIXES and path.stat().st_size <= _MOST_BYTES:
            mentioned |= words_of_text(_decoded(path))
    for path_name, name, line in dead_names(sources, others, mentioned):
        text = f"{name} is private and nothing uses it"
        yield _finding("dead-code", text, path_name, line)


def _finding(rule: str, message: str, path: str, line: int) -> Finding:
    return Finding(tool="policy", rule=rule, message=message, path=path, line=line)
