"""Known vulnerabilities of container images, with trivy and grype."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.findings.severity import SCORES
from ci_engine.processes.programs import Outcome
from ci_engine.project.output_files import write_text
from ci_engine.scanning.files import named
from ci_engine.scanning.scanner import Scan, conclude, decoded, unusable_output
from ci_engine.scanning.scanners.hadolint import container_files

_UNRATED = 7.0
# The findings in an image, and why they may be incomplete.
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
    """Scan container images with the installed trivy."""
    return _run(scan, "grype", _read_trivy)


def run_grype(scan: Scan) -> CheckResult:
    """Scan container images with the installed grype, if trivy is missing."""
    return _run(scan, "trivy", _read_grype)


def _nothing(scan: Scan) -> CheckResult | None:
    """The result if no image can be scanned."""
    if not scan.settings.security.scan_containers:
        return skipped("scan-containers is off")
    if scan.settings.scan.images:
        return None
    files = container_files(scan)
    if files:
        text = "scan-containers is on, and no image is named"
        return not_run(f"{text} in scan.images: {named(files)}")
    return skipped("no image is named, and there is no Dockerfile")


def _run(
    scan: Scan, alternative: ScannerName, read: Callable[[Tool, Outcome, str], _Read]
) -> CheckResult:
    """Scan every image; one of the two scanners is enough."""
    nothing = _nothing(scan)
    if nothing is not None:
        return nothing
    tool = scan.installed_tool(scan.scanner)
    if tool is None:
        if scan.installed_tool(alternative) is not None:
            return skipped(f"not installed; {alternative} scans the images")
        return not_run(f"neither {scan.scanner} nor {alternative} is installed")
    options = own_configuration(scan, tool)
    command = [*options, "--output", "json"]
    if tool.name == "trivy":
        command = ["image", *options, "--format", "json", "--scanners", "vuln"]
    path = next(iter(container_files(scan)), "")
    findings: list[Finding] = []
    unread: dict[str, str] = {}
    for image in scan.settings.scan.images:
        outcome = scan.run(tool, [*command, "--", image])
        if outcome.timed_out or outcome.code != 0:
            raise unusable_output(tool, outcome)
        found, doubt = read(tool, outcome, image)
        unread |= {image: doubt} if doubt else {}
        findings += [msgspec.structs.replace(each, path=path) for each in found]
    given = len(scan.settings.scan.images)
    return conclude(scan, tool, findings, given, unread, "images scanned")


def own_configuration(scan: Scan, tool: Tool) -> list[str]:
    """Options that make a tool ignore its configuration in the repository.

    It could exclude everything, or name modules for trivy to run.
    """
    file = scan.reports / f"{tool.name}.yaml"
    write_text(file, "{}\n")
    options = ["--config", str(file)]
    if tool.name == "trivy":
        ignored = scan.reports / "trivy-ignore"
        write_text(ignored, "")
        options += ["--ignorefile", str(ignored)]
    return options


def _read_trivy(tool: Tool, outcome: Outcome, image: str) -> _Read:
    report = decoded(tool, outcome, _TrivyReport)
    system = report.metadata.system
    doubt = ""
    if system.ended:
        # Databases do not list the issues of unsupported systems.
        doubt = f"{system.family} {system.name} no longer gets security updates"
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
