"""The engine of the target branch judges what a pull request reports."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.projects import DemoProject, Run, git

DOCS = "only documentation and generated files changed"
EVENT = {"pull_request": {"number": 7}, "repository": {"full_name": "a/b"}}


@pytest.fixture
def target(project: DemoProject) -> DemoProject:
    """A project whose commit is the target branch."""
    project.write("README.md", "# demo\n")
    project.write("ci-framework/engine.lock", f"# commit: {'a' * 40}\n")
    project.git_init()
    return project


def judge(
    target: DemoProject, files: Mapping[str, str | Path | None], **skips: str
) -> tuple[Run, str]:
    """Run the summary as a workflow does for a change of these files.

    A path stands for a link to it, None for a file that is removed.
    """
    work = target.root.parent / "work"
    git(target.root.parent, "clone", "--quiet", str(target.root), str(work))
    for name, text in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
            continue
        path.unlink()
        if text is not None:
            path.symlink_to(text)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "change")
    # As shallow as a job of a workflow has it.
    change = target.root.parent / "change"
    source = f"file://{work}"
    git(target.root.parent, "clone", "--quiet", "--depth=1", source, str(change))
    event = target.root.parent / "event.json"
    event.write_text(json.dumps(EVENT), encoding="utf-8")
    reasons = {name.replace("_", "-"): text for name, text in skips.items()}
    results = {"change-detection": "success", "quick-checks": "success"}
    results |= dict.fromkeys(reasons, "skipped")
    needs = {name: {"result": result} for name, result in results.items()}
    run = target.run(
        "summary",
        "--reports=nowhere",
        variables={
            "CHANGE": str(change),
            "NEEDS": json.dumps(needs),
            "SKIPS": json.dumps(reasons),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
        },
    )
    return run, run.stdout


def test_a_usual_change_has_no_note(target: DemoProject) -> None:
    run, page = judge(target, {"src/demo/__init__.py": "X = 1\n"})
    assert run.code == 0, str(run)
    assert page.startswith("## ci-framework: green\n\n| job | result | why |")


def test_a_true_reason_counts(target: DemoProject) -> None:
    run, page = judge(target, {"README.md": "# new\n"}, comprehensive_tests=DOCS)
    assert run.code == 0, str(run)
    assert f"| comprehensive-tests | skipped | {DOCS} |" in page


@pytest.mark.parametrize(
    "files",
    [
        {"src/demo/__init__.py": "X = 2\n"},
        {"README.md": "# new\n", "tests/test_demo.py": "X = 2\n"},
        {"ci-framework/engine.lock": f"# commit: {'b' * 40}\n"},
    ],
)
def test_a_reason_that_the_target_branch_does_not_find_is_not_green(
    target: DemoProject, files: dict[str, str]
) -> None:
    run, page = judge(target, files, comprehensive_tests=DOCS, quick_checks="x")
    assert run.code == 3, str(run)
    said = "the engine of the target branch finds no reason for it"
    assert f"comprehensive-tests was skipped, with the reason '{DOCS}'; {said}" in page
    assert f"quick-checks was skipped, with the reason 'x'; {said}" in page


def test_what_a_change_edits_of_its_own_checks_is_shown(target: DemoProject) -> None:
    old = target.read("pyproject.toml")
    run, page = judge(
        target,
        {
            "ci-framework/engine.lock": f"# commit: {'b' * 40}\n",
            "ci-framework/ci": "exit 0\n",
            ".github/workflows/evil.yml": "on: push\n",
            "ci-framework/project/waivers.yaml": "waivers: []\n",
            ".copier-answers.yml": "_src_path: ./evil\n",
            "pyproject.toml": f"{old}\n[tool.ci-framework.changes]\n"
            'docs-patterns = ["src/"]\n',
        },
    )
    assert run.code == 0, str(run)
    pinned = f"the engine of commit {'b' * 40}, before {'a' * 40}"
    for text in (
        f"this change edits ci-framework/engine.lock: {pinned}",
        "this change edits ci-framework/ci",
        "this change edits .github/workflows/evil.yml (added)",
        "this change edits ci-framework/project/waivers.yaml (added)",
        "this change edits .copier-answers.yml",
        "this change sets changes.docs-patterns = ['src/'], before the default",
        "the checks of this change ran with these edits: review them first",
    ):
        plain = page.replace("\u2060", "").replace("\\", "")
        assert text in plain, plain


def test_many_other_files_hide_no_edit_of_the_engine(target: DemoProject) -> None:
    old = target.read("pyproject.toml")
    files = {f".github/actions/a{n}/action.yml": "x\n" for n in range(40)}
    files["ci-framework/engine.lock"] = f"# commit: {'b' * 40}\n"
    files["pyproject.toml"] = (
        f'{old}\n[tool.ci-framework.changes]\ndocs-patterns = ["{"x" * 9_999}"]\n'
    )
    _, page = judge(target, files)
    assert "this change edits ci-framework/engine.lock: the engine of commit" in page
    assert "and 21 more files that its checks depend on" in page
    assert len(page) < 5_000


def test_settings_of_the_change_that_leave_a_job_out_are_shown(
    target: DemoProject,
) -> None:
    old = target.read("pyproject.toml")
    quiet = f'{old}\n[tool.ci-framework.changes]\ndocs-patterns = ["src/", "*.toml"]\n'
    run, page = judge(
        target,
        {"pyproject.toml": quiet, "src/demo/__init__.py": "X = 3\n"},
        comprehensive_tests=DOCS,
    )
    edited = "comprehensive-tests is left out by settings that this change edits"
    refuted = "finds no reason for it"
    assert (edited in page) is (run.code == 0), str(run)
    assert (refuted in page) is (run.code == 3), str(run)


def test_links_of_a_change_are_not_followed(target: DemoProject) -> None:
    secret = target.root.parent / "secret"
    secret.write_text("SECRET\n", encoding="utf-8")
    (target.root / ".github").mkdir(exist_ok=True)
    (target.root / "ci-framework" / "link").symlink_to(secret)
    (target.root / "ci-framework" / "loop").symlink_to(".")
    (target.root / "ci-framework" / "turned").symlink_to(secret)
    git(target.root, "add", "--all", "--force")
    git(target.root, "commit", "--quiet", "--message", "links")
    # The same text, but another file.
    other = secret.with_name("other")
    shutil.copy(secret, other)
    turned = {"ci-framework/turned": other}
    files = {"ci-framework/link": None, "README.md": "# x\n"}
    run, page = judge(target, files | turned)
    assert run.code == 0, str(run)
    assert "this change edits ci-framework/link (removed)" in page
    assert "this change edits ci-framework/turned" in page
    assert "SECRET" not in page
