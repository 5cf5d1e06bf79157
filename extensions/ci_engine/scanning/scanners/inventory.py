"""The project's components: vulnerabilities, licenses, and a list of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_engine.checks.dependencies import audit
from ci_engine.checks.dependencies.dependency_lines import locations_of
from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.checks.dependencies.package_metadata import Described
from ci_engine.checks.outcomes import EarlyResultError, not_run, skipped
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.renamed_settings import describe_deprecation
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.project.output_files import write_text
from ci_engine.scanning.bill_of_materials import to_cyclonedx
from ci_engine.scanning.files import named
from ci_engine.scanning.scanner import Scan, conclude
from ci_engine.scanning.scanners.image_inventory import list_images

_DENIED_SCORE = 5.5


def run_audit(scan: Scan) -> CheckResult:
    """Look up the dependencies in the OSV database."""
    return audit.run_audit(scan, scan.read_dependencies(), scan.timeout)


def run_licenses(scan: Scan) -> CheckResult:
    """Find dependencies with a denied license."""
    settings = scan.settings.scan
    denied = settings.denied_licenses or settings.denied_licences
    if not denied:
        return skipped("denied-licenses names none")
    described = _described(scan)
    dependencies, failures = described.dependencies, described.failures
    every = _all(dependencies)
    findings = [
        finding
        for each in every
        for finding in _denied(scan, dependencies, each, denied)
    ]
    tool = Tool("ci-framework", environment=dependencies.source)
    noun = "dependencies examined"
    result = conclude(scan, tool, findings, len(every), noun=noun)
    unknown = {each.name for each in every if not each.license_name}
    if settings.denied_licences:
        result.notes.append(describe_deprecation("scan.denied-licences"))
    silent = sorted(unknown - set(failures))
    if silent:
        result.notes.append(f"without a stated license: {named(silent)}")
    if failures:
        name, reason = next(iter(failures.items()))
        result.status = Status.NOT_RUN
        result.reason = (
            f"the licenses of {len(failures)} are not known, such as that of "
        )
        result.reason += f"{name}: {reason}"
    return result


def _described(scan: Scan) -> Described:
    """The dependencies with their licenses."""
    found = scan.read_dependencies()
    if found.problems:
        raise EarlyResultError(not_run(found.problems[0]))
    return scan.read_licenses()


def _denied(
    scan: Scan, found: Dependencies, each: Dependency, denied: Sequence[str]
) -> Iterator[Finding]:
    """A finding in each file that lists a dependency, if its license is denied."""
    stated = each.license_name.lower()
    forbidden = next((text for text in denied if text.lower() in stated), None)
    if forbidden is None:
        return
    for path, line in locations_of(scan.project, found, each):
        yield Finding(
            tool="ci-framework",
            rule=f"license-{forbidden}",
            message=f"{each.name} {each.version}: license {each.license_name}",
            path=path,
            line=line,
            score=_DENIED_SCORE,
            confidence="high",
        )


def _all(dependencies: Dependencies) -> list[Dependency]:
    return [*dependencies.audited, *dependencies.others]


def run_sbom(scan: Scan) -> CheckResult:
    """Write the list of all components, of the project and its images."""
    security = scan.settings.security
    if not security.generate_sbom:
        return skipped("generate-sbom is off")
    described = _described(scan)
    dependencies = described.dependencies
    text = to_cyclonedx(scan.project, dependencies)
    write_text(scan.reports / "sbom.cdx.json", text)
    tool = Tool("ci-framework", environment=dependencies.source)
    every = _all(dependencies)
    result = conclude(scan, tool, [], len(every), noun="components listed")
    if described.failures:
        name, reason = next(iter(described.failures.items()))
        number = len(described.failures)
        text = (
            f"the licenses of {number} are not known, such as that of {name}: {reason}"
        )
        result.notes.append(text)
    unnamed = len(dependencies.unknown) - len(dependencies.others)
    if unnamed > 0:
        result.notes.append(f"{unnamed} more have neither a name nor a version")
    if security.scan_containers and scan.settings.scan.images:
        return list_images(scan, result)
    return result
