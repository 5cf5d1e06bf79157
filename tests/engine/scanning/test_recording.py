"""A scan records findings in the baseline, but never secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from ci_engine.findings.results import Verdict
from ci_engine.scanning.waivers import WAIVERS_FILE
from tests.support.scanning import Repository, result_of
from tests.support.secrets import seeded

EVAL = '"""A package."""\n\n\ndef run(text: str) -> object:\n    return eval(text)\n'
PATH = "src/demo/__init__.py"
BASELINE = "ci-framework/project/baseline.json"


def entries(root: Path) -> list[Mapping[str, str]]:
    content = json.loads((root / BASELINE).read_text("utf-8"))
    return cast("list[Mapping[str, str]]", content.get("findings", []))


def secret_file() -> tuple[str, str]:
    """A Python file whose secret bandit takes for a hard-coded password as well."""
    texts = (text for name, text, _ in seeded() if name.endswith(".py"))
    return next(text for text in texts if "GITHUB_TOKEN" in text), PATH


@pytest.mark.heavy
def test_the_baseline_covers_issues_and_may_only_shrink(repository: Repository) -> None:
    repository.write(PATH, EVAL)
    assert repository.scan("bandit").verdict is Verdict.RED
    run = repository.scan("bandit", baseline="write")
    assert run.verdict is Verdict.GREEN
    run = repository.scan("bandit")
    assert run.verdict is Verdict.GREEN
    assert [f.known for f in result_of(run, "bandit").findings] == [True]
    recorded = entries(repository.root)
    assert {(e["check"], e["rule"]) for e in recorded} == {("bandit", "B307")}
    repository.write(PATH, EVAL + "\n\ndef more(text: str) -> None:\n    exec(text)\n")
    run = repository.scan("bandit")
    assert run.verdict is Verdict.RED
    assert result_of(run, "bandit").new == 1


@pytest.mark.heavy
def test_what_the_gate_recorded_is_known_and_stays_recorded(
    repository: Repository,
) -> None:
    repository.write(PATH, EVAL)
    repository.scan("bandit", baseline="write")
    # The gate has another name for it.
    of_gate = [{**entry, "check": "security"} for entry in entries(repository.root)]
    repository.write(BASELINE, json.dumps({"schema": 1, "findings": of_gate}))
    run = repository.scan("bandit")
    assert run.verdict is Verdict.GREEN
    assert run.notes == []
    # This level reports no code issues, but does not drop them from the baseline.
    run = repository.scan("bandit", level="low", baseline="write")
    assert run.verdict is Verdict.GREEN
    assert entries(repository.root) == of_gate


@pytest.mark.heavy
def test_an_issue_that_both_recorded_covers_one_and_not_two(
    repository: Repository,
) -> None:
    repository.write(PATH, EVAL)
    repository.scan("bandit", baseline="write")
    both = entries(repository.root)
    both = [*both, *({**entry, "check": "security"} for entry in both)]
    repository.write(BASELINE, json.dumps({"schema": 1, "findings": both}))
    assert repository.scan("bandit").verdict is Verdict.GREEN
    repository.write("src/demo/more.py", EVAL)
    assert repository.scan("bandit").verdict is Verdict.RED


def test_entries_of_scanners_that_were_removed_go_with_the_next_record(
    repository: Repository,
) -> None:
    entry = {"check": "ruff", "tool": "ruff", "rule": "S307", "path": PATH}
    entry["fingerprint"] = "0" * 32
    own = {**entry, "rule": "ruff"}
    repository.write(BASELINE, json.dumps({"schema": 1, "findings": [entry, own]}))
    assert repository.scan("bandit").verdict is Verdict.GREEN
    repository.scan("bandit", baseline="write")
    assert entries(repository.root) == [own]


@pytest.mark.heavy
def test_a_secret_is_reported_and_never_recorded(repository: Repository) -> None:
    text, path = secret_file()
    repository.write(path, text)
    run = repository.scan("bandit", "kingfisher", level="critical", baseline="write")
    assert run.verdict is Verdict.RED
    assert "secrets are never recorded (src/demo/__init__.py:3" in run.notes[-1]
    assert WAIVERS_FILE in run.notes[-1]
    # The password that bandit sees in the line is recorded, and hides nothing.
    assert {entry["check"] for entry in entries(repository.root)} == {"bandit"}
    run = repository.scan("bandit", "kingfisher", level="critical")
    assert run.verdict is Verdict.RED


@pytest.mark.heavy
def test_a_baseline_that_names_a_secret_excuses_nothing(
    repository: Repository,
) -> None:
    text, path = secret_file()
    repository.write(path, text)
    run = repository.scan("kingfisher")
    (found,) = result_of(run, "kingfisher").findings
    entry = {
        "check": "kingfisher",
        "tool": found.tool,
        "rule": found.rule,
        "path": found.path,
        "fingerprint": found.fingerprint,
    }
    repository.write(BASELINE, json.dumps({"schema": 1, "findings": [entry]}))
    assert repository.scan("kingfisher").verdict is Verdict.RED


@pytest.mark.heavy
def test_a_waived_secret_is_green_until_its_day_and_not_recorded(
    repository: Repository,
) -> None:
    text, path = secret_file()
    repository.write(path, text)
    run = repository.scan("kingfisher")
    (found,) = result_of(run, "kingfisher").findings
    repository.write(
        WAIVERS_FILE,
        f"waivers:\n  - id: {found.fingerprint}\n    reason: a sample\n"
        '    owner: "@team"\n    expires: 2027-12-31\n',
    )
    today = date(2026, 11, 22)
    run = repository.scan("kingfisher", baseline="write", today=today)
    assert run.verdict is Verdict.GREEN
    assert len(run.notes) == 1
    assert entries(repository.root) == []
