"""The check `hooks`: findings of pre-commit, without touching the work tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.bare import bare_environment
from tests.support.projects import (
    DemoProject,
    Location,
    Run,
    assert_green,
    assert_not_run,
    assert_red,
    git,
)

# Each starts pre-commit on a copy of a repository.
pytestmark = pytest.mark.heavy

CONFIG = ".pre-commit-config.yaml"
HEAD = "repos:\n- repo: local\n  hooks:\n"
# Replaces one word by another in the given files.
REPLACE = """\
import sys
from pathlib import Path

old, new, *names = sys.argv[1:]
for name in names:
    path = Path(name)
    text = path.read_text()
    if old in text:
        path.write_text(text.replace(old, new))
"""
# Reports a word, with its location.
OBJECT = """\
import sys
from pathlib import Path

word, *names = sys.argv[1:]
bad = False
for name in names:
    for number, row in enumerate(Path(name).read_text().splitlines(), 1):
        if word in row:
            print(f"{name}:{number}:1: found {word}")
            bad = True
sys.exit(2 if bad else 0)
"""


def hook(name: str, entry: str, files: str = r"\.txt$") -> str:
    return (
        f"  - id: {name}\n    name: hook {name}\n    language: system\n"
        f"    entry: {entry}\n    files: {files}\n"
    )


def line_of(text: str, wanted: str) -> int:
    return next(n for n, row in enumerate(text.splitlines(), 1) if wanted in row)


def hooks(project: DemoProject, *words: str, **variables: str) -> Run:
    return project.gate("hooks", "--tier", "extended", *words, variables=variables)


def with_hooks(project: DemoProject, *entries: str) -> str:
    """Configure hooks and commit everything; return the configuration."""
    project.write("tools/replace.py", REPLACE)
    project.write("tools/object.py", OBJECT)
    project.write("notes.txt", "one\ntwo\nthree\n")
    project.write("more.txt", "one\ntwo\nthree\n")
    text = HEAD + "".join(entries)
    project.write(CONFIG, text)
    project.git_init()
    return text


def tree(project: DemoProject) -> dict[str, bytes]:
    """Every file of the project and its repository, without our output."""
    return {
        str(path.relative_to(project.root)): path.read_bytes()
        for path in sorted(project.root.rglob("*"))
        if path.is_file()
        and not {".venv", ".ci-framework", "__pycache__"} & set(path.parts)
    }


FALSE = "'false'"
OBJECTS_TO_TWO = hook("objects", "python tools/object.py two")
OBJECTS_TO_NINE = hook("objects", "python tools/object.py nine")
TWO_TO_2 = hook("writes-2", "python tools/replace.py two 2")
THREE_TO_3 = hook("writes-3", "python tools/replace.py three 3", r"^more\.txt$")


def test_hooks_that_find_nothing_are_green(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_NINE)
    run = hooks(project)
    assert_green(run)
    assert run.check("hooks")["tool"].startswith("pre-commit ")
    assert run.check("hooks")["status"] == "passed"


def test_what_a_hook_prints_about_a_file_is_a_finding(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_TWO)
    run = hooks(project)
    assert_red(run, "hooks", "notes.txt", 2)
    assert run.rules("hooks") == ["objects", "objects"]
    assert run.findings("hooks")[0]["message"].endswith(":2:1: found two")


def test_a_hook_that_changes_a_file_is_red_and_the_tree_is_untouched(
    project: DemoProject, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with_hooks(project, TWO_TO_2)
    project.append("notes.txt", "uncommitted\n")
    before = tree(project)
    run = hooks(project, TMPDIR=str(tmp_path / "empty"))
    assert_red(run, "hooks", "notes.txt", 2)
    assert run.findings("hooks")[0]["message"] == (
        "the hook writes-2 changes this file"
    )
    assert tree(project) == before
    assert git(project.root, "stash", "list") == ""
    assert list((tmp_path / "empty").iterdir()) == []


def test_each_file_is_reported_with_the_hook_that_changes_it(
    project: DemoProject,
) -> None:
    with_hooks(project, TWO_TO_2, THREE_TO_3)
    run = hooks(project)
    found = {(f["rule"], f["path"], f["line"]) for f in run.findings("hooks")}
    assert found == {
        ("writes-2", "more.txt", 2),
        ("writes-2", "notes.txt", 2),
        ("writes-3", "more.txt", 3),
    }


def test_fix_lets_hooks_change_the_tree(project: DemoProject) -> None:
    with_hooks(project, TWO_TO_2)
    run = hooks(project, "--fix")
    assert_green(run)
    assert project.read("notes.txt") == "one\n2\nthree\n"
    assert "hooks changed more.txt, notes.txt" in run.check("hooks")["notes"]


def test_fix_is_still_red_for_what_no_hook_mends(project: DemoProject) -> None:
    with_hooks(project, TWO_TO_2, hook("objects", "python tools/object.py one"))
    run = hooks(project, "--fix")
    assert_red(run, "hooks", "notes.txt", 1)
    assert set(run.rules("hooks")) == {"objects"}


def test_a_hook_without_a_location_points_at_its_entry(project: DemoProject) -> None:
    text = with_hooks(project, hook("refuses", "python -c 'raise SystemExit(3)'"))
    run = hooks(project)
    assert_red(run, "hooks", CONFIG, line_of(text, "id: refuses"))
    assert run.findings("hooks")[0]["message"] == "the hook failed with exit code 3"


def test_untracked_files_and_links_are_looked_at(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_NINE)
    project.write("new.txt", "nine\n")
    assert_red(hooks(project), "hooks", "new.txt", 1)


def test_ignored_files_are_not_looked_at(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_NINE)
    project.append(".gitignore", "new.txt\n")
    project.write("new.txt", "nine\n")
    assert_green(hooks(project))


def test_deleted_files_are_deleted_for_hooks_too(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_TWO)
    (project.root / "notes.txt").unlink()
    (project.root / "more.txt").unlink()
    assert_green(hooks(project))


def test_only_changed_files_are_looked_at_since_a_commit(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_TWO)
    project.append("more.txt", "four\n")
    git(project.root, "commit", "--quiet", "--all", "--message", "more")
    run = hooks(project, "--since", "HEAD~1")
    assert run.locations("hooks") == [Location("more.txt", 2)]
    nothing = hooks(project, "--since", "HEAD")
    assert nothing.check("hooks")["status"] == "skipped"
    assert nothing.code == 0


def test_changed_hooks_look_at_everything(project: DemoProject) -> None:
    text = with_hooks(project, OBJECTS_TO_NINE)
    project.write(CONFIG, text + OBJECTS_TO_TWO.replace("objects", "again"))
    run = hooks(project, "--since", "HEAD")
    assert len(run.locations("hooks")) == 2


def test_an_unknown_commit_is_no_green(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_TWO)
    assert hooks(project, "--since", "no-such-commit").code in (2, 3)


def test_paths_limit_the_files(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_TWO)
    run = hooks(project, "--", "more.txt")
    assert run.locations("hooks") == [Location("more.txt", 2)]


def test_the_history_is_there_for_hooks_that_ask(project: DemoProject) -> None:
    asks = hook("asks", "git rev-parse HEAD~1") + "    pass_filenames: false\n"
    # A file that was there before is not an added one.
    added = hook("added", "git diff --staged --exit-code --diff-filter=A")
    with_hooks(project, asks, added + "    pass_filenames: false\n")
    project.append("notes.txt", "four\n")
    git(project.root, "commit", "--quiet", "--all", "--message", "more")
    run = hooks(project)
    assert_green(run)
    project.write("new.txt", "new\n")
    assert hooks(project).rules("hooks") == ["added"]


def test_a_repository_without_a_commit_works(project: DemoProject) -> None:
    with_hooks(project, OBJECTS_TO_TWO)
    git(project.root, "update-ref", "-d", "HEAD")
    assert_red(hooks(project), "hooks", "notes.txt", 2)


def test_a_gate_inside_a_git_hook_keeps_to_its_copy(project: DemoProject) -> None:
    with_hooks(project, TWO_TO_2)
    before = tree(project)
    run = hooks(
        project,
        GIT_DIR=str(project.root / ".git"),
        GIT_WORK_TREE=str(project.root),
        GIT_INDEX_FILE=str(project.root / ".git" / "index"),
    )
    assert_red(run, "hooks", "notes.txt", 2)
    assert tree(project) == before


def test_our_own_hooks_are_left_out_and_reported(project: DemoProject) -> None:
    ours = hook("ci-framework-lint", FALSE) + hook("ci-framework-format", FALSE)
    with_hooks(project, ours, hook("theirs", FALSE), OBJECTS_TO_NINE)
    assert hooks(project).rules("hooks") == ["theirs"]
    run = hooks(project, SKIP="theirs")
    assert_green(run)
    ours_note, theirs_note = run.check("hooks")["notes"]
    assert ours_note.endswith("ci-framework-format, ci-framework-lint")
    assert theirs_note == "left out by SKIP: theirs"


def test_nothing_but_our_own_hooks_is_skipped(project: DemoProject) -> None:
    with_hooks(project, hook("ci-framework-lint", FALSE))
    check = hooks(project).check("hooks")
    assert check["status"] == "skipped"
    assert check["reason"] == "no hook has files to check"


@pytest.mark.parametrize("default", [True, False])
def test_hooks_of_another_stage_are_named(project: DemoProject, default: bool) -> None:
    """A hook that only a push starts looks as if the gate ran it as well."""
    at_push = hook("at-push", FALSE)
    if default:
        head = f"default_stages: [pre-push, manual]\n{HEAD}"
    else:
        head, at_push = HEAD, f"{at_push}    stages: [pre-push, manual]\n"
    with_hooks(project)
    project.write(CONFIG, f"{head}{at_push}{OBJECTS_TO_NINE}    stages: [commit]\n")
    run = hooks(project)
    assert_green(run)
    note = (
        "not run, because they are hooks of another stage: at-push (pre-push, manual)"
    )
    assert run.check("hooks")["notes"] == [note]


def test_what_fail_fast_keeps_from_running_is_reported(project: DemoProject) -> None:
    with_hooks(project)
    project.write(CONFIG, f"fail_fast: true\n{HEAD}{OBJECTS_TO_TWO}{TWO_TO_2}")
    run = hooks(project)
    assert_red(run, "hooks", "notes.txt", 2)
    note = f"fail_fast in {CONFIG}: no hook after objects ran"
    assert run.check("hooks")["notes"] == [note]


def test_no_configuration_and_no_git_are_skipped(project: DemoProject) -> None:
    check = hooks(project).check("hooks")
    assert (check["status"], check["reason"]) == ("skipped", f"there is no {CONFIG}")
    project.write(CONFIG, HEAD + OBJECTS_TO_TWO)
    check = hooks(project).check("hooks")
    assert check["status"] == "skipped"
    assert "not a git repository" in check["reason"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("repos: 3\n", "An error has occurred: InvalidConfigError"),
        ("repos: [\n", "An error has occurred: InvalidConfigError"),
        (HEAD + hook("lost", "no-such-program-here"), "needs no-such-program-here"),
        (
            "repos:\n- repo: file:///no/such/place\n  rev: v1\n  hooks:\n  - id: x\n",
            "An unexpected error has occurred: CalledProcessError",
        ),
    ],
    ids=["schema", "yaml", "program", "repository"],
)
def test_hooks_that_cannot_run_are_not_run(
    project: DemoProject, tmp_path: Path, text: str, reason: str
) -> None:
    with_hooks(project)
    project.write(CONFIG, text)
    run = hooks(project, PRE_COMMIT_HOME=str(tmp_path / "home"))
    assert_not_run(run, "hooks", reason)


def test_a_hook_that_hangs_is_killed_in_time(
    project: DemoProject, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with_hooks(project, hook("hangs", "python -c 'import time; time.sleep(60)'"))
    project.configure("[tool.ci-framework.checks.hooks]\ntimeout = 4.0\n")
    run = hooks(project, TMPDIR=str(tmp_path / "empty"))
    assert run.code == 1
    assert run.check("hooks")["status"] == "timed-out"
    assert run.check("hooks")["seconds"] < 30
    assert list((tmp_path / "empty").iterdir()) == []


def test_hooks_that_are_not_installed_yet_need_the_network(
    project: DemoProject,
) -> None:
    said = "error: Failed to fetch: https://example.org/\n  cause: dns error"
    script = f"import sys\nsys.exit({said!r})"
    bare_environment(project, {"prek": "0.5.0"}, {"prek": script})
    with_hooks(project, hook("one", FALSE))
    assert_not_run(hooks(project), "hooks", "prek needs the network: failed to fetch")
    allowed = hooks(project, "--allow-offline")
    assert_green(allowed)
    assert allowed.check("hooks")["status"] == "skipped"


def test_the_projects_prek_is_used_if_it_has_no_pre_commit(
    project: DemoProject,
) -> None:
    output = "hook one....Failed\n- hook id: one\n- exit code: 1\n\n  notes.txt:2: no"
    script = f"print({output!r})\nraise SystemExit(1)"
    bare_environment(project, {"prek": "0.5.0"}, {"prek": script})
    with_hooks(project, hook("one", FALSE))
    run = hooks(project)
    assert_red(run, "hooks", "notes.txt", 2)
    assert run.check("hooks")["tool"] == "prek 0.5.0"


@pytest.mark.heavy
def test_hooks_of_the_world_run_with_the_locked_pre_commit(
    project: DemoProject,
) -> None:

    bare_environment(project)
    with_hooks(
        project,
        "  - id: end-of-file-fixer\n    name: end of files\n    types: [text]\n"
        "    entry: end-of-file-fixer\n    language: python\n"
        '    additional_dependencies: ["pre-commit-hooks==6.0.0"]\n'
        "  - id: check-json\n    name: json\n    types: [json]\n"
        "    entry: check-json\n    language: python\n"
        '    additional_dependencies: ["pre-commit-hooks==6.0.0"]\n',
    )
    project.write("end.txt", "one\ntwo")
    project.write("bad.json", '{\n  "a": 1,\n}\n')
    run = hooks(project)
    assert run.code == 1, str(run)
    assert run.check("hooks")["environment"] == "isolated, locked by ci-framework"
    found = {(f["rule"], f["path"], f["line"]) for f in run.findings("hooks")}
    assert ("end-of-file-fixer", "end.txt", 2) in found
    assert any(f[:2] == ("check-json", "bad.json") and f[2] > 1 for f in found)


def test_files_of_the_framework_are_not_the_projects_to_fix(
    project: DemoProject,
) -> None:
    project.write("ci-framework/ci_engine/run.py", "def run() -> None: ...\n")
    engine = r"^ci-framework/ci_engine/run\.py$"
    with_hooks(project, hook("objects", "python tools/object.py def", engine))
    run = hooks(project)
    assert_green(run)
    (note,) = run.check("hooks")["notes"]
    assert note.endswith("in files of ci-framework itself")
