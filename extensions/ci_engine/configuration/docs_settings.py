"""How ``ci docs`` builds, checks and publishes the documentation."""

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
    """What ``ci docs check`` leaves out.

    Attributes:
        ignored_links: links that are not checked; ``*`` stands for any text.
        ignored_pages: built pages whose headings and reachability are not checked.
    """

    ignored_links: list[Text]
    ignored_pages: list[Glob]


class Docs(StrictTable, frozen=True):
    """What ``ci docs`` builds, and where it is published.

    Attributes:
        tool: the tool that builds it; auto = the one of the configuration file.
            zensical builds a project of MkDocs.
        config: its configuration file; empty = the usual ones.
        strict: whether warnings of the tool fail the build.
        timeout: seconds after which a build is killed.
        site_url: the address it is published at; empty = the one that its
            configuration states.
        deploy: where the workflow publishes it: an artifact of GitHub Pages, or a
            branch.
        versions: whether each release is published beside the others, on the branch.
        version_selector: whether published pages of Sphinx list the versions; MkDocs
            has themes that do.
        branch: the branch of the remote that it is published on.
        verify_timeout: seconds in which the live site has to show what was published;
            0 = it is not compared.
        check: what ``ci docs check`` leaves out.
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
