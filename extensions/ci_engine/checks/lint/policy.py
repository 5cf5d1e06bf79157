"""Limits of size and complexity, and unused private names.

ruff measures complexity and statements. Dead code is found here: vulture reports
neither private constants nor functions that only call themselves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from ci_engine.checks.context import Context
from ci_engine.checks.lint.ruff import read_violations
from ci_engine.checks.outcomes import (
    EarlyResultError,
    from_findings,
    from_tool,
    skipped,
)
from ci_engine.checks.sources import batches, is_framework_file, source_files, text_of
from ci_engine.configuration.renamed_settings import describe_deprecation
from ci_engine.configuration.settings import Policy
from ci_engine.findings.results import CheckResult, Finding

# The first lines in which generated files state that they are generated.
_GENERATED = "@generated"
_HEAD_LINES = 5
# Files that may refer to a private function or class, such as entry points.
_NAMING_SUFFIXES = frozenset(
    {".py", ".pyi", ".ipynb", ".toml", ".cfg", ".ini", ".yaml", ".yml", ".json"}
)
_MOST_BYTES = 1024 * 1024
# Rules of ruff, with their names in baselines and waivers.
_RULES = {"C901": "complexity", "PLR0915": "function-length"}
_BROKEN = "invalid-syntax"
# The newest syntax that ruff supports: this check does not judge versions.
_TARGET = "py315"
_PRIVATE = re.compile(r"_[^\W_]\w*")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def check(context: Context) -> CheckResult:
    """Check size and complexity limits, and dead code, of the source files."""
    limits = context.settings.policy
    statements = limits.function_lines or limits.function_statements
    if not (limits.file_lines or statements or limits.complexity or limits.dead_code):
        return skipped("every limit is off")
    texts: dict[str, str] = {}
    generated: list[str] = []
    for name in source_files(context, (".py",)):
        texts[name] = text_of(context.project, name)
        if _GENERATED in "\n".join(texts[name].splitlines()[:_HEAD_LINES]):
            generated.append(name)
            del texts[name]
    notes = [f"generated, not checked: {', '.join(generated)}"] if generated else []
    if limits.function_lines:
        notes.append(describe_deprecation("policy.function-lines"))
    measured = _measured(context, limits.complexity, statements, list(texts))
    broken = sorted({f.path for f in measured if f.rule == _BROKEN})
    if broken:
        notes.append(f"not checked, cannot be parsed (see lint): {', '.join(broken)}")
    if not texts.keys() - set(broken):
        paths = ", ".join(context.request.paths or context.settings.source_paths)
        return skipped(f"the project has no Python files in {paths}", notes)
    findings = [found for found in measured if found.path not in broken]
    parsed = {name: text for name, text in texts.items() if name not in broken}
    findings += _too_long(parsed, limits)
    if limits.dead_code:
        findings += _dead_code(context, parsed)
    findings.sort(key=lambda found: (found.path, found.line))
    return from_findings(findings, "policy", "ci-framework", notes)


def _measured(
    context: Context, complexity: int, statements: int, names: list[str]
) -> list[Finding]:
    """The reports of ruff on functions, and on files that do not parse."""
    selected = {"C901": complexity, "PLR0915": statements}
    rules = [rule for rule, limit in selected.items() if limit] or ["E9"]
    options = ["check", "--isolated", "--no-cache", "--no-fix"]
    options += ["--target-version", _TARGET, "--select", ",".join(rules)]
    options += ["--config", f"lint.mccabe.max-complexity={complexity}"]
    options += ["--config", f"lint.pylint.max-statements={statements}"]
    options += ["--output-format", "json"]
    found: list[Finding] = []
    tool = context.locked_tool("ruff")
    for batch in batches(names):
        outcome = context.run(tool, [*options, *batch])
        violations = read_violations(context.project, outcome.stdout)
        result = from_tool(tool, outcome, violations)
        if violations is None or result.reason:
            raise EarlyResultError(result)
        found += violations
    return [
        replace(each, tool="policy", rule=_RULES.get(each.rule, _BROKEN), column=0)
        for each in found
    ]


def _too_long(texts: Mapping[str, str], limits: Policy) -> Iterator[Finding]:
    for name, text in texts.items():
        lines = len(text.splitlines())
        if limits.file_lines and lines > limits.file_lines:
            message = f"{lines} lines; allowed: {limits.file_lines}"
            yield _finding("file-length", message, name, 1)


def _dead_code(context: Context, sources: Mapping[str, str]) -> Iterator[Finding]:
    """Private names of modules that only occur in their own definition."""
    defined = {name: dict(_private_names(text)) for name, text in sources.items()}
    private = {private for names in defined.values() for private in names}
    used: dict[str, set[str]] = {name: set() for name in private}
    for path in context.project.files:
        name = context.project.relative(path)
        small = path.suffix in _NAMING_SUFFIXES and path.stat().st_size <= _MOST_BYTES
        if not small or is_framework_file(name):
            continue
        text = sources.get(name) or text_of(context.project, name)
        for word in private.intersection(_words(text)):
            own = defined.get(name, {}).get(word)
            if own is None or word in _words(_without(text, own)):
                used[word].add(name)
    for name, names in defined.items():
        for word, statement in names.items():
            # A name that another module defines and uses is not the same object.
            users = {
                u for u in used[word] if u == name or word not in defined.get(u, {})
            }
            if not users:
                message = f"{word} is private and nothing uses it"
                yield _finding("dead-code", message, name, statement.lineno)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _without(text: str, statement: ast.stmt) -> str:
    """A text without the lines of a statement."""
    rows = text.splitlines()
    del rows[statement.lineno - 1 : statement.end_lineno]
    return "\n".join(rows)


def _private_names(text: str) -> Iterator[tuple[str, ast.stmt]]:
    """Private names that a module defines, including in conditions."""
    try:
        waiting: list[ast.stmt] = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # a syntax newer than this interpreter
    while waiting:
        statement = waiting.pop(0)
        targets: list[ast.expr] = []
        if isinstance(statement, (ast.If, ast.Try)):
            waiting += [*statement.body, *statement.orelse]
        elif isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        # A decorator may have registered the function.
        elif isinstance(statement, _DEFINITIONS) and not statement.decorator_list:
            targets = [ast.Name(statement.name)]
        for target in targets:
            if isinstance(target, ast.Name) and _PRIVATE.fullmatch(target.id):
                yield target.id, statement


def _finding(rule: str, message: str, path: str, line: int) -> Finding:
    return Finding(tool="policy", rule=rule, message=message, path=path, line=line)
