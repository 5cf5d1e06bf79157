"""The companion renders the template of the commit it was installed from."""

from __future__ import annotations

import json
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from ci_engine.errors import CommandError
from ci_framework.rendering import HOME, Source, find_source, render
from tests.support.programs import run

COMMIT = "0123456789012345678901234567890123456789"


def installed(monkeypatch: pytest.MonkeyPatch, direct: object) -> None:
    """Pretend that the companion was installed in some way."""
    text = None if direct is None else json.dumps(direct)

    def read_text(distribution: PathDistribution, name: str) -> str | None:
        return text

    monkeypatch.setattr(PathDistribution, "read_text", read_text)


def from_git(address: str) -> dict[str, object]:
    return {"url": address, "vcs_info": {"vcs": "git", "commit_id": COMMIT}}


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (HOME, HOME),
        ("https://git.example.org/ci", "git+https://git.example.org/ci"),
        ("https://git.example.org/ci.git", "https://git.example.org/ci.git"),
    ],
)
def test_from_an_address_the_same_commit_is_rendered(
    monkeypatch: pytest.MonkeyPatch, address: str, wanted: str
) -> None:
    installed(monkeypatch, from_git(address))
    assert find_source("", "") == Source(wanted, COMMIT)
    assert find_source("", "v2.1.0") == Source(wanted, "v2.1.0")


def test_from_an_index_the_home_of_the_template_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(monkeypatch, None)
    assert find_source("", "") == Source(HOME, "")


def test_from_a_directory_its_commit_is_rendered_not_its_changes(
    monkeypatch: pytest.MonkeyPatch, releases: Path
) -> None:
    installed(monkeypatch, {"url": releases.as_uri(), "dir_info": {}})
    head = run("git", "rev-parse", "HEAD", cwd=releases).strip()
    assert find_source("", "") == Source(str(releases), head)


def test_a_template_without_a_commit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not a git repository"):
        find_source(str(tmp_path), "")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"coverage_threshold": 101}, "rejects an answer"),
        ({"license": "WTFPL"}, "rejects an answer"),
        ({"python_versions": 3}, "rejects an answer of the wrong type"),
    ],
)
def test_an_answer_that_is_refused_is_named(
    releases: Path, answers: dict[str, object], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as caught:
        render(Source(str(releases), "v2.0.0"), answers, ".copier-answers.yml")
    assert next(iter(answers)) in str(caught.value)


@pytest.mark.parametrize(
    "source", [("nowhere-at-all", ""), ("RELEASES", "v9.9.9"), ("git+file:///no", "")]
)
def test_a_template_that_cannot_be_had_is_named(
    releases: Path, source: tuple[str, str]
) -> None:
    address = source[0].replace("RELEASES", str(releases))
    with pytest.raises(CommandError, match="cannot be rendered") as caught:
        render(Source(address, source[1]), {}, ".copier-answers.yml")
    assert address in str(caught.value)
    assert caught.value.exit_code == 3
