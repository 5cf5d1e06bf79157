"""Find problems of a page itself: headings, ids, and links shown as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ci_engine.documentation.html_page import HtmlPage
from ci_engine.documentation.page_sources import PageSources

# The rule, the message, and the line.
Problem = tuple[str, str, int]


def heading_problems(page: HtmlPage, sources: PageSources) -> Iterator[Problem]:
    """Duplicate ids, empty headings, skipped heading levels, second titles."""
    for name, line in page.repeated.items():
        message = f"the id {name} is used several times: links go to the first"
        yield "repeated-id", message, sources.id_line(page.path, name, line)
    before, titles = 0, 0
    seen: Counter[str] = Counter()
    levels = [heading.level for heading in page.headings].count(1)
    for heading in page.headings:
        text = " ".join(heading.text.split())
        place = (page.path, text, heading.line, seen[text])
        seen[text] += 1
        if not text:
            message = f"a heading of level {heading.level} is empty"
            yield "empty-heading", message, sources.heading_line(*place)
        elif before and heading.level > before + 1:
            message = f"{text!r} has level {heading.level} after level {before}"
            yield "skipped-heading", message, sources.heading_line(*place)
        before = heading.level
        titles += heading.level == 1
        if heading.level == 1 and titles == 2:  # noqa: PLR2004 - the first is not a fault
            message = f"{levels} headings of level 1; the second is {text!r}"
            yield "several-titles", message, sources.heading_line(*place)


def literal_links(
    page: HtmlPage, sources: PageSources
) -> Iterator[tuple[str, str, int]]:
    """Markdown links that a page shows as text: message, file, and line."""
    for each in page.references:
        place = sources.locate_reference(page.path, each)
        if place is not None:
            message = (
                f"the link {each.written} is shown as text: there is no definition of "
                f"[{each.label}]"
            )
            yield message, *place
