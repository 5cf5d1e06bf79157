"""Turn the result of a run into files and messages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ci_engine.findings.results import RunResult
from ci_engine.github.outputs import (
    add_summary,
    annotate,
    print_commands,
    write_outputs,
)
from ci_engine.project.output_files import write_text
from ci_engine.reports.html import to_html
from ci_engine.reports.junit import to_junit
from ci_engine.reports.markdown import to_markdown
from ci_engine.reports.result_json import to_json
from ci_engine.reports.sarif import to_sarif


def write_reports(result: RunResult, directory: Path) -> None:
    """Write a result in each format, each file atomically."""
    write_text(directory / "result.json", to_json(result))
    write_text(directory / "junit.xml", to_junit(result))
    write_text(directory / "results.sarif", to_sarif(result))
    write_text(directory / "summary.md", to_markdown(result))
    write_text(directory / "report.html", to_html(result))


def publish(result: RunResult, directory: Path, variables: Mapping[str, str]) -> None:
    """Report to the CI system: job summary, outputs and annotations."""
    add_summary(to_markdown(result), variables)
    measured = (check.coverage for check in result.checks)
    coverage = next((percent for percent in measured if percent is not None), None)
    outputs = {
        "verdict": result.verdict.value,
        "new-findings": str(sum(check.new for check in result.checks)),
        "report-path": directory.as_posix(),
    }
    if result.tier:
        outputs["tier"] = result.tier
        outputs["coverage"] = "" if coverage is None else f"{coverage:.2f}"
    if result.level:
        # Earlier versions published a scan's level as tier.
        outputs["tier"] = outputs["level"] = result.level
    write_outputs(outputs, variables)
    print_commands(annotate(result), variables)
