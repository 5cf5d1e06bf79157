"""Check the built pages: links, reachability and structure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ci_engine.configuration.docs_settings import DocsCheck
from ci_engine.documentation.addresses import Site, Target, has_fragment
from ci_engine.documentation.html_page import HtmlPage, Link, read_page
from ci_engine.documentation.page_problems import heading_problems, literal_links
from ci_engine.documentation.page_sources import PageSources
from ci_engine.documentation.style_sheets import style_addresses
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.path_patterns import matching

# Files that the tools generate: nothing links to them, or everything does.
_GENERATED = re.compile(
    r"(^|/)(404|search|genindex(-\w+)?|py-modindex|\w+-modindex|sitemap|print_page)"
    r"(/index)?\.html?$|^_|(^|/)_(modules|static|downloads|sources)/"
)
_NOUNS = {
    "img": "image",
    "script": "script",
    "link": "style sheet or icon",
    "source": "image or recording",
    "video": "recording",
    "audio": "recording",
    "style": "image or font",
}
# Sphinx's copies of the code: their back links name missing anchors if the code is
# documented under another name. No page of the project can cause or fix that.
_CODE = re.compile(r"(^|/)_modules/")


@dataclass(frozen=True)
class SiteCheck:
    """Checks one site."""

    site: Site
    sources: PageSources
    settings: DocsCheck

    @cached_property
    def pages(self) -> dict[str, HtmlPage]:
        """Every page, parsed once."""
        return {
            name: read_page(self.site.root, name)
            for name in self.site.pages
            if not self._is_of_theme(name)
        }

    def _is_of_theme(self, name: str) -> bool:
        """Whether a file belongs to a theme, such as a template."""
        if self.sources.is_template(name):
            return True
        return "_static/" in name and self.sources.own_file(name) is None

    def check_links(self) -> CheckResult:
        """Find broken links, anchors, images, style sheets and scripts."""
        check = CheckResult(id="docs-links", tool="ci-framework")
        if not self.pages:
            check.status = Status.NOT_RUN
            check.reason = f"there is no page below {self.site.root}"
            return check
        found = [
            *self._broken_links(),
            *self._broken_styles(),
            *self._literal_links(),
        ]
        check.findings = found
        check.new = len(found)
        check.status = Status.FAILED if found else Status.PASSED
        links = sum(len(page.links) for page in self.pages.values())
        outside = len(self.external_links())
        check.notes = [
            f"{len(self.pages)} pages with {links} links; {outside} addresses of other "
            "sites are not checked here"
        ]
        if not self.site.site_url:
            check.notes.append(
                "the address of the site is not known: links that start with / are "
                "relative to the top of the host"
            )
        return check

    def check_pages(self) -> CheckResult:
        """Check headings, duplicate ids, and pages without links to them."""
        check = CheckResult(id="docs-pages", tool="ci-framework", blocking=False)
        found = [*self._orphans(), *self._page_problems()]
        check.findings = found
        check.new = len(found)
        check.status = Status.FAILED if found else Status.PASSED
        return check

    def external_links(self) -> dict[str, list[tuple[str, Link]]]:
        """The addresses of other sites, and where each occurs."""
        found: dict[str, list[tuple[str, Link]]] = {}
        for name, link, target in self._links:
            if target.external.startswith(("http://", "https://")):
                address = target.external.partition("#")[0]
                found.setdefault(address, []).append((name, link))
        return found

    @cached_property
    def _links(self) -> list[tuple[str, Link, Target]]:
        """Every link of every page, with its target."""
        found: list[tuple[str, Link, Target]] = []
        for name, page in self.pages.items():
            links = [link for link in page.links if link.address != page.redirect]
            if page.redirect:
                line = page.redirect_line
                links.append(Link(page.redirect, "meta", line, content=True))
            for link in links:
                if not self._ignored(link.address) and self._is_known(name, link):
                    target = self.site.resolve(link.address, name, page.base)
                    found.append((name, link, target))
        return found

    def _is_known(self, name: str, link: Link) -> bool:
        """Whether the target of a link can be determined.

        Hosts show the error page at any path, so its links start at the root.
        """
        rooted = link.address.startswith("/") and not link.address.startswith("//")
        return not rooted or name != "404.html" or bool(self.site.site_url)

    def _ignored(self, address: str) -> bool:
        patterns = self.settings.ignored_links
        return any(
            re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), address)
            for pattern in patterns
        )

    def _broken_links(self) -> Iterator[Finding]:
        framed: dict[tuple[str, str], list[tuple[str, Link]]] = {}
        for name, link, target in self._links:
            rule, problem = self._problem(link, target)
            if not problem or (rule == "broken-anchor" and _CODE.search(name)):
                continue
            if link.content:
                yield self._link_finding(name, link, rule, problem)
            else:
                # The frame of the pages contains it on each of them.
                key = (rule, f"{target.path}#{target.fragment}")
                framed.setdefault(key, []).append((name, link))
        for places in framed.values():
            name, link = places[0]
            target = self.site.resolve(link.address, name, self.pages[name].base)
            rule, problem = self._problem(link, target)
            others = len({page for page, _ in places}) - 1
            if others:
                problem += f", on this page and {others} more"
            yield self._link_finding(name, link, rule, problem)

    def _broken_styles(self) -> Iterator[Finding]:
        """Missing files that a style sheet of the project refers to.

        Style sheets of themes refer to fonts for old browsers that they omit.
        """
        for name in sorted(n for n in self.site.files if n.endswith(".css")):
            path = self.sources.own_file(name)
            if path is None:
                continue
            text = (self.site.root / name).read_text("utf-8", "replace")
            for address, line in style_addresses(text):
                target = self.site.resolve(address, name)
                if target.problem and not self._ignored(address):
                    yield Finding(
                        tool="ci-framework",
                        rule="missing-file",
                        message=f"the style sheet names {address}, which "
                        f"{target.problem}",
                        path=self.sources.project.relative(path),
                        line=line,
                    )

    def _literal_links(self) -> Iterator[Finding]:
        for page in self.pages.values():
            for message, path, line in literal_links(page, self.sources):
                yield Finding(
                    tool="ci-framework",
                    rule="broken-link",
                    message=message,
                    path=path,
                    line=line,
                )

    def _problem(self, link: Link, target: Target) -> tuple[str, str]:
        """The rule that a link breaks, and how; empty if it breaks none."""
        if target.external:
            return "", ""
        noun = _NOUNS.get(link.kind, "link")
        if target.problem:
            rule = "broken-link" if noun == "link" else "missing-file"
            return rule, f"the {noun} {link.address} {target.problem}"
        if not target.fragment or link.kind not in ("a", "area", "meta"):
            return "", ""
        page = self._final(target.path)
        if page is None or _is_search(target.path):
            return "", ""
        if has_fragment(target.fragment, page.targets):
            return "", ""
        known = page.targets
        fragment = target.fragment
        near = next((t for t in sorted(known) if t.lower() == fragment.lower()), "")
        more = f"; there is #{near}" if near else ""
        return (
            "broken-anchor",
            f"the link {link.address} leads to a page without the anchor "
            f"#{fragment}{more}",
        )

    def _final(self, path: str) -> HtmlPage | None:
        """The final page for a reader, after redirects."""
        for _ in range(5):
            page = self.pages.get(path)
            if page is None or not page.redirect:
                return page
            target = self.site.resolve(page.redirect, path, page.base)
            if not target.path:
                return None
            path = target.path
        return None

    def _link_finding(self, name: str, link: Link, rule: str, problem: str) -> Finding:
        path, line = self.sources.locate(name, link)
        if link.kind == "meta":
            path, line = self.sources.locate_redirect(name) or (path, line)
        elif not link.content:
            path, line = self.sources.locate_frame(link) or (path, line)
        return Finding(
            tool="ci-framework", rule=rule, message=problem, path=path, line=line
        )

    def _is_written(self, name: str) -> bool:
        """Whether a page is a content page."""
        page = self.pages[name]
        return (
            page.whole
            and not page.redirect
            and _GENERATED.search(name) is None
            and matching(name, self.settings.ignored_pages) is None
        )

    def _orphans(self) -> Iterator[Finding]:
        start = next((n for n in ("index.html", "index.htm") if n in self.pages), "")
        if not start:
            return
        leads: dict[str, set[str]] = {}
        for name, link, target in self._links:
            followed = link.kind in ("a", "area", "meta", "iframe")
            generated = _GENERATED.search(name) is not None
            if followed and target.path in self.pages and not generated:
                leads.setdefault(name, set()).add(target.path)
        reached, waiting = {start}, [start]
        while waiting:
            fresh = leads.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting += fresh
        for name in self.pages:
            if name in reached or not self._is_written(name):
                continue
            if not self.sources.left_out(name):
                path, _ = self.sources.locate(name)
                message = f"no page leads from the start page to {name}"
                yield Finding(
                    tool="ci-framework", rule="orphan-page", message=message, path=path
                )

    def _page_problems(self) -> Iterator[Finding]:
        for name, page in self.pages.items():
            if not self._is_written(name):
                continue
            path, _ = self.sources.locate(name)
            for rule, message, line in heading_problems(page, self.sources):
                yield Finding(
                    tool="ci-framework",
                    rule=rule,
                    message=message,
                    path=path,
                    line=line,
                )


def _is_search(path: str) -> bool:
    return path in ("search.html", "search/index.html")
