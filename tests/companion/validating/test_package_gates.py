"""The gates of a monorepo: all that its workflow runs is compared and recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ci_framework.validating.gate import Gated
from ci_framework.validating.package_gates import judge_gates
from ci_framework.validating.red import GateFacts
from tests.support.adoptions import ENGINE, Content, adopt
from tests.support.monorepos import package

PACKAGES = {**package("libs/core"), **package("libs/cli", "core")}
TESTS = {
    "libs/core/tests/test_core.py": "# libs/core/tests/test_core.py::one RED\n",
    "libs/cli/tests/test_cli.py": "# libs/cli/tests/test_cli.py::two RED\n",
}


def gated(
    path: Path,
    files: Mapping[str, Content],
    changes: Mapping[str, Content] | None = None,
    kind: str = "monorepo",
) -> Gated:
    brought = {**ENGINE, **(changes or {})}
    adopted = adopt(path / "demo", {**PACKAGES, **files}, brought)
    clones = adopted.clones(path / "clones")
    plan = msgspec.structs.replace(adopted.facts.plan, answers={"project_type": kind})
    facts = replace(adopted.facts, plan=plan)
    return judge_gates(GateFacts(clones, facts, {}, frozenset(), 60), print)


def recorded(result: Gated) -> dict[str, list[str]]:
    assert result.baseline is not None
    known = json.loads(result.baseline)
    locations = [f"{row['check']} {row['path']}" for row in known.get("findings", [])]
    return {"tests": known.get("tests", []), "findings": locations}


@pytest.mark.heavy
def test_what_is_red_in_each_package_is_recorded(tmp_path: Path) -> None:
    old = {"libs/core/src/core/old.py": "x = 1  # BAD\n"}
    result = gated(tmp_path, {**TESTS, **old})
    assert result.outcome.status == "passed", result.outcome
    assert recorded(result) == {
        "tests": [
            "libs/cli/tests/test_cli.py::two",
            "libs/core/tests/test_core.py::one",
        ],
        "findings": ["lint libs/core/src/core/old.py"],
    }
    assert result.statuses.keys() == {
        "the repository: lint",
        "core: test",
        "cli: test",
    }


@pytest.mark.heavy
def test_a_test_of_a_package_that_the_adoption_made_red_is_harm(tmp_path: Path) -> None:
    result = gated(tmp_path, {"libs/core/tests/test_core.py": ""}, TESTS)
    assert result.outcome.status == "failed"
    said = "\n".join(result.outcome.details)
    assert "core: test: test-failed (libs/core/tests/test_core.py::one)" in said


def test_packages_of_what_is_no_monorepo_have_no_gates(tmp_path: Path) -> None:
    result = gated(tmp_path, {}, kind="library")
    assert set(result.statuses) == {"lint", "test", "build"}
