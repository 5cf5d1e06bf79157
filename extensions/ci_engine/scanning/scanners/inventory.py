"""What the project is made of: vulnerabilities, licenses, and the list of it all."""

from __future__ import annotations

from ci_engine.checks.dependencies import audit
from ci_engine.checks.dependencies.inventory import (
    Dependencies,
    Dependency,
    location_of,
    read_environment,
)
from ci_engine.checks.outcomes import skipped
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.project.output_files import write_text
from ci_engine.scanning.bill_of_materials import to_cyclonedx
from ci_engine.scanning.files import named
from ci_engine.scanning.scanner import Scan, conclude
from ci_engine.scanning.scanners.image_inventory import list_images

_DENIED_SCORE = 5.5


def run_audit(scan: Scan) -> CheckResult:
    """Look the dependencies up in the OSV database, with uv or pip-audit."""
    return audit.run_audit(scan, scan.read_dependencies(), scan.reports, scan.timeout)


def run_licenses(scan: Scan) -> CheckResult:
    """Find dependencies with a license that the project does not want."""
    settings = scan.settings.scan
    denied = settings.denied_licenses or settings.denied_licences
    if not denied:
        return skipped("denied-licenses names none")
    dependencies = scan.read_dependencies()
    # A lock of Python names no licenses: what is installed does.
    if not any(each.license_name for each in _all(dependencies)):
        dependencies = read_environment(scan)
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
            scan.project, dependencies.source, each.name, each.version
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
    tool = Tool("ci-framework", environment=dependencies.source)
    noun = "dependencies looked at"
    result = conclude(scan, tool, findings, len(every), noun=noun)
    if unknown:
        result.notes.append(f"no license is stated by {named(sorted(unknown))}")
    return result


def _all(dependencies: Dependencies) -> list[Dependency]:
    return [*dependencies.audited, *dependencies.others]


def run_sbom(scan: Scan) -> CheckResult:
    """Write the list of all components: of the project, and of its images."""
    security = scan.settings.security
    if not security.generate_sbom:
        return skipped("generate-sbom is off")
    dependencies = scan.read_dependencies()
    text = to_cyclonedx(scan.project, dependencies)
    write_text(scan.reports / "sbom.cdx.json", text)
    tool = Tool("ci-framework", environment=dependencies.source)
    every = _all(dependencies)
    result = conclude(scan, tool, [], len(every), noun="components listed")
    unnamed = len(dependencies.unknown) - len(dependencies.others)
    if unnamed > 0:
        result.notes.append(f"{unnamed} more have neither a name nor a version")
    if security.scan_containers and scan.settings.scan.images:
        return list_images(scan, result)
    return result
