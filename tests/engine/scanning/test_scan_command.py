"""The command line of `ci scan`: its output, its errors and its files."""

from __future__ import annotations

import json

import pytest

from tests.support.projects import DemoProject, install_tool

# Each test runs real scanners on a project.
pytestmark = pytest.mark.heavy

MD5 = '"""A package."""\n\nimport hashlib\n\nprint(hashlib.md5(b"x"))\n'


@pytest.fixture
def demo(project: DemoProject) -> DemoProject:
    """A project with a lock that needs nothing, so that no environment is made."""
    project.write("uv.lock", 'version = 1\nrevision = 3\nrequires-python = ">=3.10"\n')
    install_tool(project, "bandit")
    project.git_init()
    return project


def test_an_issue_is_red_in_every_report_with_the_command_that_repeats_it(
    demo: DemoProject,
) -> None:
    demo.write("src/demo/__init__.py", MD5)
    output = demo.root.parent / "output"
    run = demo.run(
        "scan", "--only", "bandit", "--json", variables={"GITHUB_OUTPUT": str(output)}
    )
    assert run.code == 1, str(run)
    assert json.loads(run.stdout)["verdict"] == run.result["verdict"] == "red"
    assert run.result["level"] == "high"
    (finding,) = run.findings("bandit")
    assert (finding["rule"], finding["path"], finding["line"]) == (
        "B324",
        "src/demo/__init__.py",
        5,
    )
    again = "ci-framework/ci scan --level high --only bandit"
    assert run.check("bandit")["rerun"] == again
    assert "src/demo/__init__.py:5" in run.summary
    assert "src/demo/__init__.py:5" in demo.run("scan", "--only", "bandit").stdout
    page = (run.reports / "report.html").read_text(encoding="utf-8")
    assert "src/demo/__init__.py:5" in page
    outputs = output.read_text(encoding="utf-8")
    assert "verdict=red\n" in outputs
    assert "new-findings=1\n" in outputs
    assert f"sarif-file={(run.reports / 'results.sarif').as_posix()}\n" in outputs
    green = demo.run("scan", "--only", "bandit", "--level", "low")
    assert green.code == 0, str(green)
    variables: dict[str, str | None] = {"CI_FRAMEWORK_SECURITY_LEVEL": "low"}
    assert demo.run("scan", "--only", "bandit", variables=variables).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--level", "hihg"),
            "--level: expected one of 'critical', 'high', 'low', 'medium', got",
        ),
        (
            ("--only", "bandi"),
            "--only: unknown scanner 'bandi'; did you mean 'bandit'?",
        ),
        (("--grow",), "--grow: expected together with --baseline write"),
        (("--histroy", "all"), "did you mean '--history'?"),
    ],
)
def test_wrong_usage_is_refused(
    words: tuple[str, ...], said: str, project: DemoProject
) -> None:
    run = project.run("scan", *words)
    assert run.code == 2, str(run)
    assert said in run.stderr


def test_a_dry_run_lists_the_scanners_of_the_level(project: DemoProject) -> None:
    run = project.run("scan", "--dry-run", "--level", "medium")
    assert run.code == 0
    assert run.stdout.split() == [
        "bandit",
        "audit",
        "kingfisher",
        "detect-secrets",
        "gitleaks",
        "licenses",
    ]
    assert not (project.root / ".ci-framework").exists()


def test_names_of_scanners_that_were_removed_are_deprecated(
    project: DemoProject,
) -> None:
    names = ("ruff", "safety", "trufflehog", "licences")
    run = project.run("scan", "--dry-run", "--only", ",".join(names))
    assert run.code == 0, str(run)
    assert run.stdout.split() == ["bandit", "audit", "kingfisher", "licenses"]
    for name in names:
        assert f"warning: {name} is deprecated" in run.stderr


@pytest.mark.parametrize(
    ("name", "scanner"),
    [
        ("pip-audit", "audit"),
        ("uv-audit", "audit"),
        ("osv-scanner", "audit"),
        ("ggshield", "kingfisher"),
        ("pip-licenses", "licenses"),
        ("cyclonedx", "sbom"),
        ("syft", "sbom"),
        ("opengrep", "semgrep"),
    ],
)
def test_the_name_of_another_tool_runs_the_scanner_with_the_same_purpose(
    project: DemoProject, name: str, scanner: str
) -> None:
    run = project.run("scan", "--dry-run", "--only", name)
    assert run.code == 0, str(run)
    assert run.stdout.split() == [scanner]
    said = f"warning: {name} is not a scanner of ci scan; {scanner} runs instead\n"
    assert said in run.stderr


def test_wrong_waivers_are_refused_and_found_by_validate(demo: DemoProject) -> None:
    demo.write("ci-framework/project/waivers.yaml", "waivers:\n  - id: S324\n")
    run = demo.run("scan", "--only", "bandit")
    assert run.code == 2, str(run)
    assert "ci-framework/project/waivers.yaml" in run.stderr
    assert "reason" in run.stderr
    assert not (run.reports / "result.json").exists() or (
        run.result["verdict"] == "error"
    )
