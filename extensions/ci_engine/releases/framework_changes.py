"""Find the changes that an update of the framework brings, in its changelog."""

from __future__ import annotations

from pathlib import Path

from ci_engine.configuration.reading import as_table, read_yaml
from ci_engine.configuration.tables import text
from ci_engine.errors import CommandError
from ci_engine.project.git import Git
from ci_engine.releases.changelog import Section, read_sections
from ci_engine.releases.pep440 import parse_version

# The short addresses that Copier expands.
_HOSTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
# GitHub refuses texts above 65,536 characters.
_LONGEST = 20_000


def read_changes(git: Git, answers: Path, current: str) -> str:
    """The sections of the template's changelog above a version, as Markdown.

    Args:
        git: a clone of the project, which receives the commit of the template.
        answers: the file that names the template and its new version.
        current: the version before the update.

    Returns:
        The sections; empty if the template or its changelog is not available.
    """
    try:
        recorded = as_table(read_yaml(answers))
    except CommandError:
        return ""
    source, commit = text(recorded, "_src_path"), text(recorded, "_commit")
    before = parse_version(current)
    if not source or not commit or commit.startswith("-") or before is None:
        return ""
    for short, address in _HOSTS.items():
        source = (
            source.replace(short, address, 1) if source.startswith(short) else source
        )
    options = ("--quiet", "--no-tags", "--depth=1")
    fetched = git.run("fetch", *options, "--", source, commit)
    shown = git.run("show", "FETCH_HEAD:CHANGELOG.md")
    if fetched.code != 0 or shown.code != 0:
        return ""
    newer = [
        each
        for each in read_sections(shown.stdout)
        if (version := parse_version(each.version)) and version.key > before.key
    ]
    return _cut("\n\n".join(map(_described, newer)))


def _described(section: Section) -> str:
    return f"### {section.version}\n\n{section.body}".replace("\n### ", "\n#### ")


def _cut(page: str) -> str:
    """Cut a long page at the end of a line."""
    if len(page) <= _LONGEST:
        return page
    return f"{page[:_LONGEST].rpartition(chr(10))[0]}\n\nThe changelog has the rest."
