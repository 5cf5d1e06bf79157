"""The steps of an update, for each outcome of Copier."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_engine.commands.update import UpdateOptions, run
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import ToolError, UsageError
from ci_engine.github import proposals
from ci_engine.github.comments import PullRequest
from ci_engine.project.repository import read_project
from ci_engine.releases import framework_update
from ci_engine.releases.framework_update import FrameworkUpdate, MadeUpdate
from ci_engine.releases.update_proposal import describe
from tests.support.github_api import github_stand_in
from tests.support.projects import git
from tests.support.replacing import always

# A fake Copier: its output and its changes are chosen by the test.
COPIER = """\
#!/bin/sh
case "$1" in
check-update) {check} ;;
update) {update} ;;
esac
"""
NEWER = '{"update_available": true, "current_version": "1", "latest_version": "2"}'
NONE = '{"update_available": false, "current_version": "1", "latest_version": null}'
# GitHub's response to the token of a workflow.
REFUSES_WORKFLOWS = (
    "echo refusing to allow a GitHub App to update workflow without permission >&2\n"
    "exit 1"
)
CHANGES = "echo changed >>notes.txt"


class StandIn:
    """What isolated_tool returns, as far as it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def program(self) -> str:
        return str(self.path)


Make = Callable[..., MadeUpdate]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that the template rendered, as far as an update looks."""
    root = tmp_path / "demo"
    (root / "ci-framework").mkdir(parents=True)
    lock = "# answers: .answers.yml\n"
    (root / "ci-framework" / "engine.lock").write_text(lock, encoding="utf-8")
    for name in (".answers.yml", "notes.txt"):
        (root / name).write_text("x: 1\n", encoding="utf-8")
    (root / "pyproject.toml").write_text('[project]\nname = "demo"\n[tool.uv]\n')
    git(root, "init", "--quiet")
    commit(root)
    return root


def commit(root: Path) -> None:
    git(root, "add", "--all", "--force")
    git(root, "commit", "--quiet", "--message=state")


@pytest.fixture
def copier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let Copier answer."""
    path = tmp_path / "copier"
    monkeypatch.setattr(framework_update, "isolated_tool", always(StandIn(path)))

    def answer(check: str = f"echo '{NEWER}'", update: str = CHANGES) -> None:
        path.write_text(COPIER.format(check=check, update=update), encoding="utf-8")
        path.chmod(0o755)

    answer()
    return answer


@pytest.fixture
def make(root: Path, tmp_path: Path) -> Make:
    def make(*, validate: bool = False) -> MadeUpdate:
        clone = tmp_path / "clone" / "demo"
        update = FrameworkUpdate(
            read_project(root), ".answers.yml", clone, threading.Event()
        )
        return update.make(validate=validate)

    return make


def test_without_a_newer_version_nothing_is_merged(
    copier: Callable[..., None], make: Make
) -> None:
    copier(f"echo '{NONE}'", "exit 1")
    assert make() == MadeUpdate(current="1")


@pytest.mark.parametrize(
    ("check", "update", "message"),
    [
        ("echo nonsense", "true", "copier: unusable output: nonsense"),
        ("echo broken >&2; exit 1", "true", "copier check-update: broken"),
        (f"echo '{NEWER}'", "echo no >&2; exit 4", "copier update: no"),
        (
            "echo 'fatal: Could not resolve host: name resolution' >&2; exit 1",
            "true",
            "copier check-update: needs the network: name resolution",
        ),
    ],
)
def test_what_copier_cannot_do_is_named_with_the_next_step(
    check: str, update: str, message: str, copier: Callable[..., None], make: Make
) -> None:
    copier(check, update)
    with pytest.raises(ToolError) as caught:
        make()
    assert str(caught.value).startswith(message)
    assert "copier " in caught.value.hint


@pytest.mark.parametrize(
    ("update", "conflicts"),
    [
        ("printf '<<<<<<< before updating\\n>>>>>>> after updating\\n' >notes.txt", 1),
        ("echo rejected >notes.txt.rej", 1),
        (CHANGES, 0),
        ("rm notes.txt", 0),
    ],
)
def test_conflicts_are_found_where_copier_reports_none(
    update: str, conflicts: int, copier: Callable[..., None], make: Make
) -> None:
    copier(update=update)
    made = make(validate=bool(conflicts))
    assert len(made.conflicts) == conflicts
    marked = {name for name, lines in made.conflict_lines.items() if lines == [1]}
    assert marked == {name for name in made.conflicts if name == "notes.txt"}
    assert (made.current, made.latest, made.verdicts) == ("1", "2", {})
    assert any(name.startswith("notes.txt") for name in made.changed)


@pytest.mark.parametrize(
    ("uv", "update", "note"),
    [
        ("echo new >uv.lock", CHANGES, ""),
        (
            "echo no solution >&2; exit 1",
            CHANGES,
            "uv.lock was not updated: no solution",
        ),
        ("", CHANGES, "uv is not installed: uv.lock was not updated"),
        (
            "exit 1",
            "printf '<<<<<<< before updating\\n' >pyproject.toml",
            "uv.lock was not updated: resolve the conflicts, then run `uv lock`",
        ),
    ],
)
def test_a_lock_is_renewed_or_the_reason_is_noted(
    *,
    uv: str,
    update: str,
    note: str,
    root: Path,
    tmp_path: Path,
    copier: Callable[..., None],
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copier(update=update)
    (root / "uv.lock").write_text("old\n", encoding="utf-8")
    commit(root)
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\n{uv}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(
        framework_update, "find_program", always(program if uv else None)
    )
    monkeypatch.setitem(
        framework_update.__dict__, "_LOCKS", {"uv": ("uv.lock", (str(program), "lock"))}
    )
    made = make()
    assert [n.replace(str(program), "uv") for n in made.notes] == [note] * bool(note)
    assert ("uv.lock" in made.changed) is not bool(note)


def test_what_is_beside_the_update_is_noted_and_verdicts_are_recorded(
    root: Path, copier: Callable[..., None], make: Make
) -> None:
    copier(update="mkdir -p .github/workflows; echo x >.github/workflows/ci.yml")
    (root / "ci-framework" / "ci_engine").mkdir()
    (root / "ci-framework" / "ci_engine" / "__init__.py").touch()
    launcher = 'case "$1" in validate) exit 2 ;; esac; kill -9 $$\n'
    (root / "ci-framework" / "ci").write_text(launcher, encoding="utf-8")
    (root / ".github" / "workflows").mkdir(parents=True)
    (root / ".github" / "workflows" / "actions.lock").write_text("{}\n")
    commit(root)
    made = make(validate=True)
    assert len(made.notes) == 2
    assert "run `gh actions-lock`" in made.notes[0]
    assert made.notes[1] == "the engine is vendored: run `ci-framework/ci vendor`"
    assert made.verdicts["ci-framework/ci validate"] == "wrong configuration"
    assert made.verdicts["ci-framework/ci gate"].startswith("killed by SIGKILL")


def surroundings(root: Path, **variables: str) -> Surroundings:
    given = {"PATH": os.environ["PATH"], "HOME": str(root.parent), **variables}
    return Surroundings(root, root, given)


def reason(root: Path) -> str:
    path = root / ".ci-framework" / "update" / "result.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["checks"][0]["reason"])


def test_the_command_merges_and_proposes_what_it_merged(
    root: Path, tmp_path: Path, copier: Callable[..., None]
) -> None:
    output = tmp_path / "output"
    copier(update="printf '<<<<<<< before updating\\n' >notes.txt")
    merge = UpdateOptions(validate=False)
    assert run(merge, surroundings(root, GITHUB_OUTPUT=str(output))) == 0
    assert reason(root) == "2 is available: run `copier update`"
    assert {"available=true", "conflicts=1"} <= {*output.read_text("utf-8").split()}
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    hook = tmp_path / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    facts = root / ".ci-framework" / "update" / "update.json"
    with github_stand_in() as github:
        github_variables = {
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": "someone/demo",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_TOKEN": "made-up",
        }

        def propose() -> str:
            options = UpdateOptions(pull_request=True)
            assert run(options, surroundings(root, **github_variables)) == 0
            return reason(root)

        refuse(hook, REFUSES_WORKFLOWS)
        assert propose() == "an issue was opened: the token may not push workflows"
        assert propose() == "issue 4 was updated: the token may not push workflows"
        refuse(hook, "echo the disk is full >&2; exit 1")
        with pytest.raises(ToolError, match=r"update: cannot be pushed: "):
            propose()
        hook.unlink()
        assert propose() == "a pull request was opened"
        assert propose() == "pull request 4 was updated"
        assert [(method, path.split("/")[4]) for method, path, _ in github.calls] == [
            *(("POST", "issues"), ("PATCH", "issues"), ("POST", "pulls")),
            # The issue is closed as soon as there is a pull request.
            *(("PATCH", "issues"), ("PATCH", "pulls"), ("PATCH", "issues")),
        ]
        (issue, _, pull, closed, *_) = [body for _, _, body in github.calls]
        assert issue["title"] == "chore: update ci-framework to 2 (conflicts)"
        assert "copier update --defaults" in issue["body"]
        assert (pull["head"], pull["base"]) == ("ci-framework/update", "main")
        assert (pull["draft"], closed) == (True, {"state": "closed"})
        made = facts.read_text(encoding="utf-8")
        wrong = json.dumps({**json.loads(made), "commit": "0" * 40})
        facts.write_text(wrong, encoding="utf-8")
        with pytest.raises(ToolError, match="contains another commit than the report"):
            propose()
        facts.write_text(made, encoding="utf-8")
        # What somebody has committed to the branch is never replaced.
        origin, branch = tmp_path / "origin.git", "ci-framework/update"
        tree = git(origin, "rev-parse", f"{branch}^{{tree}}").strip()
        words = ("commit-tree", tree, "-p", branch, "-m", "mine")
        git(origin, "update-ref", f"refs/heads/{branch}", git(origin, *words).strip())
        assert "somebody has committed to it" in propose()


def refuse(hook: Path, text: str) -> None:
    hook.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    hook.chmod(0o755)


def test_without_a_newer_version_nothing_is_proposed(
    root: Path, copier: Callable[..., None]
) -> None:
    copier(f"echo '{NONE}'")
    for options in (UpdateOptions(), UpdateOptions(pull_request=True)):
        assert run(options, surroundings(root)) == 0
        assert reason(root) == "1 is the latest version"
    facts = root / ".ci-framework" / "update" / "update.json"
    facts.write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"update\.json: "):
        run(UpdateOptions(pull_request=True), surroundings(root))


@pytest.mark.parametrize(
    ("options", "step"),
    [
        (UpdateOptions(dry_run=True), "merge: .answers.yml"),
        (UpdateOptions(dry_run=True, pull_request=True), "propose the merged update: "),
    ],
)
def test_a_dry_run_lists_the_step_and_keeps_the_reports(
    options: UpdateOptions,
    step: str,
    root: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert options.keeps_reports
    assert run(options, surroundings(root)) == 0
    assert step in capsys.readouterr().out
    assert not (root / ".ci-framework").exists()


def test_a_response_that_is_none_and_what_a_reviewer_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proposals, "call", always(b"<html>"))
    with pytest.raises(ToolError, match="unexpected response from GitHub"):
        proposals.close_issue(PullRequest("", "owner/name", 0, "t"), "marker")
    monkeypatch.setattr(proposals, "call", always(b"[]"))
    proposals.close_issue(PullRequest("", "owner/name", 0, "t"), "marker")
    made = MadeUpdate(
        current="1", latest="2", commit="x", notes=["a note"], verdicts={"a": "red"}
    )
    text = describe(made)
    assert "Validated with this update:\n\n- `a`: red" in text
    assert "To do:\n\n- `a note`" in text
    assert "Conflicts" not in text
