"""Find the packages that a repository publishes, besides the one at its root."""

from __future__ import annotations

from ci_engine.monorepo.file_tree import Tree
from ci_engine.monorepo.package_discovery import Found, detect
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_MOST_SHOWN = 5


def state_distributions(survey: Survey, findings: Findings) -> None:
    """State the packages that ``ci packages`` will find, and those it excludes."""
    tree = Tree(survey.repository.root, survey.files, {})
    found = [package for package in detect(tree)[0] if package.layout.imports]
    members = {*findings.items("workspace-members")}
    packages = [p for p in found if _belongs(p, found, members)]
    aside = [package for package in found if package not in packages]
    findings.add(
        "distributions",
        [package.path for package in packages],
        "each of these directories has a manifest and code of its own"
        if packages
        else "no directory has both a manifest and code",
        [Evidence(path=_manifest(package)) for package in packages[:_MOST_SHOWN]],
        "likely",
    )
    findings.add(
        "other-distributions",
        [package.path for package in aside],
        "the project at the top does not name them as members, none of its packages "
        "needs them or is needed by them, and they have no tests"
        if aside
        else "there are none",
        [Evidence(path=_manifest(package)) for package in aside[:_MOST_SHOWN]],
        "likely",
    )


def _belongs(package: Found, packages: list[Found], members: set[str]) -> bool:
    """Whether a package belongs to the repository's product, besides the root."""
    tops = [other for other in packages if other.path == "."]
    if not tops or package in tops or package.path in members or package.layout.tests:
        return True
    needed = {needed.name for needed in package.manifest.needs}
    others = [other for other in packages if other is not package]
    return any(
        other.name in needed
        or package.name in {needed.name for needed in other.manifest.needs}
        for other in others
    )


def _manifest(package: Found) -> str:
    prefix = "" if package.path == "." else f"{package.path}/"
    return f"{prefix}{package.manifest.file}"
