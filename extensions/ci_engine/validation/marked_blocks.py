"""Check whether the framework's blocks in shared files are complete."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ci_engine.checks.lint.conflict_markers import MARKED, marker_line
from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.tables import dig, items, text
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.project.engine_lock import read_engine_lock
from ci_engine.project.repository import Project
from ci_engine.validation.file_hashes import HASHES, hash_text, read_hashes

# Files with one marked block of the framework; the rest belongs to the project.
SHARED_FILES = (
    "pyproject.toml",
    "ci-framework.toml",
    ".pre-commit-config.yaml",
    ".gitignore",
    ".gitattributes",
    ".github/dependabot.yml",
)
_START = "# >>> ci-framework >>>"
_END = "# <<< ci-framework <<<"
_BLOCK = re.compile(rf"{_START}.*{_END}", re.DOTALL)
_CHANGE = (
    "hint: change it by an answer: `copier update --defaults --vcs-ref=:current: -d "
    "ANSWER=VALUE`; move your own lines out of it; or restore it from git"
)


def check_blocks(project: Project) -> Iterator[Finding]:
    """Check that each file has its block once, as the template rendered it."""
    path = project.root / HASHES
    hashes = read_hashes(path, blocks=True) if path.is_file() else {}
    for name in SHARED_FILES:
        if line := marker_line(project.root / name):
            # Its block says nothing before both sides are one again.
            yield configuration_finding(name, MARKED, line)
            continue
        try:
            yield from _check_block(project, name, hashes.get(name))
        except ConfigurationError as error:
            yield configuration_finding(name, str(error))


def _check_block(
    project: Project, name: str, expected: str | None
) -> Iterator[Finding]:
    path = project.root / name
    content = read_text(path) if path.is_file() else ""
    lines = [line.strip() for line in content.splitlines()]
    starts = [number for number, line in enumerate(lines, 1) if line == _START]
    ends = [number for number, line in enumerate(lines, 1) if line == _END]
    whole = len(starts) == len(ends) == 1 and starts < ends
    if not whole and (starts or ends):
        message = (
            f"expected one line {_START!r} and below it one line {_END!r}, got "
            f"starts at lines {starts} and ends at lines {ends}; restore them so "
            "that updates can find the block"
        )
        yield configuration_finding(name, message, (starts or ends)[0])
    elif expected is None:
        return
    elif not whole:
        message = "the block of ci-framework is missing\nhint: restore it from git"
        yield configuration_finding(name, message)
    elif (block := _BLOCK.search(content)) and hash_text(block[0].encode()) != expected:
        # It still works, but the next update may conflict.
        message = f"the block of ci-framework was edited by hand\n{_CHANGE}"
        finding = configuration_finding(name, message, starts[0])
        yield msgspec.structs.replace(finding, severity="warning")


def check_answers(project: Project) -> Iterator[Finding]:
    """Check the answers file, from which ``copier update`` starts."""
    name = read_engine_lock(project.root).answers
    if not name:
        return
    if not (project.root / name).is_file():
        message = (
            "missing: `copier update` needs the answers and the version in it\n"
            "hint: restore it from git"
        )
        yield configuration_finding(name, message)
        return
    try:
        answers = read_yaml(project.root / name)
    except ConfigurationError as error:
        message = str(error).removeprefix(f"{name}: ")
        yield configuration_finding(name, f"{message}\nhint: {error.hint}")
        return
    packages = listed_packages(answers)
    if not isinstance(answers, dict):
        message = "expected a table of answers\nhint: restore it from git"
        yield configuration_finding(name, message, 1)
        return
    for path in packages:
        if not (project.root / path).is_dir():
            message = (
                f"packages: expected the directory of a package, got {path!r}\nhint: "
                "updates create no packages: create it, or list existing packages only"
            )
            yield configuration_finding(name, message)


def listed_packages(answers: object) -> list[str]:
    """The directories of the packages of a monorepo."""
    if dig(answers, "project_type") != "monorepo":
        return []
    return [text(package, "path") for package in items(answers, "packages")]


def configuration_finding(path: str, message: str, line: int = 0) -> Finding:
    """A finding about a file that configures the framework."""
    return Finding(
        tool="ci-framework",
        rule="configuration",
        message=message,
        path=path,
        line=line,
    )
