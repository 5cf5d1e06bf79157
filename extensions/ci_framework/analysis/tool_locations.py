"""Where each tool looks for its configuration, in the order in which it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_engine.configuration.tables import table
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence

__all__ = ["PLACES", "Location", "configured_locations"]


@dataclass(frozen=True)
class Location:
    """A place in which a tool may find its configuration.

    Attributes:
        path: the file.
        keys: the table in a TOML file; ``()`` = the file as a whole.
        sections: sections of an ini file; a ``*`` at the end stands for any rest.
    """

    path: str
    keys: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def _toml(*keys: str) -> Location:
    return Location(PYPROJECT, ("tool", *keys))


def _files(*paths: str) -> tuple[Location, ...]:
    return tuple(Location(path) for path in paths)


# The first place that holds configuration is read, the others are not.
PLACES: Mapping[str, tuple[Location, ...]] = {
    "ruff": (*_files(".ruff.toml", "ruff.toml"), _toml("ruff")),
    "pytest": (
        *_files("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
        _toml("pytest"),
        Location("tox.ini", sections=("pytest",)),
        Location("setup.cfg", sections=("tool:pytest",)),
    ),
    "coverage": (
        *_files(".coveragerc", ".coveragerc.toml"),
        Location("setup.cfg", sections=("coverage:*",)),
        Location("tox.ini", sections=("coverage:*",)),
        _toml("coverage"),
    ),
    "mypy": (
        *_files("mypy.ini", ".mypy.ini"),
        _toml("mypy"),
        Location("setup.cfg", sections=("mypy",)),
    ),
    "pyright": (*_files("pyrightconfig.json"), _toml("pyright")),
    "basedpyright": (*_files("pyrightconfig.json"), _toml("basedpyright")),
    "ty": (*_files("ty.toml"), _toml("ty")),
    "pyrefly": (*_files("pyrefly.toml"), _toml("pyrefly")),
    "pyre": _files(".pyre_configuration"),
    "pytype": (_toml("pytype"), Location("setup.cfg", sections=("pytype",))),
    "flake8": (
        Location("setup.cfg", sections=("flake8", "flake8:*")),
        Location("tox.ini", sections=("flake8", "flake8:*")),
        Location(".flake8", sections=("flake8", "flake8:*")),
        _toml("flake8"),
    ),
    "pylint": (
        *_files("pylintrc", "pylintrc.toml", ".pylintrc", ".pylintrc.toml"),
        _toml("pylint"),
        Location("setup.cfg", sections=("pylint*", "MASTER", "MESSAGES CONTROL")),
        Location("tox.ini", sections=("pylint*",)),
    ),
    "isort": (
        *_files(".isort.cfg"),
        _toml("isort"),
        Location("setup.cfg", sections=("isort", "tool:isort")),
        Location("tox.ini", sections=("isort",)),
    ),
    "black": (_toml("black"),),
    "yapf": (
        *_files(".style.yapf"),
        Location("setup.cfg", sections=("yapf",)),
        _toml("yapf"),
    ),
    "autopep8": (
        Location("setup.cfg", sections=("pep8", "autopep8")),
        Location("tox.ini", sections=("pep8", "autopep8")),
        _toml("autopep8"),
    ),
    "pycodestyle": (
        Location("setup.cfg", sections=("pycodestyle",)),
        Location("tox.ini", sections=("pycodestyle",)),
    ),
    "pydocstyle": (
        Location("setup.cfg", sections=("pydocstyle",)),
        Location("tox.ini", sections=("pydocstyle",)),
        *_files(".pydocstyle", ".pydocstyle.ini", ".pydocstylerc"),
        _toml("pydocstyle"),
    ),
    "bandit": (
        *_files(".bandit", "bandit.yaml", "bandit.yml", ".bandit.yml", ".bandit.yaml"),
        _toml("bandit"),
    ),
    "codespell": (
        Location("setup.cfg", sections=("codespell",)),
        *_files(".codespellrc"),
        _toml("codespell"),
    ),
    "tox": (
        Location("tox.ini", sections=("tox", "testenv*")),
        Location("setup.cfg", sections=("tox:tox", "testenv*")),
        _toml("tox"),
        *_files("tox.toml"),
    ),
    "hatch": (*_files("hatch.toml"), _toml("hatch")),
    "uv": (*_files("uv.toml"), _toml("uv")),
    "pixi": (*_files("pixi.toml"), _toml("pixi")),
    "poetry": (_toml("poetry"),),
    "pdm": (_toml("pdm"),),
    "nox": _files("noxfile.py"),
    "pre-commit": _files(".pre-commit-config.yaml"),
    "prek": _files("prek.toml"),
    "cibuildwheel": (_toml("cibuildwheel"),),
    "commitizen": (
        *_files(".cz.toml", "cz.toml", ".cz.json", "cz.json", ".cz.yaml", "cz.yaml"),
        _toml("commitizen"),
    ),
    "python-semantic-release": (
        *_files("releaserc.toml"),
        _toml("semantic_release"),
    ),
    "bump-my-version": (
        *_files(".bumpversion.toml", ".bumpversion.cfg"),
        _toml("bumpversion"),
        Location("setup.cfg", sections=("bumpversion*",)),
    ),
    "towncrier": (*_files("towncrier.toml"), _toml("towncrier")),
    "setuptools-scm": (_toml("setuptools_scm"),),
    "interrogate": (_toml("interrogate"),),
    "vulture": (_toml("vulture"),),
    "deptry": (_toml("deptry"),),
    "typos": (*_files("typos.toml", "_typos.toml", ".typos.toml"), _toml("typos")),
    "import-linter": (*_files(".importlinter"), _toml("importlinter")),
    "sphinx": _files("docs/conf.py", "doc/conf.py", "docs/source/conf.py"),
    "mkdocs": _files("mkdocs.yml", "mkdocs.yaml"),
    "codecov": _files(
        "codecov.yml", ".codecov.yml", ".github/codecov.yml", "codecov.yaml"
    ),
    "readthedocs": _files(
        ".readthedocs.yaml", ".readthedocs.yml", "readthedocs.yaml", "readthedocs.yml"
    ),
    "asv": _files("asv.conf.json", "asv_bench/asv.conf.json"),
    "detect-secrets": _files(".secrets.baseline"),
    "gitleaks": _files(".gitleaks.toml"),
}


def configured_locations(survey: Survey, tool: str) -> Iterator[Evidence]:
    """The places that hold configuration of a tool; the first is in force."""
    for location in PLACES.get(tool, ()):
        if survey.has(location.path):
            line = _line(survey, location)
            if line is not None:
                yield Evidence(path=location.path, line=line)


def _line(survey: Survey, location: Location) -> int | None:
    """Where the configuration starts in a file, None if it has none."""
    if location.sections:
        return _section_line(survey, location)
    if not location.keys:
        return 0
    holder = table(survey.documents.toml(location.path), *location.keys[:-1])
    if location.keys[-1] not in holder:
        return None
    return survey.documents.location(location.path, *location.keys).line


def _section_line(survey: Survey, location: Location) -> int | None:
    ini = survey.documents.ini(location.path)
    lines = [
        ini.lines[name]
        for name in ini.sections
        for wanted in location.sections
        if name == wanted or (wanted.endswith("*") and name.startswith(wanted[:-1]))
    ]
    return min(lines) if lines else None
