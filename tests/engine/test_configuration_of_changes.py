"""The configuration behind change detection and the tiers is validated."""

from __future__ import annotations

import pytest

from tests.engine.projects import DemoProject

GROUPS = "[dependency-groups]\nquality = []\n"


@pytest.mark.parametrize("tier", ["essential", "extended", "full"])
def test_an_environment_of_a_tier_that_does_not_exist_is_a_mistake(
    tier: str, project: DemoProject
) -> None:
    project.configure(f"{GROUPS}[tool.ci-framework.environments]\n{tier} = 'quality'\n")
    assert project.run("validate").check("settings")["status"] == "passed"
    project.replace("pyproject.toml", f"{tier} = 'quality'", f"{tier} = 'qualty'")
    run = project.run("validate")
    assert run.code == 2
    (finding,) = run.findings("settings")
    assert f"environments.{tier}: expected a dependency group" in finding["message"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ci:\n", "cii:\n", "cii"),
        ("  - setup.py\n", "  - '!setup.py'\n", "!setup.py"),
        ("docs-patterns:\n", "docs-patterns: 1\n  other:\n", "docs-patterns"),
    ],
)
def test_a_mistake_in_the_patterns_of_the_framework_is_found(
    old: str, new: str, said: str, project: DemoProject
) -> None:
    project.replace("ci-framework/configs/change-patterns.yaml", old, new)
    run = project.run("validate")
    assert run.code == 2
    findings = run.findings("framework-files")
    assert any(said in finding["message"] for finding in findings), findings
    paths = {finding["path"] for finding in findings}
    assert paths == {"ci-framework/configs/change-patterns.yaml"}
    assert project.run("changes").code == 2
