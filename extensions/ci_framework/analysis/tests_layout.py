"""Find the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from ci_framework.analysis.facts import Findings
from ci_framework.analysis.layout import Layout, is_aside
from ci_framework.analysis.packages import join
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|tests)\.py$")
# Names that a test runner collects, or that a script of tests defines.
_DEFINED = re.compile(
    r"^\s*(async )?def test|^\s*class Test|^\s*class \w+\([^)]*TestCase", re.MULTILINE
)
_TEST_DIRECTORIES = ("tests", "test", "testing")


def state_tests(
    survey: Survey, layout: Layout, testpaths: tuple[list[str], Evidence | None],
    findings: Findings,
) -> None:  # fmt: skip
    """State the locations of tests: as configured, else the usual ones."""
    configured, evidence = testpaths
    kept = list(dict.fromkeys(_expand(survey, configured)))
    kept = [path for path in kept if path not in layout.sources]
    if kept and evidence is not None:
        because = "pytest is configured to look there"
        findings.add("test-paths", kept, because, [evidence])
        return
    usual = list(dict.fromkeys(_usual(survey, layout)))
    because = "the usual directories of tests" if usual else "no tests were found"
    locations = [Evidence(path=path) for path in usual]
    findings.add("test-paths", usual, because, locations, "likely")


def _expand(survey: Survey, patterns: list[str]) -> Iterator[str]:
    """Directories with Python code that match the patterns."""
    for pattern in patterns:
        plain = join(pattern)
        if any(sign in plain for sign in "*?["):
            yield from sorted(
                path
                for path in survey.python_directories
                if fnmatchcase(path, plain) and path.count("/") == plain.count("/")
            )
        elif plain in survey.python_directories or plain in survey.python_files:
            yield plain


def _usual(survey: Survey, layout: Layout) -> Iterator[str]:
    for root in layout.roots:
        if is_aside(root):
            continue
        named = [join(root, name) for name in _TEST_DIRECTORIES]
        named += [join(root, "src", "tests"), join(root, "src", "test")]
        first = [path for path in named if _holds_tests(survey, path)]
        yield from first[:1]
    for package in layout.packages:
        for name in ("tests", "test"):
            path = f"{package.path}/{name}"
            if _holds_tests(survey, path) and path not in layout.sources:
                yield path
    yield from _beside(survey, layout)
    yield from _nested(survey, layout)
    yield from _elsewhere(survey, layout)


def _beside(survey: Survey, layout: Layout) -> list[str]:
    """Test files at the root of a project, beside its modules."""
    found = [
        path
        for path in survey.python_files
        if path.rpartition("/")[0] in layout.roots and not is_aside(path)
    ]
    named = [p for p in found if _TEST_FILE.search(p) or f"/{p}".endswith("/test.py")]
    return [path for path in named if defines_tests(survey, [path])]


def defines_tests(survey: Survey, paths: Iterable[str]) -> bool:
    """Whether a file, at or below these paths, has a test that can be collected."""
    below = tuple(f"{path}/" for path in paths)
    return any(
        _DEFINED.search(survey.documents.text(path)) is not None
        for path in survey.python_files
        if f"{path}/" in below or path.startswith(below)
    )


def _nested(survey: Survey, layout: Layout) -> list[str]:
    """Tests nested in packages: those of subpackages, and of Django apps."""
    inside = [path for path in layout.sources if path != "."]
    wanted = [f"{path}/" for path in (*inside, *(p.path for p in layout.packages))]
    found: list[str] = []
    for path in sorted(survey.python_directories):
        named = path.rsplit("/", 1)[-1] in ("tests", "test")
        above = path.rpartition("/")[0]
        known = named and path.startswith(tuple(wanted)) and path not in layout.sources
        if known and not is_aside(above) and _holds_test_files(survey, path):
            found.append(path)
    if survey.has("manage.py"):
        # A Django app may have its tests in one file, which pytest skips.
        found += [
            path
            for path in survey.python_files
            if path.endswith("/tests.py") and path.startswith(tuple(wanted))
        ]
    return found


def _holds_test_files(survey: Survey, directory: str) -> bool:
    return any(
        path.startswith(f"{directory}/") and _TEST_FILE.search(path)
        for path in survey.python_files
    )


def _elsewhere(survey: Survey, layout: Layout) -> list[str]:
    """Other top-level directories with a name for tests."""
    return [
        child
        for root in layout.roots
        for child in survey.children.get(root, [])
        if re.fullmatch(
            r"(unit|integration|functional|e2e)[_-]?tests?|tests?[_-]\w+",
            child.rsplit("/", 1)[-1],
        )
        and _holds_tests(survey, child)
        and child not in layout.sources
    ]


def _holds_tests(survey: Survey, directory: str) -> bool:
    if directory not in survey.python_directories:
        return False
    named = directory.rsplit("/", 1)[-1] in ("tests", "test")
    return named or _holds_test_files(survey, directory)
