"""``ci changes``, on real repositories: its report, and the outputs of a workflow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from typing import Any, cast

import pytest

from tests.support.log_readers import read_outputs
from tests.support.projects import DemoProject, Json, Run, git

OUTPUTS = [
    "docs-only",
    "source-changed",
    "performance-sensitive",
    "security-relevant",
    "docs-changed",
    "base",
    "packages",
    "tests-mode",
    "tests",
    "manager",
    "tier",
    "matrix",
    "benchmark-matrix",
    "test-checks",
    "test-history",
    "quick-runner",
    "quick-python",
    "quick-checks",
    "scan-containers",
    "security-skips",
    "skips",
]


# The command, on real repositories.
@pytest.fixture
def repository(project: DemoProject) -> DemoProject:
    """A project on a branch beside main, where nothing has changed yet."""
    project.write("README.md", "# Demo\n")
    project.git_init()
    git(project.root, "switch", "--quiet", "--create", "change")
    return project


def commit(project: DemoProject) -> str:
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--allow-empty", "--message", "change")
    return git(project.root, "rev-parse", "HEAD").strip()


def changes(project: DemoProject, *words: str, **variables: str | None) -> Run:
    return project.run("changes", *words, variables=variables)


def decision(run: Run) -> Json:
    assert run.code == 0, str(run)
    written = run.reports / "changes.json"
    told = cast("dict[str, Any]", json.loads(run.stdout))
    assert json.loads(written.read_text(encoding="utf-8")) == told
    return told


def test_the_json_is_what_other_programs_rely_on(repository: DemoProject) -> None:
    base = git(repository.root, "rev-parse", "HEAD").strip()
    repository.append("README.md", "More.\n")
    assert decision(changes(repository, "--json")) == {
        "schema": 1,
        "base": base,
        "head": "HEAD",
        "docs-only": True,
        "source-changed": False,
        "performance-sensitive": False,
        "security-relevant": False,
        "docs-changed": True,
        "packages": [],
        "tests": {"mode": "none", "paths": []},
        "reasons": [
            {
                "path": "README.md",
                "category": "docs",
                "because": "docs-patterns: /*.md",
            }
        ],
        "affected": {
            # No code depends on a page that no test reads: nothing read the imports.
            "engine": "",
            "everything": "",
            "total": 1,
            "chains": [],
            "left-out": ["tests/test_demo.py"],
            "unreached": [],
            "hubs": [],
            "notes": [],
        },
    }


def test_odd_names_and_both_sides_of_a_rename_are_seen(
    repository: DemoProject,
) -> None:
    repository.write("docs/new\nline \u00e9 `x` |.md", "x\n")
    git(repository.root, "mv", "src/demo/__init__.py", "docs/old.md")
    commit(repository)
    told = decision(changes(repository, "--json"))
    found = {reason["path"]: reason["category"] for reason in told["reasons"]}
    assert found == {
        "docs/new\nline \u00e9 `x` |.md": "docs",
        "docs/old.md": "docs",
        "src/demo/__init__.py": "source",
    }
    assert told["docs-only"] is False
    page = changes(repository).stdout
    assert "| `` docs/new\\nline \u00e9 `x` \\|.md `` | docs |" in page


def test_settings_of_the_project_and_the_environment_win(
    repository: DemoProject,
) -> None:
    repository.write("a.adoc", "")
    repository.configure('[tool.ci-framework.changes]\ndocs-patterns = ["*.adoc"]\n')
    for variable, wanted in ((None, "docs"), ("*.rst", "unknown")):
        run = changes(
            repository,
            "--explain",
            "a.adoc",
            CI_FRAMEWORK_CHANGES_DOCS_PATTERNS=variable,
        )
        assert run.stdout.startswith(f"a.adoc: {wanted} ("), str(run)
    repository.configure("[tool.ci-framework.changes2]\n")
    assert changes(repository, "--explain", "a").code == 2


@pytest.mark.parametrize("pattern", ["!docs/", "", "docs\\\\a"])
def test_a_pattern_that_could_not_work_is_refused(
    pattern: str, repository: DemoProject
) -> None:
    table = f'[tool.ci-framework.changes]\nalways-run = ["{pattern}"]\n'
    repository.configure(table)
    run = changes(repository)
    assert run.code == 2
    assert "always-run" in run.stderr


def test_explain_takes_a_path_from_here(repository: DemoProject) -> None:
    repository.write("src/demo/x.py", "")
    for words, cwd in (("src/demo/x.py", "."), ("x.py", "src/demo")):
        run = repository.run(
            "changes", "--explain", words, "--json", cwd=repository.root / cwd
        )
        assert json.loads(run.stdout)["category"] == "source", str(run)


def workflow(
    project: DemoProject, event: Mapping[str, object]
) -> dict[str, str | None]:
    """The environment of a workflow run."""
    location = project.root.parent
    (location / "event.json").write_text(json.dumps(event), encoding="utf-8")
    for name in ("output", "step-summary"):
        (location / name).write_text("", encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request" if "pull_request" in event else "push",
        "GITHUB_EVENT_PATH": str(location / "event.json"),
        "GITHUB_REF": str(event.get("ref", "refs/pull/7/merge")),
        "GITHUB_OUTPUT": str(location / "output"),
        "GITHUB_STEP_SUMMARY": str(location / "step-summary"),
    }


def pull_request(base: str) -> dict[str, object]:
    repo = {"full_name": "a/b", "default_branch": "main"}
    head: dict[str, object] = {"sha": "0" * 40, "repo": repo}
    change = {"number": 7, "base": {"sha": base, "repo": repo}, "head": head}
    return {"repository": repo, "pull_request": change}


def told(project: DemoProject) -> dict[str, str]:
    return read_outputs(project.root.parent / "output")


def test_the_outputs_contain_everything_that_a_workflow_needs(
    repository: DemoProject,
) -> None:
    base = git(repository.root, "rev-parse", "HEAD").strip()
    repository.append("README.md", "More.\n")
    commit(repository)
    run = changes(repository, **workflow(repository, pull_request(base)))
    assert run.code == 0, str(run)
    outputs = told(repository)
    assert sorted(outputs) == sorted(OUTPUTS)
    assert outputs["docs-only"] == "true"
    assert outputs["source-changed"] == "false"
    assert outputs["base"] == base
    skips = json.loads(outputs["skips"])
    left_out = {"comprehensive-tests", "combined-tests", "code-scanning", "benchmarks"}
    assert set(skips) == left_out
    # The scan is never left out, and a pull request gets its dependencies reviewed.
    assert json.loads(outputs["security-skips"]) == {}
    assert outputs["scan-containers"] == "false"
    assert json.loads(outputs["matrix"])["include"][0]["platform"] == "linux"
    page = (repository.root.parent / "step-summary").read_text(encoding="utf-8")
    assert "| comprehensive-tests | skipped | only documentation" in page
    assert "| `README.md` | docs | `docs-patterns: /*.md` |" in page


def assert_everything(project: DemoProject, because: str) -> None:
    outputs = told(project)
    assert outputs["docs-only"] == "false"
    assert outputs["source-changed"] == "true"
    assert "comprehensive-tests" not in json.loads(outputs["skips"])
    page = (project.root.parent / "step-summary").read_text(encoding="utf-8")
    assert because in page, page


def test_an_unknown_base_runs_everything(repository: DemoProject) -> None:
    repository.append("README.md", "More.\n")
    commit(repository)
    event = workflow(repository, pull_request("1" * 40))
    assert changes(repository, **event).code == 0
    assert_everything(repository, "the diff base is not known")


def test_no_change_at_all_runs_everything(repository: DemoProject) -> None:
    base = git(repository.root, "rev-parse", "HEAD").strip()
    commit(repository)
    event = workflow(repository, pull_request(base))
    assert changes(repository, **event).code == 0
    assert_everything(repository, "no file changed")


def test_a_submodule_runs_everything(repository: DemoProject) -> None:
    base = git(repository.root, "rev-parse", "HEAD").strip()
    entry = f"160000,{base},docs/theme"
    git(repository.root, "update-index", "--add", "--cacheinfo", entry)
    git(repository.root, "commit", "--quiet", "--message", "submodule")
    event = workflow(repository, pull_request(base))
    run = changes(repository, **event)
    assert run.code == 0, str(run)
    assert_everything(repository, "a submodule moved: docs/theme")


def test_a_push_is_judged_by_its_whole_branch(repository: DemoProject) -> None:
    """An earlier push to it may have been red."""
    main = git(repository.root, "rev-parse", "HEAD").strip()
    git(repository.root, "update-ref", "refs/remotes/origin/main", main)
    repository.append("src/demo/__init__.py", "\n\nMORE = 1\n")
    before = commit(repository)
    repository.append("README.md", "More.\n")
    commit(repository)
    repo = {"full_name": "a/b", "default_branch": "main"}
    event = {"repository": repo, "before": before, "ref": "refs/heads/change"}
    assert changes(repository, **workflow(repository, event)).code == 0
    outputs = told(repository)
    assert outputs["base"] == main
    assert outputs["docs-only"] == "false"


def test_a_failed_detection_is_an_error_that_leaves_nothing_out(
    repository: DemoProject,
) -> None:
    base = git(repository.root, "rev-parse", "HEAD").strip()
    repository.append("README.md", "More.\n")
    commit(repository)
    event = workflow(repository, pull_request(base))
    tree = git(repository.root, "rev-parse", f"{base}^{{tree}}").strip()
    (repository.root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    run = changes(repository, **event)
    assert run.code == 3, str(run)
    assert_everything(repository, "detection failed")
    # A job that does not exist cannot be left out.
    assert set(json.loads(told(repository)["skips"])) == {"combined-tests"}


def test_an_event_that_cannot_be_read_is_a_failed_detection(
    repository: DemoProject,
) -> None:
    event = workflow(repository, pull_request("1" * 40))
    (repository.root.parent / "event.json").write_text("{", encoding="utf-8")
    assert changes(repository, **event).code == 3
    assert_everything(repository, "detection failed")


def test_a_commit_that_is_not_there_is_wrong_usage(repository: DemoProject) -> None:
    run = changes(repository, "--since", "nowhere")
    assert run.code == 2
    assert "nowhere" in run.stderr


def test_without_git_everything_runs(repository: DemoProject) -> None:
    shutil.rmtree(repository.root / ".git")
    told = decision(changes(repository, "--json"))
    assert told["tests"]["mode"] == "all"
    assert "not known" in told["reasons"][0]["because"]
