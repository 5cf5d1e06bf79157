"""Changelogs in their usual forms: the file, its sections and their content."""

from __future__ import annotations

import pytest

from ci_engine.releases.changelog import find_changelog, read_sections

KEEP_A_CHANGELOG = """\
# Changelog

The format is that of [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

## [Unreleased]

### Added

## [1.2.0] - 2026-01-31

### Python 3.10 is supported again

- One thing.

```markdown
## [9.9.9] - 2030-01-01
```

## [1.1.0] - 2025-12-01

- Another thing.

[Unreleased]: https://example.org/compare/v1.2.0...HEAD
[1.2.0]: https://example.org/compare/v1.1.0...v1.2.0
"""
RELEASE_PLEASE = """\
# Changelog

## [1.2.0](https://example.org/compare/v1.1.0...v1.2.0) (2026-01-31)

### Features

* one thing

### [1.1.0](https://example.org/compare/v1.0.0...v1.1.0) (2025-12-01)

* another thing
"""
HISTORY = """\
=======
History
=======

1.2.0 (2026-01-31)
------------------

* One thing.

Bug fixes of 1.1.0
~~~~~~~~~~~~~~~~~~

* A fix.

1.1.0 (2025-12-01)
------------------

* Another thing.
"""
TOWNCRIER = """\
.. towncrier release notes start

demo 1.2.0 (2026-01-31)
=======================

Features
--------

- One thing. (#7)


demo 1.1.0 (2025-12-01)
=======================

No significant changes.
"""
OVERLINED = """\
#########
Changelog
#########

************
Version 1.2.0
************

One thing.

*************
Version 1.1.0
*************

Another thing.
"""


@pytest.mark.parametrize(
    "text", [KEEP_A_CHANGELOG, RELEASE_PLEASE, HISTORY, TOWNCRIER, OVERLINED]
)
def test_each_form_has_its_sections(text: str) -> None:
    sections = [each for each in read_sections(text) if each.version]
    assert [each.version for each in sections] == ["1.2.0", "1.1.0"]
    first, second = sections
    assert "ne thing" in first.entries
    assert "nother thing" not in first.body
    assert text.splitlines()[first.line - 1].strip("# ") != ""
    assert second.entries
    if "2026" in text:
        assert (first.date, second.date) == ("2026-01-31", "2025-12-01")


def test_headings_comments_and_links_are_no_entries() -> None:
    unreleased = read_sections(KEEP_A_CHANGELOG)[0]
    assert (unreleased.version, unreleased.entries) == ("", "")
    text = "## Unreleased\n\n<!-- nothing\nyet -->\n\n### Fixed\n\n[1.0]: https://x.y\n"
    assert read_sections(text)[0].entries == ""
    assert read_sections("## Upcoming\n\n- x\n")[0].entries == "- x"


@pytest.mark.parametrize(
    "text",
    [
        "# Changelog\n\nNothing yet.\n",
        "## Python 3.10 to 3.14\n",
        "## Changes until 2026-01-31\n",
        "```\n## 1.0.0\n```\n",
        "",
    ],
)
def test_what_is_no_section(text: str) -> None:
    assert read_sections(text) == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["NEWS", "README.md", "CHANGELOG.md"], "CHANGELOG.md"),
        (["docs/changelog.rst", "src/changelog.py"], "docs/changelog.rst"),
        (["HISTORY.rst", "docs/changes.md"], "HISTORY.rst"),
        (["doc/source/release-notes.md"], "doc/source/release-notes.md"),
        (["tests/CHANGELOG.md", "history.py", "changes/1.feature.md"], ""),
    ],
)
def test_the_changelog_is_found(names: list[str], found: str) -> None:
    assert find_changelog(names) == found
