"""Facts that one file decides: versions, identity, and what surrounds the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.inventory import Value
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import Files
from tests.support.programs import run

NAMED = '[project]\nname = "thing"\n'
POETRY = '[tool.poetry]\nname = "thing"\nversion = "1"\n'
WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: pytest
"""
RULESET = """\
{"rules": [{"type": "required_status_checks", "parameters": {
  "required_status_checks": [{"context": "lint"}, {"context": "test"}]}}]}
"""
SETTINGS = """\
branches:
  - name: main
    protection: {required_status_checks: {contexts: [build, docs]}}
"""

VERSIONS_OF_PYTHON: dict[str, tuple[Files, list[str]]] = {
    "tox": (
        {"tox.ini": "[tox]\nenvlist = py39, py{310,311}-{a,b}, lint, pypy3\n"},
        ["3.9", "3.10", "3.11"],
    ),
    "tox range": (
        {"tox.ini": "[tox]\nenvlist = py3{11-13}\n"},
        ["3.11", "3.12", "3.13"],
    ),
    "tox dots": ({"tox.ini": "[tox]\nenv_list =\n  3.12\n  3.13\n"}, ["3.12", "3.13"]),
    "tox in setup.cfg": ({"setup.cfg": "[tox:tox]\nenvlist = py311\n"}, ["3.11"]),
    "tox.toml": ({"tox.toml": 'env_list = ["py312", "type"]\n'}, ["3.12"]),
    "tox in pyproject": (
        {"pyproject.toml": f'{NAMED}[tool.tox]\nenv_list = ["3.13", "3.14"]\n'},
        ["3.13", "3.14"],
    ),
    "tox as text in pyproject": (
        {
            "pyproject.toml": f'{NAMED}[tool.tox]\nlegacy_tox_ini = """\n[tox]\n'
            'envlist = py310,py312\n"""\n'
        },
        ["3.10", "3.12"],
    ),
    "nox": (
        {
            "noxfile.py": "import nox\n\n@nox.session(python=['3.11', '3.13'])\n"
            "def tests(session):\n    session.run('pytest')\n"
        },
        ["3.11", "3.13"],
    ),
    "nox without versions": (
        {
            "noxfile.py": "from nox import session\n\n@session\ndef tests(s):\n"
            "    s.run('pytest')\n\ndef helper():\n    pass\n",
            ".python-version": "3.12.4\n",
        },
        ["3.12"],
    ),
    "hatch matrix": (
        {
            "pyproject.toml": f"{NAMED}[tool.hatch.envs.test]\n"
            '[[tool.hatch.envs.test.matrix]]\npython = ["3.11", "3.12", "pypy3.10"]\n'
        },
        ["3.11", "3.12"],
    ),
    "hatch.toml": (
        {"hatch.toml": '[envs.test]\n[[envs.test.matrix]]\npython = ["3.13"]\n'},
        ["3.13"],
    ),
    "runtime.txt": ({"runtime.txt": "python-3.12.1\n"}, ["3.12"]),
    "conda": ({"environment.yml": "dependencies:\n- python=3.11\n"}, ["3.11"]),
    "classifiers": (
        {
            "pyproject.toml": f"{NAMED}classifiers = [\n"
            '"Programming Language :: Python :: 3.12",\n'
            '"Programming Language :: Python :: 3 :: Only",\n'
            '"Programming Language :: Python :: 3.13"]\n'
        },
        ["3.12", "3.13"],
    ),
    "a matrix and what is admitted": (
        {
            "pyproject.toml": f'{NAMED}requires-python = ">=3.12"\n',
            ".github/workflows/ci.yml": WORKFLOW.replace(
                "    steps",
                "    strategy: {matrix: {python: [cp311, 'py3.12', 3.13-dev, 3.14]}}\n"
                "    steps",
            ),
        },
        ["3.12", "3.14"],
    ),
    "a step": (
        {
            ".github/workflows/ci.yml": WORKFLOW.replace(
                "      - run",
                "      - uses: actions/setup-python@v6\n        with:\n"
                "          python-version: '3.13'\n      - run",
            )
        },
        ["3.13"],
    ),
}


def values_of(path: Path, files: Files, *names: str) -> dict[str, Value]:
    inventory = analyze(open_repository(make_repository(path, files)))
    assert inventory.unreadable == []
    facts = {name: inventory.fact(name) for name in names}
    return {name: fact.value if fact else None for name, fact in facts.items()}


@pytest.mark.parametrize("kind", VERSIONS_OF_PYTHON)
def test_the_versions_of_python_that_are_tested(kind: str, tmp_path: Path) -> None:
    files, expected = VERSIONS_OF_PYTHON[kind]
    found = values_of(tmp_path, files, "python-versions")
    assert found == {"python-versions": expected}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("^3.11", ">=3.11,<4.0"),
        ("~3.12", ">=3.12,<3.13"),
        ("3.13", "==3.13.*"),
        (">=3.11,<3.14", ">=3.11,<3.14"),
        ("*", None),
    ],
)
def test_ranges_of_poetry(written: str, expected: Value, tmp_path: Path) -> None:
    text = f'{POETRY}[tool.poetry.dependencies]\npython = "{written}"\n'
    found = values_of(tmp_path, {"pyproject.toml": text}, "requires-python")
    assert found["requires-python"] == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": f'{NAMED}version = "1"\n'}, "metadata"),
        ({"pyproject.toml": POETRY}, "metadata"),
        (
            {"pyproject.toml": f"{POETRY}[tool.poetry-dynamic-versioning]\nx = 1\n"},
            "vcs",
        ),
        ({"pyproject.toml": '[tool.hatch.version]\nsource = "vcs"\n'}, "vcs"),
        ({"pyproject.toml": '[tool.hatch.version]\npath = "a.py"\n'}, "a.py"),
        ({"pyproject.toml": '[tool.pdm.version]\nsource = "scm"\n'}, "vcs"),
        ({"pyproject.toml": '[tool.pdm.version]\npath = "b.py"\n'}, "b.py"),
        ({"pyproject.toml": "[tool.setuptools_scm]\n"}, "vcs"),
        (
            {"pyproject.toml": '[tool.setuptools.dynamic]\nversion = {attr = "a.b"}\n'},
            "a.b",
        ),
        (
            {"setup.cfg": "[metadata]\nversion = attr: a.__version__\n"},
            "attr: a.__version__",
        ),
        (
            {"setup.py": "from setuptools import setup\nsetup(use_scm_version=True)\n"},
            "vcs",
        ),
        ({"pyproject.toml": f'{NAMED}dynamic = ["version"]\n'}, "dynamic"),
        ({"README.md": "x"}, None),
    ],
)
def test_where_the_version_comes_from(
    files: Files, expected: Value, tmp_path: Path
) -> None:
    assert values_of(tmp_path, files, "version-source") == {"version-source": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('license = "MIT"', "MIT"),
        ('license = {text = "The MIT License"}', "The MIT License"),
        ('license = {text = "Apache License 2.0"}', "Apache-2.0"),
        ('license = "New BSD License"', "BSD-3-Clause"),
        ('license = "Apache-2.0 OR MIT"', "Apache-2.0 OR MIT"),
        ('classifiers = ["License :: OSI Approved :: MIT License"]', "MIT"),
        ('classifiers = ["License :: Other"]', None),
    ],
)
def test_licenses(text: str, expected: Value, tmp_path: Path) -> None:
    files = {"pyproject.toml": f"{NAMED}{text}\n"}
    assert values_of(tmp_path, files, "license") == {"license": expected}


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@github.com:someone/thing.git", "https://github.com/someone/thing"),
        ("ssh://git@example.org:2222/a/thing", "https://example.org/a/thing"),
        ("C:/work/thing", None),
        ("/srv/git/thing.git", None),
        ("https://[broken/a", None),
    ],
)
def test_addresses_of_remotes(remote: str, expected: Value, tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"README.md": "x"})
    run("git", "remote", "add", "origin", remote, cwd=root)
    fact = analyze(open_repository(root)).fact("repository-url")
    assert fact is not None
    assert fact.value == expected


SURROUNDINGS: dict[str, tuple[Files, dict[str, Value]]] = {
    "another template": (
        {".copier-answers.yml": "_src_path: gh:someone/template\n_commit: v1\n"},
        {"other-template": "gh:someone/template", "framework": None},
    ),
    "this framework": (
        {
            ".copier-answers.ci.yml": "_commit: v2.0.0\n"
            "_src_path: https://github.com/MementoRC/ci-framework\n",
            "pyproject.toml": '[tool.ci-framework]\nversion = "2"\n',
        },
        {
            "framework": "adopted at v2.0.0, settings of version 2",
            "other-template": None,
        },
    ),
    "only its workflows": (
        {
            ".github/workflows/ci.yml": "on: push\njobs:\n  ci:\n"
            "    uses: MementoRC/ci-framework/.github/workflows/ci.yml@v1\n"
        },
        {"framework": "calls MementoRC/ci-framework/.github/workflows/ci.yml@v1"},
    ),
    "cruft": (
        {".cruft.json": '{"template": "https://example.org/t"}'},
        {"other-template": "https://example.org/t"},
    ),
    "mkdocs": ({"mkdocs.yml": "site_name: x\n"}, {"docs-tool": "mkdocs"}),
    "a required docs tool": (
        {"requirements-docs.txt": "pdoc>=14\n"},
        {"docs-tool": "pdoc"},
    ),
    "zensical reads the file of mkdocs": (
        {"mkdocs.yml": "site_name: x\n", "requirements-docs.txt": "zensical\n"},
        {"docs-tool": "zensical"},
    ),
    "no docs": ({"README.md": "x"}, {"docs-tool": "none", "release-tool": "none"}),
    "semantic release": (
        {"pyproject.toml": "[tool.semantic_release]\nbranch = 'main'\n"},
        {"release-tool": "python-semantic-release"},
    ),
    "both bots": (
        {
            ".github/dependabot.yml": "updates:\n- package-ecosystem: pip\n"
            "  directories: [/, /docs]\n- package-ecosystem: npm\n  directory: /web\n",
            "renovate.json": "{}",
        },
        {
            "update-bot": "dependabot, renovate",
            "dependabot-ecosystems": ["pip /", "pip /docs", "npm /web"],
        },
    ),
    "required checks of a ruleset": (
        {".github/rulesets/main.json": RULESET},
        {"required-checks": ["lint", "test"]},
    ),
    "required checks of the settings app": (
        {".github/settings.yml": SETTINGS},
        {"required-checks": ["build", "docs"]},
    ),
    "required checks of mergify": (
        {
            ".mergify.yml": "queue_rules:\n- name: a\n  queue_conditions:\n"
            "  - check-success=test\n"
        },
        {"required-checks": ["test"]},
    ),
    "other CI": (
        {".gitlab-ci.yml": "test: {script: pytest}\n"},
        {"other-ci": ["GitLab CI"]},
    ),
}


@pytest.mark.parametrize("kind", SURROUNDINGS)
def test_what_surrounds_the_code(kind: str, tmp_path: Path) -> None:
    files, expected = SURROUNDINGS[kind]
    assert values_of(tmp_path, files, *expected) == expected
