"""References to other sites, unchecked while those sites do not respond.

Intersphinx and mkdocstrings load the inventory of each site. Without it, references to
the site are unresolved, though nothing in the project is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_engine.configuration.tables import texts
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.repository import Project

_INVENTORY = re.compile(
    r"inventory '(?P<sphinx>[^']+)' not fetchable"
    r"|Couldn't load inventory (?P<mkdocs>\S+) through"
)
# An inventory that the site does not have is a mistake of the project.
_UNREACHABLE = re.compile(
    r"connection|timeout|timed out|resolve|resolution|not known|unreachable"
    r"|urlopen error|proxy|\bssl|incompleteread|chunkedencoding"
    r"|\b5\d\d (?:server )?error|http error (?:429|5\d\d)|\b429 client error",
    re.IGNORECASE,
)
_UNRESOLVED = re.compile(
    r"reference target not found: (?P<object>\S+)"
    r"|undefined label: '(?P<label>[^']+)'"
    r"|inventory for external cross-reference not found: '(?P<name>[^']+)'"
    r"|Could not find cross-reference target '(?P<target>[^']+)'"
)
_NAMES = 10


@dataclass(frozen=True)
class Unchecked:
    """What a build could not check.

    Attributes:
        sites: the addresses of the inventories that could not be loaded.
        references: the references that may be defined there.
        findings: the other findings of the build.
    """

    sites: Sequence[str]
    references: Sequence[str]
    findings: list[Finding]

    def report(self) -> CheckResult:
        """Report it without failing the run."""
        check = CheckResult(id="docs-inventories", blocking=False)
        check.status = Status.NOT_RUN
        check.reason = f"cannot be reached: {', '.join(self.sites)}"
        names = [*dict.fromkeys(self.references)]
        if names:
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            check.notes = [f"not checked: {', '.join(names[:_NAMES])}{more}"]
        return check


def separate_unreachable(
    project: Project, findings: Sequence[Finding]
) -> Unchecked | None:
    """Separate what other sites may define, None if all of them responded."""
    sites = {
        finding: found["sphinx"] or found["mkdocs"]
        for finding in findings
        if (found := _INVENTORY.search(finding.message))
        and _UNREACHABLE.search(finding.message[found.end() :])
    }
    if not sites:
        return None
    own = {*_own_modules(project)}
    references: list[str] = []
    kept: list[Finding] = []
    for finding in findings:
        found = _UNRESOLVED.search(finding.message)
        name = next(filter(None, found.groups()), "") if found else ""
        if name and name.partition(".")[0] not in own:
            references.append(name)
        elif finding not in sites:
            kept.append(finding)
    return Unchecked([*dict.fromkeys(sites.values())], references, kept)


def _own_modules(project: Project) -> Iterator[str]:
    """The top-level modules of the project: no other site defines what is in them."""
    paths = texts(project.written_settings, "source-paths") or ["src", "."]
    for path in paths:
        for each in (project.root / path).glob("*"):
            if each.suffix == ".py" or (each / "__init__.py").is_file():
                yield Path(each).stem
