"""Find where projects declare the requirements of their tests, without running them."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table, text, texts
from ci_engine.project.extras import read_extras
from ci_engine.project.repository import Project, normalize
from ci_framework.validating.declared_managers import (
    needs_of_hatch,
    needs_of_pdm,
    needs_of_pixi,
    needs_of_poetry,
)
from ci_framework.validating.needs import (
    TEST_NAMES,
    WORK_NAMES,
    Need,
    is_for_tests,
    is_requirement,
)

_MOST_BYTES = 1_000_000


def needs_of(project: Project) -> list[Need]:
    """All declared requirements of the tests, from the usual locations."""
    found = [
        *_extras(project),
        *_groups(project),
        *_requirement_files(project.root),
        *_tox(project),
        *needs_of_hatch(project),
        *needs_of_pdm(project),
        *needs_of_poetry(project),
        *needs_of_pixi(project),
    ]
    return [need for need in found if need.words]


def _extras(project: Project) -> Iterator[Need]:
    """Extras for tests; they are installed together with the project."""
    for name, file in read_extras(project).items():
        kind = is_for_tests(name)
        if kind is not None and project.installable:
            words = ("--editable", f".[{name}]")
            yield Need(words, f"extra {name} in {file}", kind, "extra", name)


def _section(content: str, section: str) -> Table:
    """One section of an INI file; empty if it is missing or unreadable."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(content)
    except configparser.Error:
        return {}
    return dict(parser[section]) if parser.has_section(section) else {}


def _text(path: Path) -> str:
    """A text file of ordinary size, otherwise empty."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _groups(project: Project) -> Iterator[Need]:
    for name, requirements in project.groups.items():
        kind = is_for_tests(name)
        if kind is not None:
            yield Need(requirements, f"dependency group {name}", kind, "group", name)


def _requirement_files(root: Path) -> Iterator[Need]:
    """Files such as requirements-test.txt, dev-requirements.txt, requirements/…."""
    folders = (root, root / "requirements", root / "requirements.d", root / "tests")
    for folder in folders:
        inside = folder not in (root, root / "tests")
        for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
            words = {*re.split(r"[-_.\s]+", path.stem.lower())}
            if not path.is_file() or not (inside or {"requirements", "reqs"} & words):
                continue
            name = path.relative_to(root).as_posix()
            tests = folder.name == "tests" or bool(words & {*TEST_NAMES})
            if tests or words & {*WORK_NAMES}:
                yield Need(("--requirement", name), name, tests, "file", name)


def _tox(project: Project) -> Iterator[Need]:
    """The base environment of tox, without computed values."""
    tool = project.tool("tox")
    locations = {
        "tox.ini": _section(_text(project.root / "tox.ini"), "testenv"),
        "setup.cfg": _section(_text(project.root / "setup.cfg"), "testenv"),
        "pyproject.toml": table(tool, "env_run_base"),
        "legacy_tox_ini": _section(text(tool, "legacy_tox_ini"), "testenv"),
    }
    for location, settings in locations.items():
        because = f"environment of tox in {location}"
        for words in _tox_words(project, settings):
            yield Need(words, because, tests=True)


def _tox_words(project: Project, settings: Table) -> Iterator[tuple[str, ...]]:
    for row in _rows(settings.get("deps")):
        listed = re.fullmatch(r"-r\s*(?:\{tox_?ini_?dir\}/)?([\w./-]+)", row)
        if listed and (project.root / listed.group(1)).is_file():
            yield ("--requirement", listed.group(1))
        elif is_requirement(row):
            yield (row,)
    for row in _rows(settings.get("extras")):
        if project.installable and re.fullmatch(r"[\w.-]+", row):
            yield ("--editable", f".[{row}]")
    for row in _rows(settings.get("dependency_groups")):
        yield project.groups.get(normalize(row), ())


def _rows(value: object) -> list[str]:
    """The entries of a setting, without those for single Pythons or systems."""
    entries = value.splitlines() if isinstance(value, str) else texts(value)
    return [row for row in (entry.strip() for entry in entries) if row]
