"""Find the Python versions and platforms that the project supports and tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from ci_framework.analysis.environment_versions import (
    Evidenced,
    environment_pythons,
    minor_version,
)
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.gitlab_jobs import gitlab_jobs
from ci_framework.analysis.matrices import cells, jobs, rows_of, test_jobs
from ci_framework.analysis.metadata import classifiers, fields
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.purposes.activities import find_purposes
from ci_framework.analysis.readers.documents import text
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Confidence, Evidence

_CLASSIFIER = "Programming Language :: Python :: 3."
_STEP_PYTHON = re.compile(
    r"python[-_]version:\s*[\"']?(3\.\d+)(?:\.[\dx]+)?[\"']?\s*(?:[#,}]|$)"
)
_STEP_VARIABLE = re.compile(
    r"python[-_]version:\s*[\"']?\$\{\{\s*env\.(\w+)\s*\}\}", re.IGNORECASE
)
_STEP_LIST = re.compile(r"python[-_]version:\s*[|>][-+]?\s*$")
_IMAGE = re.compile(r"(?:^|/)python:(3\.\d+)")


def sorted_versions(versions: Iterable[str]) -> list[str]:
    """Sort versions such as 3.9 and 3.10, each once."""
    return sorted(set(versions), key=lambda version: int(version.split(".")[1]))


def state_pythons(
    survey: Survey,
    requirements: Iterable[Requirement],
    pixi: Pixi,
    findings: Findings,
) -> None:
    """State the allowed and the tested versions, and where they are tested."""
    spec, locations = _requires(survey)
    findings.add(
        "requires-python",
        spec or None,
        "its metadata allows these" if spec else _unlimited(survey),
        locations,
    )
    value, because, evidence, confidence = _tested(survey, requirements, pixi)
    admitted = [version for version in value if admits(spec, version)]
    if admitted != value and admitted:
        because += f"; requires-python {spec} leaves out the others"
    findings.add(
        "python-versions", sorted_versions(admitted), because, evidence, confidence
    )


def _requires(survey: Survey) -> tuple[str, list[Evidence]]:
    for value, location in fields(
        survey, "requires-python", "python_requires", "options"
    ):
        return value, [location]
    keys = ("tool", "poetry", "dependencies", "python")
    if value := text(survey.pyproject, *keys):
        return _from_poetry(value), [survey.location(*keys)]
    return "", []


def _unlimited(survey: Survey) -> str:
    if "python_requires" in survey.setup_call.lines:
        return "setup.py computes them, and is not run"
    return "its metadata allows every version"


def _from_poetry(spec: str) -> str:
    """Convert the caret and the tilde of poetry to standard specifiers."""
    parts: list[str] = []
    for raw in spec.split("||", maxsplit=1)[0].split(","):
        part = raw.strip()
        found = re.match(r"^([\^~])\s*3(?:\.(\d+))?", part)
        if found and found.group(1) == "^":
            parts += [f">={part[1:].strip()}", "<4.0"]
        elif found and found.group(2):
            parts += [f">={part[1:].strip()}", f"<3.{int(found.group(2)) + 1}"]
        elif part and part != "*":
            parts.append(part if part[0] in "<>=!~" else f"=={part}.*")
    return ",".join(parts)


def admits(spec: str, version: str) -> bool:
    """Whether a range allows any release of a minor version; True if unclear."""
    from packaging.specifiers import (  # noqa: PLC0415 - only where a range is there
        InvalidSpecifier,
        SpecifierSet,
    )

    try:
        allowed = SpecifierSet(spec)
    except InvalidSpecifier:
        return True
    # Check the first release and a late one: `>=3.10.2` and `<3.13.1` allow some.
    return any(allowed.contains(f"{version}.{patch}") for patch in (0, 1, 5, 99))


def _tested(
    survey: Survey, requirements: Iterable[Requirement], pixi: Pixi
) -> tuple[list[str], str, list[Evidence], Confidence]:
    matrix = _matrices(survey)
    if matrix.versions:
        reason = "the matrices of its workflows name them"
        return matrix.versions, reason, matrix.locations, "certain"
    environments = environment_pythons(survey, pixi)
    classifiers = _classifiers(survey)
    both = [v for v in environments.versions if v in classifiers.versions]
    if environments.versions:
        reason = "environments of its test runner fix them"
        chosen = both or environments.versions
        return chosen, reason, environments.locations, "likely"
    single = _steps(survey)
    if single.versions:
        reason = "steps of its workflows set them up"
        return single.versions, reason, single.locations, "likely"
    if pixi.path and (version := pixi.python("default")):
        location = survey.documents.location(
            pixi.path, *pixi.prefix, "dependencies", "python"
        )
        return [version], "the default pixi environment fixes it", [location], "certain"
    if not pixi.path and classifiers.versions:
        reason = "its classifiers name them, and nothing tests fewer"
        return classifiers.versions, reason, classifiers.locations, "likely"
    pinned = _pinned(survey, requirements)
    if pinned is not None:
        return [pinned[0]], f"{pinned[1].path} names it", [pinned[1]], "likely"
    newest = sorted_versions(classifiers.versions)[-1:]
    reason = "the newest of its classifiers: nothing tests with several"
    if not newest:
        reason = "neither CI, environments nor classifiers name one"
    return newest, reason, classifiers.locations[-1:], "guess"


def _matrices(survey: Survey) -> Evidenced:
    """Versions in the matrices of jobs that test; of all jobs if none does."""
    found = Evidenced([], [])
    for tests in (True, False):
        for workflow, job in jobs(survey, tests=tests):
            for key, value in cells(survey, workflow, job):
                if version := minor_version(key, value):
                    found.add(version, workflow.at(job.line))
        if found.versions:
            break
    return found


def _classifiers(survey: Survey) -> Evidenced:
    found = Evidenced([], [])
    for row, location in classifiers(survey):
        version = row.removeprefix(_CLASSIFIER)
        if row.startswith(_CLASSIFIER) and version.isdigit():
            found.add(f"3.{version}", location)
    return found


def _steps(survey: Survey) -> Evidenced:
    """Versions that steps of test jobs set up without a matrix."""
    found = Evidenced([], [])
    tasks = {task.name: [task.command] for task in survey.tasks}
    for workflow, job in test_jobs(survey):
        if match := _IMAGE.search(job.container):
            found.add(match.group(1), workflow.at(job.line))
        rows = rows_of(survey, workflow, job)
        for number, row in enumerate(rows, job.line):
            for version in _set_up(survey.documents.text(workflow.path), rows, row):
                found.add(version, workflow.at(number))
    for other in gitlab_jobs(survey):
        if "test" in find_purposes(other.script, tasks):
            for image in other.images:
                if match := _IMAGE.search(image):
                    found.add(match.group(1), other.evidence)
    return found


def _set_up(workflow: str, rows: list[str], row: str) -> list[str]:
    """The versions that a line of a job requests, if the file names them."""
    if match := _STEP_PYTHON.search(row):
        return [match.group(1)]
    if match := _STEP_VARIABLE.search(row):
        name = re.escape(match.group(1))
        value = rf"^\s*{name}:\s*[\"']?(3\.\d+)(?:\.\d+)?[\"']?\s*(?:#|$)"
        return re.findall(value, workflow, re.MULTILINE)[:1]
    if _STEP_LIST.search(row):
        behind = rows[rows.index(row) + 1 :]
        wanted = [re.fullmatch(r"\s+(3\.\d+)(?:\.\d+)?\s*", line) for line in behind]
        return [found.group(1) for found in takewhile(bool, wanted) if found]
    return []


def _pinned(
    survey: Survey, requirements: Iterable[Requirement]
) -> tuple[str, Evidence] | None:
    """The version in a file for development machines."""
    for item in requirements:
        found = re.fullmatch(r"==?(3\.\d+)[\d.*]*", item.version)
        if item.name == "python" and found:
            return found.group(1), item.evidence
    for path in (".python-version", "runtime.txt", ".python-version-default"):
        found = re.search(r"3\.\d+", survey.documents.text(path))
        if found:
            return found.group(), Evidence(path=path, line=1)
    return None
