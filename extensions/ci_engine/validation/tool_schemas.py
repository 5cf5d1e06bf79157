"""Check the files of other tools against the schemas of those tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import yaml  # type: ignore[import-untyped]

from ci_engine.checks.lint.conflict_markers import MARKED, marker_line
from ci_engine.configuration.key_lines import find_line
from ci_engine.configuration.reading import read_text
from ci_engine.configuration.typed_tables import key_name
from ci_engine.configuration.yaml_limits import yaml_problem
from ci_engine.environments import inside
from ci_engine.environments.isolated_tools import IsolatedTool, isolated_tool
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.findings.results import Finding
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.processes.thread_pools import thread_pool
from ci_engine.project.repository import Project
from ci_engine.validation.file_hashes import HASHES, read_hashes
from ci_engine.validation.marked_blocks import SHARED_FILES

_SECONDS = 120.0
_GITHUB_FILES = {
    "vendor.github-workflows": "workflows/*.y*ml",
    "vendor.github-actions": "actions/*/action.y*ml",
    "vendor.dependabot": "dependabot.y*ml",
}
_KEY = re.compile(r"\['?([^\]']+)'?\]|\.?([^.\[\]]+)")


class _Match(msgspec.Struct):
    path: str
    message: str


class _Error(msgspec.Struct):
    filename: str
    path: str
    message: str
    # If a value may have several types, the nearest one explains most.
    best_deep_match: _Match | None = None


class _ParseError(msgspec.Struct):
    filename: str
    message: str


class _PyprojectMistake(msgspec.Struct):
    keys: tuple[str, ...]
    problem: str


class _Report(msgspec.Struct):
    errors: list[_Error]
    parse_errors: list[_ParseError] = []


@dataclass(frozen=True)
class _Validator:
    project: Project
    tool: IsolatedTool

    def run(self, program: str, arguments: Sequence[str]) -> Outcome:
        """Run one of the validators, which must start."""
        outcome = run_program(
            [self.tool.program(program), *arguments],
            cwd=self.project.root,
            timeout=_SECONDS,
            variables=self.tool.variables,
        )
        if outcome.code not in (0, 1):
            raise ToolError(f"{program}: {outcome.describe_exit()}\n{outcome.tail()}")
        return outcome


def check_schemas(project: Project) -> Iterator[Finding]:
    """Check workflows, actions, dependabot, pre-commit and pyproject.toml."""
    validator = _Validator(project, isolated_tool(project, "check-jsonschema"))
    github = project.root / ".github"
    found = [
        (schema, path)
        for schema, pattern in _GITHUB_FILES.items()
        for path in sorted(github.glob(pattern))
    ]
    hooks = project.root / ".pre-commit-config.yaml"
    named = [*(path for _, path in found), *([hooks] if hooks.is_file() else [])]
    unmerged = {path: line for path in named if (line := marker_line(path))}
    yield from _unmerged(project, unmerged)
    refused = dict(_refused([path for path in named if path not in unmerged]))
    yield from (_finding(project.relative(p), 0, why) for p, why in refused.items())
    refused |= dict.fromkeys(unmerged, MARKED)
    files = [f"{schema}={path}" for schema, path in found if path not in refused]
    jobs: list[Callable[[], list[Finding]]] = []
    if files:
        jobs.append(partial(_github, validator, files))
    if (project.root / "pyproject.toml").is_file():
        jobs.append(partial(_pyproject, validator))
    if hooks in named and hooks not in refused:
        jobs.append(partial(_pre_commit, validator))
    with thread_pool() as pool:
        futures = [pool.submit(job) for job in jobs]
    for future in futures:
        yield from future.result()


def _unmerged(project: Project, lines: Mapping[Path, int]) -> Iterator[Finding]:
    """Files with conflict markers, unless the check of their owner reports them."""
    hashes = project.root / HASHES
    listed = read_hashes(hashes) if lines and hashes.is_file() else {}
    for path, line in lines.items():
        name = project.relative(path)
        if name not in SHARED_FILES and name not in listed:
            yield _finding(name, line, MARKED)


def _refused(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Problems of files that no parser gets: links elsewhere, YAML bombs."""
    for path in paths:
        try:
            problem = yaml_problem(read_text(path), keys_once=False)
        except ConfigurationError as error:
            problem = f"{error}\nhint: {error.hint}"
        if problem:
            yield path, problem


def _github(validator: _Validator, files: Sequence[str]) -> list[Finding]:
    script = inside.DIRECTORY / "github_schemas.py"
    outcome = validator.run("python", ["-I", str(script), *files])
    try:
        reports = msgspec.json.decode(outcome.stdout, type=list[_Report])
    except msgspec.DecodeError as error:
        raise ToolError(f"check-jsonschema: {outcome.tail()}") from error
    relative = validator.project.relative
    unread = [
        _finding(relative(failure.filename), 0, failure.message)
        for report in reports
        for failure in report.parse_errors
    ]
    errors = (error for report in reports for error in report.errors)
    return [*unread, *(_github_finding(relative, error) for error in errors)]


def _github_finding(relative: Callable[[str], str], error: _Error) -> Finding:
    nearest = error.best_deep_match or error
    keys = tuple(a or b for a, b in _KEY.findall(nearest.path.removeprefix("$")))
    line = _yaml_line(read_text(Path(error.filename)), keys)
    message = f"key {nearest.path.removeprefix('$.')}: {nearest.message}"
    return _finding(relative(error.filename), line, message)


def _yaml_line(text: str, keys: Sequence[str]) -> int:
    """The line of a key or an item, or of its nearest existing parent."""
    loader = yaml.SafeLoader(text)
    node = loader.get_single_node()
    line = 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pairs = {str(name.value): (name, value) for name, value in node.value}
            if key not in pairs:
                break
            location, node = pairs[key]
        elif isinstance(node, yaml.SequenceNode) and key.isdigit():
            location = node = node.value[int(key)]
        else:
            break
        line = location.start_mark.line + 1
    return line


def _pyproject(validator: _Validator) -> list[Finding]:
    """Check pyproject.toml, including the tables of tools with a schema."""
    name = "pyproject.toml"
    script = inside.DIRECTORY / "pyproject_schema.py"
    outcome = validator.run("python", ["-I", str(script), name])
    if outcome.code != 0:
        raise ToolError(f"validate-pyproject: {outcome.tail()}")
    mistakes = msgspec.json.decode(outcome.stdout, type=list[_PyprojectMistake])
    text = read_text(validator.project.root / name)
    return [_pyproject_finding(name, text, mistake) for mistake in mistakes]


def _pyproject_finding(name: str, text: str, mistake: _PyprojectMistake) -> Finding:
    line = find_line(text, mistake.keys)
    return _finding(name, line, f"{key_name(mistake.keys)}: {mistake.problem}")


def _pre_commit(validator: _Validator) -> list[Finding]:
    name = ".pre-commit-config.yaml"
    outcome = validator.run("pre-commit", ["validate-config", name])
    if outcome.code == 0:
        return []
    rows = [row.strip("=> ") for row in outcome.stdout.splitlines() if row.strip()]
    return [_finding(name, 0, "; ".join(rows[1:] or rows))]


def _finding(path: str, line: int, message: str) -> Finding:
    return Finding(
        tool="schemas", rule="configuration", message=message, path=path, line=line
    )
