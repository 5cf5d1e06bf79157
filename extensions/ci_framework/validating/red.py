"""Sort the failures of a gate: already failing before, or new since an adoption."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from ci_engine.errors import CommandError, UsageError
from ci_engine.findings.baseline import Baseline
from ci_engine.findings.recording import EVERYTHING, Scope, record
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_framework.validating.clones import Clone, Clones
from ci_framework.validating.engine import run_engine
from ci_framework.validating.model import AdoptionFacts

# The gate also measures the coverage of the tests, which takes longer.
_PATIENCE = 3
RED = (Status.FAILED, Status.TIMED_OUT)
# Checks whose reports do not depend on lines in files.
_MEASURES = ("coverage", "patch-coverage")
_AFTER = {"coverage": "test", "patch-coverage": "test", "metadata": "build"}

# Checks whose paths are relative to a package.
_OF_REPOSITORY = ("CI_FRAMEWORK_SOURCE_PATHS", "CI_FRAMEWORK_TEST_PATHS")
# Requirements and package maps: project files that an adoption creates.
_SETTINGS_FILES = "ci-framework/project/"

_Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class GateFacts:
    """The facts known before the gate runs.

    Attributes:
        settings: the framework's settings as variables, for the base commit.
        red_tests: tests that fail in the base commit; None: the tests did not run.
        timeout: the limit in seconds for one run of the tests.
        only: the checks to run; empty = those of the tier.
        package: the package to check; empty = the whole repository.
        scope: the checked part of the repository.
    """

    clones: Clones
    adoption: AdoptionFacts
    settings: dict[str, str]
    red_tests: frozenset[str] | None
    timeout: float
    only: tuple[str, ...] = ()
    package: str = ""
    scope: Scope = EVERYTHING


@dataclass
class Sorted:
    """The failures of a run, sorted by how they are treated."""

    accepted: list[CheckResult] = field(default_factory=list[CheckResult])
    red_today: list[str] = field(default_factory=list[str])
    stubborn: set[str] = field(default_factory=set[str])
    faults: list[str] = field(default_factory=list[str])
    suspects: set[str] = field(default_factory=set[str])


def size(baseline: Baseline) -> int:
    """The number of entries in a baseline."""
    measured = int(baseline.coverage is not None)
    return len(baseline.findings) + len(baseline.tests) + measured


def run_checks(
    clone: Clone,
    facts: GateFacts,
    only: list[str],
    variables: dict[str, str] | None = None,
) -> list[CheckResult]:
    """Run the gate in a clone, which is reset afterwards.

    Without names of checks, those of the tier run; ``variables`` are settings that
    the clone lacks.
    """
    words = ["gate", "--json"]
    if facts.package:
        words += ["--package", facts.package]
        hidden = _OF_REPOSITORY
        variables = {k: v for k, v in (variables or {}).items() if k not in hidden}
    if only:
        words += ["--only", ",".join(_with_dependencies(only))]
    timeout = _PATIENCE * facts.timeout
    run = run_engine(
        facts.clones.adopted, clone, words, timeout=timeout, variables=variables
    )
    clone.reset()
    return run.checks


def _with_dependencies(names: list[str]) -> list[str]:
    """The checks, each after the one that it needs."""
    needed = [_AFTER[name] for name in names if name in _AFTER]
    return list(dict.fromkeys([*needed, *names]))


def sort_red(facts: GateFacts, red: list[CheckResult]) -> Sorted:
    """Separate earlier failures from those that the adoption caused."""
    found = Sorted()
    whole = [check.id for check in red if _as_a_whole(check)]
    # Test results, and one coverage floor, are known for the whole repository only.
    whole_gate = () if facts.package else ("test", *_MEASURES)
    requested = [c.id for c in red if c.id not in whole_gate or c.id in whole]
    before: list[CheckResult] = []
    trouble: CommandError | None = None
    try:
        # Run the same engine with the same settings on the base commit.
        if requested:
            _lend(facts)
            before = run_checks(facts.clones.base, facts, requested, facts.settings)
    except CommandError as error:
        trouble = error
    for check in red:
        if (
            check.id in whole_gate
            and check.id == "coverage"
            and check.coverage is not None
        ):
            found.accepted.append(check)
        elif trouble and check.id in requested:
            text = f"{check.id}: unknown whether it was red before: {trouble}"
            found.faults.append(text.partition("\n")[0])
        elif check.id in whole:
            _sort_whole(check, before, found)
        else:
            _sort_findings(check, facts, before, found)
    return found


def _lend(facts: GateFacts) -> None:
    """Copy files that the settings name to the base commit, until it is reset.

    The findings of a type checker, for example, depend on installed packages.
    """
    adopted, base = facts.clones.adopted.root, facts.clones.base.root
    for name in facts.adoption.created:
        if name.startswith(_SETTINGS_FILES) and (adopted / name).is_file():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(adopted / name, base / name)


def _as_a_whole(check: CheckResult) -> bool:
    """Whether it failed without findings that a baseline can record."""
    if check.status is Status.TIMED_OUT or check.reason:
        return True
    return not any(finding.severity == "error" for finding in check.findings)


def _sort_whole(check: CheckResult, before: list[CheckResult], found: Sorted) -> None:
    """Judge a check without single findings: failing before, or new."""
    same = [item for item in before if item.id == check.id]
    what = check.reason or check.status.value
    if same and same[0].status in RED:
        found.red_today.append(f"{check.id}: {what}")
        found.stubborn.add(check.id)
    else:
        found.faults.append(f"{check.id}: red since the adoption: {what}")


def _sort_findings(
    check: CheckResult, facts: GateFacts, before: list[CheckResult], found: Sorted
) -> None:
    known = Counter(_key(item.id, f) for item in before for f in item.findings)
    accepted: list[Finding] = []
    faults: list[str] = []
    created = set(facts.adoption.created)
    red = facts.red_tests or frozenset()
    if facts.package:
        red = frozenset(f.test for item in before for f in item.findings)
    for finding in check.findings:
        key = _key(check.id, finding)
        location = " ".join(
            filter(None, (f"{check.id}:", finding.location, finding.rule))
        )
        if finding.severity != "error":
            accepted.append(finding)
        elif finding.test and check.id == "test":
            if finding.test in red:
                accepted.append(finding)
            else:
                found.suspects.add(finding.test)
        elif finding.path in created or not known[key]:
            text = " ".join(finding.message.split())[:160]
            faults.append(f"{location}: red since the adoption: {text}")
        else:
            known[key] -= 1
            if _may_be_recorded(check, finding):
                accepted.append(finding)
            else:
                found.red_today.append(location)
                found.stubborn.add(check.id)
    # Advisory checks never fail, and their new findings are not recorded.
    found.faults += faults if check.blocking else []
    found.accepted.append(msgspec.structs.replace(check, findings=accepted))


def _key(check: str, finding: Finding) -> _Key:
    name = finding.fingerprint or finding.message
    return check, finding.tool, finding.rule, finding.path, name


def _may_be_recorded(check: CheckResult, finding: Finding) -> bool:
    """Whether the engine itself allows this in a baseline."""
    try:
        one = msgspec.structs.replace(check, findings=[finding])
        return bool(size(record([one], None)[0]))
    except UsageError:
        return False
