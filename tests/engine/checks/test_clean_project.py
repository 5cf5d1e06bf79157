from __future__ import annotations

from tests.support.projects import CHECKS, FULL, DemoProject, assert_green


def test_a_project_without_a_problem_is_green_in_every_check(
    project: DemoProject,
) -> None:
    run = project.gate(variables=FULL)
    assert_green(run)
    assert [check["id"] for check in run.result["checks"]] == list(CHECKS)
    found = {check["id"]: check["status"] for check in run.result["checks"]}
    # Where all tests run, they import what matters.
    assert found == {**dict.fromkeys(CHECKS, "passed"), "imports": "skipped"}
    assert run.check("coverage")["coverage"] == 100.0
    assert run.result["environment"] == ".venv"
