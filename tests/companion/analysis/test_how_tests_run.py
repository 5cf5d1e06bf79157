"""How projects run their tests: test runners, workflows and frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.inventory import Value
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import Files

PACKAGE: Files = {
    "pyproject.toml": '[project]\nname = "thing"\n',
    "src/thing/__init__.py": "",
    "tests/test_thing.py": "def test_it(): pass\n",
}
DJANGO: Files = {
    "manage.py": "",
    "app/__init__.py": "",
    "app/api/tests/__init__.py": "",
    "app/api/tests/test_views.py": "from django.test import TestCase\n",
    "app/core/tests.py": "from django.test import SimpleTestCase\n",
    "requirements.txt": "Django\n",
}


def steps(*rows: str) -> str:
    """A workflow with one job of these steps."""
    text = "".join(f"      - {row}\n" for row in rows)
    return f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n{text}"


def with_steps(*rows: str) -> Files:
    """The package with a workflow."""
    return {**PACKAGE, ".github/workflows/ci.yml": steps(*rows)}


def facts(path: Path, files: Files, *names: str) -> list[Value]:
    inventory = analyze(open_repository(make_repository(path / "project", files)))
    found = (inventory.fact(name) for name in names)
    return [fact.value if fact else None for fact in found]


NEEDS: dict[str, tuple[Files, list[str]]] = {
    "tox": (
        {
            **PACKAGE,
            "more.txt": "",
            "tox.ini": "[testenv]\ndeps =\n  pytest>=7\n  -r{toxinidir}/more.txt\n"
            "  {env:ODD}\n  django42: Django\n",
        },
        ["pytest>=7", "-r more.txt"],
    ),
    "tox.toml": (
        {**PACKAGE, "tox.toml": '[env_run_base]\ndeps = ["pytest-cov", "attrs"]\n'},
        ["pytest-cov", "attrs"],
    ),
    "hatch": (
        {
            **PACKAGE,
            "hatch.toml": '[envs.default]\ndependencies = ["pytest", "mock"]\n',
        },
        ["pytest", "mock"],
    ),
    "hatch test": (with_steps("run: pipx run hatch test"), ["pytest"]),
    "nox": (
        {
            **PACKAGE,
            "noxfile.py": "import nox\n@nox.session\ndef tests(s):\n"
            "    s.install('.', 'pytest', 'mock')\n    s.run('pytest')\n",
        },
        ["pytest", "mock"],
    ),
    "a workflow": (
        with_steps(
            "run: python -m pip install -U pip -e . 'pytest<9' x", "run: pytest"
        ),
        ["pytest<9", "x"],
    ),
    "GitLab": (
        {
            **PACKAGE,
            ".gitlab-ci.yml": "test:\n  script: [pip install pytest, pytest]\n",
        },
        ["pytest"],
    ),
    "setup.py": (
        {
            "setup.py": "import setuptools as s\ns.setup(tests_require=['pytest'])\n",
            "tests/test_thing.py": "",
        },
        ["pytest"],
    ),
    "setup.cfg": (
        {
            "setup.py": "from setuptools import setup\nsetup()\n",
            "setup.cfg": "[options]\ntests_require =\n  pytest\n  mock\n",
            "tests/test_thing.py": "",
        },
        ["pytest", "mock"],
    ),
    "uv run": (
        with_steps(
            "run: uv run --with pytest,six '--with=mock>=5' --with ./x pytest -q"
        ),
        ["pytest", "six", "mock>=5"],
    ),
    "uvx": (
        with_steps("run: uvx --with . --with six pytest@8 tests"),
        ["six", "pytest"],
    ),
    "pipx": (with_steps("run: pipx run pytest tests"), ["pytest"]),
    "a task that a step names": (
        {
            **with_steps("run: make install", "run: make test"),
            "Makefile": "install:\n\tpip install -e . pytest mock\n"
            "test:\n\tpytest tests\n",
        },
        ["pytest", "mock"],
    ),
    "nothing": (PACKAGE, []),
}


@pytest.mark.parametrize("kind", NEEDS)
def test_what_tests_need_is_read_where_it_stands(tmp_path: Path, kind: str) -> None:
    files, needs = NEEDS[kind]
    assert facts(tmp_path, files, "test-needs") == [needs]


def test_an_environment_of_conda_is_named_as_the_reason(tmp_path: Path) -> None:
    conda = (
        "dependencies:\n  - python\n  - conda-forge::pytest >=8\n  - pip:\n    - x\n"
    )
    files = {**PACKAGE, "ci/environment-test.yml": conda}
    inventory = analyze(open_repository(make_repository(tmp_path / "p", files)))
    assert inventory.items("test-needs") == []
    reason = "only an environment of conda names it (ci/environment-test.yml:3)"
    assert inventory.reason("test-needs") == reason


def test_what_no_installer_reads_brings_no_runner(tmp_path: Path) -> None:
    files, _ = NEEDS["setup.cfg"]
    assert facts(tmp_path, files, "test-requirements") == [[]]


def test_django_has_its_tests_in_its_apps_and_a_runner_of_its_own(
    tmp_path: Path,
) -> None:
    workflow = steps("run: python manage.py test --parallel")
    files = {**DJANGO, ".github/workflows/ci.yml": workflow}
    names = ("test-runner", "test-paths", "test-command", "test-selection")
    assert facts(tmp_path, files, *names) == [
        "django",
        ["app/api/tests", "app/core/tests.py"],
        "python manage.py test --parallel",
        [],
    ]


def test_django_is_recognized_by_what_its_tests_import(tmp_path: Path) -> None:
    assert facts(tmp_path, DJANGO, "test-runner") == ["django"]


PYTHONS: dict[str, tuple[Files, list[str]]] = {
    "flow style": (
        with_steps(
            'uses: actions/setup-python@v6\n        with: {python-version: "3.12"}',
            "run: pytest",
        ),
        ["3.12"],
    ),
    "a variable": (
        {
            **PACKAGE,
            ".github/workflows/ci.yml": "env:\n  PYTHON: '3.13'\n"
            + steps(
                "uses: actions/setup-python@v6\n        with:\n"
                "          python-version: ${{ env.PYTHON }}",
                "run: pytest",
            ),
        },
        ["3.13"],
    ),
    "a list": (
        with_steps(
            "uses: actions/setup-python@v6\n        with:\n"
            "          python-version: |\n            3.11\n            3.12",
            "run: pytest",
        ),
        ["3.11", "3.12"],
    ),
    "a container": (
        {
            **PACKAGE,
            ".github/workflows/ci.yml": steps("run: pytest").replace(
                "    steps", "    container: python:3.11-slim\n    steps"
            ),
        },
        ["3.11"],
    ),
    "GitLab": (
        {**PACKAGE, ".gitlab-ci.yml": "image: python:3.12\ntest:\n  script: pytest\n"},
        ["3.12"],
    ),
}


@pytest.mark.parametrize("kind", PYTHONS)
def test_the_python_that_ci_sets_up_is_the_one_that_is_tested(
    tmp_path: Path, kind: str
) -> None:
    files, versions = PYTHONS[kind]
    assert facts(tmp_path, files, "python-versions") == [versions]


def test_a_threshold_for_changes_is_none_for_the_project(tmp_path: Path) -> None:
    script = "run: |\n          diff-cover coverage.xml --fail-under=100"
    assert facts(tmp_path, with_steps(script), "coverage-threshold") == [None]
    other = "run: |\n          coverage report --fail-under=70"
    assert facts(tmp_path / "b", with_steps(other), "coverage-threshold") == [70]


@pytest.mark.parametrize(
    ("step", "unread"),
    [
        ("run: make test\n        working-directory: libs/one", True),
        ("run: ./run-tests.sh", True),
        ("run: pytest tests/test_thing.py -k slow", False),
    ],
)
def test_a_selection_is_taken_over_only_where_every_test_step_is_understood(
    tmp_path: Path, step: str, unread: bool
) -> None:
    files = with_steps("run: pytest -m integration tests", step)
    found, selection = facts(tmp_path, files, "unread-test-step", "test-selection")
    assert (found is not None) is unread
    assert (selection == []) is unread


def test_a_test_step_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    files = with_steps("run: bash scripts/tests.sh")
    inventory = analyze(open_repository(make_repository(tmp_path / "project", files)))
    for name in ("test-command", "test-selection"):
        assert "cannot be read (.github/workflows/ci.yml:6" in inventory.reason(name)


GITLAB = """\
storage:
  script:
    - python -m unittest -k test_storage --verbose
module:
  script:
    - python3 -m unittest tests/test_up.py
everything:
  script:
    - python3 -m unittest discover --verbose
"""
LEGACY_TOX = """\
[tool.tox]
legacy_tox_ini = '''
[testenv]
commands = pytest -q
'''
"""


def test_the_command_is_the_call_that_runs_most_tests(tmp_path: Path) -> None:
    files = {**PACKAGE, "tests/test_thing.py": "import unittest\n"}
    files[".gitlab-ci.yml"] = GITLAB
    [command] = facts(tmp_path, files, "test-command")
    assert command == "python -m unittest discover --verbose"


def test_environments_of_tox_may_be_one_text_in_pyproject(tmp_path: Path) -> None:
    files = {**PACKAGE, "pyproject.toml": f'[project]\nname = "x"\n{LEGACY_TOX}'}
    inventory = analyze(open_repository(make_repository(tmp_path / "project", files)))
    assert inventory.text("test-command") == "pytest -q"
    [task] = inventory.tasks
    assert task.evidence.shown == "pyproject.toml:4"


TEMPLATES: dict[str, tuple[Files, list[str]]] = {
    "cookiecutter": (
        {
            "cookiecutter.json": "{}",
            "{{cookiecutter.slug}}/{{cookiecutter.slug}}/__init__.py": "{% if x %}\n",
            "{{cookiecutter.slug}}/tests/test_it.py": "import {{cookiecutter.slug}}\n",
            "{{cookiecutter.slug}}/setup.py": "from setuptools import setup\nsetup()\n",
            "hooks/post_gen_project.py": "'{{cookiecutter.slug}}'\n",
            "tests/test_bake.py": "def test_bake(cookies): pass\n",
        },
        ["hooks", "{{cookiecutter.slug}}"],
    ),
    "copier": (
        {
            "copier.yml": "_subdirectory: project\n",
            "project/src/{{slug}}/__init__.py.jinja": "",
            "project/tests/test_it.py": "import {{slug}}\n",
            "tests/test_bake.py": "def test_bake(): pass\n",
        },
        ["project"],
    ),
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_what_is_rendered_is_neither_source_nor_test(tmp_path: Path, kind: str) -> None:
    files, templates = TEMPLATES[kind]
    names = ("templates", "source-paths", "test-paths", "packages")
    assert facts(tmp_path, files, *names) == [templates, ["."], ["tests"], {}]


SETUP = {"setup.py": "from setuptools import setup\nsetup(name='thing')\n"}
MODULE: Files = {**SETUP, "thing.py": "", "test.py": "def test_it(): pass\n"}
UNITTEST: Files = {
    **SETUP,
    "thing/__init__.py": "",
    "tests/test_thing.py": "from unittest import TestCase\nclass It(TestCase): pass\n",
}
TOX = "[tox]\nenvlist = py{311,312}-django52, py312-djangomain, docs\n[testenv]\n"
RUNNERS: dict[str, tuple[Files, str, list[str], str]] = {
    "a script of tests, with pytest": (
        {**MODULE, **with_steps("run: coverage run --source=thing test.py"),
         "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-q"\n',
         "tests/test_thing.py": "", "src/thing/__init__.py": ""},
        "pytest", ["test.py", "tests"], "pytest test.py",
    ),
    "a script of tests": (
        {**MODULE, ".github/workflows/ci.yml": steps("run: python test.py -v")},
        "script", ["test.py"], "python test.py -v",
    ),
    "Django as a module": (
        {**UNITTEST, "tox.ini": "[testenv]\ncommands =\n"
         "  coverage run -m django test --settings=tests.settings {posargs}\n"},
        "django", ["tests"], "python -m django test --settings=tests.settings",
    ),
    "another manage.py": (
        {**UNITTEST, "tox.ini": "[testenv]\ncommands = python testmanage.py test -v 2"},
        "django", ["tests"], "python testmanage.py test -v 2",
    ),
    "notebooks": (
        {**SETUP, "thing/__init__.py": "",
         ".github/workflows/ci.yml": steps("run: nbdev_test --n_workers 2")},
        "nbdev", [], "nbdev_test --n_workers 2",
    ),
    "scripts that no runner collects": (
        {"tests/test_names.py": "print(1)\n", "thing.py": ""}, "none", ["tests"], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RUNNERS)
def test_the_runner_is_what_really_runs_the_tests(tmp_path: Path, kind: str) -> None:
    files, runner, paths, command = RUNNERS[kind]
    found = facts(tmp_path, files, "test-runner", "test-paths", "test-command")
    assert found[0] == runner
    assert sorted(found[1] if isinstance(found[1], list) else []) == paths
    assert (found[2] or "") == command


FACTORS = (
    "deps =\n  django52,other: Django>=5.2\n  djangomain: x\n  !docs: six\n  mock\n"
)


def test_conditional_lines_of_tox_are_those_of_its_fullest_environment(
    tmp_path: Path,
) -> None:
    files = {**UNITTEST, "tox.ini": f"{TOX}{FACTORS}commands = python -m unittest\n"}
    assert facts(tmp_path, files, "test-needs") == [["Django>=5.2", "six", "mock"]]


SELECTIONS: dict[str, tuple[Files, list[str]]] = {
    "a word that tox replaces": (
        {**PACKAGE, "tox.ini": "[testenv]\ncommands = pytest {env:ARGS}\n"}, [],
    ),
    "tox with an environment of the job": (
        {**with_steps("run: tox -e ${{ matrix.env }}", "run: pytest tests/one"),
         "tox.ini": "[testenv]\ncommands = pytest {toxinidir}/tests\n"}, [],
    ),
    "tox, and other environments of it": (
        {**with_steps("run: tox", "run: tox -e smoke"),
         "tox.ini": "[testenv]\ncommands = pytest tests/unit\n"
         "[testenv:smoke]\ncommands = pytest tests/smoke\n"},
        ["pytest", "tests/unit"],
    ),
    "a directory of the whole job": (
        {**PACKAGE, ".github/workflows/ci.yml": steps("run: pytest -m fast").replace(
            "    steps:", "    defaults: {run: {working-directory: sub}}\n    steps:"
        )},
        [],
    ),
    "two halves": (
        with_steps("run: pytest -m 'not slow'", "run: pytest -m slow"), [],
    ),
    "two halves with parentheses": (
        with_steps("run: pytest -k 'a or b'", "run: pytest -k 'not (a or b)'"), [],
    ),
    "no two halves": (
        with_steps("run: pytest -m 'not a or b'", "run: pytest -m 'a or b'"),
        ["pytest", "-m", "not a or b"],
    ),
    "what holds the tests": (with_steps("run: pytest --pyargs src tests/"), []),
    "tests of another language": (
        with_steps("run: npm test", "run: pytest -m fast"), ["pytest", "-m", "fast"],
    ),
    "a file that is collected by name only": (
        {**MODULE, "tox.ini": "[testenv]\ncommands = pytest test.py\n"},
        ["pytest", "test.py"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SELECTIONS)
def test_only_a_selection_of_every_run_is_taken_over(tmp_path: Path, kind: str) -> None:
    files, selection = SELECTIONS[kind]
    assert facts(tmp_path, files, "test-selection") == [selection]


PACKAGES: dict[str, tuple[Files, dict[str, str]]] = {
    "maturin": (
        {"pyproject.toml": '[project]\nname = "fast-json"\n[build-system]\n'
         'build-backend = "maturin"\nrequires = []\n'
         '[tool.maturin]\npython-source = "pysrc"\n',
         "pysrc/fast_json/__init__.py": "", "script/x.py": ""},
        {"fast_json": "pysrc/fast_json"},
    ),
    "flit of old": (
        {"pyproject.toml": '[tool.flit.metadata]\nmodule = "old"\n',
         "old/__init__.py": "",
         "core/pyproject.toml": '[project]\nname = "core"\n', "core/core.py": ""},
        {"old": "old"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PACKAGES)
def test_packages_are_those_of_the_build_backend(tmp_path: Path, kind: str) -> None:
    files, packages = PACKAGES[kind]
    assert facts(tmp_path, files, "packages") == [packages]
