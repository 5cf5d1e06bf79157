"""One comment on a pull request: written, found again, updated, refused."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from ci_engine.errors import ToolError
from ci_engine.github.comments import MARKER, PullRequest, post_comment, pull_request_of
from tests.support.projects import DemoProject, Run

BOT = "github-actions[bot]"
EVENT = json.dumps({"pull_request": {"number": 7}}).encode()


@dataclass
class GitHub:
    """A stand-in for GitHub's API: comments of one pull request, and the requests."""

    address: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    answer: bytes = b""
    comments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    tokens: set[str] = field(default_factory=set[str])
    account: str = BOT

    def add(self, body: str | None, login: str = "octocat") -> int:
        number = 100 + len(self.comments)
        kind = "Bot" if login.endswith("[bot]") else "User"
        user = {"login": login, "type": kind}
        comment = {"id": number, "body": body, "user": user}
        self.comments.append(comment)
        return number

    def comment(self, number: int) -> dict[str, Any]:
        return next(c for c in self.comments if c["id"] == number)

    def body(self, number: int) -> str:
        return str(self.comment(number)["body"])

    def listed(self, query: str) -> list[dict[str, Any]]:
        given = parse_qs(query)
        size, page = (int(given[name][0]) for name in ("per_page", "page"))
        return self.comments[size * (page - 1) : size * page]

    def viewer(self) -> tuple[int, bytes]:
        """The owner of the token; a workflow's token may not query it here."""
        data = {"data": {"viewer": {"login": self.account}}}
        return 404 if self.account == BOT else 200, json.dumps(data).encode()

    def pull_request(self) -> PullRequest:
        return PullRequest(self.address, "a/b", 7, "secret")


@pytest.fixture
def github() -> Iterator[GitHub]:
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            state.calls.append((self.command, self.path))
            state.tokens.add(self.headers["Authorization"])
            size = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(size) or b"{}")
            status, answer = (
                (state.status, state.answer) if state.status else self.act(sent)
            )
            self.send_response(status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def act(self, sent: dict[str, str]) -> tuple[int, bytes]:
            path = urlsplit(self.path)
            everything = "/repos/a/b/issues/7/comments"
            one = re.fullmatch(r"/repos/a/b/issues/comments/(\d+)", path.path)
            if self.command == "GET" and path.path == everything:
                return 200, json.dumps(state.listed(path.query)).encode()
            if self.command == "POST" and path.path == everything:
                state.add(sent["body"], state.account)
                return 201, b"{}"
            if path.path == "/graphql":
                return state.viewer()
            if self.command == "PATCH" and one:
                state.comment(int(one.group(1)))["body"] = sent["body"]
                return 200, b"{}"
            return 404, b"{}"

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - the server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_first_comment_is_written(github: GitHub) -> None:
    github.add("something else")
    assert post_comment(github.pull_request(), "text \u00e9") == "created"
    assert github.comments[-1]["body"] == f"{MARKER}\ntext \u00e9"
    assert [method for method, _ in github.calls] == ["GET", "POST"]
    assert github.tokens == {"Bearer secret"}


def test_the_next_one_updates_it(github: GitHub) -> None:
    for text in ("one", "two", "three"):
        post_comment(github.pull_request(), text)
    assert [comment["body"] for comment in github.comments] == [f"{MARKER}\nthree"]


@pytest.mark.parametrize("before", [99, 100, 250])
def test_it_is_found_on_any_page(github: GitHub, before: int) -> None:
    for _ in range(before):
        github.add("talk")
    ours = github.add(f"{MARKER}\nold", BOT)
    github.add(None)
    assert post_comment(github.pull_request(), "new") == "updated"
    assert github.body(ours) == f"{MARKER}\nnew"
    assert len(github.comments) == before + 2


@pytest.mark.parametrize("number", [99, 100, 101])
def test_all_pages_are_asked_before_one_is_written(github: GitHub, number: int) -> None:
    for _ in range(number):
        github.add("talk")
    assert post_comment(github.pull_request(), "new") == "created"
    gets = [path for method, path in github.calls if method == "GET"]
    assert len(gets) == number // 100 + 1


def test_a_comment_of_a_person_gives_way_to_that_of_the_bot(github: GitHub) -> None:
    copied = github.add(f"{MARKER}\ncopied by somebody")
    quoted = github.add(f"> {MARKER}\nquoted", BOT)
    other = github.add(f"{MARKER}\nof another bot", "renovate[bot]")
    ours = github.add(f"{MARKER}\nours", BOT)
    assert post_comment(github.pull_request(), "new") == "updated"
    assert github.body(ours) == f"{MARKER}\nnew"
    assert github.body(copied).endswith("copied by somebody")
    assert github.body(quoted).endswith("quoted")
    assert github.body(other).endswith("of another bot")


@pytest.mark.parametrize("login", ["octocat", "mallory", "renovate[bot]", "ghost"])
def test_a_comment_of_another_account_is_never_overwritten(
    github: GitHub, login: str
) -> None:
    theirs = github.add(f"{MARKER}\ntheirs", login)
    assert post_comment(github.pull_request(), "new") == "created"
    assert github.body(theirs) == f"{MARKER}\ntheirs"
    assert post_comment(github.pull_request(), "newer") == "updated"
    assert [each["body"] for each in github.comments[1:]] == [f"{MARKER}\nnewer"]


@pytest.mark.parametrize("account", ["octocat", "our-app[bot]"])
def test_a_token_of_another_account_finds_its_comment_again(
    github: GitHub, account: str
) -> None:
    github.account = account
    ours = github.add(f"{MARKER}\nours", account)
    assert post_comment(github.pull_request(), "new") == "updated"
    assert github.body(ours) == f"{MARKER}\nnew"


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_is_reported_with_its_number(github: GitHub, status: int) -> None:
    github.status = status
    with pytest.raises(ToolError, match=str(status)) as refused:
        post_comment(github.pull_request(), "text")
    assert "secret" not in str(refused.value)


def test_an_unexpected_response_and_none_are_errors(github: GitHub) -> None:
    github.status, github.answer = 200, b'{"message": "no list"}'
    with pytest.raises(ToolError, match="unexpected response"):
        post_comment(github.pull_request(), "text")
    with pytest.raises(ToolError, match="cannot be reached"):
        post_comment(PullRequest("http://127.0.0.1:1", "a/b", 7, "secret"), "text")


def test_the_token_is_never_taken_elsewhere(github: GitHub) -> None:
    github.status = 302
    github.headers["Location"] = f"{github.address}/elsewhere"
    with pytest.raises(ToolError, match="302"):
        post_comment(github.pull_request(), "text")
    assert not [path for _, path in github.calls if "elsewhere" in path]


def variables_of(tmp_path: Path, event: bytes) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_bytes(event)
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "a/b",
    }


@pytest.mark.parametrize("event", [b"{}", b'{"pull_request": null}'])
def test_a_run_without_a_pull_request_has_none(tmp_path: Path, event: bytes) -> None:
    assert pull_request_of({}) is None
    assert pull_request_of(variables_of(tmp_path, event)) is None


def test_an_event_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="GITHUB_EVENT_PATH: cannot be read"):
        pull_request_of(variables_of(tmp_path, b"{"))


def test_a_pull_request_without_a_token_is_an_error(tmp_path: Path) -> None:
    variables = variables_of(tmp_path, EVENT)
    with pytest.raises(ToolError, match="GITHUB_TOKEN"):
        pull_request_of(variables)
    found = pull_request_of({**variables, "GITHUB_TOKEN": "t"})
    assert found == PullRequest("https://api.github.com", "a/b", 7, "t")


# The command: a comment is a courtesy, the verdict is not.


def summary(
    project: DemoProject, address: str, *words: str, event: bytes = EVENT
) -> Run:
    file = project.root.parent / "event.json"
    file.write_bytes(event)
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_API_URL": address,
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_TOKEN": "secret",
        "NEEDS": json.dumps({"a": {"result": "success"}}),
    }
    return project.run("summary", "--comment", *words, variables=variables)


def test_the_command_comments_with_the_page(
    github: GitHub, project: DemoProject
) -> None:
    run = summary(project, github.address)
    assert run.code == 0, str(run)
    assert "comment created" in run.stderr
    (comment,) = cast("list[dict[str, str]]", github.comments)
    assert comment["body"] == f"{MARKER}\n{run.stdout}"


def test_the_command_comments_with_a_page_that_is_there(
    github: GitHub, project: DemoProject
) -> None:
    page: Path = project.write("page.md", "# Page\n" + "```\nlong line\n" * 20_000)
    run = summary(project, github.address, "--page", str(page))
    assert run.code == 0, str(run)
    (comment,) = github.comments
    assert len(comment["body"]) < 65_536
    assert comment["body"].startswith(f"{MARKER}\n# Page\n")
    assert comment["body"].endswith("\n\ntruncated: see the summary of the job\n")
    fences = re.findall("^```(?:text)?$", comment["body"], re.MULTILINE)
    assert len(fences) % 2 == 0
    assert not (project.root / ".ci-framework" / "summary").exists()


def test_a_refused_comment_changes_no_verdict(
    github: GitHub, project: DemoProject
) -> None:
    github.status = 403
    run = summary(project, github.address)
    assert run.code == 0, str(run)
    assert "::warning title=ci-framework::no comment was written" in run.stderr
    assert "403" in run.stderr
    assert "secret" not in run.stderr + run.stdout


def test_without_a_pull_request_nobody_is_asked(
    github: GitHub, project: DemoProject
) -> None:
    run = summary(project, github.address, event=b"{}")
    assert run.code == 0, str(run)
    assert "there is no pull request" in run.stderr
    assert github.calls == []


HOSTILE_PAGE = """## gate: red

@octocat/team see #1, o/r#2 and GH-3, fixed by deadbeef1 at https://evil.example
![pixel](https://evil.example/x.png) [here](https://evil.example) <img src=x> <!-- x -->
[ref]: https://evil.example
[ref][ref] www.evil.example &#64;octocat

| a | b |
|---|---|
| `@octocat` | @octocat |
"""


def test_a_page_that_a_pull_request_wrote_notifies_nobody(
    github: GitHub, project: DemoProject
) -> None:
    page: Path = project.write("page.md", HOSTILE_PAGE)
    run = summary(project, github.address, "--page", str(page))
    assert run.code == 0, str(run)
    body = str(github.comments[0]["body"])
    text = body.removeprefix(MARKER).replace("`@octocat`", "")
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.|<|!\[|\]\(|(?<!\\)\]\[|&#", text), (
        text
    )
    assert "| `@octocat` |" in body
