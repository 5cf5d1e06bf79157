"""Where the engine comes from: in which order, and what is refused."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.launcher.conftest import Template
from tests.support.launching import (
    CANONICAL,
    LaunchedProject,
    make_template,
    redirected,
    show,
)
from tests.support.projects import git

MISSING = "0" * 40


def test_the_engine_comes_from_the_template_and_then_from_the_cache(
    launched: LaunchedProject, origin: Template
) -> None:
    run = launched.run("gate", "--fix", "a b")
    assert show(run) | {"prefix": "", "bytecode": ""} == {
        "engine": launched.engine(origin.commit),
        "repository": str(launched.root),
        "arguments": ["gate", "--fix", "a b"],
        "prefix": "",
        "bytecode": "",
    }
    fetching = (
        f"ci: fetching the engine, commit {origin.commit[:12]}, from {origin.root}"
    )
    assert run.stderr.splitlines()[0] == fetching
    again = launched.run("gate", "--fix", "a b")
    assert again.stderr == ""
    assert again.stdout == run.stdout


@pytest.mark.heavy
def test_the_engines_exit_code_is_that_of_the_launcher(
    launched: LaunchedProject,
) -> None:
    assert [launched.run("exit", code).code for code in "02120"] == [0, 2, 1, 2, 0]


def test_an_engine_in_the_repository_comes_before_the_cache(
    launched: LaunchedProject, origin: Template
) -> None:
    launched.run()
    source = origin.root / "extensions" / "ci_engine"
    shutil.copytree(source, launched.root / "ci-framework" / "ci_engine")
    for _ in range(2):
        assert launched.shown()["engine"] == str(launched.root / "ci-framework")
    assert not list(launched.root.rglob("__pycache__"))


@pytest.mark.heavy
@pytest.mark.parametrize("part", ["", "extensions", "extensions/ci_engine"])
def test_an_engine_that_is_named_comes_first(
    launched: LaunchedProject, tmp_path: Path, part: str
) -> None:
    launched.run()
    make_template(tmp_path / "checkout")
    found = launched.shown(CI_FRAMEWORK_ENGINE=str(tmp_path / "checkout" / part))
    assert found["engine"] == str(tmp_path / "checkout" / "extensions")


def test_a_wheel_can_be_named(
    launched: LaunchedProject, origin: Template, tmp_path: Path
) -> None:
    wheel = tmp_path / "ci_framework-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        package = origin.root / "extensions"
        for path in sorted(package.rglob("*")):
            archive.write(path, path.relative_to(package))
    first = launched.shown(CI_FRAMEWORK_ENGINE=str(wheel))
    assert Path(str(first["engine"])).parent == launched.cache / "engines"
    assert launched.shown(CI_FRAMEWORK_ENGINE=str(wheel)) == first


@pytest.mark.parametrize("content", [None, b"no wheel", b"PK\x05\x06" + bytes(18)])
def test_what_is_named_is_never_replaced_by_another_engine(
    launched: LaunchedProject, tmp_path: Path, content: bytes | None
) -> None:
    launched.run()
    if content is not None:
        (tmp_path / "named").write_bytes(content)
    run = launched.run(CI_FRAMEWORK_ENGINE=str(tmp_path / "named"))
    assert run.code == 3
    assert run.stderr == (
        f"ci: {tmp_path / 'named'}: expected a directory or a wheel that holds "
        "ci_engine\nhint: correct CI_FRAMEWORK_ENGINE, or unset it\n"
    )


def test_the_commit_decides_which_repository_has_the_engine(
    launched: LaunchedProject, origin: Template, tmp_path: Path
) -> None:
    """The recorded address is a fork without the commit: ours is next."""
    make_template(tmp_path / "fork", "another")
    launched.pin(origin.commit, tmp_path / "fork")
    run = launched.run(**redirected(origin.root, CANONICAL))
    assert show(run)["engine"] == launched.engine(origin.commit)
    assert f"from {tmp_path / 'fork'}\n" in run.stderr
    assert f"from {CANONICAL}\n" in run.stderr


def test_a_fork_that_has_the_commit_is_used(
    launched: LaunchedProject, origin: Template, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(origin.root), str(tmp_path / "fork"))
    launched.pin(origin.commit, tmp_path / "fork")
    assert launched.shown()["engine"] == launched.engine(origin.commit)


@pytest.mark.parametrize("base", ["project", "parent"])
def test_a_relative_address_is_taken_from_the_project_or_its_parent(
    launched: LaunchedProject, origin: Template, base: str
) -> None:
    folder = launched.root if base == "project" else launched.root.parent
    shutil.copytree(origin.root, folder / "some" / "template", symlinks=True)
    launched.pin(origin.commit, "some/template")
    assert launched.shown()["engine"] == launched.engine(origin.commit)


@pytest.mark.parametrize("address", [".", "evil", "absolute"])
@pytest.mark.parametrize("commit", ["", MISSING])
def test_an_engine_of_the_repository_is_not_used_as_it_is(
    launched: LaunchedProject, tmp_path: Path, address: str, commit: str
) -> None:
    """A template with uncommitted changes, which a commit has put there."""
    evil = launched.root / ("" if address == "." else "evil")
    make_template(tmp_path / "template", "evil")
    shutil.copytree(
        tmp_path / "template",
        evil,
        ignore=shutil.ignore_patterns(".git"),
        dirs_exist_ok=True,
    )
    git(launched.root, "init", "--quiet")
    launched.pin(commit, str(evil) if address == "absolute" else address)
    run = launched.run(**redirected(tmp_path / "template", CANONICAL))
    assert run.code == 3, run
    assert "an engine of the repository itself is not used" in run.stderr


def test_a_project_inside_of_its_template_finds_it(
    tmp_path: Path, bare_python: Path
) -> None:
    """As the demo of the README: the answers record a dot."""
    commit = make_template(tmp_path / "template")
    launched = LaunchedProject(tmp_path / "template" / "x", bare_python)
    launched.root.rename(tmp_path / "template" / "demo")
    launched.root = tmp_path / "template" / "demo"
    launched.pin(commit, ".")
    assert launched.shown()["engine"] == launched.engine(commit)


def test_a_shallow_clone_of_the_template_is_enough(
    launched: LaunchedProject, tmp_path: Path
) -> None:
    make_template(tmp_path / "deep")
    git(tmp_path / "deep", "commit", "--quiet", "--allow-empty", "--message", "more")
    commit = git(tmp_path / "deep", "rev-parse", "HEAD").strip()
    address = f"file://{tmp_path / 'deep'}"
    git(tmp_path, "clone", "--quiet", "--depth=1", address, str(tmp_path / "shallow"))
    launched.pin(commit, tmp_path / "shallow")
    assert launched.shown()["engine"] == launched.engine(commit)


def test_a_commit_that_no_branch_has_is_found(
    launched: LaunchedProject, tmp_path: Path
) -> None:
    commit = make_template(tmp_path / "template")
    git(tmp_path / "template", "commit", "--quiet", "--amend", "--message", "other")
    launched.pin(commit, tmp_path / "template")
    assert launched.shown()["engine"] == launched.engine(commit)


@pytest.mark.parametrize(
    ("recorded", "address"),
    [
        ("gh:MementoRC/ci-framework", f"{CANONICAL}.git"),
        ("gh:/someone/fork.git", "https://github.com/someone/fork.git"),
        ("gl:someone/fork", "https://gitlab.com/someone/fork.git"),
        ("git+https://example.org/a.git", "https://example.org/a.git"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("ssh://git@example.org/a b", "ssh://git@example.org/a b"),
    ],
)
def test_every_form_of_an_address_is_understood(
    launched: LaunchedProject, origin: Template, recorded: str, address: str
) -> None:
    launched.pin(origin.commit, recorded)
    run = launched.run(**redirected(origin.root, address))
    assert show(run)["engine"] == launched.engine(origin.commit)
    assert f"from {address}\n" in run.stderr


@pytest.mark.parametrize(
    "address",
    [
        "--upload-pack=touch executed",
        "-o",
        "ext::sh -c touch% executed",
        "'ext::sh -c \"touch executed\"'",
        "fd::17/foo",
        "ssh://-oProxyCommand=touch%20executed/x",
        "git+--upload-pack=touch executed",
    ],
)
def test_an_address_runs_no_program(
    launched: LaunchedProject, origin: Template, address: str
) -> None:
    launched.pin(MISSING, address)
    config = redirected(origin.root, CANONICAL)
    # Even where the user allows it for their own repositories.
    config |= {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_1": "protocol.allow",
        "GIT_CONFIG_VALUE_1": "always",
    }
    run = launched.run(**config, GIT_ALLOW_PROTOCOL="ext:file:fd")
    assert run.code == 3
    assert not list(launched.root.parent.rglob("executed"))
    assert f"\n  {CANONICAL}: " in run.stderr


def test_a_template_with_uncommitted_changes_is_used_as_it_is(
    launched: LaunchedProject, tmp_path: Path
) -> None:
    """Copier makes a commit of them, which is nowhere else."""
    make_template(tmp_path / "template")
    cli = tmp_path / "template" / "extensions" / "ci_engine" / "cli.py"
    cli.write_text(cli.read_text("utf-8") + "# changed\n", encoding="utf-8")
    launched.pin(MISSING, tmp_path / "template")
    run = launched.run()
    assert show(run)["engine"] == str(tmp_path / "template" / "extensions")
    assert (
        f"ci: using the engine in {tmp_path / 'template'} as it is: "
        "the template has uncommitted changes\n"
    ) in run.stderr
    assert CANONICAL not in run.stderr
    assert not list((tmp_path / "template").rglob("__pycache__"))


def test_a_template_that_is_no_repository_is_used_as_it_is(
    launched: LaunchedProject, tmp_path: Path
) -> None:
    make_template(tmp_path / "template")
    shutil.rmtree(tmp_path / "template" / ".git")
    launched.pin("", tmp_path / "template")
    run = launched.run()
    assert show(run)["engine"] == str(tmp_path / "template" / "extensions")
    assert (
        f"ci: using the engine in {tmp_path / 'template'} as it is: "
        "the template is not a git repository\n"
    ) in run.stderr
    shutil.rmtree(tmp_path / "template")
    run = launched.run()
    assert run.code == 3
    assert f"\n  {tmp_path / 'template'}: " in run.stderr


def test_an_engine_that_cannot_be_had_ends_with_what_was_tried(
    launched: LaunchedProject, tmp_path: Path
) -> None:
    launched.pin(MISSING, tmp_path / "moved away")
    run = launched.run(**redirected(tmp_path / "offline", CANONICAL))
    assert run.code == 3
    lines = run.stderr.splitlines()
    assert lines[0].endswith(f", from {CANONICAL}")
    assert lines[1] == f"ci: the engine (commit {MISSING}) cannot be fetched"
    assert lines[2] == f"  {tmp_path / 'moved away'}: no such directory"
    assert lines[3].startswith(f"  {CANONICAL}: ")
    # Started from the repository, an address is still no directory of it.
    assert "of the repository itself" not in run.stderr
    assert lines[4] == (
        "hint: check the network and git, run `copier update`, or set "
        "CI_FRAMEWORK_ENGINE to a checkout of ci-framework"
    )
    assert not list(launched.cache.glob("engines/*"))


def test_without_git_the_message_reports_it(launched: LaunchedProject) -> None:
    (launched.tools / "git").unlink()
    run = launched.run()
    assert run.code == 3
    assert f"\n  {CANONICAL}: git is not installed" in run.stderr


def test_the_variables_of_a_hook_do_not_lead_git_elsewhere(
    launched: LaunchedProject, origin: Template
) -> None:
    hook = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "."}
    before = (launched.root / ".git" / "config").read_bytes()
    assert launched.shown(**hook)["engine"] == launched.engine(origin.commit)
    assert (launched.root / ".git" / "config").read_bytes() == before


@pytest.mark.parametrize(
    "form",
    [
        "_src_path: '{0}'",
        '_src_path: "{0}"',
        "_src_path:   {0}   ",
        "_src_path: {1}",
        "_src_path: '{1}'",
        '_src_path: "{2}"',
    ],
)
def test_an_address_is_read_however_it_is_written(
    launched: LaunchedProject, origin: Template, tmp_path: Path, form: str
) -> None:
    """On several lines too, as YAML folds long texts at spaces."""
    place = tmp_path / "a long path" / "with many spaces" / "template"
    shutil.copytree(origin.root, place, symlinks=True)
    folded = str(place).replace(" ", "\n  ")
    escaped = str(place).replace(" ", "\\\n  \\ ")
    launched.pin(origin.commit, "")
    launched.answer(form.format(place, folded, escaped))
    assert launched.shown()["engine"] == launched.engine(origin.commit)


def test_a_lock_with_other_line_ends_is_the_same_lock(
    launched: LaunchedProject, origin: Template
) -> None:
    for name in ("ci-framework/engine.lock", ".copier-answers.yml"):
        path = launched.root / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert launched.shown()["engine"] == launched.engine(origin.commit)
    launched.break_network()
    assert launched.shown()["engine"] == launched.engine(origin.commit)


def test_a_lock_that_is_damaged_is_refused(launched: LaunchedProject) -> None:
    lock = launched.root / "ci-framework" / "engine.lock"
    text = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    lock.write_text("".join(["# commit: main\n", *text[1:]]), encoding="utf-8")
    run = launched.run()
    assert run.code == 3
    assert run.stderr == (
        f"ci: {lock}: expected a full commit, got 'main'\nhint: restore it from git\n"
    )
    lock.unlink()
    assert f"ci: {lock}: no such file\nhint: " in launched.run().stderr


def test_the_engine_of_the_lock_can_be_located_without_a_start(
    launched: LaunchedProject, origin: Template
) -> None:
    bootstrap = launched.root / "ci-framework" / "bootstrap"
    command = (str(launched.tools / "python3"), str(bootstrap), "--locate")
    run = launched.call(command, {"CI_FRAMEWORK_ENGINE": "/elsewhere"})
    assert run.stdout == f"{launched.engine(origin.commit)}\n"
    assert not launched.log.exists()


def test_old_servers_that_serve_branches_only_are_enough(
    launched: LaunchedProject, origin: Template
) -> None:
    real = shutil.which("git")
    launched.add_program(
        "git",
        f'#!/bin/sh\ncase "$*" in *--depth=1*) echo not advertised >&2; exit 1;; esac\n'
        f'exec "{real}" "$@"\n',
    )
    assert launched.shown()["engine"] == launched.engine(origin.commit)
