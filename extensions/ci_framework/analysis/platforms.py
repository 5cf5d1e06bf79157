"""On which platforms the project is tested."""

from __future__ import annotations

import re

from ci_framework.analysis.facts import Findings
from ci_framework.analysis.matrices import cells, test_jobs
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

__all__ = ["state_platforms"]

_RUNNERS = {"ubuntu": "linux", "linux": "linux", "macos": "macos", "windows": "windows"}


def state_platforms(survey: Survey, pixi: Pixi, findings: Findings) -> None:
    """State where it is tested."""
    found: dict[str, Evidence] = {}
    for workflow, job in test_jobs(survey):
        labels = [value for _, value in cells(survey, workflow, job)]
        for label in [*job.runs_on, *labels]:
            names = re.findall(r"ubuntu|macos|windows|linux", label.lower())
            for platform in [_RUNNERS[name] for name in names]:
                found.setdefault(platform, Evidence(path=workflow.path, line=job.line))
    if pixi.platforms and found:
        kept = {
            name: location for name, location in found.items() if name in pixi.platforms
        }
        found = kept or found
    order: list[str] = [n for n in ("linux", "macos", "windows") if n in found]
    if order:
        because = "the jobs of its workflows run there"
        locations = [found[name] for name in order]
        findings.add("platforms", order, because, locations)
    elif pixi.platforms:
        location = survey.documents.location(pixi.path, *pixi.prefix)
        because = "the pixi manifest solves for them; no workflow tests anywhere"
        findings.add("platforms", pixi.platforms, because, [location], "likely")
    else:
        because = "nothing says where it is tested"
        findings.add("platforms", ["linux"], because, (), "guess")
