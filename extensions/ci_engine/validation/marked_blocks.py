"""Whether the framework's blocks in shared files are whole."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Finding
from ci_engine.project.repository import Project

# Files in which the framework owns one marked block and the project the rest.
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
# The second one where another template has its answers in the first.
_ANSWERS = (".copier-answers.ci-framework.yml", ".copier-answers.yml")


def check_blocks(project: Project) -> Iterator[Finding]:
    """Each file has both markers once and in order, or none of them."""
    for name in SHARED_FILES:
        path = project.root / name
        if not path.is_file():
            continue
        try:
            lines = [line.strip() for line in read_text(path).splitlines()]
        except ConfigurationError as error:
            yield configuration_finding(name, str(error))
            continue
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


def check_answers(project: Project) -> Iterator[Finding]:
    """The answers file is what ``copier update`` starts from."""
    name = next((name for name in _ANSWERS if (project.root / name).is_file()), "")
    if not name:
        return
    try:
        answers = read_yaml(project.root / name)
    except ConfigurationError as error:
        yield configuration_finding(name, str(error))
        return
    if not isinstance(answers, dict):
        message = "found no table of answers; restore it from git"
        yield configuration_finding(name, message, 1)


def configuration_finding(path: str, message: str, line: int = 0) -> Finding:
    """A finding about a file that configures the framework."""
    return Finding(
        tool="ci-framework",
        rule="configuration",
        message=message,
        path=path,
        line=line,
    )
