"""Small repositories of every kind, as files."""

from __future__ import annotations

from collections.abc import Mapping

Files = Mapping[str, str | bytes]

_TEST = "import pytest\n\n\ndef test_one() -> None:\n    assert pytest\n"

PIXI_PROJECT = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling", "Cython>=3"]
build-backend = "hatchling.build"

[project]
name = "sand-box"
version = "1"
requires-python = ">=3.10"
classifiers = [
    "Programming Language :: Python :: 3.10",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
]

[tool.hatch.build.targets.wheel]
packages = ["sandbox"]

[tool.pixi.project]
channels = ["conda-forge"]
platforms = ["linux-64", "osx-arm64"]

[tool.pixi.dependencies]
python = ">=3.10"
pytest = ">=7"
ruff = "*"

[tool.pixi.tasks]
test = "pytest tests"
lint = "ruff check sandbox"

[tool.pixi.feature.security.pypi-dependencies]
bandit = { version = ">=1.7", extras = ["toml"] }

[tool.pixi.feature.py310.dependencies]
python = "3.10.*"

[tool.pixi.feature.py311.dependencies]
python = "3.11.*"

[tool.pixi.environments]
ci = { features = ["security"] }
py310 = ["py310"]
py311 = { features = ["py311"], solve-group = "py311" }

[tool.ruff.format]
quote-style = "double"
""",
    "pixi.lock": "version: 6\n",
    "sandbox/__init__.py": "",
    "tests/test_one.py": _TEST,
}

PIXI_WORKSPACE = {
    "pyproject.toml": """\
[project]
name = "free"
version = "1"

[tool.pixi.workspace]
channels = ["conda-forge"]
platforms = ["linux-64"]

[tool.pixi.tasks]
lint = "ruff check ."
""",
    "src/free/__init__.py": "",
    "tests/test_one.py": _TEST,
}

PIXI_TOML = {
    "pixi.toml": """\
[workspace]
name = "recipes"
channels = ["conda-forge"]
platforms = ["linux-64", "win-64"]

[dependencies]
python = "3.12.*"

[feature.dev.dependencies]
pytest = "*"

[environments]
dev = ["dev"]
""",
    "scripts/make.py": "print(1)\n",
    "scripts/helper.py": "",
}

UV = {
    "pyproject.toml": """\
[project]
name = "Quick"
version = "1"
requires-python = ">=3.11"

[project.urls]
Repository = "https://github.com/someone/quick/tree/main"

[dependency-groups]
test = ["pytest>=8", "pytest-cov"]
dev = [{ include-group = "test" }, "ruff"]

[tool.uv]
package = true

[tool.mypy]
strict = true
""",
    "uv.lock": "version = 1\n",
    "src/quick/__init__.py": "",
    "tests/test_one.py": _TEST,
}

UV_WORKSPACE = {
    "pyproject.toml": """\
[project]
name = "whole"
version = "1"

[tool.uv.workspace]
members = ["packages/*"]
exclude = ["packages/old"]
""",
    "uv.lock": "version = 1\n",
    "packages/one/pyproject.toml": '[project]\nname = "one"\nversion = "1"\n',
    "packages/one/src/one/__init__.py": "",
    "packages/one/tests/test_one.py": _TEST,
    "packages/two/pyproject.toml": '[project]\nname = "two"\nversion = "1"\n',
    "packages/two/src/two/__init__.py": "",
    "packages/old/pyproject.toml": '[project]\nname = "old"\nversion = "1"\n',
    "examples/demo/pyproject.toml": '[project]\nname = "demo"\nversion = "1"\n',
    "examples/demo/demo/__init__.py": "",
}

POETRY = {
    "pyproject.toml": """\
[tool.poetry]
name = "verse"
version = "1.0"
description = "Lines"
authors = ["Ada Example <ada@example.org>"]
license = "MIT"
repository = "https://github.com/someone/verse"

[tool.poetry.dependencies]
python = "^3.11"

[tool.poetry.group.dev.dependencies]
pytest = "^8"
black = "*"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
""",
    "poetry.lock": "\n",
    "verse/__init__.py": "",
    "tests/test_one.py": _TEST,
    ".pre-commit-config.yaml": """\
repos:
  - repo: https://github.com/psf/black
    rev: 24.1.0
    hooks:
      - id: black
""",
}

PDM = {
    "pyproject.toml": """\
[project]
name = "peddle"
version = "1"
requires-python = ">=3.10"

[tool.pdm.dev-dependencies]
test = ["pytest"]

[tool.pdm.scripts]
test = "pytest -q"
check = { composite = ["lint", "test"] }
lint = { shell = "ruff check ." }
""",
    "src/peddle/__init__.py": "",
    "tests/test_one.py": _TEST,
}

HATCH = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "egg"
dynamic = ["version"]

[tool.hatch.version]
source = "vcs"

[tool.hatch.envs.default]
dependencies = ["pytest"]

[tool.hatch.envs.default.scripts]
unit = "pytest {args:tests}"

[[tool.hatch.envs.test.matrix]]
python = ["3.11", "3.13"]
""",
    "src/egg/__init__.py": "",
    "tests/test_one.py": _TEST,
}

SETUP_CFG = {
    "setup.cfg": """\
[metadata]
name = old_one
version = attr: old_one.__version__
license = Apache-2.0
url = https://github.com/someone/old-one

[options]
packages = find:
python_requires = >=3.9

[options.packages.find]
exclude =
    tests*

[options.extras_require]
testing =
    pytest>=7

[tool:pytest]
testpaths = tests

[coverage:report]
fail_under = 80.5

[flake8]
max-line-length = 100
""",
    "setup.py": "from setuptools import setup\n\nsetup()\n",
    "old_one/__init__.py": "__version__ = '1'\n",
    "tests/test_one.py": _TEST,
}

SETUP_PY = {
    "setup.py": """\
from setuptools import setup, find_packages

VERSION = "0.3"
EXTRA = dict(python_requires=">=3.10", license="BSD-3-Clause")

raise SystemExit("this file is never executed")
setup(
    name="script",
    version=VERSION,
    packages=find_packages(exclude=["tests"]),
    extras_require={"dev": ["pytest"]},
    **EXTRA,
)
""",
    "script/__init__.py": "",
    "test/test_one.py": "import unittest\n",
}

REQUIREMENTS = {
    "requirements.txt": "flask==3.0  # web\n-r other.txt\n",
    "requirements-dev.txt": "pytest>=8\n",
    "app/main.py": "print(1)\n",
    "app/views.py": "",
    "tests/test_main.py": _TEST,
}

CONDA = {
    "environment.yml": """\
name: science
dependencies:
  - python=3.11
  - numpy
  - pip:
      - pytest==8.0
""",
    "pyproject.toml": """\
[build-system]
requires = ["setuptools", "Cython"]
""",
    "setup.py": "from setuptools import setup\nsetup(name='fast', ext_modules=[])\n",
    "fast/__init__.py": "",
    "fast/core.pyx": "",
    "fast/tests/test_core.py": _TEST,
}

JAVASCRIPT = {
    "package.json": """\
{
  "name": "web",
  "scripts": { "test": "jest", "py": "pytest server/tests" }
}
""",
    "index.js": "",
    "server/pyproject.toml": '[project]\nname = "server"\nversion = "1"\n',
    "server/server/__init__.py": "",
    "server/tests/test_one.py": _TEST,
}

NO_ROOT = {
    "README.md": "many\n",
    "one/pyproject.toml": '[project]\nname = "one"\nversion = "1"\n',
    "one/src/one/__init__.py": "",
    "one/tests/test_one.py": _TEST,
    "two/setup.py": "from setuptools import setup\nsetup(name='two')\n",
    "two/two/__init__.py": "",
    "two/test/test_two.py": _TEST,
}

TWO_PACKAGES = {
    "pyproject.toml": """\
[project]
name = "left-right"
version = "1"

[tool.pytest.ini_options]
testpaths = ["tests", "integration"]
addopts = "-x --cov-fail-under=73"
""",
    "left/__init__.py": "",
    "right/__init__.py": "",
    "tests/test_one.py": _TEST,
    "integration/test_two.py": _TEST,
    "examples/demo/pyproject.toml": '[project]\nname = "demo"\n',
    "examples/demo/demo/__init__.py": "",
}

MODULE = {
    "pyproject.toml": """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "single"
dynamic = ["version", "description"]
""",
    "single.py": '"""One."""\n__version__ = "1"\n',
    "test_single.py": _TEST,
}

EMPTY = {"README.md": "nothing yet\n"}

KINDS: Mapping[str, Files] = {
    "pixi-project": PIXI_PROJECT,
    "pixi-workspace": PIXI_WORKSPACE,
    "pixi-toml": PIXI_TOML,
    "uv": UV,
    "uv-workspace": UV_WORKSPACE,
    "poetry": POETRY,
    "pdm": PDM,
    "hatch": HATCH,
    "setup-cfg": SETUP_CFG,
    "setup-py": SETUP_PY,
    "requirements": REQUIREMENTS,
    "conda": CONDA,
    "javascript": JAVASCRIPT,
    "no-root": NO_ROOT,
    "two-packages": TWO_PACKAGES,
    "module": MODULE,
    "empty": EMPTY,
}
