"""Repositories made to mislead a scan: never green, and never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import Status, Verdict
from ci_engine.project.repository import read_project
from ci_engine.scanning.files import copied, list_files
from tests.support.projects import git
from tests.support.scanning import Repository, result_of
from tests.support.secrets import seeded

# Each test scans with real scanners.
pytestmark = pytest.mark.heavy

EVIL = "eval(input())\n"
DEEP = "[" * 20_000 + "]" * 20_000
NOBODY = 65_534


@contextmanager
def as_somebody_else() -> Generator[None]:
    """Root has access to everything, so act as another user for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that everybody may read."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def raw(repository: Repository, name: bytes, text: str) -> None:
    """Write a file whose name is not UTF-8."""
    path = os.path.join(os.fsencode(repository.root), name)  # noqa: PTH118
    with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write(text)


@pytest.mark.parametrize(
    ("name", "text", "scanner"),
    [
        (b".github/workflows/\xff.yml", "on: [push\n", "zizmor"),
        (b"Dockerfile.\xff", "FROM python:3.13-slim\nRUN sudo ls\n", "hadolint"),
        (b"src/\xe9.py", EVIL, "bandit"),
    ],
)
def test_names_that_are_not_text_are_reported_and_break_no_report(
    name: bytes, text: str, scanner: str, repository: Repository
) -> None:
    raw(repository, name, text)
    repository.commit()
    run = repository.scan("bandit", "zizmor", "hadolint", "kingfisher")
    assert run.verdict is not Verdict.GREEN
    result = result_of(run, scanner)
    texts = [*(f.path for f in result.findings), result.reason, result.output]
    assert result.status in (Status.FAILED, Status.NOT_RUN)
    marks = ("\\x", "\ufffd")
    assert any(mark in text for mark in marks for text in texts), texts
    for report in repository.reports.iterdir():
        report.read_text(encoding="utf-8")


def pipe(root: Path) -> None:
    os.mkfifo(root / "src" / "pipe.py")


def pipe_in_place(root: Path) -> None:
    source = root / "src" / "demo" / "__init__.py"
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    source.unlink()
    os.mkfifo(source)


def endless_name(root: Path) -> None:
    """A path that is too long to be opened by its whole name."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 230, dir_fd=here)
        there = os.open("d" * 230, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(os.open("x.py", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


@pytest.mark.parametrize("make", [pipe, pipe_in_place, endless_name])
def test_what_cannot_be_opened_is_listed(
    make: Callable[[Path], None], repository: Repository
) -> None:
    make(repository.root)
    run = repository.scan("bandit", "kingfisher")
    assert run.verdict is Verdict.ERROR
    assert "not everything was read" in result_of(run, "kingfisher").reason


@pytest.mark.parametrize("tracked", [False, True])
def test_a_directory_that_nobody_may_list_is_listed(
    tracked: bool, open_place: Path, repository: Repository
) -> None:
    shutil.copytree(repository.root, open_place, dirs_exist_ok=True)
    closed = open_place / "src" / "closed"
    closed.mkdir()
    (closed / "x.py").write_text(EVIL, encoding="utf-8")
    configuration = load_configuration(open_place, {})
    project = read_project(open_place)
    if tracked:
        git(open_place, "init", "--quiet")
        project = read_project(open_place)
        assert project.entries
    closed.chmod(0)
    try:
        with as_somebody_else():
            files = list_files(project, configuration.settings, configuration.security)
    finally:
        closed.chmod(0o755)
    assert [*files.unread] == ["src/closed/x.py" if tracked else "src/closed"]


def test_nothing_outside_is_removed_through_a_link(
    repository: Repository, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    for name in ("kingfisher", "gitleaks", "keep"):
        (elsewhere / name).mkdir(parents=True)
        (elsewhere / name / "data").write_text("mine", encoding="utf-8")
    output = repository.root / ".ci-framework"
    output.mkdir()
    (output / "scan-tree").symlink_to(elsewhere)
    repository.scan("kingfisher")
    kept = sorted(path.parent.name for path in elsewhere.rglob("data"))
    assert kept == ["gitleaks", "keep", "kingfisher"]
    assert len(list(elsewhere.iterdir())) == 3


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pylock.toml"])
def test_a_lock_that_nests_endlessly_is_never_green(
    name: str, repository: Repository
) -> None:
    repository.write(name, f"x = {DEEP}\n")
    run = repository.scan("audit", "sbom")
    assert run.verdict is Verdict.ERROR
    assert "nested too deeply" in result_of(run, "audit").reason


def test_settings_that_nest_endlessly_are_refused(repository: Repository) -> None:
    repository.write("pyproject.toml", f"x = {DEEP}\n")
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        repository.scan("bandit")


@pytest.mark.parametrize("text", ["", "x = " + "+".join(["1"] * 20_000) + "\n"])
def test_code_that_breaks_the_parser_of_a_scanner_is_never_green(
    text: str, repository: Repository
) -> None:
    repository.write("src/deep.py", text or "[" * 100_000)
    run = repository.scan("bandit")
    assert run.verdict is Verdict.ERROR
    assert result_of(run, "bandit").status is Status.NOT_RUN


def test_an_empty_lock_is_not_a_project_without_dependencies(
    repository: Repository,
) -> None:
    text = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["six"]\n'
    repository.write("pyproject.toml", text)
    repository.write("uv.lock", "")
    assert repository.scan("audit", "sbom").verdict is Verdict.ERROR
    repository.write("uv.lock", 'version = 1\nrequires-python = ">=3.10"\n')
    run = repository.scan("audit")
    assert run.verdict is Verdict.ERROR
    assert "lacks what pyproject.toml requires: six" in result_of(run, "audit").reason


def test_a_partial_clone_is_not_searched_in_silence(
    repository: Repository, tmp_path: Path
) -> None:
    name, text, _ = next(seeded())
    repository.write(name, text)
    repository.commit()
    git(repository.root, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    words = ["--no-checkout", "--filter=blob:none", repository.root.as_uri()]
    subprocess.run(["git", "clone", "--quiet", *words, str(clone)], check=True)
    partial = Repository(clone, repository.programs, repository.patch, repository.cache)
    run = partial.scan("history", history="all")
    assert run.verdict is Verdict.ERROR
    assert "check out without a filter" in result_of(run, "history").reason


def test_a_history_that_cannot_be_read_is_never_green(repository: Repository) -> None:
    name, text, _ = next(seeded())
    blob = repository.write(name, text)
    repository.commit()
    words = ["git", "hash-object", str(blob)]
    number = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    path = repository.root / ".git/objects" / number[:2] / number[2:].strip()
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    run = repository.scan("history", history="all")
    assert run.verdict is Verdict.ERROR
    assert "`git fsck`" in result_of(run, "history").reason


def test_a_copy_holds_just_these_files_and_goes_with_its_user(
    repository: Repository,
) -> None:
    repository.write("a/b.txt", "b")
    repository.commit()
    with copied(read_project(repository.root), ["a/b.txt"]) as tree:
        assert [p.name for p in tree.rglob("*") if p.is_file()] == ["b.txt"]
        shutil.rmtree(tree / "a")
    assert not tree.exists()
    assert (repository.root / "a" / "b.txt").read_text("utf-8") == "b"
