"""A newer version of the template is merged in a clone, and proposed once."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from copier import run_copy

from ci_engine.releases.framework_update import MadeUpdate
from ci_engine.releases.update_proposal import describe
from tests.support.local_server import local_server
from tests.support.projects import DemoProject, Run, git

BRANCH = "ci-framework/update"
# What GitHub answers to the token of a workflow.
REFUSES = """\
#!/bin/sh
echo "refusing to allow a GitHub App to update workflow without permission" >&2
exit 1
"""
FILES = {
    "copier.yml": "_subdirectory: template\nname: {type: str, default: demo}\n",
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers|to_yaml }}",
    "template/notes.txt": "first\nversion 1\nlast\n",
    "template/.github/workflows/ci.yml": "name: CI 1\n",
}


@dataclass
class GitHub:
    """A small stand-in: what it was asked to change, and what is open."""

    url: str = ""
    calls: list[tuple[str, str, Any]] = field(
        default_factory=list[tuple[str, str, Any]]
    )
    opened: dict[str, list[dict[str, object]]] = field(
        default_factory=lambda: {"pulls": [], "issues": []}
    )


@contextmanager
def github_stand_in() -> Generator[GitHub]:
    github = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body: Any = json.loads(self.rfile.read(length)) if length else None
            path = self.path.partition("?")[0]
            kind = path.split("/")[4]
            answer: object = github.opened[kind]
            if self.command != "GET":
                github.calls.append((self.command, path, body))
                answer = {"number": 4, "body": body.get("body")}
            if self.command == "POST":
                github.opened[kind].append({"number": 4, "body": body["body"]})
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with local_server(Handler) as url:
        github.url = url
        yield github


@pytest.fixture
def github() -> Generator[GitHub]:
    with github_stand_in() as stand_in:
        yield stand_in


def tag(template: Path, version: str) -> None:
    for name, text in FILES.items():
        path = template / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("1\n", f"{version[1]}\n"), encoding="utf-8")
    if not (template / ".git").is_dir():
        git(template, "init", "--quiet")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message", version)
    git(template, "tag", version)


@pytest.fixture
def rendered(project: DemoProject, tmp_path: Path) -> DemoProject:
    """A project of the first version, pushed, whose gate is red and the rest green."""
    template = tmp_path / "template"
    template.mkdir()
    tag(template, "v1.0.0")
    run_copy(str(template), project.root, defaults=True, overwrite=True, quiet=True)
    tag(template, "v2.0.0")
    lock = project.read("ci-framework/engine.lock")
    project.write("ci-framework/engine.lock", f"# answers: .copier-answers.yml\n{lock}")
    project.write("ci-framework/ci", 'case "$1" in gate) exit 1 ;; esac\n')
    project.git_init()
    origin = tmp_path / "origin.git"
    git(tmp_path, "init", "--quiet", "--bare", str(origin))
    git(project.root, "remote", "add", "origin", str(origin))
    git(project.root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return project


def propose(project: DemoProject, github: GitHub) -> Run:
    variables = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "someone/demo",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_TOKEN": "made-up",
    }
    return project.run("update", "--pull-request", variables=variables)


@pytest.mark.heavy
def test_an_update_is_merged_and_proposed_once(
    rendered: DemoProject, github: GitHub, tmp_path: Path
) -> None:
    rendered.write(".github/workflows/actions.lock", "{}\n")
    git(rendered.root, "add", "--all")
    git(rendered.root, "commit", "--quiet", "--message", "lock of actions")
    before = git(rendered.root, "rev-parse", "HEAD")
    output = tmp_path / "output"
    run = rendered.run("update", variables={"GITHUB_OUTPUT": str(output)})
    assert run.code == 0, str(run)
    check = run.check("update")
    assert check["reason"] == "2.0.0 is available: run `copier update`"
    assert check["notes"][:2] == [
        "ci-framework/ci validate: green",
        "ci-framework/ci gate: red",
    ]
    assert "run `gh actions-lock`" in check["notes"][2]
    assert "available=true\n" in output.read_text(encoding="utf-8")
    # The repository is as it was.
    assert git(rendered.root, "rev-parse", "HEAD") == before
    assert git(rendered.root, "status", "--porcelain") == ""
    for number in range(2):
        run = propose(rendered, github)
        assert run.code == 0, str(run)
        expected = ("was opened", "4 was refreshed")[number]
        assert expected in run.check("update")["reason"]
    methods = [(method, path) for method, path, _ in github.calls]
    assert methods == [
        ("POST", "/repos/someone/demo/pulls"),
        ("PATCH", "/repos/someone/demo/pulls/4"),
    ]
    body = github.calls[0][2]
    assert (body["head"], body["base"], body["draft"]) == (BRANCH, "main", False)
    assert "`ci-framework/ci gate`: red" in body["body"]
    shown = git(tmp_path / "origin.git", "show", f"{BRANCH}:notes.txt")
    assert shown == "first\nversion 2\nlast\n"
    # What somebody has committed to the branch is never replaced.
    git(rendered.root, "fetch", "--quiet", "origin", BRANCH)
    tree = git(rendered.root, "rev-parse", "FETCH_HEAD^{tree}").strip()
    words = ("commit-tree", tree, "-p", "FETCH_HEAD", "-m", "mine")
    mine = git(rendered.root, *words).strip()
    git(rendered.root, "push", "--quiet", "origin", f"{mine}:refs/heads/{BRANCH}")
    run = propose(rendered, github)
    assert "somebody has committed to it" in run.check("update")["reason"]


@pytest.mark.heavy
def test_a_conflict_is_a_draft_and_a_refused_push_an_issue(
    rendered: DemoProject, github: GitHub, tmp_path: Path
) -> None:
    rendered.write("notes.txt", "first\nours\nlast\n")
    git(rendered.root, "commit", "--quiet", "--all", "--message", "ours")
    run = rendered.run("update")
    assert run.rules("update") == ["conflict"]
    assert run.locations("update")[0].path == "notes.txt"
    hook = tmp_path / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(REFUSES, encoding="utf-8")
    hook.chmod(0o755)
    for expected in ("an issue was opened", "issue 4 was refreshed"):
        assert expected in propose(rendered, github).check("update")["reason"]
    (_, path, body) = github.calls[0]
    assert path == "/repos/someone/demo/issues"
    assert body["title"] == "chore: update ci-framework to 2.0.0 (conflicts)"
    assert "copier update --defaults" in body["body"]
    assert "- `notes.txt`" in body["body"]
    hook.unlink()
    github.calls.clear()
    assert "was opened" in propose(rendered, github).check("update")["reason"]
    assert github.calls[0][2]["draft"] is True
    # The issue is not needed any more.
    assert github.calls[1] == (
        "PATCH",
        "/repos/someone/demo/issues/4",
        {"state": "closed"},
    )


def test_names_are_no_markup() -> None:
    made = MadeUpdate(
        current="1", latest="2", commit="x", conflicts=["<b>@me</b>"], notes=["a`b"]
    )
    text = describe(made)
    assert "- `<b>@me</b>`" in text
    assert "- `` a`b ``" in text


def test_what_cannot_be_updated(project: DemoProject) -> None:
    (project.root / ".copier-answers.yml").unlink()
    run = project.run("update")
    assert (run.code, "there are no answers" in run.stderr) == (2, True)
    project.write(".copier-answers.yml", "name: demo\n")
    run = project.run("update", "--pull-request")
    assert (run.code, "run `ci-framework/ci update` first" in run.stderr) == (2, True)
