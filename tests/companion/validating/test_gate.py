"""The gate of an adopted commit: no check is red that was not red before."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from ci_framework.validating.gate import Gated, judge_gate
from ci_framework.validating.red import GateFacts
from tests.support.adoptions import ENGINE, LAUNCHER, Content, adopt

OLD_FINDING = {"old.py": "x = 1  # BAD\n"}


def gated(
    path: Path,
    files: Mapping[str, Content],
    changes: Mapping[str, Content] | None = None,
    red_tests: Collection[str] | None = (),
) -> Gated:
    adopted = adopt(path / "demo", files or {"a": "a"}, {**ENGINE, **(changes or {})})
    clones = adopted.clones(path / "clones")
    known = None if red_tests is None else frozenset(red_tests)
    return judge_gate(GateFacts(clones, adopted.facts, {}, known, 60))


def rules(baseline: bytes | None) -> list[str]:
    assert baseline is not None
    return [row["rule"] for row in json.loads(baseline).get("findings", [])]


def test_a_green_gate_needs_no_record(tmp_path: Path) -> None:
    result = gated(tmp_path, {"good.py": "x = 1\n"})
    assert result.outcome.status == "passed"
    assert result.baseline is None
    assert result.statuses == {"lint": "passed", "test": "passed", "build": "passed"}


def test_what_is_red_today_is_recorded(tmp_path: Path) -> None:
    result = gated(tmp_path, OLD_FINDING)
    assert result.outcome.status == "passed", result.outcome
    assert rules(result.baseline) == ["E501"]
    assert "1 known findings are recorded" in result.outcome.reason


def test_what_the_adoption_made_red_is_not_recorded(tmp_path: Path) -> None:
    result = gated(tmp_path, OLD_FINDING, {"ci-framework/new.py": "y = 1  # BAD\n"})
    assert result.outcome.status == "failed"
    assert "ci-framework/new.py:1" in "\n".join(result.outcome.details)
    assert "old.py" not in "\n".join(result.outcome.details)


def test_what_the_settings_name_is_there_before_as_well(tmp_path: Path) -> None:
    """What a type checker finds depends on what the requirements install."""
    needs = "ci-framework/project/test-requirements.txt"
    engine = str(ENGINE[LAUNCHER]).replace(
        "fingerprint=line", f"fingerprint=line + str((root / {needs!r}).exists())"
    )
    result = gated(tmp_path, OLD_FINDING, {LAUNCHER: engine, needs: "ukkonen\n"})
    assert result.outcome.status == "passed", result.outcome
    assert rules(result.baseline) == ["E501"]


def test_a_new_finding_in_a_file_of_the_project_is_harm(tmp_path: Path) -> None:
    result = gated(
        tmp_path, OLD_FINDING, {"old.py": "x = 1  # BAD\nz = 1  # BAD too\n"}
    )
    assert result.outcome.status == "failed"
    assert "old.py:2" in "\n".join(result.outcome.details)


def test_what_no_baseline_may_hold_is_reported_as_red_today(tmp_path: Path) -> None:
    result = gated(tmp_path, {"old.py": "import os  # UNUSED\nx = 1  # BAD\n"})
    assert result.outcome.status == "passed"
    assert result.red_today == ["lint: old.py:1 F401"]
    assert "stay red" in result.outcome.reason
    assert rules(result.baseline) == ["E501"]


def test_a_check_without_a_baseline_is_compared_with_the_base(tmp_path: Path) -> None:
    before = gated(tmp_path / "before", {"BROKEN": ""})
    assert before.outcome.status == "passed"
    assert before.red_today == ["build: build"]
    assert before.baseline is None
    since = gated(tmp_path / "since", {}, {"BROKEN": "x"})
    assert since.outcome.status == "failed"


def test_a_test_that_fails_before_is_recorded(tmp_path: Path) -> None:
    files = {"test_a.py": "# test_a.py::old RED\n"}
    result = gated(tmp_path, files, red_tests=["test_a.py::old"])
    assert result.outcome.status == "passed"
    assert json.loads(result.baseline or b"")["tests"] == ["test_a.py::old"]


def test_a_test_that_only_fails_in_the_gate_is_not_recorded(tmp_path: Path) -> None:
    result = gated(tmp_path, {"test_a.py": "# test_a.py::old RED\n"})
    assert result.outcome.status == "failed"
    assert "test_a.py::old" in "\n".join(result.outcome.details)
    assert result.baseline is None


def test_a_test_that_fails_once_in_the_gate_is_named(tmp_path: Path) -> None:
    result = gated(tmp_path, {"test_a.py": "# test_a.py::odd ONCE\n"})
    assert result.outcome.status == "passed"
    assert "test_a.py::odd" in result.outcome.reason
    assert result.baseline is None


@pytest.mark.heavy
def test_a_check_that_could_not_be_made_is_never_green(tmp_path: Path) -> None:
    result = gated(tmp_path, {"OFFLINE": "", **OLD_FINDING})
    assert result.outcome.status == "not-run"
    assert result.outcome.reason.endswith("every check: audit: no network")
    assert result.outcome.details == ["audit: no network"]
    assert rules(result.baseline) == ["E501"]
