"""The static validation of an adoption: no code of the project runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.planning.plan import Operation
from ci_framework.validating import commits, contents
from ci_framework.validating.linters import check_settings, check_zizmor
from ci_framework.validating.model import Outcome
from tests.support.adoptions import ENGINE, Adopted, adopt

PYPROJECT = """\
# How we are called.
[project]
name = "demo" # short
keywords = [
    "one", # first
    "two",
]
"""
BLOCK = """
# >>> ci-framework >>>
[tool.ci-framework]
version = "2"
# <<< ci-framework <<<
"""
WORKFLOW = "on: push\njobs: {}\n"
HOOKS = "repos:\n  - repo: local\n    hooks: []\n"


def simple(path: Path, **more: str) -> Adopted:
    return adopt(
        path,
        {"pyproject.toml": PYPROJECT, ".github/workflows/ci.yml": WORKFLOW},
        {"pyproject.toml": PYPROJECT + BLOCK, "ci-framework/ci": "#!/bin/sh\n"},
        unplanned=more,
    )


def told(outcome: Outcome) -> str:
    return "\n".join([outcome.status, outcome.reason, *outcome.details])


def test_an_adoption_that_does_what_was_planned_passes(tmp_path: Path) -> None:
    both = simple(tmp_path / "demo").commits
    for check in (
        commits.check_planned,
        commits.check_workflows,
        contents.check_parse,
        contents.check_keys,
        contents.check_lines,
    ):
        assert check(both).status == "passed", told(check(both))


def test_a_file_that_nobody_planned_is_named(tmp_path: Path) -> None:
    adopted = adopt(
        tmp_path / "demo",
        {"a.txt": "a\n", "b.txt": "b\n"},
        {"new.txt": "new\n"},
        unplanned={"b.txt": "c\n"},
    )
    outcome = commits.check_planned(adopted.commits)
    assert outcome.status == "failed"
    assert outcome.details == ["b.txt: changed without a plan"]


def test_other_bytes_than_planned_are_found(tmp_path: Path) -> None:
    adopted = adopt(
        tmp_path / "demo",
        {"a.txt": "a\n"},
        {"new.txt": "new\n", "missing.txt": "x\n"},
        unplanned={"new.txt": "other\n"},
    )
    outcome = commits.check_planned(adopted.commits)
    assert outcome.details == ["new.txt: after: its content differs from the plan"]


def test_the_record_of_what_is_red_may_come_later(tmp_path: Path) -> None:
    adopted = adopt(
        tmp_path / "demo",
        {"a.txt": "a\n"},
        {"new.txt": "new\n"},
        unplanned={"ci-framework/project/baseline.json": "{}\n"},
    )
    assert commits.check_planned(adopted.commits).status == "passed"


def test_line_ends_of_a_work_tree_are_no_other_bytes(tmp_path: Path) -> None:
    adopted = adopt(
        tmp_path / "demo",
        {".gitattributes": "*.txt text eol=crlf\n", "a.txt": "a\n"},
        {"a.txt": "a\r\nb\r\n", "new.txt": "new\r\n"},
    )
    # The work tree had these bytes before, and git stored them with plain ends.
    before = commits.Commits(adopted.repository, adopted.facts)
    lying = before.hashes(adopted.facts.adopted, "a.txt")
    assert adopted.facts.changed["a.txt"].after in lying
    outcome = commits.check_planned(adopted.commits)
    assert [row for row in outcome.details if "after" in row] == []


def test_a_mutated_workflow_is_named(tmp_path: Path) -> None:
    path = ".github/workflows/ci.yml"
    adopted = simple(tmp_path / "demo", **{path: "on: pull_request\njobs: {}\n"})
    outcome = commits.check_workflows(adopted.commits)
    assert outcome.status == "failed"
    assert outcome.details == [f"{path}: changed"]


def test_a_workflow_may_only_go_on_request(tmp_path: Path) -> None:
    path = ".github/workflows/ci.yml"
    files = {path: WORKFLOW, "a.txt": "a\n"}
    kept = adopt(tmp_path / "kept", files, {path: None})
    assert commits.check_workflows(kept.commits).details == [f"{path}: gone"]
    asked = adopt(tmp_path / "asked", files, {path: None}, kinds={path: "retire"})
    outcome = commits.check_workflows(asked.commits)
    assert outcome.status == "passed"
    assert path in outcome.reason


def test_a_lock_file_is_not_touched(tmp_path: Path) -> None:
    files = {"uv.lock": "version = 1\n", "sub/poetry.lock": "x = 1\n"}
    adopted = adopt(tmp_path / "demo", files, {"uv.lock": "version = 2\n"})
    outcome = commits.check_locks(adopted.commits)
    assert outcome.status == "failed"
    assert outcome.details == ["uv.lock"]


def test_a_new_file_that_the_repository_ignores_is_named(tmp_path: Path) -> None:
    adopted = adopt(
        tmp_path / "demo",
        {".gitignore": "*.log\n/lib/\n!/lib/kept.txt\n"},
        {"new.txt": "new\n"},
    )
    root = adopted.repository.root
    (root / "lib").mkdir()
    (root / "lib" / "x.txt").write_text("x\n")
    adopted.repository.git("add", "--force", "lib/x.txt")
    adopted.repository.git("commit", "--quiet", "--amend", "--no-edit")
    facts = adopted.facts
    changed = {**facts.changed, "lib/x.txt": facts.changed["new.txt"]}
    head = adopted.repository.line("rev-parse", "HEAD")
    again = type(facts)(base=facts.base, adopted=head, plan=facts.plan, changed=changed)
    clone = Adopted(adopted.repository, again).clones(tmp_path / "clones").adopted
    outcome = commits.check_ignored(
        commits.Commits(adopted.repository, again), clone.repository
    )
    assert outcome.details == ["lib/x.txt: ignored by .gitignore:2 (/lib/)"]


def second_plan(adopted: Adopted) -> Outcome:
    return commits.check_replan(adopted.commits, adopted.repository)


def test_a_second_plan_has_to_be_empty(tmp_path: Path) -> None:
    again = Operation(kind="create", path="x.txt", reason="missing")
    kept = Operation(kind="keep", path="y.txt", reason="the project's")
    adopted = adopt(tmp_path / "a", {"a": "a"}, {"b": "b"}, replan=lambda _: [kept])
    assert second_plan(adopted).status == "passed"
    adopted = adopt(
        tmp_path / "b", {"a": "a"}, {"b": "b"}, replan=lambda _: [kept, again]
    )
    outcome = second_plan(adopted)
    assert outcome.status == "failed"
    assert outcome.details == ["create x.txt: missing"]


def test_without_a_second_plan_nothing_is_proved(tmp_path: Path) -> None:
    adopted = adopt(tmp_path / "a", {"a": "a"}, {"b": "b"}, replan=None)
    assert second_plan(adopted).status == "not-run"


@pytest.mark.parametrize(
    ("after", "fault"),
    [
        (PYPROJECT.replace('"demo"', '"other"'), "project.name: was 'demo'"),
        (PYPROJECT.replace('    "two",\n', ""), "project.keywords: was"),
        ("", "project: gone"),
    ],
)
def test_an_old_key_has_the_value_it_had(
    tmp_path: Path, after: str, fault: str
) -> None:
    files = {"pyproject.toml": PYPROJECT}
    adopted = adopt(tmp_path / "demo", files, {"pyproject.toml": after + BLOCK})
    outcome = contents.check_keys(adopted.commits)
    assert outcome.status == "failed"
    assert any(fault in row for row in outcome.details), outcome.details


def test_true_is_not_one_and_one_is_not_one_point_nil(tmp_path: Path) -> None:
    for number, other in enumerate(("true", "1.0", '"1"')):
        adopted = adopt(
            tmp_path / str(number), {"a.toml": "x = 1\n"}, {"a.toml": f"x = {other}\n"}
        )
        assert contents.check_keys(adopted.commits).status == "failed", other


def test_only_the_lists_of_the_framework_may_grow(tmp_path: Path) -> None:
    path = ".pre-commit-config.yaml"
    more = "  - repo: https://example.org\n    hooks: []\n"
    adopted = adopt(tmp_path / "a", {path: HOOKS}, {path: HOOKS + more})
    assert contents.check_keys(adopted.commits).status == "passed"
    lost = HOOKS.replace("local", "meta") + more
    adopted = adopt(tmp_path / "b", {path: HOOKS}, {path: lost})
    assert contents.check_keys(adopted.commits).status == "failed"
    longer = {path: HOOKS.replace("hooks: []", "hooks: [1]")}
    adopted = adopt(tmp_path / "c", {path: HOOKS}, longer)
    assert contents.check_keys(adopted.commits).status == "failed"


@pytest.mark.parametrize(
    "lost",
    ["# How we are called.\n", " # short", " # first", "\n]\n"],
)
def test_a_lost_comment_is_found(tmp_path: Path, lost: str) -> None:
    after = PYPROJECT.replace(lost, "" if lost != "\n]\n" else "]\n")
    files = {"pyproject.toml": PYPROJECT}
    adopted = adopt(tmp_path / "demo", files, {"pyproject.toml": after + BLOCK})
    outcome = contents.check_lines(adopted.commits)
    assert outcome.status == "failed"
    assert outcome.details[0].startswith("pyproject.toml:")


def test_a_line_that_moved_is_found(tmp_path: Path) -> None:
    before = "# one\na = 1\n# two\nb = 2\n"
    after = "# two\na = 1\n# one\nb = 2\n"
    adopted = adopt(tmp_path / "demo", {"a.toml": before}, {"a.toml": after})
    assert contents.check_keys(adopted.commits).status == "passed"
    assert contents.check_lines(adopted.commits).status == "failed"


def test_other_line_ends_are_found(tmp_path: Path) -> None:
    before = "a = 1\r\nb = 2\r\n"
    after = "a = 1\nb = 2\nc = 3\n"
    adopted = adopt(tmp_path / "demo", {"a.toml": before}, {"a.toml": after})
    assert contents.check_lines(adopted.commits).status == "failed"


def test_the_last_line_may_get_the_end_it_lacked(tmp_path: Path) -> None:
    adopted = adopt(tmp_path / "a", {"a.toml": "a = 1"}, {"a.toml": "a = 1\nb = 2\n"})
    assert contents.check_lines(adopted.commits).status == "passed"
    adopted = adopt(tmp_path / "b", {"a.toml": "a = 1"}, {"a.toml": "a = 12\n"})
    assert contents.check_lines(adopted.commits).status == "failed"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("x.toml", "a = 1\na = 2\n"),
        ("x.yml", "a: [\n"),
        ("x.json", "{"),
        ("x.py", "def f(:\n"),
        ("x.toml", "\0"),
        ("x.yml", b"\xff\xfe\x00"),
    ],
)
def test_a_new_file_that_does_not_parse_is_named(
    tmp_path: Path, path: str, content: str | bytes
) -> None:
    adopted = adopt(tmp_path / "demo", {"a": "a"}, {path: content})
    outcome = contents.check_parse(adopted.commits)
    assert outcome.status == "failed"
    assert outcome.details[0].startswith(f"{path}: ")


def test_a_file_that_never_parsed_is_not_a_problem(tmp_path: Path) -> None:
    # Inline tables over several lines are newer than what one of the parsers takes.
    newer = "a = {\n  b = 1,\n}\n"
    adopted = adopt(tmp_path / "demo", {"a.toml": newer}, {"a.toml": newer + "c = 1\n"})
    assert contents.check_parse(adopted.commits).status == "passed"
    assert contents.check_keys(adopted.commits).status in ("passed", "skipped")


def test_the_engine_has_to_take_the_configuration(tmp_path: Path) -> None:
    adopted = adopt(tmp_path / "a", {"a": "a"}, {**ENGINE, "MISTAKE": "wrong"})
    outcome = check_settings(adopted.clones(tmp_path / "clones-a"))
    assert outcome.status == "failed"
    assert outcome.details == ["pyproject.toml wrong"]


def test_a_mistake_that_was_there_before_is_none_of_the_adoption(
    tmp_path: Path,
) -> None:
    adopted = adopt(tmp_path / "a", {"MISTAKE": "old"}, ENGINE)
    outcome = check_settings(adopted.clones(tmp_path / "clones-a"))
    assert outcome.status == "passed"
    assert "1 error existed before" in outcome.reason


def test_a_file_that_stopped_a_linter_before_is_not_a_problem_of_the_adoption(
    tmp_path: Path,
) -> None:
    """zizmor rejects an empty list of hooks, and the adoption fills it."""
    empty, filled = "repos: []\n", "repos:\n- repo: local\n  hooks: []\n"
    adopted = adopt(
        tmp_path / "a",
        {".pre-commit-config.yaml": empty, ".github/workflows/ci.yml": WORKFLOW},
        {".pre-commit-config.yaml": filled},
    )
    outcome = check_zizmor(adopted.clones(tmp_path / "clones"), adopted.facts)
    assert outcome.status == "passed", told(outcome)
    assert "could not read the project's own files before" in outcome.reason
