"""Settings of ``ci docs``."""

from __future__ import annotations

from typing import Literal

from ci_engine.configuration.value_types import (
    Count,
    Glob,
    Seconds,
    StrictTable,
    Text,
)

DocsTool = Literal["auto", "mkdocs", "sphinx", "zensical"]
DocsDeploy = Literal["none", "pages", "branch"]


class DocsCheck(StrictTable, frozen=True):
    """Exceptions of ``ci docs check``.

    Attributes:
        ignored_links: links that are not checked; ``*`` matches any text.
        ignored_pages: built pages whose headings and reachability are not checked.
    """

    ignored_links: list[Text]
    ignored_pages: list[Glob]


class Docs(StrictTable, frozen=True):
    """Settings of ``ci docs``.

    Attributes:
        tool: the tool that builds it; auto = the tool that has a configuration file;
            zensical builds MkDocs projects.
        config: its configuration file; empty = the usual names.
        strict: whether warnings of the tool fail the build.
        timeout: seconds after which a build is killed.
        site_url: the address of the published site; empty = the one in the tool's
            configuration.
        deploy: where the workflow publishes: a GitHub Pages artifact, or a
            branch.
        versions: whether the branch keeps each release beside the others.
        version_selector: whether published Sphinx pages list the versions; for MkDocs,
            themes do this.
        branch: the branch of the remote to publish on.
        verify_timeout: seconds until the live site must show what was published;
            0 = do not compare.
        check: exceptions of ``ci docs check``.
    """

    tool: DocsTool
    config: str
    strict: bool
    timeout: Seconds
    site_url: str
    deploy: DocsDeploy
    versions: bool
    version_selector: bool
    branch: Text
    verify_timeout: Count
    check: DocsCheck
