"""The addresses of services that tests need, and which of them are missing."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ci_engine.checks.context import Context
from ci_engine.environments.services import (
    START_SECONDS,
    service_variables,
    services_not_ready,
)
from ci_engine.findings.results import CheckResult, Status, TestCase

# The prefix of skip reasons in the seed `tests/conftest.py`.
_SKIPPED = re.compile(r"service (\S+) is not running")
_START = "start it with `ci-framework/ci setup --services start`"


@dataclass(frozen=True)
class NeededServices:
    """The services of the settings, as tests see them.

    Attributes:
        required: whether the workflow has started them, so that all must be ready.
        missing: those that are not ready, each with the reason.
        variables: the variables with which tests find the others.
    """

    required: bool
    missing: Mapping[str, str]
    variables: Mapping[str, str]

    @property
    def failure(self) -> str:
        """Why the tests should not start, empty if they can."""
        if not (self.required and self.missing):
            return ""
        name, reason = next(iter(self.missing.items()))
        return f"service {name} is not ready after {START_SECONDS:.0f} s: {reason}"

    def judge(self, result: CheckResult) -> None:
        """Note the tests that were skipped because a service is missing."""
        names = [name for test in result.tests if (name := _service_of(test))]
        skipped = Counter(names)
        for name, number in skipped.items():
            noun = "test was" if number == 1 else "tests were"
            note = f"{number} {noun} skipped: service {name} is not running"
            result.notes.append(f"{note}; {_START}")
            if self.required and result.status is Status.PASSED:
                result.status = Status.FAILED
                result.reason = f"{note}, and CI has to run every test"


def find_services(context: Context, variables: Mapping[str, str]) -> NeededServices:
    """Find the services, and wait for those that the workflow has started."""
    services = context.settings.services
    # Only Linux runners start containers.
    required = (
        bool(services)
        and variables.get("GITHUB_ACTIONS") == "true"
        and sys.platform == "linux"
    )
    missing = services_not_ready(services, START_SECONDS if required else 0.0)
    ready = {name: it for name, it in services.items() if name not in missing}
    return NeededServices(required, missing, service_variables(ready))


def _service_of(test: TestCase) -> str:
    """The service whose absence skipped a test, empty if there is none."""
    found = _SKIPPED.search(test.message) if test.outcome == "skipped" else None
    return found.group(1) if found else ""
