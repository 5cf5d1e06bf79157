"""Known vulnerabilities of container images, with trivy and grype."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ci_engine.checks.context import Tool
from ci_engine.configuration.security_profiles import EngineName
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.findings.severity import SCORES
from ci_engine.project.output_files import write_text
from ci_engine.scanning.engine import Scan, conclude, ended_badly, not_here
from ci_engine.scanning.scanners.hadolint import dockerfiles

__all__ = ["examine_grype", "examine_trivy", "own_configuration"]

_UNRATED = 7.0
# What was found in an image, and why that may not be all.
_Read = tuple[list[Finding], str]


class _TrivyFlaw(msgspec.Struct, rename="pascal"):
    vulnerability_id: str = msgspec.field(name="VulnerabilityID")
    pkg_name: str
    installed_version: str = ""
    fixed_version: str = ""
    severity: str = ""
    title: str = ""
    primary_url: str = msgspec.field(name="PrimaryURL", default="")


class _TrivyTarget(msgspec.Struct, rename="pascal"):
    vulnerabilities: list[_TrivyFlaw] | None = None


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


class _GrypeFlaw(msgspec.Struct):
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
    vulnerability: _GrypeFlaw
    artifact: _Artifact
    related: list[_Related] = msgspec.field(
        name="relatedVulnerabilities", default_factory=list[_Related]
    )


class _GrypeReport(msgspec.Struct):
    matches: list[_Match]


def examine_trivy(scan: Scan) -> CheckResult:
    """Scan the images with the trivy of this machine."""
    return _examine(scan, "trivy", scan.found("trivy"), _trivy)


def examine_grype(scan: Scan) -> CheckResult:
    """Scan the images with the grype of this machine; trivy can stand for it."""
    tool = scan.found("grype")
    if tool is None and _wanted(scan) == "" and scan.found("trivy") is not None:
        reason = "not installed; trivy scans the images"
        return CheckResult(id="grype", status=Status.SKIPPED, reason=reason)
    return _examine(scan, "grype", tool, _grype)


def _wanted(scan: Scan) -> str:
    """Why no image is to be scanned, empty if one is."""
    settings = scan.context.settings
    if not settings.security.scan_containers:
        return "scan-containers is off"
    if not settings.scan.images and not dockerfiles(scan):
        return "no image is named, and there is no Dockerfile"
    return ""


def _examine(
    scan: Scan,
    name: EngineName,
    tool: Tool | None,
    read: Callable[[str, str], _Read],
) -> CheckResult:
    reason = _wanted(scan)
    if reason:
        return CheckResult(id=name, status=Status.SKIPPED, reason=reason)
    images = scan.context.settings.scan.images
    if not images:
        return not_here(scan, name, "there is a Dockerfile, and no image is named")
    if tool is None:
        return not_here(scan, name, f"{name} is not installed")
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    config = own_configuration(scan) if tool.name == "trivy" else []
    for image in images:
        words = {
            "trivy": [
                "image",
                *config,
                "--format",
                "json",
                "--quiet",
                "--scanners",
                "vuln",
            ],
            "grype": ["--output", "json", "--quiet"],
        }[tool.name]
        outcome = scan.run(name, tool, [*words, "--", image])
        try:
            found, doubt = read(outcome.stdout, image)
        except msgspec.DecodeError:
            return ended_badly(name, tool, outcome)
        if outcome.timed_out or outcome.code != 0:
            return ended_badly(name, tool, outcome)
        unread |= {image: doubt} if doubt else {}
        locations = dockerfiles(scan)
        path = locations[0] if locations else ""
        findings += [msgspec.structs.replace(each, path=path) for each in found]
    return conclude(name, tool, findings, len(images), unread, "images scanned")


def own_configuration(scan: Scan) -> list[str]:
    """Options that keep trivy from the ``trivy.yaml`` of the repository.

    That can name modules for trivy to run.
    """
    file = scan.context.reports / "trivy.yaml"
    write_text(file, "{}\n")
    return ["--config", str(file)]


def _trivy(text: str, image: str) -> _Read:
    report = msgspec.json.decode(text, type=_TrivyReport)
    system = report.metadata.system
    doubt = ""
    if system.ended:
        # Nobody lists the flaws of what is not cared for any more.
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


def _grype(text: str, image: str) -> _Read:
    report = msgspec.json.decode(text, type=_GrypeReport)
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
