"""The page of a gate: its subject, what to fix first, and all checks."""

from __future__ import annotations

from tests.support.projects import DemoProject, Run, git


def page_of(run: Run) -> str:
    return (run.reports / "report.html").read_text(encoding="utf-8")


def test_the_page_of_a_gate_names_project_branch_commit_and_date(
    project: DemoProject,
) -> None:
    project.git_init()
    git(project.root, "checkout", "--quiet", "-b", "a<b")
    commit = git(project.root, "rev-parse", "HEAD").strip()[:12]
    run = project.run("gate", "--only", "lint,no-conflict-markers")
    page = page_of(run)
    assert "<title>demo: gate essential: green</title>" in page
    assert "<dt>branch</dt><dd>a&lt;b</dd>" in page
    assert f"<dt>commit</dt><dd>{commit}</dd>" in page
    assert f"<dt>date</dt><dd>{run.result['subject']['date']}</dd>" in page
    project.append("src/demo/__init__.py", "# changed\n")
    variables: dict[str, str | None] = {"GITHUB_HEAD_REF": "feature"}
    page = page_of(project.run("gate", "--only", "lint", variables=variables))
    assert "<dt>branch</dt><dd>feature</dd>" in page
    assert f"<dt>commit</dt><dd>{commit}-dirty</dd>" in page


def test_the_page_begins_with_what_to_fix_and_folds_what_was_skipped(
    project: DemoProject,
) -> None:
    project.append("src/demo/__init__.py", "\nimport os\n")
    run = project.run("gate", "--only", "lint,hooks,no-conflict-markers")
    page = page_of(run)
    order = ["F401", "<h2>Checks", "no-conflict-markers<", "1 skipped", "hooks<"]
    assert [text for _, text in sorted((page.index(t), t) for t in order)] == order
    assert run.check("lint")["rerun"] in page
    assert "severity" not in page.partition("<body>")[2]
