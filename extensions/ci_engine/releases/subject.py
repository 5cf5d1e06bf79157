"""The release to check: its package, version and tag."""

from __future__ import annotations

from dataclasses import dataclass

from ci_engine.configuration.release_settings import Release
from ci_engine.errors import UsageError
from ci_engine.findings.results import Finding
from ci_engine.project.git import Git
from ci_engine.project.repository import Project
from ci_engine.project.version_sources import (
    pretend_version,
    static_version,
    version_from_git,
)
from ci_engine.releases.pep440 import parse_version
from ci_engine.releases.tags import TagNames, find_tag_names, list_tags


@dataclass(frozen=True)
class ReleaseSubject:
    """The subject of a release.

    Attributes:
        tag: the tag that starts the release, empty before it exists.
        wanted: the version from the command line or the tag; may be empty.
        static: the version in pyproject.toml; may be empty.
        source: the tool that derives the version from git, empty if there is none.
    """

    project: Project
    settings: Release
    git: Git
    names: TagNames
    tag: str
    wanted: str
    static: str
    source: str

    @property
    def known(self) -> str:
        """The version, if it is known without a build."""
        return self.static or self.wanted

    @property
    def pretended(self) -> dict[str, str]:
        """The variables that set the version of the build to the one to be tagged."""
        version = "" if self.tag else self.wanted
        return pretend_version(self.source, self.project.distribution, version)


def read_subject(
    project: Project, settings: Release, tag: str, version: str, *, package: bool
) -> ReleaseSubject:
    """Determine the subject of the release.

    Raises:
        UsageError: outside of a git repository, or if tag or version is invalid.
    """
    if project.git is None:
        raise UsageError(
            "a release needs a commit, but this is not a git repository",
            hint="run it in a clone",
        )
    git = Git(project.repository)
    names = find_tag_names(
        settings.tag, project.distribution, list_tags(git), package=package
    )
    if version and parse_version(version) is None:
        raise UsageError(
            f"--version: expected a version such as 1.2.0, got {version!r}",
            hint="see https://packaging.python.org/specifications/version-specifiers",
        )
    wanted = version or names.version_in(tag)
    if tag and not wanted:
        raise UsageError(
            f"--tag: expected a tag such as {names.of('1.2.0')}, got {tag!r}",
            hint="set tool.ci-framework.release.tag if tags are named otherwise",
        )
    return ReleaseSubject(
        project=project,
        settings=settings,
        git=git,
        names=names,
        tag=tag,
        wanted=wanted,
        static=static_version(project),
        source=version_from_git(project),
    )


def release_finding(
    rule: str, message: str, path: str = "", line: int = 0, severity: str = "error"
) -> Finding:
    """A finding that prevents a release, or a warning about it."""
    return Finding(
        tool="ci-framework",
        rule=rule,
        message=message,
        path=path,
        line=line,
        severity=severity,
    )


def same_version(one: str, other: str) -> bool:
    """Whether two texts are the same version, in any spelling."""
    first, second = parse_version(one), parse_version(other)
    return first is not None and second is not None and first.key == second.key
