"""The diff base of a change, on a laptop and in GitHub Actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.changes.diff import changed_files
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from tests.support.histories import Repository, paths
from tests.support.projects import DemoProject

ZERO = "0" * 40


# --- the diff base on a laptop
def test_a_commit_that_is_named(repository: Repository) -> None:
    first = repository.commit(a="1")
    repository.commit(a="2")
    assert find_diff_base(repository.root, "HEAD~1", {}).commit == first


def test_what_others_did_to_the_named_branch_is_not_the_change(
    repository: Repository,
) -> None:
    first = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit(b="1")
    repository.git("checkout", "--quiet", "main")
    repository.commit(c="1")
    repository.git("checkout", "--quiet", "mine")
    assert find_diff_base(repository.root, "main", {}).commit == first


@pytest.mark.parametrize("name", ["nonsense", "--all", "-x", "a b"])
def test_a_name_that_is_no_commit(repository: Repository, name: str) -> None:
    repository.commit(a="1")
    start = find_diff_base(repository.root, name, {})
    assert start.commit is None
    assert name[:12] in start.reason


def test_a_branch_started_where_it_left_main(repository: Repository) -> None:
    first = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit(a="2")
    start = find_diff_base(repository.root, "", {})
    assert start.commit == first
    assert "main" in start.reason


def test_the_remote_main_branch_comes_first(repository: Repository) -> None:
    repository.commit(a="1")
    clone = repository.clone("clone")
    clone.commit(a="2")
    start = find_diff_base(clone.root, "", {})
    assert start.commit == repository.head
    assert "origin/HEAD" in start.reason


def test_without_a_main_branch_nothing_is_known(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "strange")
    repository.commit(a="1")
    start = find_diff_base(repository.root, "", {})
    assert start.commit is None
    assert "none of" in start.reason


def test_without_a_commit_nothing_is_known(repository: Repository) -> None:
    assert find_diff_base(repository.root, "", {}).commit is None


def test_without_a_repository_nothing_is_known(tmp_path: Path) -> None:
    start = find_diff_base(tmp_path, "", {})
    assert start.commit is None
    assert "no work tree" in start.reason


def test_without_git_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    start = find_diff_base(tmp_path, "", {})
    assert start == DiffBase(None, "git is not installed")


# --- the diff base in GitHub Actions
def pull_request(base: str, head: str) -> dict[str, object]:
    return {"pull_request": {"base": {"sha": base}, "head": {"sha": head}}}


def merged(repository: Repository) -> tuple[str, str, str]:
    """A base that moved on, a head, and their merge checked out as GitHub does."""
    old = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "mine")
    head = repository.commit(b="1")
    repository.git("checkout", "--quiet", "main")
    base = repository.commit(c="1")
    repository.git("checkout", "--quiet", "--detach", base)
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", head)
    return old, base, head


def test_a_merge_of_a_pull_request_started_at_its_first_parent(
    repository: Repository,
) -> None:
    old, base, head = merged(repository)
    event = repository.event("pull_request", **pull_request(old, head))
    start = find_diff_base(repository.root, "", event)
    assert start.commit == base
    assert paths(changed_files(repository.root, start)) == ["b.py"]


def test_a_merge_that_the_author_made_is_not_that_merge(
    repository: Repository,
) -> None:
    old = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.commit(b="1")
    repository.git("checkout", "--quiet", "main")
    base = repository.commit(c="1")
    repository.git("checkout", "--quiet", "mine")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "main")
    event = repository.event("pull_request", **pull_request(base, repository.head))
    start = find_diff_base(repository.root, "", event)
    assert start.commit == base != old
    assert paths(changed_files(repository.root, start)) == ["b.py"]


def test_a_shallow_merge_is_deepened(repository: Repository) -> None:
    _, base, head = merged(repository)
    repository.git("branch", "merge")
    clone = repository.clone("clone", "--depth=1", "--branch=merge")
    assert clone.git("rev-parse", "--is-shallow-repository") == "true"
    event = clone.event("pull_request", **pull_request(base, head))
    start = find_diff_base(clone.root, "", event)
    assert start.commit == base
    assert paths(changed_files(clone.root, start)) == ["b.py"]


@pytest.mark.heavy
def test_a_shallow_branch_is_deepened_until_the_base_is_shared(
    repository: Repository,
) -> None:
    old = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "mine")
    for number in range(60):
        repository.commit(b=str(number))
    repository.git("checkout", "--quiet", "main")
    base = repository.commit(c="1")
    clone = repository.clone("clone", "--depth=1", "--branch=mine")
    event = clone.event("pull_request", **pull_request(base, clone.head))
    start = find_diff_base(clone.root, "", event)
    assert start.commit == old
    assert paths(changed_files(clone.root, start)) == ["b.py"]


def test_a_shallow_clone_that_cannot_be_deepened_knows_nothing(
    repository: Repository,
) -> None:
    _, base, head = merged(repository)
    repository.git("branch", "merge")
    clone = repository.clone("clone", "--depth=1", "--branch=merge")
    clone.git("remote", "set-url", "origin", (repository.root / "gone").as_uri())
    event = clone.event("pull_request", **pull_request(base, head))
    start = find_diff_base(clone.root, "", event)
    assert start.commit is None
    assert "too shallow" in start.reason


def test_a_checkout_of_the_base_itself_is_a_mistake(repository: Repository) -> None:
    base = repository.commit(a="1")
    event = repository.event("pull_request_target", **pull_request(base, "1" * 40))
    start = find_diff_base(repository.root, "", event)
    assert start.commit is None
    assert "checked out" in start.reason


def test_a_merge_group_started_at_its_base(repository: Repository) -> None:
    base = repository.commit(a="1")
    repository.commit(a="2")
    repository.commit(b="2")
    event = repository.event("merge_group", merge_group={"base_sha": base})
    assert find_diff_base(repository.root, "", event).commit == base


def push(before: str, **more: object) -> dict[str, object]:
    remote = {"default_branch": "main"}
    return {"before": before, "ref": "refs/heads/x", "repository": remote, **more}


def test_a_push_started_at_what_was_there_before(repository: Repository) -> None:
    before = repository.commit(a="1")
    repository.commit(a="2")
    repository.commit(b="2")
    event = repository.event("push", **push(before))
    assert find_diff_base(repository.root, "", event).commit == before


def test_a_shallow_push_is_deepened(repository: Repository) -> None:
    before = repository.commit(a="1")
    repository.commit(a="2")
    repository.commit(b="2")
    clone = repository.clone("clone", "--depth=1")
    event = clone.event("push", **push(before))
    assert find_diff_base(clone.root, "", event).commit == before


@pytest.mark.parametrize(
    "payload", [push(ZERO), push("1" * 40), push("1" * 40, forced=True)]
)
def test_a_new_or_forced_branch_started_where_it_left_main(
    repository: Repository, payload: dict[str, object]
) -> None:
    first = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "x")
    repository.commit(a="2")
    clone = repository.clone("clone", "--single-branch", "--branch=x")
    start = find_diff_base(clone.root, "", clone.event("push", **payload))
    assert start.commit == first


def test_a_forced_push_whose_old_commit_is_still_here(repository: Repository) -> None:
    first = repository.commit(a="1")
    repository.git("checkout", "--quiet", "-b", "x")
    before = repository.commit(a="2")
    repository.git("reset", "--quiet", "--hard", first)
    repository.commit(b="1")
    event = repository.event("push", **push(before, forced=True))
    assert find_diff_base(repository.root, "", event).commit == first


@pytest.mark.parametrize("before", [ZERO, "1" * 40])
def test_main_itself_is_never_compared_with_itself(
    repository: Repository, before: str
) -> None:
    repository.commit(a="1")
    clone = repository.clone("clone")
    start = find_diff_base(clone.root, "", clone.event("push", **push(before)))
    assert start.commit is None
    assert "checked out" in start.reason


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("push", push(ZERO, ref="refs/tags/v1")),
        ("schedule", {}),
        ("workflow_dispatch", {"ref": "refs/heads/main"}),
        ("pull_request", {}),
        ("merge_group", {}),
        ("", {}),
    ],
)
def test_other_events_are_about_everything(
    repository: Repository, name: str, payload: dict[str, object]
) -> None:
    repository.commit(a="1")
    repository.commit(a="2")
    start = find_diff_base(repository.root, "", repository.event(name, **payload))
    assert start.commit is None
    assert "not about a change" in start.reason


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff\xfe", b'{"before": 1}'])
def test_an_event_that_cannot_be_read(repository: Repository, text: bytes) -> None:
    repository.commit(a="1")
    event = repository.event("push")
    Path(event["GITHUB_EVENT_PATH"]).write_bytes(text)
    start = find_diff_base(repository.root, "", event)
    assert start.commit is None
    assert "cannot be read" in start.reason


# --- the gate
def test_a_wrong_since_is_wrong_usage(project: DemoProject) -> None:
    project.git_init()
    run = project.gate("no-conflict-markers", "--since", "nonsense")
    assert run.code == 2
    assert "--since nonsense" in run.stderr
    assert "hint:" in run.stderr
