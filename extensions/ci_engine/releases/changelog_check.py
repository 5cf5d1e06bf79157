"""Check whether the changelog is ready for a release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from ci_engine.checks.outcomes import from_findings, not_run, skipped
from ci_engine.configuration.reading import read_text
from ci_engine.findings.results import CheckResult, Finding, name_some
from ci_engine.project.repository import Project, read_project
from ci_engine.releases.changelog import Section, find_changelog, read_sections
from ci_engine.releases.fragments import collecting_tool, find_fragments
from ci_engine.releases.pep440 import parse_version
from ci_engine.releases.subject import ReleaseSubject, release_finding, same_version

_NONE = "none"
_SHOWN = 5


def locate_changelog(subject: ReleaseSubject) -> Path | None:
    """The changelog of the package, else that of the repository."""
    given = subject.settings.changelog
    if given:
        path = subject.project.root / given
        return path if path.is_file() else subject.project.repository / given
    top = subject.project.repository
    for project in dict.fromkeys((subject.project.root, top)):
        names = (
            subject.project.names
            if project == subject.project.root
            else read_project(top).names
        )
        name = find_changelog(names)
        if name:
            return project / name
    return None


def check_changelog(
    subject: ReleaseSubject, version: str, today: date
) -> tuple[CheckResult, str]:
    """Check the changelog section of a version.

    Returns:
        The result, and the release notes: empty if there are none.
    """
    if subject.settings.changelog == _NONE:
        reason = 'tool.ci-framework.release.changelog is "none"'
        return skipped(reason), ""
    if not version:
        return not_run("the version is not known"), ""
    path = locate_changelog(subject)
    if path is None or not path.is_file():
        return from_findings([_missing(subject)], "ci-framework"), ""
    sections = read_sections(read_text(path))
    name = _relative(subject.project, path)
    found = [each for each in sections if same_version(each.version, version)]
    findings = [
        *_fragments(subject.project, version),
        *_unreleased(sections, name, version),
        *_of_version(found, sections, name, version, today),
    ]
    notes = found[0].body if found else ""
    return from_findings(findings, "ci-framework", notes=[f"{name} was read"]), notes


def _relative(project: Project, path: Path) -> str:
    return path.relative_to(project.repository).as_posix()


def _missing(subject: ReleaseSubject) -> Finding:
    given = subject.settings.changelog
    what = f"there is no {given}" if given else "there is no changelog"
    message = (
        f"{what}: add CHANGELOG.md with a section for each version, or set "
        'tool.ci-framework.release.changelog = "none"'
    )
    return release_finding("no-changelog", message, "pyproject.toml", 1)


def _fragments(project: Project, version: str) -> Iterator[Finding]:
    found = list(find_fragments(project))
    if found:
        tool = collecting_tool(project)
        command = {
            "towncrier": f"towncrier build --version {version}",
            "scriv": f"scriv collect --version {version}",
        }[tool]
        names = name_some([name for name, _ in found], _SHOWN)
        message = f"not in the changelog yet: {names}: run `{command}`"
        yield release_finding("fragments", message, found[0][0], 1)


def _unreleased(
    sections: Sequence[Section], name: str, version: str
) -> Iterator[Finding]:
    for section in sections:
        if not section.version and section.entries:
            message = (
                f"there are unreleased entries: move them below a heading for {version}"
            )
            yield release_finding("unreleased", message, name, section.line)


def _of_version(
    found: Sequence[Section],
    sections: Sequence[Section],
    name: str,
    version: str,
    today: date,
) -> Iterator[Finding]:
    if not found:
        message = f"no section for {version}: add it, with the date of the release"
        yield release_finding("no-section", message, name, 1)
        return
    section = found[0]
    if len(found) > 1:
        message = f"there are {len(found)} sections for {version}"
        yield release_finding("two-sections", message, name, found[1].line)
    if not section.entries:
        message = f"the section for {version} is empty"
        yield release_finding("empty-section", message, name, section.line)
    yield from _newer(section, sections, name, version)
    yield from _dated(section, name, today)


def _newer(
    section: Section, sections: Sequence[Section], name: str, version: str
) -> Iterator[Finding]:
    """A section of a higher version above this one: the version was not raised."""
    own = parse_version(version)
    for other in sections:
        known = parse_version(other.version)
        if other.line < section.line and known and own and known.key > own.key:
            message = f"it starts with {other.version}, but the version is {version}"
            yield release_finding("newer-section", message, name, other.line)
            return


def _dated(section: Section, name: str, today: date) -> Iterator[Finding]:
    if section.awaits_date:
        message = "the heading has a placeholder for its date: write the date"
        yield release_finding("date", message, name, section.line)
    if not section.date:
        return
    try:
        day = date.fromisoformat(section.date.replace("/", "-").replace(".", "-"))
    except ValueError:
        message = f"the date {section.date} does not exist"
        yield release_finding("date", message, name, section.line)
        return
    if (day - today).days > 1:
        message = f"the date {section.date} is in the future"
        yield release_finding("date", message, name, section.line, "warning")
