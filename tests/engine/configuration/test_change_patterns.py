"""The configuration behind change detection and the tiers is validated."""

from __future__ import annotations

import pytest

from tests.support.projects import DemoProject

GROUPS = "[dependency-groups]\nquality = []\n"


@pytest.mark.heavy
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
