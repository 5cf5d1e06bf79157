"""Where a change started, and which files and lines it touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ci_engine.changes.diff import Change, changed_files, changed_lines
from ci_engine.changes.diff_base import DiffBase, find_diff_base
from ci_engine.errors import ToolError
from tests.support.projects import DemoProject, clean_environment, git

ZERO = "0" * 40


@pytest.fixture(autouse=True)
def _own_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's configuration of git out, and name an author."""
    for name, value in clean_environment().items():
        monkeypatch.setenv(name, value)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@example.org")


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        git(root, "init", "--quiet")

    def git(self, *words: str) -> str:
        return git(self.root, *words).strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.root / f"{name}.py").write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "more")
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def event(self, name: str, **payload: object) -> dict[str, str]:
        path = self.root.parent / "event.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(path),
        }

    def clone(self, name: str, *options: str) -> Repository:
        """A clone by a real transport, so that it can be shallow."""
        path = self.root.parent / name
        where = self.root.as_uri()
        git(self.root.parent, "clone", "--quiet", *options, where, str(path))
        clone = object.__new__(Repository)
        clone.root = path
        return clone


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "work")


def paths(changes: list[Change]) -> list[str]:
    return [change.path for change in changes]


def since(commit: str) -> DiffBase:
    return DiffBase(commit, "for the test")


# --- where it started, on a laptop


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


def test_an_unknown_start_has_no_changes_to_list(repository: Repository) -> None:
    repository.commit(a="1")
    with pytest.raises(ToolError, match="no idea"):
        changed_files(repository.root, DiffBase(None, "no idea"))
    with pytest.raises(ToolError, match="no idea"):
        changed_lines(repository.root, DiffBase(None, "no idea"), ["*.py"])


def test_a_commit_that_is_gone_is_an_error_not_an_empty_list(
    repository: Repository,
) -> None:
    repository.commit(a="1")
    with pytest.raises(ToolError):
        changed_files(repository.root, since("1" * 40))
    with pytest.raises(ToolError):
        changed_lines(repository.root, since("1" * 40), ["*.py"])


# --- where it started, in GitHub Actions


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


# --- what it touched


def test_every_kind_of_change_is_listed(repository: Repository) -> None:
    root = repository.root
    (root / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    first = repository.commit(kept="1", changed="1", gone="1", old="moved\n" * 20)
    repository.git("mv", "old.py", "new.py")
    repository.git("rm", "--quiet", "gone.py")
    repository.commit(changed="2", added="1")
    (root / "kept.py").write_text("not committed", encoding="utf-8")
    (root / "untracked.py").write_text("1", encoding="utf-8")
    (root / "ignored.py").write_text("1", encoding="utf-8")
    committed = [
        Change("added.py", "A"),
        Change("changed.py", "M"),
        Change("gone.py", "D"),
        Change("new.py", "A"),
        Change("old.py", "D"),
    ]
    assert changed_files(root, since(first), work_tree=False) == committed
    local = [Change("kept.py", "M"), Change("untracked.py", "A")]
    assert changed_files(root, since(first)) == sorted([*committed, *local])


NAMES = ["ünïcode.py", "two\nlines.py", "a b.py", 'qu"ote.py', "tab\t.py", "b\\s.py"]


def test_names_are_never_munged(repository: Repository) -> None:
    first = repository.commit()
    for name in NAMES:
        (repository.root / name).write_text("1\n", encoding="utf-8")
    names = sorted(NAMES)
    assert paths(changed_files(repository.root, since(first))) == names
    repository.commit()
    assert paths(changed_files(repository.root, since(first))) == names
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {name: {1} for name in NAMES}


def test_a_submodule_is_told_apart(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    one = other.commit(a="1")
    two = other.commit(a="2")
    entry = "160000,{},vendored"
    repository.git("update-index", "--add", "--cacheinfo", entry.format(one))
    repository.git("commit", "--quiet", "--message", "one")
    first = repository.head
    repository.git("update-index", "--cacheinfo", entry.format(two))
    repository.git("commit", "--quiet", "--message", "two")
    changes = changed_files(repository.root, since(first), work_tree=False)
    assert changes == [Change("vendored", "M", submodule=True)]


def test_a_project_in_a_directory_of_the_repository(repository: Repository) -> None:
    inner = repository.root / "inner"
    inner.mkdir()
    (inner / "a.py").write_text("1\n", encoding="utf-8")
    first = repository.commit(outer="1\n")
    (inner / "a.py").write_text("1\n2\n", encoding="utf-8")
    repository.commit(outer="2\n")
    (inner / "new.py").write_text("1\n", encoding="utf-8")
    changes = changed_files(inner, since(first))
    assert paths(changes) == ["../outer.py", "a.py", "new.py"]
    assert changed_lines(inner, since(first), ["*.py"])["a.py"] == {2}


def test_lines_are_those_of_the_work_tree(repository: Repository) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 11))
    first = repository.commit(a=text, b="x = 1\n")
    changed = text.replace("line 3\n", "line 3!\n").replace("line 9\n", "")
    repository.commit(a=changed, b="y = 1\n")
    (repository.root / "a.py").write_text(f"new\nnew\n{changed}", encoding="utf-8")
    (repository.root / "c.py").write_text("1\n2\n", encoding="utf-8")
    (repository.root / "c.txt").write_text("1\n2\n", encoding="utf-8")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"a.py": {1, 2, 5}, "b.py": {1}, "c.py": {1, 2, 3}}


def test_code_that_looks_like_a_patch_is_code(repository: Repository) -> None:
    rest = "".join(f"{number}\n" for number in range(20))
    first = repository.commit(a=f"-- b/b.py\n{rest}", b="")
    repository.commit(a=f"++ b/b.py\n++ /dev/null\n{rest}last\n")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"a.py": {1, 2, 23}}


def test_neither_form_feeds_nor_line_ends_shift_lines(repository: Repository) -> None:
    first = repository.commit(a="a\f\n\u2028b\nc\n", b="a\nb\n")
    repository.commit(a="a\f\n\u2028b\nnew\f\nc\n", b="a\r\nb\r\nc\r\n")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"a.py": {3}, "b.py": {3}}


def test_the_users_configuration_changes_nothing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repository.commit(a="1\n2\n3\n", ä="1\n")
    repository.git("mv", "a.py", "b.py")
    repository.commit(b="1\n2\n3!\n", ä="2\n")
    for key, value in {
        "diff.noprefix": "true",
        "diff.orderFile": "/no/such/file",
        "diff.mnemonicPrefix": "true",
        "diff.renames": "copies",
        "diff.external": "false",
        "diff.interHunkContext": "9",
        "color.diff": "always",
        "core.quotePath": "true",
    }.items():
        repository.git("config", key, value)
    (repository.root / ".gitattributes").write_text("*.py -diff\n", encoding="utf-8")
    lines = changed_lines(repository.root, since(first), ["*.py"])
    assert lines == {"b.py": {1, 2, 3}, "ä.py": {1}}
    wanted = [".gitattributes", "a.py", "b.py", "ä.py"]
    assert paths(changed_files(repository.root, since(first))) == wanted


# --- the gate


def test_a_wrong_since_is_wrong_usage(project: DemoProject) -> None:
    project.git_init()
    run = project.gate("no-conflict-markers", "--since", "nonsense")
    assert run.code == 2
    assert "--since nonsense" in run.stderr
    assert "hint:" in run.stderr
