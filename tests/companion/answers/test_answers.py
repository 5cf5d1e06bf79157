"""The answers derived for repositories, and that the template accepts them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest
from jinja2 import Environment, FileSystemLoader

from ci_engine.configuration.project_settings import settings_mistakes
from ci_framework.analysis.analyze import analyze
from ci_framework.answers import (
    Answer,
    derive_answers,
    own_settings,
)
from ci_framework.answers.names import TOOLS, package_name, plain_path, project_name
from ci_framework.answers.test_requirements import (
    TEST_REQUIREMENTS,
    written_requirements,
)
from ci_framework.inventory import Inventory
from ci_framework.planning.left_out import left_out
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import KINDS, Files
from tests.support.parsing import read_toml
from tests.support.programs import run
from tests.support.renders import ROOT, questions, read_answers, render

# Questions whose answers come from the files that are edited, not from the analysis.
SHAPES = {
    "settings_file",
    "github_prefix",
    "hooks",
    "hooks_indent",
    "update_bot",
    "update_ecosystems",
    "updates_indent",
    "crlf_files",
}
# Rendering takes long: these cover every special case.
MANIFEST = '[project]\nname = "a"\nversion = "1"\n'
QUICK = ("pixi-project", "uv-workspace")
WORKFLOW = ".github/workflows/ci.yml"


def inventory_of(path: Path, files: Files) -> Inventory:
    """Make a repository and analyze it."""
    return analyze(open_repository(make_repository(path, files)))


def values_of(answers: dict[str, Answer]) -> dict[str, object]:
    """The answers without their reasons."""
    return {name: answer.value for name, answer in answers.items()}


def settings_of(inventory: Inventory) -> dict[str, object]:
    """The project's own settings by dotted key."""
    found = own_settings(inventory, derive_answers(inventory))
    return {".".join(setting.key): setting.value for setting in found}


def workflow(*steps: str, head: str = "runs-on: ubuntu-latest") -> dict[str, str]:
    """A workflow with one job that runs these commands."""
    lines = ["on: [push]", "jobs:", "  tests:"]
    lines += [f"    {row}" for row in head.split("\n")]
    lines += ["    steps:", *(f"      - run: {step}" for step in steps)]
    return {WORKFLOW: "\n".join(lines) + "\n"}


@pytest.mark.parametrize(
    "kind",
    [
        kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.heavy)
        for kind in KINDS
    ],
)
def test_the_template_accepts_every_answer(
    kind: str, tmp_path: Path, template: Path
) -> None:
    inventory = inventory_of(tmp_path / "repository", KINDS[kind])
    answers = derive_answers(inventory)
    values = values_of(answers)
    # The engine is the same for all; leaving it out is what makes this quick.
    rendered = render(template, tmp_path / "out", values, exclude=["/ci-framework"])
    recorded = read_answers(rendered)
    assert {name: recorded[name] for name in values if name in recorded} == {
        name: value for name, value in values.items() if name in recorded
    }
    block = read_toml(rendered / "pyproject.toml")["tool"]["ci-framework"]
    assert settings_mistakes(block) == []
    for setting in own_settings(inventory, answers):
        table: dict[str, object] = {}
        inner = table
        for key in setting.key[:-1]:
            inner = cast("dict[str, object]", inner.setdefault(key, {}))
        inner[setting.key[-1]] = setting.value
        assert settings_mistakes(table) == [], setting
        assert setting.because


def test_every_question_is_answered_with_a_reason(tmp_path: Path) -> None:
    answers = derive_answers(inventory_of(tmp_path, KINDS["uv"]))
    assert set(answers) == set(questions()) - SHAPES
    assert all(answer.because for answer in answers.values())
    assert answers["project_state"].value == "existing"
    assert answers["setup"].value == "customise"


@pytest.mark.parametrize(
    ("kind", "manager", "sources", "tests", "pythons"),
    [
        ("pixi-project", "pixi", ["sandbox"], ["tests"], ["3.10", "3.11"]),
        ("uv", "uv", ["src"], ["tests"], ["3.11"]),
        ("poetry", "poetry", ["verse"], ["tests"], ["3.11"]),
        ("pdm", "pip", ["src"], ["tests"], ["3.10"]),
        ("hatch", "pip", ["src"], ["tests"], ["3.11", "3.13"]),
        ("setup-cfg", "pip", ["old_one"], ["tests"], ["3.10"]),
        ("setup-py", "pip", ["script"], ["test"], ["3.10"]),
        ("conda", "pip", ["fast"], ["fast/tests"], ["3.11"]),
        ("module", "pip", ["."], ["test_single.py"], ["3.12"]),
        ("empty", "pip", ["."], [], ["3.12"]),
    ],
)
def test_answers_follow_the_facts(
    kind: str,
    manager: str,
    sources: list[str],
    tests: list[str],
    pythons: list[str],
    tmp_path: Path,
) -> None:
    answers = derive_answers(inventory_of(tmp_path, KINDS[kind]))
    assert answers["package_manager"].value == manager
    assert answers["source_paths"].value == sources
    assert answers["test_paths"].value == tests
    assert answers["python_versions"].value == pythons


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, "application"),
        ({"lib/a/pyproject.toml": MANIFEST, "lib/a/a/__init__.py": ""}, "monorepo"),
        (
            {
                "sub-packages/a/pyproject.toml": MANIFEST,
                "sub-packages/a/a/__init__.py": "",
                "sub-packages/b/setup.py": "import setuptools\nsetuptools.setup()\n",
                "sub-packages/b/b/__init__.py": "",
            },
            "monorepo",
        ),
        (
            {
                "pyproject.toml": MANIFEST,
                "a/__init__.py": "",
                "examples/b/pyproject.toml": MANIFEST.replace('"a"', '"b"'),
                "examples/b/b/__init__.py": "",
                "tools/pyproject.toml": MANIFEST.replace('"a"', '"tools"'),
            },
            "application",
        ),
    ],
)
def test_packages_with_code_further_down_are_a_monorepo(
    files: dict[str, str], kind: str, tmp_path: Path
) -> None:
    answer = derive_answers(inventory_of(tmp_path, {"README.md": "x", **files}))
    assert answer["project_type"].value == kind


BOT = {
    "pyproject.toml": MANIFEST,
    "a/__init__.py": "",
    "images/bot/pyproject.toml": MANIFEST.replace('"a"', '"bot"'),
    "images/bot/bot/__init__.py": "",
}
NEEDS = 'dependencies = ["{}"]\n'


@pytest.mark.parametrize(
    ("files", "kind", "others"),
    [
        ({}, "application", ["images/bot"]),
        ({"images/bot/tests/test_bot.py": ""}, "monorepo", []),
        ({"images/bot/bot/tests/test_bot.py": ""}, "monorepo", []),
        ({"pyproject.toml": MANIFEST + NEEDS.format("bot")}, "monorepo", []),
        (
            {"images/bot/pyproject.toml": BOT["images/bot/pyproject.toml"]
             + NEEDS.format("a>=1")},
            "monorepo",
            [],
        ),
        (
            {"pyproject.toml": MANIFEST + "[tool.uv.workspace]\nmembers=['images/*']"},
            "monorepo",
            [],
        ),
    ],
)  # fmt: skip
def test_a_package_beside_the_project_counts_if_something_links_them(
    files: dict[str, str], kind: str, others: list[str], tmp_path: Path
) -> None:
    inventory = inventory_of(tmp_path, {**BOT, **files})
    answers = derive_answers(inventory)
    assert answers["project_type"].value == kind
    assert inventory.items("other-distributions") == others
    advice = left_out(inventory, {"project_type": kind})
    assert [item.path for item in advice] == [
        f"{path}/pyproject.toml" for path in others
    ]
    assert all("project_type=monorepo" in item.reason for item in advice)


def test_a_project_further_down_is_read_where_it_is(tmp_path: Path) -> None:
    """A backend beside a frontend is recognized by its own files."""
    files = {
        "package.json": "{}\n",
        "backend/pyproject.toml": '[tool.poetry]\nname = "app"\nauthors = ["Ada"]\n'
        '[tool.poetry.dependencies]\npython = "^3.12"\n'
        '[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
        '[tool.pytest.ini_options]\ntestpaths = ["checks"]\n'
        "[tool.mypy]\nstrict = true\n[tool.ruff.format]\nindent-width = 2\n",
        "backend/app/__init__.py": "",
        "backend/checks/test_app.py": "import pytest\n",
        "examples/pyproject.toml": MANIFEST,
    }
    inventory = inventory_of(tmp_path, files)
    answers = derive_answers(inventory)
    found = {name: answers[name].value for name in ("source_paths", "test_paths")}
    assert found == {"source_paths": ["backend/app"], "test_paths": ["backend/checks"]}
    assert answers["project_type"].because == "its only package is in backend"
    assert answers["author_name"].value == "Ada"
    assert answers["type_checker"].value == "mypy"
    # Each package has its own environment; no manager at the top creates them.
    assert answers["package_manager"].value == "pip"
    assert settings_of(inventory) == {}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("uv run pytest", "that alone does not make uv the manager"),
        ("hatch run test", "the framework has no environments of hatch"),
    ],
)
def test_a_manager_that_only_a_workflow_uses_gives_a_true_reason(
    tmp_path: Path, command: str, why: str
) -> None:
    workflow = (
        "on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"    - run: {command}\n"
    )
    files: Files = {"pyproject.toml": MANIFEST, WORKFLOW: workflow}
    answer = derive_answers(inventory_of(tmp_path, files))["package_manager"]
    assert answer.value == "pip"
    assert why in answer.because


def test_a_lock_of_pixi_leaves_the_tiers_to_the_project(tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, KINDS["pixi-project"])
    assert derive_answers(inventory)["pixi_tiers"].value == "project"
    assert settings_of(inventory) == {
        "environments.essential": "ci",
        "environments.test": "py{python}",
        "checks.typecheck.tier": "none",
    }


def test_without_a_lock_the_framework_adds_tiers_under_a_prefix(tmp_path: Path) -> None:
    answers = derive_answers(inventory_of(tmp_path, KINDS["pixi-workspace"]))
    assert answers["pixi_tiers"].value == "framework"
    assert answers["pixi_prefix"].value == "ci-"
    assert "lint" in answers["pixi_prefix"].because


@pytest.mark.parametrize(
    ("matrix", "wanted"),
    [
        ('["3.9", "3.10", "3.12", "3.13t", "pypy-3.10", "3.15-dev"]', ["3.12"]),
        ('["3.13"]', ["3.13"]),
        ('["3.11", "3.12"]', ["3.11", "3.12"]),
        ("${{ fromJSON(needs.x.outputs.y) }}", ["3.11"]),
    ],
)
def test_versions_are_those_that_are_tested_and_admitted(
    matrix: str, wanted: list[str], tmp_path: Path
) -> None:
    head = f"runs-on: ubuntu-latest\nstrategy:\n  matrix:\n    python: {matrix}"
    files = {**KINDS["uv"], **workflow("pytest", head=head)}
    answers = derive_answers(inventory_of(tmp_path, files))
    assert answers["python_versions"].value == wanted


def test_platforms_come_from_jobs_that_test(tmp_path: Path) -> None:
    head = (
        "runs-on: ${{ matrix.os }}\nstrategy:\n  matrix:\n    include:\n"
        "      - { os: macos-14, python: '3.12' }\n"
        "      - { os: ubuntu-24.04, python: '3.11' }\n"
        "    exclude:\n      - { os: windows-2025, python: '3.14' }"
    )
    publish = "on: push\njobs:\n  a:\n    runs-on: windows-latest\n    steps: "
    files = {
        **KINDS["uv"],
        **workflow("uv run pytest", head=head),
        ".github/workflows/publish.yml": publish + "[{ run: twine upload x }]\n",
    }
    answers = derive_answers(inventory_of(tmp_path, files))
    assert answers["platforms"].value == ["linux", "macos"]
    assert answers["python_versions"].value == ["3.11", "3.12"]


@pytest.mark.parametrize(
    ("steps", "command"),
    [
        (["pytest"], None),
        (["pytest tests --cov=quick --cov-report xml -n auto -q"], None),
        (["pytest -m 'not slow' tests"], ["pytest", "-m", "not slow"]),
        (["python -m pytest -k fast --tb=short"], ["pytest", "-k", "fast"]),
        (["pytest tests/unit"], ["pytest", "tests/unit"]),
        (
            ["pytest tests/unit", "pytest tests/more --cov"],
            ["pytest", "tests/unit", "tests/more"],
        ),
        # One run without a selection proves that none is needed.
        (["pytest tests/unit", "pytest"], None),
        (["pytest tests/${{ matrix.part }}"], None),
        (["pytest --ignore=tests/net --own-flag"], ["pytest", "--ignore=tests/net"]),
    ],
)
def test_a_selection_that_only_a_workflow_makes_is_lifted(
    steps: list[str], command: list[str] | None, tmp_path: Path
) -> None:
    files = {**KINDS["uv"], **workflow(*steps)}
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings.get("commands.test") == command


def test_an_option_of_the_projects_own_is_lifted_too(tmp_path: Path) -> None:
    conftest = 'def pytest_addoption(parser):\n    parser.addoption("--quick")\n'
    files = {**KINDS["uv"], **workflow("pytest --quick"), "conftest.py": conftest}
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings["commands.test"] == ["pytest", "--quick"]


def test_a_selection_of_a_task_is_lifted_where_no_workflow_tests(
    tmp_path: Path,
) -> None:
    tox = "[testenv]\ncommands =\n    pytest tests --ignore=tests/net {posargs}\n"
    settings = settings_of(inventory_of(tmp_path, {**KINDS["uv"], "tox.ini": tox}))
    assert settings["commands.test"] == ["pytest", "--ignore=tests/net"]


def test_tests_of_unittest_are_run_by_it(tmp_path: Path) -> None:
    files = {
        "setup.py": "from setuptools import setup\nsetup(name='plain')\n",
        "plain/__init__.py": "",
        "tests/test_a.py": "import unittest\n",
    }
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings["commands.test"] == ["python", "-m", "unittest"]


@pytest.mark.parametrize(
    ("groups", "group"),
    [
        ('dev = ["pytest"]', None),
        ('tests = ["pytest"]', "tests"),
        ('typing = ["pytest"]\ntest = ["pytest"]', "test"),
        ('tests = ["ruff"]', None),
    ],
)
def test_the_group_with_the_test_runner_is_the_environment(
    groups: str, group: str | None, tmp_path: Path
) -> None:
    text = f"[project]\nname = 'x'\n[dependency-groups]\n{groups}\n"
    files = {"pyproject.toml": text, "x/__init__.py": ""}
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings.get("environments.essential") == group


EXTRAS = "[project]\nname = 'x'\n[project.optional-dependencies]\n"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": EXTRAS + 'docs = []\ntests = ["pytest"]\n'}, "tests"),
        (
            {"setup.py": "", "requirements/test.txt": "pytest\n"},
            "requirements/test.txt",
        ),
        ({"setup.py": "", "requirements-test.txt": "pytest\n"}, None),
        # A plugin requires pytest itself, and its tests need others.
        (
            {
                "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['pytest']\n"
                "[project.optional-dependencies]\ndocs = ['sphinx']\n"
                "dev = ['pre-commit', 'pytest-asyncio']\n",
            },
            "dev",
        ),
        (
            {
                "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['pytest']\n"
                "[project.optional-dependencies]\ndocs = ['sphinx']\n",
            },
            None,
        ),
        # An extra brings those of the project that it names.
        (
            {
                "pyproject.toml": EXTRAS
                + 'test-plain = ["pytest"]\ntest = ["x[test-plain]", "images"]\n'
            },
            "test",
        ),
        # Of several files, the one that is installed to test.
        (
            {
                "pyproject.toml": "[project]\nname = 'x'\n",
                "requirements/dev.txt": "pytest==9\n",
                "requirements/tests.in": "pytest\n",
                "requirements/tests.txt": "pytest==9\n",
                "tox.ini": "[testenv]\ndeps = -r requirements/tests.txt\n",
            },
            "requirements/tests.txt",
        ),
    ],
)
def test_an_extra_or_a_file_with_the_test_runner_is_the_environment(
    files: Files, wanted: str | None, tmp_path: Path
) -> None:
    settings = settings_of(inventory_of(tmp_path, {"x/__init__.py": "", **files}))
    assert settings.get("environments.essential") == wanted


def test_what_other_runners_need_is_installed_too(tmp_path: Path) -> None:
    files = {
        "setup.py": "from setuptools import setup\nsetup(name='plain')\n",
        "plain/__init__.py": "",
        "tests/test_a.py": "import unittest\nclass A(unittest.TestCase): pass\n",
        "tox.ini": "[testenv]\ndeps =\n  coverage\n  mock\n"
        "commands = coverage run -m unittest\n",
    }
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings["environments.essential"] == TEST_REQUIREMENTS
    named = {**files, "requirements/test.txt": "mock\n"}
    named["tox.ini"] = files["tox.ini"].replace("mock", "-r requirements/test.txt")
    settings = settings_of(inventory_of(tmp_path / "named", named))
    assert settings["environments.essential"] == "requirements/test.txt"


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        (
            {
                "pyproject.toml": "[project]\nname = 'x'\n[dependency-groups]\n"
                "test = ['pytest', 'Django']\nspeed = ['pytest-benchmark']\n",
                "tox.ini": "[testenv]\ndependency_groups =\n    test\n    speed\n"
                "commands = pytest\n",
            },
            ["pytest", "Django", "pytest-benchmark"],
        ),
        (
            {
                "setup.cfg": "[metadata]\nname = x\n[options.extras_require]\n"
                "license =\n    ukkonen\n",
                "setup.py": "from setuptools import setup\nsetup()\n",
                "requirements-dev.txt": "pytest\n",
                "tox.ini": "[testenv]\ndeps = -rrequirements-dev.txt\n"
                "extras = license\ncommands = pytest\n",
            },
            ["-r requirements-dev.txt", "ukkonen"],
        ),
    ],
)
def test_what_is_installed_together_to_test_is_one_file(
    files: Files, lines: list[str], tmp_path: Path
) -> None:
    tests = {"x/__init__.py": "", "tests/test_x.py": "def test_x(): pass\n"}
    inventory = inventory_of(tmp_path, {**tests, **files})
    answers = {"package_manager": "pip"}
    assert written_requirements(inventory, answers) == lines
    assert settings_of(inventory)["environments.essential"] == TEST_REQUIREMENTS


def test_directories_of_scripts_are_no_tests_to_run(tmp_path: Path) -> None:
    files = {"tool.py": "", "tests/test_names.py": "print(1)\n"}
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings["checks.test.tier"] == "none"


def test_a_default_of_a_shell_is_what_is_run(tmp_path: Path) -> None:
    make = "test:\n\tDB=x python -m django test $${ARGS:-tests} $${MORE}\n"
    files = {
        "setup.py": "from setuptools import setup\nsetup(name='plain')\n",
        "plain/__init__.py": "",
        "tests/test_a.py": "from django.test import TestCase\nclass A(TestCase): 1\n",
        "Makefile": make,
    }
    settings = settings_of(inventory_of(tmp_path, files))
    assert settings["commands.test"] == ["python", "-m", "django", "test", "tests"]


REASONS: dict[str, tuple[Files, str, object, str]] = {
    "versions that are too old": (
        {"setup.py": "from setuptools import setup\nsetup(python_requires='>=3.6')\n",
         **workflow("pytest", head="runs-on: ubuntu-latest\nstrategy:\n  matrix:\n"
                    "    python: ['3.7', '3.8']")},
        "python_versions", ["3.10"],
        "; the framework tests 3.10 to 3.15 only; the oldest of these that "
        "requires-python >=3.6 allows",
    ),
    "no version": (
        {"a.py": ""}, "python_versions", ["3.12"],
        "neither CI, environments nor classifiers name one; 3.12 is the framework's "
        "usual one",
    ),
    "CodeQL": (
        workflow("pytest"), "codeql", "no", "the default: the project does not use it",
    ),
    "a type checker": (
        {"pyproject.toml": "[tool.ty]\n", **workflow("ty check")},
        "type_checker", "pyright",
        "ty is configured and run: no answer names it; the check stays off until it "
        "is wanted",
    ),
    "the package of that name": (
        {"pyproject.toml": "[project]\nname = 'django-tags'\n"
         "[tool.setuptools]\npackages = ['sample_tags', 'tags']\n",
         "tags/__init__.py": "", "sample_tags/__init__.py": ""},
        "package_name", "tags", "the build back end names them",
    ),
    "what setup.py computes": (
        {"setup.py": "from setuptools import setup\nimport me\n"
         "setup(name='a', description=me.doc, author=me.name)\n"},
        "description", "", "setup.py computes it, and is not run",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REASONS)
def test_a_reason_is_true_for_what_it_explains(kind: str, tmp_path: Path) -> None:
    files, name, value, because = REASONS[kind]
    answer = derive_answers(inventory_of(tmp_path, files))[name]
    assert answer.value == value
    assert re.sub(r" \([^)]*\)", "", answer.because).endswith(because)


SUITE = "def test_a(benchmark):\n    benchmark(int)\n"


@pytest.mark.parametrize(
    ("suite", "groups", "answers", "environment"),
    [
        (
            "benchmarks/test_a.py",
            'dev = ["pytest", "pytest-benchmark"]',
            ("yes", ["benchmarks"]),
            None,
        ),
        (
            "tests/perf/io/test_a.py",
            'dev = ["pytest"]\nspeed = ["pytest-codspeed"]',
            ("yes", ["tests/perf"]),
            "speed",
        ),
        # Neither without the packages, nor without a benchmark.
        (
            "benchmarks/test_a.py",
            'dev = ["pytest"]',
            ("no", ["tests/benchmarks"]),
            None,
        ),
        (
            "src/x/benchmark.py",
            'dev = ["pytest", "pytest-benchmark"]',
            ("no", ["tests/benchmarks"]),
            None,
        ),
    ],
)
def test_benchmarks_that_are_there_are_compared(
    suite: str,
    groups: str,
    answers: tuple[str, list[str]],
    environment: str | None,
    tmp_path: Path,
) -> None:
    text = f"[project]\nname = 'x'\n[dependency-groups]\n{groups}\n"
    files = {"pyproject.toml": text, "src/x/__init__.py": "", suite: SUITE}
    inventory = inventory_of(tmp_path, files)
    values = values_of(derive_answers(inventory))
    assert (values["benchmarks"], values["benchmark_suite"]) == answers
    assert settings_of(inventory).get("environments.benchmarks") == environment


def test_documentation_goes_on_as_it_is(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'x'\n",
        "mkdocs.yml": "site_name: x\n",
    }
    answers = derive_answers(inventory_of(tmp_path, {**files, "src/x/__init__.py": ""}))
    assert (answers["docs"].value, answers["docs_deploy"].value) == ("none", "none")
    assert answers["docs"].because.startswith("mkdocs stays unchanged")


@pytest.mark.parametrize(("plugin", "threshold"), [("", 0), (', "pytest-cov"', 93)])
def test_a_threshold_counts_only_where_pytest_can_measure(
    plugin: str, threshold: int, tmp_path: Path
) -> None:
    text = f"[dependency-groups]\ndev = ['pytest'{plugin}]\n"
    text += "[tool.coverage.report]\nfail_under = 93\n"
    answers = derive_answers(inventory_of(tmp_path, {"pyproject.toml": text}))
    assert answers["coverage_threshold"].value == threshold


@pytest.mark.parametrize(
    ("uses", "mode"),
    [
        ("other/ci-framework/.github/workflows/reusable-ci.yml@v2", "local"),
        ("some/workflows/.github/workflows/tox.yml@v1", "local"),
        ("some/workflows/.github/workflows/publish.yml@v1", "remote"),
        ("./.github/workflows/own-ci.yml", "remote"),
    ],
)
def test_two_pipelines_never_do_the_same(uses: str, mode: str, tmp_path: Path) -> None:
    text = f"on: push\njobs:\n  a:\n    uses: {uses}\n"
    answers = derive_answers(inventory_of(tmp_path, {**KINDS["uv"], WORKFLOW: text}))
    assert answers["ci_mode"].value == mode
    assert ("two pipelines" in answers["ci_mode"].because) == (mode == "local")


def test_a_ci_elsewhere_stays_the_only_one(tmp_path: Path) -> None:
    files = {"a.py": "", ".gitlab-ci.yml": "test:\n  script: pytest\n"}
    root = make_repository(tmp_path, files)
    run("git", "remote", "add", "origin", "git@gitlab.com:a/b.git", cwd=root)
    answers = derive_answers(analyze(open_repository(root)))
    assert answers["ci_mode"].value == "local"
    assert answers["repository"].value == "https://gitlab.com/a/b"


def test_a_formatter_of_the_projects_own_stays_the_only_one(tmp_path: Path) -> None:
    inventory = inventory_of(tmp_path, KINDS["poetry"])
    assert settings_of(inventory)["checks.format.tier"] == "none"
    found = own_settings(inventory, derive_answers(inventory))
    reasons = [setting.because for setting in found if "format" in setting.key]
    assert "black formats the code" in reasons[0]


def test_names_of_tools_are_those_that_the_template_refuses() -> None:
    loader = FileSystemLoader(ROOT / "extensions" / "jinja")
    filters = "jinja2_ansible_filters.AnsibleCoreFiltersExtension"
    environment = Environment(loader=loader, autoescape=True, extensions=[filters])
    names = environment.get_template("names.jinja").module
    assert set(cast("list[str]", vars(names)["tools"])) == TOOLS
    for name in TOOLS:
        assert package_name(name.replace("-", "_")) == f"py_{name.replace('-', '_')}"
    for name in cast("list[str]", vars(names)["taken"]):
        assert package_name(name) != name, name


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Flask", "Flask"),
        ("pre_commit", "pre_commit-project"),
        ("-odd name!-", "odd name"),
        ("日本", "project"),
        ("x" * 80, "x" * 64),
    ],
)
def test_names_become_acceptable(name: str, wanted: str) -> None:
    assert project_name(name) == wanted


@pytest.mark.parametrize(
    ("path", "fine"),
    [("src", True), (".", True), ("a b/c", True), ("a/../b", False), ("é", False)],
)
def test_only_plain_paths_are_answered(path: str, fine: bool) -> None:
    assert plain_path(path) is fine


def test_nothing_that_is_not_there_is_said_to_stay(tmp_path: Path) -> None:
    files = {"app.py": "x = 1\n"}
    inventory = analyze(open_repository(make_repository(tmp_path / "project", files)))
    answers = derive_answers(inventory)
    for name in ("services", "service_image", "releases", "docs_deploy"):
        because = answers[name].because
        assert because.startswith(("no ", "nothing ")), because


@pytest.mark.parametrize(
    ("settings", "off"),
    [("{% if cookiecutter.x %}\n", True), ("[tool.ruff]\n", False)],
)
def test_ruff_is_not_run_where_it_stops_at_settings_that_are_a_template(
    tmp_path: Path, settings: str, off: bool
) -> None:
    files = {
        "cookiecutter.json": "{}",
        "tools/release.py": "import sys\n\nprint(sys.argv)\n",
        "{{cookiecutter.name}}/pyproject.toml": settings,
        "{{cookiecutter.name}}/noxfile.py": "import nox\n",
    }
    inventory = analyze(open_repository(make_repository(tmp_path / "project", files)))
    found = own_settings(inventory, derive_answers(inventory))
    lint = [s.value for s in found if s.key == ("checks", "lint", "tier")]
    assert lint == (["none"] if off else [])
