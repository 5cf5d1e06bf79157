"""The scan of an adopted commit: existing findings are recorded, secrets reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.validating.red import GateFacts
from ci_framework.validating.scan import Scanned, judge_scan
from tests.support.adoptions import ENGINE, Content, adopt

AUDIT: dict[str, Content] = {".github/workflows/security-audit.yml": "on: push\n"}
OLD_FLAW = {"old.py": "eval(x)  # FLAW\n"}
RECORDED = b"""\
{
  "schema": 1,
  "tests": [
    "test_a.py::old"
  ]
}
"""


def scanned(
    path: Path,
    files: Mapping[str, Content],
    changes: Mapping[str, Content] | None = None,
    recorded: bytes | None = None,
) -> Scanned:
    brought = {**ENGINE, **AUDIT} if changes is None else {**ENGINE, **changes}
    adopted = adopt(path / "demo", files or {"a": "a"}, brought)
    clones = adopted.clones(path / "clones")
    facts = GateFacts(clones, adopted.facts, {}, frozenset(), 60)
    result = judge_scan(facts, recorded)
    assert clones.adopted.touched() == []
    assert clones.base.touched() == []
    return result


def rules(result: Scanned) -> list[str]:
    assert result.baseline is not None
    return [row["rule"] for row in json.loads(result.baseline).get("findings", [])]


def test_a_clean_project_needs_no_record(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"good.py": "x = 1\n"})
    assert result.outcome.status == "passed"
    assert result.outcome.reason == "scanned at level high"
    assert result.baseline is None


def test_what_the_scan_finds_today_is_recorded(tmp_path: Path) -> None:
    result = scanned(tmp_path, OLD_FLAW)
    assert result.outcome.status == "passed", result.outcome
    assert rules(result) == ["B307"]
    assert "1 known findings are recorded" in result.outcome.reason
    assert result.red_today == []


def test_the_record_of_the_gate_stays_beside_it(tmp_path: Path) -> None:
    result = scanned(tmp_path, OLD_FLAW, recorded=RECORDED)
    assert rules(result) == ["B307"]
    assert json.loads(result.baseline or b"")["tests"] == ["test_a.py::old"]
    clean = scanned(tmp_path / "clean", {}, recorded=RECORDED)
    assert clean.baseline == RECORDED


def test_a_secret_is_reported_and_not_recorded(tmp_path: Path) -> None:
    secrets = "key = 1  # SECRET\nkey = 2  # SECRET SECRET SECRET\n"
    result = scanned(tmp_path, {"old.py": f"{secrets}eval(x)  # FLAW\n"})
    assert result.outcome.status == "passed"
    assert "4 secrets are red today and never recorded" in result.outcome.reason
    rows = ["kingfisher: old.py:1 key", "kingfisher: old.py:2 key (3 times)"]
    assert result.red_today == rows
    assert rules(result) == ["B307"]


def test_an_engine_without_its_service_proves_nothing(tmp_path: Path) -> None:
    result = scanned(tmp_path, {"OFFLINE": "", **OLD_FLAW})
    assert result.outcome.status == "not-run"
    assert result.outcome.details == ["audit: no service"]
    # The other findings are recorded all the same.
    assert rules(result) == ["B307"]


def test_an_engine_that_could_not_read_everything_records_nothing(
    tmp_path: Path,
) -> None:
    result = scanned(tmp_path, {"UNREAD": "", **OLD_FLAW})
    assert result.outcome.status == "not-run"
    text = "bandit: not everything was read; 1 of its findings are not recorded"
    assert result.outcome.details == [text]
    assert result.red_today == []
    assert result.baseline is None


def test_what_the_adoption_brings_is_not_recorded(tmp_path: Path) -> None:
    new: dict[str, Content] = {**AUDIT, "tools/new.py": "eval(y)  # FLAW\n"}
    result = scanned(tmp_path, OLD_FLAW, new)
    assert result.outcome.status == "failed"
    details = "\n".join(result.outcome.details)
    assert "tools/new.py:1 B307: red since the adoption" in details
    assert "old.py" not in details
    assert result.baseline is None


@pytest.mark.heavy
def test_a_file_that_it_edits_is_compared_with_the_base(tmp_path: Path) -> None:
    same: dict[str, Content] = {**AUDIT, "old.py": "\n\neval(x)  # FLAW\n"}
    result = scanned(tmp_path / "same", OLD_FLAW, same)
    assert result.outcome.status == "passed", result.outcome
    assert rules(result) == ["B307"]
    more: dict[str, Content] = {**AUDIT, "old.py": OLD_FLAW["old.py"] + "y  # FLAW\n"}
    result = scanned(tmp_path / "more", OLD_FLAW, more)
    assert result.outcome.status == "failed"
    assert len(result.outcome.details) == 1
    assert result.outcome.details[0].startswith("bandit: old.py:2 B307")


def test_an_adoption_without_the_workflow_is_not_scanned(tmp_path: Path) -> None:
    result = scanned(tmp_path, OLD_FLAW, {})
    assert result.outcome.status == "skipped"
    assert "brings no security-audit.yml" in result.outcome.reason
    assert result.baseline is None
