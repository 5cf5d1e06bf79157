"""The findings that the base of a change accepts, and what the change adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.changes.base_version import BaseVersion, find_base_version
from ci_engine.errors import ToolError
from ci_engine.findings.baseline import (
    BASELINE_FILE,
    AcceptedBefore,
    Baseline,
    parse_baseline,
)
from ci_engine.findings.recording import growth
from ci_engine.findings.results import CheckResult, Finding, Status, name_some

_MOST_NAMED = 10
_NOTHING = Baseline(schema=1)


@dataclass(frozen=True)
class Acceptance:
    """The findings that count as accepted.

    Attributes:
        base: the base of the change; None if nothing is compared.
        problem: why a required base is not known, empty if there is no problem.
    """

    base: BaseVersion | None = None
    problem: str = ""

    def before(self, baseline: Baseline | None) -> AcceptedBefore | None:
        """The findings that the base accepts; None if the whole baseline counts."""
        if baseline is None:
            return None
        if self.problem:
            return AcceptedBefore(_NOTHING, lambda _: True, touches_code=True)
        if self.base is None:
            return None
        earlier = _baseline_of(self.base)
        return AcceptedBefore(earlier, self.base.touches, self.base.touches_code)

    def about(self, baseline: Baseline | None) -> list[CheckResult]:
        """A result for what the change adds to the baseline, if it adds anything."""
        if baseline is None:
            return []
        result = CheckResult(id="baseline", tool="ci-framework")
        if self.problem:
            result.status, result.reason = Status.NOT_RUN, self.problem
            return [result]
        added = growth(_baseline_of(self.base), baseline) if self.base else []
        if not added:
            return []
        message = (
            f"this change adds {len(added)} to the baseline, which do not count for "
            f"what the change touches: {name_some(added, _MOST_NAMED)}"
        )
        result.findings = [
            Finding(
                tool="ci-framework",
                rule="baseline-added",
                message=message,
                path=BASELINE_FILE,
                severity="warning",
            )
        ]
        return [result]


def find_acceptance(root: Path, since: str, variables: Mapping[str, str]) -> Acceptance:
    """Find what the base of the change accepts."""
    try:
        return Acceptance(find_base_version(root, since, variables))
    except ToolError as error:
        return Acceptance(problem=f"{error}; {error.hint}")


def _baseline_of(base: BaseVersion) -> Baseline:
    """The baseline of the base; one that cannot be read accepts nothing."""
    try:
        return parse_baseline(base.read(BASELINE_FILE))
    except msgspec.DecodeError:
        return _NOTHING
