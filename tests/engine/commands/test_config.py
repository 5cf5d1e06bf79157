"""``ci config``: the effective settings, and where each one comes from."""

from __future__ import annotations

import json

from tests.support.projects import DemoProject

COVERAGE = "quality.coverage-threshold"


def test_every_setting_is_listed_with_its_source(project: DemoProject) -> None:
    line = project.read("pyproject.toml").splitlines().index("coverage-threshold = 90")
    variables = {"CI_FRAMEWORK_QUALITY_FAIL_FAST": "true"}
    run = project.run("config", variables=variables)
    assert run.code == 0, str(run)
    listed = run.stdout.splitlines()
    assert f"{COVERAGE} = 90  # pyproject.toml:{line + 1}" in listed
    assert "quality.fail-fast = true  # CI_FRAMEWORK_QUALITY_FAIL_FAST" in listed
    assert [row for row in listed if row.endswith("  # default")]


def test_only_the_requested_settings_are_listed(project: DemoProject) -> None:
    run = project.run("config", COVERAGE, "--json")
    assert run.code == 0, str(run)
    settings = json.loads(run.stdout)["settings"]
    assert list(settings) == [COVERAGE]
    assert settings[COVERAGE]["value"] == 90
    table = project.run("config", "quality")
    assert {row.split(".")[0] for row in table.stdout.splitlines()} == {"quality"}


def test_an_unknown_setting_is_refused_with_the_nearest_one(
    project: DemoProject,
) -> None:
    run = project.run("config", "quality.coverage-treshold")
    assert run.code == 2
    assert run.stderr.splitlines() == [
        f"ci config: unknown setting 'quality.coverage-treshold'; did you mean "
        f"{COVERAGE!r}?",
        "hint: run `ci-framework/ci config`, which lists all settings",
    ]


def test_a_wrong_setting_is_refused_with_its_line(project: DemoProject) -> None:
    project.replace("pyproject.toml", "threshold = 90", "threshold = 101")
    run = project.run("config")
    assert run.code == 2
    assert COVERAGE in run.stderr
    assert "got 101" in run.stderr
