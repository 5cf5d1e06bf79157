"""``ci docs verify``: check whether the live site shows what was published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ci_engine.commands.docs_run import DocsRun
from ci_engine.documentation.live_site import LiveSite
from ci_engine.documentation.published_files import (
    Files,
    PublishedBranch,
    files_of_directory,
)
from ci_engine.errors import ConfigurationError, ToolError, UsageError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Status
from ci_engine.github.branch_writer import branch_writer
from ci_engine.github.event import read_event
from ci_engine.github.outputs import notice
from ci_engine.github.pages_settings import PagesSettings, read_pages_settings
from ci_engine.github.pushing import push_token, with_token
from ci_engine.processes.activity import activity
from ci_engine.project.git import Git


@dataclass(frozen=True)
class DocsVerification:
    """Compare the live site with what was published.

    Attributes:
        is_branch: whether it was published on the branch instead of as an artifact.
        version: the version, empty if the site has no versions.
        address: the address of the live site; empty = from the settings.
    """

    docs: DocsRun
    remote: str
    is_branch: bool
    version: str
    address: str

    def verify(self) -> CheckResult:
        """Compare the sites, unless the live one is not public.

        Raises:
            UsageError: if there is nothing to compare with.
        """
        settings = self.docs.settings.docs
        if not settings.verify_timeout:
            return _skipped("docs.verify-timeout is 0")
        pages = read_pages_settings(self.docs.surroundings.variables)
        # Outside GitHub, the settings of GitHub Pages do not apply.
        elsewhere = self.address or settings.site_url
        problem = self._problem(pages) if pages and not elsewhere else None
        if problem:
            return self._noticed(*problem)
        address = elsewhere or (pages.html_url if pages else "") or self._stated()
        if not address:
            return _skipped("the address of the site is not known: set docs.site-url")
        if not address.startswith(("http://", "https://")):
            raise UsageError(
                f"the address of the site: expected http:// or https://, got {address}",
                hint="correct --address or docs.site-url",
            )
        read_files = self._files()
        site = LiveSite(address, settings.verify_timeout, self.docs.cancel)
        try:
            with activity("comparing the live site"):
                check = site.compare(read_files)
        except ToolError as error:
            check = CheckResult(id="docs-live", tool="ci-framework")
            mark_not_run(check, error)
        if check.status is Status.FAILED and self._is_outrun():
            return _skipped("a later commit is published instead")
        if check.status is Status.SKIPPED:
            return self._noticed(check.reason, "its pages are not compared")
        return check

    def _files(self) -> Callable[[], Files]:
        docs = self.docs
        if self.is_branch:
            branch, variables = docs.settings.docs.branch, docs.surroundings.variables
            root = docs.project.root
            writer = branch_writer(root, branch, variables, self.remote)
            return PublishedBranch(writer, self.version).files
        if not (docs.site / "index.html").is_file():
            raise UsageError(
                f"there is no page to compare with: {docs.site / 'index.html'}",
                hint="run `ci-framework/ci docs build`, or give --site",
            )
        files = files_of_directory(docs.site)
        return lambda: files

    def _problem(self, pages: PagesSettings) -> tuple[str, str] | None:
        """Why GitHub Pages does not show the site to everyone, and how to fix it."""
        source = "GitHub Actions"
        if self.is_branch:
            source = f"the branch {self.docs.settings.docs.branch}"
        remedy = f"choose {source} in the repository's Settings, under Pages, Source"
        if not pages.html_url:
            return "GitHub Pages are off", remedy
        if self.is_branch and pages.branch != self.docs.settings.docs.branch:
            shown = f"the branch {pages.branch}" if pages.branch else "an artifact"
            return f"GitHub Pages show {shown}", remedy
        if not pages.public:
            return "GitHub Pages are private", "the live pages are not compared"
        return None

    def _is_outrun(self) -> bool:
        """Whether the branch has newer commits, which a later run deploys."""
        variables = self.docs.surroundings.variables
        ref, root = read_event(variables).ref, self.docs.project.root
        if self.is_branch or not ref.startswith("refs/heads/"):
            return False
        git = with_token(Git(root), push_token(variables))
        listed = git.run("ls-remote", self.remote, ref)
        newest = listed.stdout.partition("\t")[0]
        return listed.code == 0 and newest not in ("", git.commit("HEAD"))

    def _stated(self) -> str:
        """The address that the configuration of the documentation states."""
        try:
            return self.docs.source.site_url
        except ConfigurationError:
            return ""

    def _noticed(self, title: str, text: str) -> CheckResult:
        """Report in the run that there is nothing to compare, without a problem."""
        notice(title, text, self.docs.surroundings.variables)
        return _skipped(f"{title}: {text}")


def _skipped(reason: str) -> CheckResult:
    return CheckResult(id="docs-live", status=Status.SKIPPED, reason=reason)
