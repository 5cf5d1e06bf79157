"""``ci docs publish``: publish the pages, or refuse to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ci_engine.commands.docs_run import DocsRun
from ci_engine.commands.output import print_json, print_list
from ci_engine.documentation.deployment import refusal
from ci_engine.documentation.publishing import NewVersion, SitePublisher
from ci_engine.documentation.site_versions import SiteVersion
from ci_engine.errors import ToolError, UsageError
from ci_engine.findings.not_run import mark_not_run
from ci_engine.findings.results import CheckResult, Status
from ci_engine.github.branch_writer import ReadOnlyError, branch_writer
from ci_engine.github.event import read_event
from ci_engine.github.outputs import write_outputs


@dataclass(frozen=True)
class DocsPublication:
    """Publish the pages of one run of ``ci docs``.

    Attributes:
        new: the version to publish; None = the branch has one site without versions.
    """

    docs: DocsRun
    remote: str
    new: NewVersion | None

    @property
    def publisher(self) -> SitePublisher:
        """The publisher that writes to the branch.

        Raises:
            ToolError: if there is no git repository.
        """
        docs = self.docs
        git = docs.project.git
        if git is None:
            raise ToolError(
                "there is no git repository here: pages are published on a branch",
                hint="run `git init` and add a remote",
            )
        settings, variables = docs.settings.docs, docs.surroundings.variables
        root = docs.project.root
        writer = branch_writer(root, settings.branch, variables, self.remote)
        site, commit = docs.site.resolve(), git.commit("HEAD")
        return SitePublisher(writer, site, commit, settings.version_selector)

    def refuse_changes(self) -> None:
        """Refuse to publish from a pull request or a fork.

        Raises:
            UsageError: in a pull request, or in a fork.
        """
        because = refusal(read_event(self.docs.surroundings.variables))
        if because:
            raise UsageError(
                f"nothing is published: {because}",
                hint="publish from a branch or a tag of the repository itself",
            )

    def publish(self) -> list[CheckResult]:
        """Build the pages unless they are given; publish them if the checks passed."""
        self.refuse_changes()
        docs, new = self.docs, self.new
        checks = docs.build()
        check = CheckResult(id="docs-publish", tool="git")
        if any(not each.green for each in checks):
            check.status = Status.NOT_RUN
            check.reason = "the pages are not published: the build failed"
            return [*checks, check]
        branch = docs.settings.docs.branch
        publisher = self.publisher
        try:
            commit = publisher.publish_version(new) if new else publisher.publish_site()
        except ReadOnlyError as error:
            check.status = Status.NOT_RUN
            check.reason = f"the branch cannot be written with this token: {error}"
        except ToolError as error:
            mark_not_run(check, error)
        else:
            what = ", ".join([new.version, *new.aliases]) if new else "the site"
            check.notes = [f"{what} is on {branch}, commit {commit[:12]}"]
            variables = docs.surroundings.variables
            write_outputs({"published-commit": commit}, variables)
        return [*checks, check]

    def plan(self, *, as_json: bool) -> int:
        """Print what would change; the pages have to exist."""
        new = self.new
        docs = self.docs
        lines = docs.steps("publish")
        what = ", ".join([new.version, *new.aliases]) if new else "the site"
        lines.append(f"publish {what} on {docs.settings.docs.branch}")
        if new and docs.site.is_dir():
            lines += self.publisher.plan(new)
        print_list("docs", "steps", lines, as_json=as_json)
        return 0

    def delete(self, names: Sequence[str]) -> CheckResult:
        """Remove versions or aliases."""
        self.refuse_changes()
        check = CheckResult(id="docs-publish", tool="git")
        try:
            removed = self.publisher.delete(names)
        except ToolError as error:
            mark_not_run(check, error)
        else:
            check.notes = [f"removed: {', '.join(removed)}"]
        return check

    def print_versions(self, *, as_json: bool) -> int:
        """Print the published versions."""
        versions = self.publisher.versions()
        if as_json:
            print_json({"schema": 1, "command": "docs", "versions": versions})
        else:
            sys.stdout.writelines(f"{_describe(each)}\n" for each in versions)
        return 0


def _describe(version: SiteVersion) -> str:
    titled = version.title not in ("", version.version)
    title = f" ({version.title})" if titled else ""
    aliases = f" [{', '.join(version.aliases)}]" if version.aliases else ""
    return f"{version.version}{title}{aliases}"
