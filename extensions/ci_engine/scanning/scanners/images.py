"""Known vulnerabilities of container images, with trivy and grype."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ci_engine.checks.outcomes import skipped
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text
from ci_engine.scanning.scanner import (
    Scan,
    conclude,
    decoded,
    not_installed,
    unusable_output,
)
from ci_engine.scanning.scanners.hadolint import dockerfiles

_UNRATED = 7.0
# What was found in an image, and why that may not be all.
_Read = tuple[list[Finding], str]


class _TrivyIssue(msgspec.Struct, rename="pascal"):
    vulnerability_id: str = msgspec.field(name="VulnerabilityID")
    pkg_name: str
    installed_version: str = ""
    fixed_version: str = ""
    severity: str = ""
    title: str = ""
    primary_url: str = msgspec.field(name="PrimaryURL", default="")


class _TrivyTarget(msgspec.Struct, rename="pascal"):
    vulnerabilities: list[_TrivyIssue] | None = None


class _TrivySystem(msgspec.Struct):
    family: str = msgspec.field(name="Family", default="")
    name: str = msgspec.field(name="Name", default="")
    ended: bool = msgspec.field(name="EOSL", default=False)


class _TrivyFacts(msgspec.Struct):
    system: _TrivySystem = msgspec.field(name="OS", default_factory=_TrivySystem)


class _TrivyReport(msgspec.Struct, rename="pascal"):
    artifact_name: str
    metadata: _TrivyFacts = msgspec.field(default_factory=_TrivyFacts)
    results: list[_TrivyTarget] | None = None


class _Fix(msgspec.Struct):
    versions: list[str] = msgspec.field(default_factory=list[str])


class _GrypeIssue(msgspec.Struct):
    id: str
    severity: str = ""
    description: str = ""
    data_source: str = msgspec.field(name="dataSource", default="")
    fix: _Fix = msgspec.field(default_factory=_Fix)


class _Related(msgspec.Struct):
    id: str


class _Artifact(msgspec.Struct):
    name: str
    version: str = ""


class _Match(msgspec.Struct):
    vulnerability: _GrypeIssue
    artifact: _Artifact
    related: list[_Related] = msgspec.field(
        name="relatedVulnerabilities", default_factory=list[_Related]
    )


class _GrypeReport(msgspec.Struct):
    matches: list[_Match]


def run_trivy(scan: Scan) -> CheckResult:
    """Scan container images with the trivy of this machine."""
    return _run(scan, scan.installed_tool("trivy"), _read_trivy)


def run_grype(scan: Scan) -> CheckResult:
    """Scan container images with the grype of this machine, where trivy is not."""
    tool = scan.installed_tool("grype")
    nothing_to_do = _why_not(scan)
    if tool is None and not nothing_to_do and scan.installed_tool("trivy") is not None:
        return skipped("not installed; trivy scans the images")
    return _run(scan, tool, _read_grype)


def _why_not(scan: Scan) -> str:
    """Why no image is to be scanned, empty if one is."""
    if not scan.settings.security.scan_containers:
        return "scan-containers is off"
    if not scan.settings.scan.images and not dockerfiles(scan):
        return "no image is named, and there is no Dockerfile"
    return ""


def _run(
    scan: Scan, tool: Tool | None, read: Callable[[Tool, Outcome, str], _Read]
) -> CheckResult:
    reason = _why_not(scan)
    if reason:
        return skipped(reason)
    images = scan.settings.scan.images
    if not images:
        return not_installed(scan, "there is a Dockerfile, and no image is named")
    if tool is None:
        return not_installed(scan, f"{scan.scanner} is not installed")
    command = ["--output", "json", "--quiet"]
    if tool.name == "trivy":
        command = ["image", *own_configuration(scan), "--format", "json", "--quiet"]
        command += ["--scanners", "vuln"]
    path = next(iter(dockerfiles(scan)), "")
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    for image in images:
        outcome = scan.run(tool, [*command, "--", image])
        found, doubt = read(tool, outcome, image)
        if outcome.timed_out or outcome.code != 0:
            raise unusable_output(tool, outcome)
        unread |= {image: doubt} if doubt else {}
        findings += [msgspec.structs.replace(each, path=path) for each in found]
    return conclude(scan, tool, findings, len(images), unread, "images scanned")


def own_configuration(scan: Scan) -> list[str]:
    """Options that keep trivy from the ``trivy.yaml`` of the repository.

    That can name modules for trivy to run.
    """
    file = scan.reports / "trivy.yaml"
    write_text(file, "{}\n")
    return ["--config", str(file)]


def _read_trivy(tool: Tool, outcome: Outcome, image: str) -> _Read:
    report = decoded(tool, outcome, _TrivyReport)
    system = report.metadata.system
    doubt = ""
    if system.ended:
        # No database lists the issues of a system without support.
        doubt = f"{system.family} {system.name} gets no security updates any more"
    findings = [
        Finding(
            tool="trivy",
            rule=issue.vulnerability_id,
            message=f"{issue.pkg_name} {issue.installed_version} in {image}: "
            f"{issue.title or 'a known vulnerability'}",
            score=SCORES.get(issue.severity.lower(), _UNRATED),
            help_url=issue.primary_url,
            fix=f"{issue.pkg_name} {issue.fixed_version}"
            if issue.fixed_version
            else "",
        )
        for target in report.results or []
        for issue in target.vulnerabilities or []
    ]
    return findings, doubt


def _read_grype(tool: Tool, outcome: Outcome, image: str) -> _Read:
    report = decoded(tool, outcome, _GrypeReport)
    findings: list[Finding] = []
    for match in report.matches:
        issue, artifact = match.vulnerability, match.artifact
        fixed = " or ".join(issue.fix.versions[:3])
        about = issue.description.partition("\n")[0] or "a known vulnerability"
        findings.append(
            Finding(
                tool="grype",
                rule=issue.id,
                message=f"{artifact.name} {artifact.version} in {image}: {about}",
                score=SCORES.get(issue.severity.lower(), _UNRATED),
                help_url=issue.data_source,
                fix=f"{artifact.name} {fixed}" if fixed else "",
                also=tuple(related.id for related in match.related),
            )
        )
    return findings, ""
