"""Facts about tests that only a runner, a workflow or a framework states."""

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
    "nothing": (PACKAGE, []),
}


@pytest.mark.parametrize("kind", NEEDS)
def test_what_tests_need_is_read_where_it_stands(tmp_path: Path, kind: str) -> None:
    files, needs = NEEDS[kind]
    assert facts(tmp_path, files, "test-needs") == [needs]


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
