"""``ci docs serve``: serve the pages locally, and rebuild them when a file changes."""

from __future__ import annotations

from pathlib import Path

from ci_engine.commands.docs_run import DocsRun
from ci_engine.documentation.addresses import Site
from ci_engine.documentation.docs_source import find_source
from ci_engine.documentation.serving import PageServer
from ci_engine.findings.results import CheckResult
from ci_engine.reports.console import Console


def serve(docs: DocsRun, port: int, console: Console) -> list[CheckResult]:
    """Serve until the command is interrupted; returns the checks of the last build."""
    checks = docs.build()
    if not all(check.green for check in checks):
        return checks
    source = find_source(docs.project, docs.settings.docs)
    address = docs.settings.docs.site_url or source.site_url
    server = PageServer(docs.site, Site(docs.site, address).base, port)
    server.show()
    console.line(f"serving {server.address}, until you press Ctrl-C")
    root = docs.project.root
    watched = [root / source.pages, root / source.config]
    watched += [root / path for path in docs.settings.source_paths]
    last = checks

    def build() -> bool:
        nonlocal last
        last = docs.build()
        for check in last:
            console.check(check)
            for finding in check.findings:
                console.line(f"  {finding.location}: {finding.headline}")
        return all(check.green for check in last)

    server.serve(list(map(Path, watched)), build, docs.cancel)
    return last
