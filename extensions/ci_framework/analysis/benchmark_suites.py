"""Find the project's benchmarks, and the requirements that run them."""

from __future__ import annotations

from ci_framework.analysis.facts import Findings
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_FIXTURES = ("pytest-benchmark", "pytest-codspeed")
_DIRECTORIES = frozenset({"benchmark", "benchmarks", "bench", "perf", "performance"})
# Files below these are inputs for benchmarks of the repository's own tools.
_DEEPEST = 3


def state_benchmarks(
    survey: Survey, requirements: list[Requirement], pixi: Pixi, findings: Findings
) -> None:
    """State the directories with benchmarks, and the source of their packages."""
    suites = _suites(survey)
    because = "they have tests with the fixture benchmark"
    if not suites:
        because = "no directory of benchmarks has a test with the fixture benchmark"
    findings.add("benchmark-suite", list(suites), because, suites.values())
    found = [item for item in requirements if item.name in _FIXTURES]
    names = [f"{item.kind} {item.group}".strip() for item in found]
    names += [
        f"pixi {name}"
        for name in (pixi.environments if pixi.path else ())
        if any(
            dependency in _FIXTURES
            for feature in pixi.environments[name]
            for dependency, _, _ in pixi.dependencies(feature)
        )
    ]
    because = "pytest-benchmark or pytest-codspeed is required there"
    if not names:
        because = "nothing requires pytest-benchmark or pytest-codspeed"
    evidence = [item.evidence for item in found]
    findings.add("benchmark-requirements", [*dict.fromkeys(names)], because, evidence)


def _suites(survey: Survey) -> dict[str, Evidence]:
    """The outermost directories of benchmarks, each with at least one benchmark."""
    found: dict[str, Evidence] = {}
    for path in survey.python_files:
        directory = _directory_of(path)
        if not directory or directory in found:
            continue
        for number, row in enumerate(survey.documents.text(path).split("\n"), 1):
            if row.lstrip().startswith(("def test", "async def test")) and (
                "benchmark" in row.partition("(")[2]
            ):
                found[directory] = Evidence(path=path, line=number)
                break
    return found


def _directory_of(path: str) -> str:
    parts = path.split("/")[:-1][:_DEEPEST]
    named = [n for n, part in enumerate(parts) if part.lower() in _DIRECTORIES]
    return "/".join(parts[: named[0] + 1]) if named else ""
