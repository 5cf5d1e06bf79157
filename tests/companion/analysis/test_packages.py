"""Which packages a project has, by the settings of each build backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.kinds import Files

NAMED = '[project]\nname = "thing"\n'
SETUP = "from setuptools import find_packages, setup\n"


def tree(*names: str) -> Files:
    """Files of packages, each with a line of code."""
    return dict.fromkeys(names, "x = 1\n")


TWO = tree("src/one/__init__.py", "src/two/__init__.py", "tools/__init__.py")
FLAT = tree("thing/__init__.py", "thing/inner/__init__.py", "other/__init__.py")

KINDS: dict[str, tuple[str, str, Files, dict[str, str]]] = {
    "hatch": (
        "pyproject.toml",
        f'{NAMED}[tool.hatch.build.targets.wheel]\npackages = ["src/one"]\n',
        TWO,
        {"one": "src/one"},
    ),
    "hatch, a pattern": (
        "pyproject.toml",
        f'{NAMED}[tool.hatch.build]\nonly-include = ["src/*"]\n',
        TWO,
        {"one": "src/one", "two": "src/two"},
    ),
    "hatch, the directory of sources": (
        "pyproject.toml",
        f'{NAMED}[tool.hatch.build.targets.wheel]\nonly-include = ["src"]\n',
        TWO,
        {"one": "src/one", "two": "src/two"},
    ),
    "poetry": (
        "pyproject.toml",
        '[tool.poetry]\nname = "thing"\npackages = [{include = "two", from = "src"}]\n',
        TWO,
        {"two": "src/two"},
    ),
    "flit": (
        "pyproject.toml",
        f'{NAMED}[tool.flit.module]\nname = "other"\n',
        FLAT,
        {"other": "other"},
    ),
    "uv": (
        "pyproject.toml",
        f'{NAMED}[tool.uv.build-backend]\nmodule-name = ["thing", "other"]\n'
        'module-root = ""\n',
        FLAT,
        {"thing": "thing", "other": "other"},
    ),
    "pdm": (
        "pyproject.toml",
        f'{NAMED}[tool.pdm.build]\nincludes = ["thing"]\n',
        FLAT,
        {"thing": "thing"},
    ),
    "maturin": (
        "pyproject.toml",
        f'{NAMED}[tool.maturin]\npython-source = "src"\nmodule-name = "one._core"\n',
        TWO,
        {"one": "src/one"},
    ),
    "setuptools, named": (
        "pyproject.toml",
        f'{NAMED}[tool.setuptools]\npackages = ["thing", "thing.inner"]\n',
        FLAT,
        {"thing": "thing"},
    ),
    "setuptools, modules": (
        "pyproject.toml",
        f'{NAMED}[tool.setuptools]\npy-modules = ["alone"]\n',
        tree("alone.py", "tasks.py"),
        {"alone": "alone.py"},
    ),
    "setuptools, found": (
        "pyproject.toml",
        f"{NAMED}[tool.setuptools.packages.find]\nwhere = ['src']\n"
        "exclude = ['two*']\n",
        TWO,
        {"one": "src/one"},
    ),
    "setuptools, included": (
        "pyproject.toml",
        f'{NAMED}[tool.setuptools.packages.find]\ninclude = ["th*"]\n',
        FLAT,
        {"thing": "thing"},
    ),
    "setup.cfg, found": (
        "setup.cfg",
        "[metadata]\nname = thing\n[options]\npackages = find:\npackage_dir =\n"
        "  = src\n[options.packages.find]\nwhere = src\nexclude =\n  one\n",
        TWO,
        {"two": "src/two"},
    ),
    "setup.cfg, named": (
        "setup.cfg",
        "[metadata]\nname = thing\n[options]\npackages =\n  thing\n  thing.inner\n"
        "py_modules = alone\n",
        {**FLAT, **tree("alone.py")},
        {"thing": "thing", "alone": "alone.py"},
    ),
    "setup.py, found": (
        "setup.py",
        f"{SETUP}setup(name='thing', packages=find_packages('src', exclude=['two']))\n",
        TWO,
        {"one": "src/one"},
    ),
    "setup.py, named": (
        "setup.py",
        f"{SETUP}setup(name='thing', packages=['mine'], py_modules=['alone'],"
        " package_dir={'mine': 'src/two'})\n",
        {**TWO, **tree("alone.py")},
        {"two": "src/two", "alone": "alone.py"},
    ),
    "nothing says so: what lies in src": (
        "pyproject.toml",
        NAMED,
        {**TWO, **tree("src/alone.py", "src/tests/__init__.py")},
        {"one": "src/one", "two": "src/two", "alone": "src/alone.py"},
    ),
    "nothing says so: called like the project": (
        "pyproject.toml",
        '[project]\nname = "tools"\n',
        tree("tools/__init__.py", "tests/__init__.py"),
        {"tools": "tools"},
    ),
    "nothing says so: a package without __init__": (
        "pyproject.toml",
        NAMED,
        tree("thing/a.py", "tests/test_a.py"),
        {"thing": "thing"},
    ),
    "nothing says so: modules": (
        "pyproject.toml",
        NAMED,
        tree("alone.py", "conftest.py", "test_alone.py", "noxfile.py"),
        {"alone": "alone.py"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_packages_of_each_build_backend(kind: str, tmp_path: Path) -> None:
    name, text, files, expected = KINDS[kind]
    root = make_repository(tmp_path, {**files, name: text})
    fact = analyze(open_repository(root)).fact("packages")
    assert fact is not None
    assert fact.value == expected
