"""The check `security`: bandit over the sources, and never green on unread files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.bare import bare_environment
from tests.support.projects import (
    DemoProject,
    Json,
    Location,
    Run,
    assert_green,
    assert_not_run,
    assert_red,
)

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

SOURCE = "src/demo/__init__.py"
EVAL = '''

def run(text: str) -> object:
    """Evaluate what somebody sent."""
    return eval(text)
'''
EVAL_LINE = 11
SHELL = '''

def shell(text: str) -> int:
    """Run what somebody sent."""
    import subprocess

    return subprocess.call(text, shell=True)
'''


def security(project: DemoProject, *arguments: str, **variables: str) -> Run:
    return project.gate(
        "security", "--tier", "extended", *arguments, variables=variables
    )


def sarif_results(run: Run) -> tuple[list[Json], list[Json]]:
    log = json.loads((run.reports / "results.sarif").read_text(encoding="utf-8"))
    rules = [rule for r in log["runs"] for rule in r["tool"]["driver"]["rules"]]
    return [result for r in log["runs"] for result in r["results"]], rules


def test_clean_sources_are_green(project: DemoProject) -> None:
    run = security(project)
    assert_green(run)
    check = run.check("security")
    assert check["status"] == "passed"
    assert check["findings"] == []
    assert check["tool"].startswith("bandit 1.")


def test_an_issue_is_red_with_its_location_and_its_score(project: DemoProject) -> None:
    project.append(SOURCE, EVAL)
    run = security(project)
    assert_red(run, "security", SOURCE, EVAL_LINE)
    (finding,) = run.findings("security")
    assert finding["rule"] == "B307"
    assert finding["score"] == 5.5
    assert finding["help_url"].startswith("https://bandit.readthedocs.io/")
    (result,), (rule,) = sarif_results(run)
    assert result["ruleId"] == rule["id"] == "B307"
    region = result["locations"][0]["physicalLocation"]
    assert region["artifactLocation"]["uri"] == SOURCE
    assert region["region"]["startLine"] == EVAL_LINE
    assert rule["properties"]["security-severity"] == "5.5"


def test_a_severe_issue_scores_higher_and_a_minor_one_only_warns(
    project: DemoProject,
) -> None:
    project.append(SOURCE, SHELL)
    run = security(project)
    by_rule = {f["rule"]: f for f in run.findings("security")}
    assert (by_rule["B602"]["severity"], by_rule["B602"]["score"]) == ("error", 8.0)
    assert (by_rule["B404"]["severity"], by_rule["B404"]["score"]) == ("warning", 3.0)
    assert run.code == 1


def test_only_minor_issues_are_green(project: DemoProject) -> None:
    project.write(SOURCE, '"""A package."""\n\nimport subprocess\n')
    run = security(project)
    assert_green(run)
    assert run.rules("security") == ["B404"]


def test_tests_and_ignored_files_are_not_searched(project: DemoProject) -> None:
    project.append("tests/test_demo.py", EVAL)
    project.git_init()
    project.append(".gitignore", "generated\n")
    project.write("generated/copy.py", EVAL)
    table = "[tool.ci-framework]\n"
    project.replace("pyproject.toml", table, f'{table}source-paths = ["."]\n')
    assert_green(security(project))


def test_a_file_that_does_not_parse_is_never_green(project: DemoProject) -> None:
    project.write("src/demo/broken.py", "def broken(:\n")
    run = security(project)
    assert_not_run(run, "security", "src/demo/broken.py: syntax error")


def test_an_issue_elsewhere_does_not_hide_the_unread_file(project: DemoProject) -> None:
    project.write("src/demo/broken.py", "def broken(:\n")
    project.append(SOURCE, EVAL)
    run = security(project)
    assert_not_run(run, "security", "src/demo/broken.py")
    assert Location(SOURCE, EVAL_LINE) in run.locations("security")


def test_no_source_files_is_skipped_with_the_reason(project: DemoProject) -> None:
    project.write("app/empty.txt", "")
    (project.root / SOURCE).unlink()
    run = security(project)
    assert run.code == 0
    check = run.check("security")
    assert (check["status"], check["reason"]) == (
        "skipped",
        "the project has no Python files in src",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".bandit", "[bandit]\nskips = B307\n"),
        (".bandit", "skips: [B307]\n"),
        (".bandit", "---\nskips:\n  - B307\n"),
        ("bandit.yaml", "skips: [B307]\n"),
        ("pyproject.toml", '\n[tool.bandit]\nskips = ["B307"]\n'),
    ],
    ids=["ini", "yaml", "yaml-document", "bandit.yaml", "pyproject"],
)
def test_the_projects_own_configuration_counts(
    project: DemoProject, name: str, text: str
) -> None:
    project.append(SOURCE, EVAL)
    assert security(project).code == 1
    before = project.read(name) if (project.root / name).exists() else ""
    project.write(name, before + text)
    assert_green(security(project))


def test_a_configuration_that_is_nothing_is_not_run(project: DemoProject) -> None:
    project.write(".bandit", "skips: [[[\n")
    assert_not_run(security(project), "security", ".bandit is neither")


def test_excluded_files_are_reported(project: DemoProject) -> None:
    project.write("src/demo/old.py", EVAL)
    project.configure('[tool.bandit]\nexclude_dirs = ["old.py"]\n')
    run = security(project)
    assert_green(run)
    assert run.check("security")["notes"] == [
        "1 of 2 files are excluded by bandit's configuration: src/demo/old.py",
        "pyproject.toml limits bandit: exclude_dirs old.py",
    ]


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("bandit.yaml", "skips: [B307]\n", "bandit.yaml limits bandit: skips B307"),
        (".bandit", "[bandit]\nskips = B307\n", ".bandit limits bandit: skips B307"),
        (".bandit", "tests: [B101]\n", ".bandit limits bandit: tests B101"),
    ],
)
def test_rules_that_the_project_turns_off_are_reported(
    project: DemoProject, name: str, text: str, note: str
) -> None:
    project.append(SOURCE, EVAL)
    project.write(name, text)
    run = security(project)
    assert_green(run)
    assert run.check("security")["notes"] == [note]


def test_everything_excluded_is_skipped(project: DemoProject) -> None:
    project.configure('[tool.bandit]\nexclude_dirs = ["src"]\n')
    check = security(project).check("security")
    assert check["status"] == "skipped"
    assert "excludes every file" in check["reason"]


def test_nosec_is_reported(project: DemoProject) -> None:
    project.append(SOURCE, EVAL.replace("eval(text)", "eval(text)  # nosec B307"))
    run = security(project)
    assert_green(run)
    assert run.check("security")["notes"] == [
        f"1 finding is hidden by `# nosec`: {SOURCE}:{EVAL_LINE} B307"
    ]


def test_the_baseline_covers_known_issues(project: DemoProject) -> None:
    project.append(SOURCE, EVAL)
    security(project, "--baseline", "write")
    assert_green(security(project))
    project.append(SOURCE, SHELL)
    assert security(project).code == 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("print('hello')", "unusable output"),
        ("import sys; sys.exit(2)", "unusable output (exit code 2)"),
        (
            'print(\'{"errors": [], "metrics": {"./a.py": {}}, "results": []}\')\n'
            "raise SystemExit(1)",
            "exit code 1",
        ),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
    ],
    ids=["garbage", "usage", "contradiction", "killed"],
)
def test_a_bandit_that_does_not_work_is_not_run(
    project: DemoProject, script: str, reason: str
) -> None:
    bare_environment(project, programs={"bandit": script})
    assert_not_run(security(project), "security", reason)


def test_the_locked_bandit_runs_where_the_project_has_none(
    project: DemoProject,
) -> None:
    bare_environment(project)
    project.append(SOURCE, EVAL)
    run = security(project)
    assert_red(run, "security", SOURCE, EVAL_LINE)
    assert run.check("security")["environment"] == "isolated, locked by ci-framework"


def test_the_locked_bandit_reads_the_newest_syntax_of_the_project(
    project: DemoProject,
) -> None:
    newer = _runnable_newer_python()
    if not newer:
        pytest.skip("there is no newer Python here")
    prefix = project.root / ".venv"
    prefix.unlink()
    make = [newer, "-m", "venv", "--without-pip", str(prefix)]
    subprocess.run(make, check=True)
    (site,) = prefix.glob("lib/python*/site-packages")
    (site / "pytest.py").write_text("", encoding="utf-8")
    project.append(SOURCE, EVAL + "\n\ntype Alias = int\n")
    run = security(project)
    assert_red(run, "security", SOURCE, EVAL_LINE)


def _runnable_newer_python() -> str:
    """A Python that is newer than the one of the engine, empty if there is none."""
    oldest = f"{sys.version_info[0]}.{sys.version_info[1] + 1}"
    for uv in (str(Path(sys.prefix) / "bin" / "uv"), shutil.which("uv")):
        if uv and Path(uv).exists():
            ask = [uv, "python", "find", "--no-project", f">={max(oldest, '3.12')}"]
            done = subprocess.run(ask, capture_output=True, text=True, check=False)
            return done.stdout.strip() if done.returncode == 0 else ""
    return ""
