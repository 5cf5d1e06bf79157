"""Read the imports of a whole repository with ``ruff analyze graph``.

It is fast, but declared experimental: unexpected output is refused, and the caller
falls back to Python's own parser.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence

import msgspec

from ci_engine.configuration.defaults import configs_directory
from ci_engine.configuration.reading import read_text
from ci_engine.environments.isolated_tools import isolated_tool
from ci_engine.errors import ToolError
from ci_engine.processes.child_environment import child_variables, tool_variables
from ci_engine.processes.programs import find_program, run_program
from ci_engine.project.repository import Project
from ci_engine.test_selection.repository_files import Files

_SECONDS = 60.0
# The second is for names that are not UTF-8: such files are read separately.
_EXPECTED = ("is experimental and may change", "Failed to convert path")
_FAILED = re.compile(
    r"^warning: Failed to (?:read source for|generate import map for) (.+?): "
)


# The imports of each file that ruff could read, and its version.
RuffImports = tuple[dict[str, list[str]], str]


def read_with_ruff(
    project: Project, files: Files, roots: Sequence[str], without: Sequence[str]
) -> RuffImports:
    """Read the imports of all files with ruff.

    Raises:
        ToolError: if ruff is not available, or does anything unexpected.
    """
    program, version = _find_ruff(project)
    command = [program, "analyze", "graph", "--isolated", "--color=never"]
    command += ["--config", f"src={json.dumps([root or '.' for root in roots])}"]
    command += ["--config", f"extend-exclude={json.dumps(list(without))}"]
    variables = tool_variables(child_variables({"NO_COLOR": "1"}))
    outcome = run_program(
        [*command, "."],
        cwd=files.root,
        timeout=_SECONDS,
        variables=variables,
    )
    if outcome.code != 0:
        raise ToolError(
            f"ruff analyze graph: {outcome.describe_exit()}: {outcome.tail(2)}"
        )
    try:
        found = msgspec.json.decode(outcome.raw, type=dict[str, list[str]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ToolError(f"ruff analyze graph: unexpected output: {error}") from error
    imports = {_plain(path): list(map(_plain, names)) for path, names in found.items()}
    if imports and files.names.isdisjoint(imports):
        raise ToolError("ruff analyze graph: names no file of this repository")
    for path in _failed(outcome.stderr, files):
        imports.pop(path, None)
    return imports, version


def _find_ruff(project: Project) -> tuple[str, str]:
    """The ruff of the project or the machine, if its version is supported."""
    series = _series()
    scripts = "Scripts" if os.name == "nt" else "bin"
    locations = (str(project.root / ".venv" / scripts), None)
    for location in locations:
        program = find_program("ruff", location)
        if program is None:
            continue
        output = run_program(
            [program, "--version"],
            cwd=project.root,
            timeout=10,
            variables=tool_variables(child_variables()),
        ).stdout
        version = output.strip().rpartition(" ")[2]
        if version.rpartition(".")[0] == series:
            return str(program), version
    tool = isolated_tool(project, "ruff")
    return tool.program(), tool.version


def _series() -> str:
    """The series of the locked version; reading all locks would take longer."""
    text = read_text(configs_directory() / "tool-locks.yaml")
    found = re.search(r'^ruff:\n  version: "(\d+\.\d+)\.', text, re.MULTILINE)
    if found is None:
        raise ToolError("tool-locks.yaml: has no version of ruff")
    return found.group(1)


def _plain(path: str) -> str:
    return path.replace("\\", "/") if os.name == "nt" else path


def _failed(text: str, files: Files) -> frozenset[str]:
    """The files with warnings."""
    found: set[str] = set()
    top = f"{files.root}{os.sep}"
    real = f"{os.path.realpath(files.root)}{os.sep}"
    for line in text.splitlines():
        match = _FAILED.match(line)
        if match:
            path = match.group(1).removeprefix(top).removeprefix(real)
            found.add(_plain(path))
        elif line.startswith(("warning", "error")) and not any(
            text in line for text in _EXPECTED
        ):
            raise ToolError(f"ruff analyze graph: {line}")
    return frozenset(found)
