"""Checks, levels, states and exit codes."""

from __future__ import annotations

from generate_schemas import ROOT, summary

from ci_engine.checks import CHECKS
from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import ConfigurationError, ToolError, UsageError
from ci_engine.findings.results import Status, Verdict
from reference_sections.markdown import Document, table

STATUSES = {
    Status.PASSED: "ran, and found nothing",
    Status.FAILED: "ran, and something is wrong",
    Status.TIMED_OUT: "killed after its timeout",
    Status.NOT_RUN: "could not run; `reason` states why",
    Status.SKIPPED: "there was nothing to check; `reason` states why",
}
VERDICTS = {
    Verdict.GREEN: "every blocking check passed or was skipped",
    Verdict.RED: "a blocking check failed or timed out",
    Verdict.ERROR: "no check failed, but a blocking one could not run",
}
EXIT_CODES = {
    Verdict.GREEN.exit_code: "green",
    Verdict.RED.exit_code: "red: a blocking check of the gate failed or timed out",
    UsageError.exit_code: "wrong usage, or a configuration file that is not allowed",
    ToolError.exit_code: "a check or a tool could not run",
}
assert UsageError.exit_code == ConfigurationError.exit_code  # noqa: S101 - one row


def write_checks(tiers: Document) -> str:
    """The tiers and the checks, with what each does by itself."""
    defaults = tiers["defaults"]["checks"]
    tier_rows = [
        (
            f"`{name}`",
            tier["description"],
            ", ".join(f"`{c}`" for c in CHECKS if defaults[c]["tier"] == name),
        )
        for name, tier in tiers["tiers"].items()
    ]
    check_table = [
        (
            f"`{name}`",
            " ".join(check_notes(name)),
            f"{defaults[name]['timeout']:g} s",
            "yes" if defaults[name].get("blocking", True) else "no",
        )
        for name in CHECKS
    ]
    runners = [(f"`{k}`", f"`{v}`") for k, v in tiers["runners"].items()]
    return f"""\
## Checks and tiers

{table(("tier", "what", "checks it adds"), tier_rows)}

{table(("check", "what it does", "timeout", "blocking"), check_table)}

{table(("platform", "hosted runner"), runners)}"""


def check_notes(name: str) -> list[str]:
    """The first lines of the docstrings of a check."""
    return [summary(CHECKS[name].run)]


def write_levels() -> str:
    """What each level of the scan runs, and what it fails on."""
    profiles = load_configuration(ROOT / "docs", {}).security
    rows = [
        (
            f"`{name}`",
            level.description,
            level.code,
            level.vulnerabilities,
            level.history,
            ", ".join(f"`{scanner}`" for scanner in level.required),
            ", ".join(f"`{scanner}`" for scanner in level.optional),
        )
        for name, level in profiles.levels.items()
    ]
    heads = (
        "level",
        "what",
        "lowest red severity",
        "red vulnerabilities",
        "history",
        "required scanners",
        "optional scanners",
    )
    return f"""\
## Levels of the scan

An optional scanner runs if it is installed or configured. If a required scanner
examined nothing, the run is an error; if it only missed some files, this is an error at
`high` and `critical`. Secrets are always red.

{table(heads, rows)}"""


def write_states() -> str:
    """The states of a check, the verdicts and the exit codes."""
    statuses = [(f"`{s.value}`", note) for s, note in STATUSES.items()]
    verdicts = [
        (f"`{v.value}`", note, str(v.exit_code)) for v, note in VERDICTS.items()
    ]
    codes = [(str(number), note) for number, note in sorted(EXIT_CODES.items())]
    return f"""\
## Results and exit codes

{table(("status of a check", "meaning"), statuses)}

{table(("verdict of a run", "meaning", "exit code"), verdicts)}

{table(("exit code", "meaning"), codes)}

`ci validate` ends with 2 instead of 1: what it finds is configuration that is not
allowed."""
