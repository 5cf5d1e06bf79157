"""Which packages of a repository are installed by themselves, as the engine sees it."""

from __future__ import annotations

from ci_engine.monorepo.detection import Found, detect
from ci_engine.monorepo.tree import Tree
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

__all__ = ["state_distributions"]

_MOST_PLACES = 20


def state_distributions(survey: Survey, findings: Findings) -> None:
    """State the packages that ``ci packages`` will find."""
    tree = Tree(survey.repository.root, survey.files, {})
    packages = [package for package in detect(tree).packages if package.layout.imports]
    findings.add(
        "distributions",
        [package.path for package in packages],
        "each of these directories has a manifest and code of its own"
        if packages
        else "no directory has both a manifest and code",
        [Evidence(path=_manifest(package)) for package in packages[:_MOST_PLACES]],
        "likely",
    )


def _manifest(package: Found) -> str:
    prefix = "" if package.path == "." else f"{package.path}/"
    return f"{prefix}{package.manifest.file}"
