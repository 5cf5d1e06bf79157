"""Property tests try more examples in higher tiers, always the same ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import (
    WITH_XDIST,
    DemoProject,
    Run,
    assert_green,
    assert_red,
)

# Slow: each test runs real programs.
pytestmark = pytest.mark.heavy

NAME = "tests/test_property.py"
# Writes down every example, so that a test can count and compare them.
COUNTING = """\
import os
from pathlib import Path

from hypothesis import given, settings, strategies as st

SEEN = Path(os.environ["SEEN"])


{decorator}@given(st.integers())
def test_property(number: int) -> None:
    with SEEN.open("a") as stream:
        stream.write(f"{{number}}\\n")
"""
NOTE = "hypothesis: up to {} examples for each property, always the same"


def run_tests(
    project: DemoProject, seen: Path, tier: str = "extended", **more: str
) -> tuple[Run, list[str]]:
    seen.unlink(missing_ok=True)
    variables = {**WITH_XDIST, "SEEN": str(seen), **more}
    variables["PYTEST_PLUGINS"] += ",_hypothesis_pytestplugin"
    run = project.gate("test", "--tier", tier, variables=variables)
    return run, seen.read_text().split() if seen.exists() else []


@pytest.fixture
def counting(project: DemoProject) -> DemoProject:
    project.test_file(COUNTING.format(decorator=""), NAME)
    return project


def test_the_essential_tier_leaves_hypothesis_alone(
    counting: DemoProject, tmp_path: Path
) -> None:
    run, seen = run_tests(counting, tmp_path / "seen", "essential")
    assert_green(run)
    assert len(seen) == 100
    assert run.check("test")["notes"] == []


@pytest.mark.parametrize("tier", ["extended", "full"])
def test_higher_tiers_try_more_and_always_the_same(
    counting: DemoProject, tmp_path: Path, tier: str
) -> None:
    run, first = run_tests(counting, tmp_path / "seen", tier)
    assert_green(run)
    assert len(first) == 500
    assert run.check("test")["notes"] == [NOTE.format(500)]
    _, second = run_tests(counting, tmp_path / "seen", tier)
    assert second == first


def test_workers_of_xdist_use_it_too(counting: DemoProject, tmp_path: Path) -> None:
    options = 'testpaths = ["tests"]\n'
    counting.replace("pyproject.toml", options, f'{options}addopts = ["-n1"]\n')
    run, seen = run_tests(counting, tmp_path / "seen")
    assert_green(run)
    assert len(seen) == 500


def test_a_profile_of_the_projects_own_is_extended(
    counting: DemoProject, tmp_path: Path
) -> None:
    text = "from hypothesis import settings\n"
    text += 'settings.register_profile("mine", max_examples={})\n'
    text += 'settings.load_profile("mine")\n'
    counting.test_file(text.format(20), "tests/conftest.py")
    assert len(run_tests(counting, tmp_path / "seen")[1]) == 500
    counting.test_file(text.format(700), "tests/conftest.py")
    run, seen = run_tests(counting, tmp_path / "seen")
    assert len(seen) == 700
    assert run.check("test")["notes"] == [NOTE.format(700)]


def test_settings_of_one_test_stay(project: DemoProject, tmp_path: Path) -> None:
    decorator = "@settings(max_examples=7)\n"
    project.test_file(COUNTING.format(decorator=decorator), NAME)
    assert len(run_tests(project, tmp_path / "seen")[1]) == 7


CHOSEN = """\
from hypothesis import settings

settings.register_profile("quick", max_examples=11)
"""


def test_a_chosen_profile_stays(counting: DemoProject, tmp_path: Path) -> None:
    counting.test_file(CHOSEN, "tests/conftest.py")
    option = "--hypothesis-profile=quick"
    run, seen = run_tests(counting, tmp_path / "seen", PYTEST_ADDOPTS=option)
    assert len(seen) == 11
    assert run.check("test")["notes"] == []


def test_a_profile_chosen_by_variable_stays(
    counting: DemoProject, tmp_path: Path
) -> None:
    text = 'import os\nsettings.load_profile(os.environ["HYPOTHESIS_PROFILE"])\n'
    counting.test_file(CHOSEN + text, "tests/conftest.py")
    _, seen = run_tests(counting, tmp_path / "seen", HYPOTHESIS_PROFILE="quick")
    assert len(seen) == 11


def test_a_rare_problem_is_found_in_every_run(
    project: DemoProject, tmp_path: Path
) -> None:
    text = "from hypothesis import given, strategies as st\n\n\n"
    text += "@given(st.integers(0, 300))\ndef test_rare(number: int) -> None:\n"
    text += "    assert number != 173\n"
    project.test_file(text, NAME)
    for _ in range(2):
        run, _ = run_tests(project, tmp_path / "seen")
        assert_red(run, "test", NAME, 6)
        assert "@reproduce_failure" in run.findings("test")[0]["message"]


def test_an_environment_without_hypothesis_is_no_matter(
    project: DemoProject, tmp_path: Path
) -> None:
    # A module that cannot be found stands for one that is not installed.
    text = "import importlib.util as u\nfind = u.find_spec\n"
    text += (
        "u.find_spec = lambda n, p=None: None if n == 'hypothesis' else find(n, p)\n"
    )
    project.write("plain/sitecustomize.py", text)
    run, _ = run_tests(project, tmp_path / "x", PYTHONPATH=str(project.root / "plain"))
    assert_green(run)
    assert run.check("test")["notes"] == []
