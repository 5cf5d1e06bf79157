"""What the project is made of: the licenses of dependencies, and the list of them."""

from __future__ import annotations

from ci_engine.checks.context import Tool, not_run_because
from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    Dependency,
    location_of,
    read_environment,
)
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.output_files import write_text
from ci_engine.scanning.bill_of_materials import to_cyclonedx
from ci_engine.scanning.engine import Scan, conclude, ended_badly
from ci_engine.scanning.files import named
from ci_engine.scanning.scanners.images import own_configuration

__all__ = ["examine_licenses", "examine_sbom"]

_DENIED_SCORE = 5.5


def examine_licenses(scan: Scan) -> CheckResult:
    """Find dependencies with a license that the project does not want."""
    denied = scan.context.settings.scan.denied_licences
    if not denied:
        reason = "denied-licenses names none"
        return CheckResult(id="licenses", status=Status.SKIPPED, reason=reason)
    try:
        dependencies = scan.read_dependencies()
        # A lock of Python names no licenses: those who installed it can tell.
        if not any(each.license_name for each in _all(dependencies)):
            dependencies = read_environment(scan.context)
    except ToolError as error:
        return not_run_because("licenses", error)
    every = _all(dependencies)
    unknown = {
        each.name: "states no license"
        for each in every
        if not each.license_name and each.kind == "pypi"
    }
    findings: list[Finding] = []
    for each in every:
        forbidden = [
            text for text in denied if text.lower() in each.license_name.lower()
        ]
        if not forbidden:
            continue
        path, line = location_of(
            scan.context.project, dependencies.source, each.name, each.version
        )
        findings.append(
            Finding(
                tool="ci-framework",
                rule=f"license-{forbidden[0]}",
                message=f"{each.name} {each.version}: license {each.license_name}",
                path=path,
                line=line,
                score=_DENIED_SCORE,
                confidence="high",
            )
        )
    tool = Tool("ci-framework", "", (), {}, dependencies.source)
    result = conclude(
        "licenses", tool, findings, len(every), {}, "dependencies looked at"
    )
    if unknown:
        result.notes.append(f"no license is stated by {named(sorted(unknown))}")
    return result


def _all(dependencies: Dependencies) -> list[Dependency]:
    return [*dependencies.audited, *dependencies.others]


def examine_sbom(scan: Scan) -> CheckResult:
    """Write the list of all components: of the project, and of its images."""
    security = scan.context.settings.security
    if not security.generate_sbom:
        reason = "generate-sbom is off"
        return CheckResult(id="sbom", status=Status.SKIPPED, reason=reason)
    try:
        dependencies = scan.read_dependencies()
    except ToolError as error:
        return not_run_because("sbom", error)
    text = to_cyclonedx(scan.context.project, dependencies)
    write_text(scan.context.reports / "sbom.cdx.json", text)
    tool = Tool("ci-framework", "", (), {}, dependencies.source)
    every = _all(dependencies)
    result = conclude("sbom", tool, [], len(every), {}, "components listed")
    unnamed = len(dependencies.unknown) - len(dependencies.others)
    if unnamed > 0:
        result.notes.append(f"{unnamed} more have neither a name nor a version")
    if security.scan_containers and scan.context.settings.scan.images:
        return _of_images(scan, result)
    return result


def _of_images(scan: Scan, result: CheckResult) -> CheckResult:
    """Let syft or trivy list what is in the images."""
    tool = scan.found("syft", "trivy")
    if tool is None:
        result.status = Status.NOT_RUN
        result.reason = "neither syft nor trivy is installed to list what is in images"
        return result
    images = scan.context.settings.scan.images
    config = own_configuration(scan) if tool.name == "trivy" else []
    for number, image in enumerate(images, 1):
        file = scan.context.reports / f"sbom-image-{number}.cdx.json"
        words = {
            "syft": ["scan", image, "--quiet", "--output", f"cyclonedx-json={file}"],
            "trivy": [
                "image",
                *config,
                "--quiet",
                "--format",
                "cyclonedx",
                f"--output={file}",
            ],
        }[tool.name]
        words += ["--", image] if tool.name == "trivy" else []
        outcome = scan.run("sbom", tool, words)
        if outcome.code != 0 or outcome.timed_out or not file.is_file():
            return ended_badly("sbom", tool, outcome)
    result.notes.append(f"{tool.label} listed what is in {named(images)}")
    return result
