"""The components of container images, with syft or trivy."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ci_engine.checks.outcomes import not_run
from ci_engine.checks.workspace import Tool
from ci_engine.findings.results import CheckResult
from ci_engine.scanning.files import named
from ci_engine.scanning.scanner import Scan, unusable_output
from ci_engine.scanning.scanners.images import own_configuration

_NAME = "sbom-image-{}.cdx.json"


class _Component(msgspec.Struct):
    name: str


class _Inventory(msgspec.Struct):
    form: str = msgspec.field(name="bomFormat")
    components: list[_Component] = msgspec.field(default_factory=list[_Component])


def list_images(scan: Scan, result: CheckResult) -> CheckResult:
    """List the components of images with syft or trivy; add them to a result."""
    for old in scan.reports.glob(_NAME.format("*")):
        old.unlink()
    tool = scan.installed_tool("syft", "trivy")
    if tool is None:
        missing = not_run("neither syft nor trivy is installed to list the images")
        result.status, result.reason = missing.status, missing.reason
        return result
    images = scan.settings.scan.images
    empty = [
        image
        for number, image in enumerate(images, 1)
        if not _list(scan, tool, image, scan.reports / _NAME.format(number))
    ]
    if empty:
        text = f"{tool.label} found nothing in {named(empty)}"
        missing = not_run(text)
        result.status, result.reason = missing.status, missing.reason
    result.notes.append(f"{tool.label} listed what is in {named(images)}")
    return result


def _list(scan: Scan, tool: Tool, image: str, file: Path) -> int:
    """Write the components of an image to a file, and count them."""
    options = own_configuration(scan, tool)
    command = ["scan", *options, "--output", f"cyclonedx-json={file}"]
    if tool.name == "trivy":
        command = ["image", *options, "--format", "cyclonedx", f"--output={file}"]
    outcome = scan.run(tool, [*command, "--", image])
    try:
        inventory = msgspec.json.decode(file.read_bytes(), type=_Inventory)
    except (OSError, msgspec.DecodeError) as error:
        # syft leaves an empty file behind if it fails.
        file.unlink(missing_ok=True)
        raise unusable_output(tool, outcome) from error
    if outcome.code != 0 or outcome.timed_out or inventory.form != "CycloneDX":
        file.unlink(missing_ok=True)
        raise unusable_output(tool, outcome)
    return len(inventory.components)
