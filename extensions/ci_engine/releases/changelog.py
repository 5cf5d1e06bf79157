"""Find and parse the changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

import msgspec

from ci_engine.releases.pep440 import parse_version

_NAMES = re.compile(
    r"(change[-_]?log|changes|history|news|releases?|release[-_]notes|whatsnew)"
    r"(\.(md|markdown|rst|txt|adoc))?",
    re.IGNORECASE,
)
_DIRECTORIES = ("", "docs", "doc", "docs/source", "doc/source", "docs/src")
_UNRELEASED = re.compile(
    r"\b(unreleased|upcoming|in development|not released|next( release| version)?)\b",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(r"(#{1,4})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_UNDERLINE = re.compile(r"([=\-~^\"'`*+#_:.])\1{2,}\s*$")
# In a heading, such as: [1.2.0] - 2026-01-31, v1.2 (2026-01-31), demo 1.2.0rc1.
_VERSION = re.compile(
    r"(?<![\w.])v?((?:\d+!)?\d+(?:\.\d+)+(?:[-_.]?(?:alpha|beta|preview|pre|post|dev|"
    r"rev|rc|a|b|c|r)[-_.]?\d*)*)(?![\w])",
    re.IGNORECASE,
)
# The start of a heading for a version, at any level.
_STARTS = re.compile(r"(version |release )?\[?v?\d+\.\d", re.IGNORECASE)
_LAST_RULE = re.compile(r"(\A|\n)[ \t]*([=\-~^\"'`*+#_:.])\2{2,}[ \t\n]*\Z")
_DATE = re.compile(r"\d{4}[-./]\d{2}[-./]\d{2}")
# Placeholders for a date, or for entries.
_NO_DATE = re.compile(r"\b(tbd|tba|y{4}|\d{4}-(?:x|m|\?){2})\b|\?\?", re.IGNORECASE)
_NO_ENTRY = re.compile(
    r"[-*+_\s]*(nothing|none|tbd|n/a|no (unreleased |notable )?changes?)( yet)?"
    r"[.*_\s]*",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?-->|^\.\. (?!_)[^\n:]*$", re.DOTALL | re.MULTILINE)
_RST_LABEL = re.compile(r"^\.\. _[^\n]*:\s*$", re.MULTILINE)
_LINK = re.compile(r"^\[[^\]\n]+\]:[ \t]+\S+[ \t]*$", re.MULTILINE)


class Section(msgspec.Struct, frozen=True):
    """The section of a changelog about one version.

    Attributes:
        version: as written in its heading; empty for unreleased changes.
        date: as written in its heading, empty if it has none.
        line: the line of the heading.
        body: the text after the heading.
        awaits_date: whether the heading has a placeholder such as YYYY-MM-DD.
    """

    version: str
    date: str
    line: int
    body: str
    awaits_date: bool = False

    @property
    def entries(self) -> str:
        """Its entries: without headings of kinds, comments and link targets."""
        text = _COMMENT.sub("", self.body)
        text = _LINK.sub("", _RST_LABEL.sub("", text))
        rows = text.splitlines()
        titles = {heading.line - 1 for heading in _headings(text)}
        kept = [
            row
            for number, row in enumerate(rows)
            if number not in titles and not _UNDERLINE.match(row)
        ]
        return "\n".join(
            row for row in kept if row.strip(" -*\t") and not _NO_ENTRY.fullmatch(row)
        )


def find_changelog(names: Sequence[str]) -> str:
    """The changelog among the files of a project, empty if there is none.

    One in the root takes precedence over one in the documentation.
    """
    found = [
        (_DIRECTORIES.index(parent), index)
        for index, name in enumerate(names)
        if (parent := str(PurePosixPath(name).parent).removeprefix(".")) in _DIRECTORIES
        and _NAMES.fullmatch(PurePosixPath(name).name)
    ]
    usual = re.compile(r"change", re.IGNORECASE)
    found.sort(key=lambda each: (each[0], not usual.search(names[each[1]]), each[1]))
    return names[found[0][1]] if found else ""


def read_sections(text: str) -> list[Section]:
    """The sections of a changelog in Markdown or reStructuredText, in order."""
    sections: list[Section] = []
    marks: list[tuple[str, _Heading]] = []
    for heading in _headings(text):
        version = _version_of(heading.title)
        top = marks[0][1].level if marks else heading.level
        # Below a version, a heading may be about another one, such as Python's.
        if version is not None and (
            heading.level <= top or _STARTS.match(heading.title)
        ):
            marks.append((version, heading))
    rows = text.splitlines()
    ends = [*(heading.line - 1 for _, heading in marks), len(rows)][1:]
    for (version, heading), end in zip(marks, ends, strict=False):
        body = "\n".join(rows[heading.line + heading.underlined : end])
        date = _DATE.search(heading.title)
        body = _LAST_RULE.sub("", body).strip()
        awaits = date is None and _NO_DATE.search(heading.title) is not None
        day = date[0] if date else ""
        sections.append(Section(version, day, heading.line, body, awaits))
    return sections


def _version_of(title: str) -> str | None:
    """The version of a heading, empty for unreleased, None if it is neither."""
    if _UNRELEASED.search(title):
        return ""
    plain = _DATE.sub("", title)
    versions = [m[1] for m in _VERSION.finditer(plain) if parse_version(m[1])]
    # A heading with several versions is prose, except links to two of them.
    return versions[0] if len(set(versions)) == 1 or _STARTS.match(title) else None


class _Heading(msgspec.Struct, frozen=True):
    title: str
    line: int
    level: int
    underlined: bool


def _headings(text: str) -> Iterator[_Heading]:
    """Headings of Markdown and reStructuredText, outside of code."""
    rows = [*text.splitlines(), ""]
    fence = ""
    styles: list[str] = []
    above = ""
    for number, (row, below) in enumerate(pairwise(rows), 1):
        fenced = _FENCE.match(row)
        # Below a text, tildes underline it.
        underlines = bool(above.strip()) and not fence and row.startswith("~")
        above = row
        if fenced and underlines:
            continue
        if fenced:
            fence = "" if fence == fenced[1][:3] else fence or fenced[1][:3]
        if fence or fenced:
            continue
        marked = _MARKDOWN.match(row)
        if marked:
            yield _Heading(marked[2], number, len(marked[1]), underlined=False)
        elif row.strip() and _UNDERLINE.match(below) and not _UNDERLINE.match(row):
            if below[0] not in styles:
                styles.append(below[0])
            level = styles.index(below[0]) + 1
            yield _Heading(row.strip(), number, level, underlined=True)
