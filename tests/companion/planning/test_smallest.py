"""The smallest adoption is the gate alone, whatever kind of repository it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.planning.build import PlanRequest, build_plan
from ci_framework.repository import open_repository
from tests.support.adoption_scenes import PROJECT, make_project
from tests.support.kinds import PIXI_PROJECT

Files = Mapping[str, str | bytes]
# One more comes with the first validation if something is red: the baseline.
MOST = 12 - 1
TESTS = {"tests/test_a.py": "def test_a():\n    import pytest\n"}
NAMED = "[project]\nname = 'a'\nversion = '1'\n"
TOX: Files = {
    "setup.py": "from setuptools import setup\nsetup(name='a', packages=['a'])\n",
    "tox.ini": "[testenv]\ndeps =\n  pytest>=7\n  -r more.txt\ncommands = pytest\n",
    "requirements.txt": "attrs\n",
    "more.txt": "idna\n",
    "a/__init__.py": "",
    **TESTS,
}
PACKAGE = {
    f"{name}/pyproject.toml": NAMED.replace("'a'", f"'{name}'") for name in "bc"
} | {f"{name}/src/{name}/__init__.py": "" for name in "bc"}
KINDS: dict[str, Files] = {
    "a library": PROJECT,
    "needs that only tox names": TOX,
    "needs beside names that are taken": {
        **TOX,
        ".github/workflows/python-ci.yml": "on: push\njobs: {}\n",
        ".github/dependabot.yml": "version: 2\nupdates: []\n",
        ".pre-commit-config.yaml": "repos: []\n",
        "pyproject.toml": "[tool.black]\n",
    },
    "pixi": PIXI_PROJECT,
    "pixi.toml": {
        "pixi.toml": "[workspace]\nchannels = []\nplatforms = ['linux-64']\n",
        "pyproject.toml": NAMED,
        "a/__init__.py": "",
        **TESTS,
    },
    "poetry": {
        "pyproject.toml": "[tool.poetry]\nname = 'a'\nversion = '1'\n",
        "poetry.lock": "",
        "a/__init__.py": "",
        **TESTS,
    },
    "a monorepo": {**PACKAGE, "tox.ini": TOX["tox.ini"], "more.txt": "idna\n"},
    "Django": {
        "manage.py": "import django.core.management\n",
        "requirements.txt": "django\n",
        "app/models.py": "from django.db import models\n",
        "app/tests.py": "from django.test import TestCase\n",
    },
    "a template": {
        "cookiecutter.json": "{}\n",
        "tox.ini": TOX["tox.ini"],
        "more.txt": "idna\n",
        "{{cookiecutter.a}}/a.py": "",
        "test-requirements.txt": "pytest\n",
        **TESTS,
    },
    "a server": {
        "pyproject.toml": f"{NAMED}dependencies = ['mcp']\n"
        "[project.scripts]\na = 'a.server:main'\n",
        "a/server.py": "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('a')\n",
        **TESTS,
    },
    "scripts": {"run.py": "print(1)\n"},
}


FIRST = "needs that only tox names"
HEAVY = [pytest.param(kind, marks=pytest.mark.heavy) for kind in KINDS if kind != FIRST]


@pytest.mark.heavy
@pytest.mark.parametrize("kind", [FIRST, *HEAVY])
def test_the_smallest_adoption_is_the_gate_and_nothing_else(
    tmp_path: Path, releases: Path, kind: str
) -> None:
    path = make_project(tmp_path / "p", KINDS[kind])
    request = PlanRequest(
        template=str(releases),
        ref="v2.0.0",
        answers={"quality_tier": "full"},
        smallest=True,
    )
    built = build_plan(open_repository(path), request)
    written = sorted({change.path for change in built.changes})
    assert len(written) <= MOST, written
    workflows = [name for name in written if name.startswith(".github/workf")]
    assert len(workflows) == 1
    needs = {"ci-framework/project/test-requirements.txt"} & {*written}
    assert bool(needs) is (kind in (FIRST, "needs beside names that are taken"))
    assert built.plan.answers["quality_tier"] == "full"
    assert built.plan.answers["update_bot"] == "none"
