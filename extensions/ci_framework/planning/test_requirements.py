"""Plan the requirements of tests: as a file if possible, else as a manual step."""

from __future__ import annotations

from collections.abc import Mapping

from ci_framework.answers.test_requirements import (
    TEST_REQUIREMENTS,
    lacks_runner,
    written_requirements,
)
from ci_framework.inventory import Inventory
from ci_framework.planning.files import FilePlan, digest
from ci_framework.planning.plan import Change, Operation
from ci_framework.repository import Repository

_ADVICE = {
    "uv": "run `uv add --group dev pytest`",
    "poetry": "run `poetry add --group dev pytest`",
    "pixi": "add pytest to the environment that the tests run in",
    "pip": "name it in a dependency group, an extra or requirements-test.txt",
}


def plan_test_requirements(
    repository: Repository, inventory: Inventory, answers: Mapping[str, object]
) -> FilePlan:
    """Plan the file that provides the test runner, or the manual step."""
    plan = FilePlan()
    plan.operations += _unread(inventory)
    if not lacks_runner(inventory, answers):
        return plan
    fact = inventory.fact("test-needs")
    evidence = fact.evidence if fact else []
    because = inventory.reason("test-needs")
    lines = written_requirements(inventory, answers)
    if not lines or repository.read(TEST_REQUIREMENTS) is not None:
        advice = _ADVICE.get(str(answers.get("package_manager")), _ADVICE["pip"])
        plan.operations.append(
            Operation(
                kind="manual",
                path=evidence[0].path if evidence else "pyproject.toml",
                reason="the gate cannot run the tests: nothing that it installs brings "
                f"pytest ({because}); {advice}",
                risk="medium",
                evidence=evidence,
            )
        )
        return plan
    content = _content(lines, because)
    plan.changes.append(Change(TEST_REQUIREMENTS, None, content, "100644"))
    plan.operations.append(
        Operation(
            kind="create",
            path=TEST_REQUIREMENTS,
            reason=f"what the tests need, for the gate: {because}",
            risk="low",
            after=digest(content),
            mode="100644",
            evidence=evidence,
        )
    )
    return plan


def _content(lines: list[str], because: str) -> bytes:
    up = "../" * TEST_REQUIREMENTS.count("/")
    rows = [
        "# What the tests need, for the gate. This file is yours: updates of",
        "# ci-framework do not change it.",
        f"# Taken from: {because}",
        *(f"-r {up}{line[3:]}" if line.startswith("-r ") else line for line in lines),
    ]
    return "".join(f"{row}\n" for row in rows).encode()


def _unread(inventory: Inventory) -> list[Operation]:
    """A manual step for a selection of tests that could not be transferred."""
    fact = inventory.fact("unread-test-step")
    if fact is None or not fact.evidence:
        return []
    location = fact.evidence[0]
    return [
        Operation(
            kind="manual",
            path=location.path,
            reason=f"line {location.line}: it runs tests in a way that cannot be read, "
            "so no selection of tests was taken over from the workflows; if the gate "
            "should not run all of them, set `test` in [tool.ci-framework.commands]",
            risk="low",
            evidence=[location],
        )
    ]
