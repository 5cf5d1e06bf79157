"""Every report shows how a project weakens its own gate."""

from __future__ import annotations

import json

import pytest

from ci_engine.environments.empty_commands import never_fails
from tests.support.projects import DemoProject, Run, git


def told_everywhere(run: Run, text: str) -> None:
    """Assert that a text is in the console, the summary, JUnit and SARIF."""
    sarif = json.loads((run.reports / "results.sarif").read_text(encoding="utf-8"))
    notices = [
        notice["message"]["text"]
        for each in sarif["runs"]
        for notice in each["invocations"][0]["toolExecutionNotifications"]
    ]
    junit = (run.reports / "junit.xml").read_text(encoding="utf-8")
    assert any(text in notice for notice in notices), notices
    for name, report in (("console", run.stdout), ("JUnit", junit)):
        assert text in report.replace("&quot;", '"'), name
    summary = run.summary.replace("\\", "").replace("&quot;", '"')
    assert text in summary.replace("&#34;", '"'), summary


def test_a_command_that_cannot_fail_is_named(project: DemoProject) -> None:
    project.configure('[tool.ci-framework.commands]\ntypecheck = "true"\n')
    run = project.gate("typecheck")
    assert run.code == 0, str(run)
    told_everywhere(run, "the project's own command always exits with 0: true")


def test_a_check_that_is_off_keeps_its_line(project: DemoProject) -> None:
    off = ("format", "typecheck", "imports", "test", "coverage")
    for name in off[:-1]:
        project.configure(f'[tool.ci-framework.checks.{name}]\ntier = "none"\n')
    project.configure('[tool.ci-framework.checks.coverage]\ntier = "full"\n')
    run = project.run("gate", "--tier", "essential")
    assert run.code == 0, str(run)
    assert {name: run.check(name)["status"] for name in off} == dict.fromkeys(
        off, "skipped"
    )
    told_everywhere(run, 'tool.ci-framework.checks.test.tier is "none"')
    told_everywhere(run, 'tool.ci-framework.checks.coverage.tier is "full"')
    shown = project.run("gate", "--tier", "essential", "--dry-run").stdout
    assert shown.split() == ["no-conflict-markers", "lint"], shown
    refused = project.gate("format")
    assert refused.code == 2
    assert "--only: the check 'format' is turned off" in refused.stderr


def test_a_gate_with_every_check_off_is_no_success(project: DemoProject) -> None:
    every = ("no-conflict-markers", "lint", "format", "typecheck", "imports", "test")
    for name in (*every, "coverage"):
        project.configure(f'[tool.ci-framework.checks.{name}]\ntier = "none"\n')
    assert project.run("gate", "--tier", "essential").code == 3


def test_hooks_that_a_variable_leaves_out_are_named(project: DemoProject) -> None:
    project.write(
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n"
        + "".join(
            f"  - {{id: {name}, name: {name}, entry: '{entry}', language: system}}\n"
            for name, entry in (("good", "true"), ("bad", "false"))
        ),
    )
    project.git_init()
    git(project.root, "add", ".")
    run = project.gate("hooks", variables={"SKIP": "bad, ci-framework-lint"})
    assert run.code == 0, str(run)
    told_everywhere(run, "left out by SKIP: bad")


@pytest.mark.heavy
def test_failed_tests_are_named_in_every_list(project: DemoProject) -> None:
    project.test_file(
        "import pytest\n\n\n@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_n(n: int) -> None:\n    assert n == 0\n"
    )
    run = project.gate("test", variables={"GITHUB_ACTIONS": "true"})
    for number in (1, 2):
        name = f"tests/test_more.py::test_n[{number}]"
        assert name in run.stdout
        page = (run.reports / "report.html").read_text(encoding="utf-8")
        assert name in page
        assert name in run.summary.replace("\\", ""), run.summary


@pytest.mark.parametrize(
    "command",
    [
        "true",
        "/bin/true",
        ":",
        "exit 0",
        "echo no types here",
        "python -c pass",
        "python3 -c ''",
        "sh -c 'mypy src || true'",
        "mypy src; exit 0",
        "bash -c 'mypy src; true'",
    ],
)
def test_commands_that_cannot_fail(command: str) -> None:
    assert never_fails(command)


@pytest.mark.parametrize(
    "command", ["mypy src", "true && mypy", "echo a; mypy", "python -c 'import x'", ""]
)
def test_commands_that_can_fail(command: str) -> None:
    assert not never_fails(command)
