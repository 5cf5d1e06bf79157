"""Recognize changes in settings files that cannot affect tests.

``pyproject.toml`` and ``setup.cfg`` contain settings that affect every test, and
others that only linters, documentation and package indexes read.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence

import msgspec

from ci_engine.changes.diff import Change, contents_before
from ci_engine.changes.unread_tables import is_unread
from ci_engine.configuration.loading import Configuration
from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_engine.project.repository import Project
from ci_engine.test_selection.repository_files import Files

# Keys that describe the project to people, or configure tools that run no test.
_DESCRIPTIONS = frozenset(
    {"description", "authors", "maintainers", "keywords", "classifiers", "urls"}
    | {"license", "license-files", "readme", "long_description", "url", "author"}
)
_TOOLS = frozenset(
    {"autoflake", "bandit", "basedpyright", "black", "bumpversion", "bumpver"}
    | {"check-manifest", "check-wheel-contents", "cibuildwheel", "codespell"}
    | {"commitizen", "coverage", "cruft", "deptry", "djlint", "docformatter"}
    | {"doc8", "flake8", "git-cliff", "interrogate", "isort", "mypy", "numpydoc"}
    | {"pycodestyle", "pydocstyle", "pydoclint", "pylint", "pyright", "pyroma"}
    | {"pyupgrade", "refurb", "repo-review", "rstcheck", "ruff", "scriv"}
    | {"semantic_release", "sqlfluff", "tbump", "towncrier", "ty", "pyrefly"}
    | {"typos", "validate-pyproject-schema-store", "vulture", "yapf", "zest.releaser"}
)
# What no check reads either: other sections are settings of linters.
ONLY_TOX = "only settings of tox changed, and tox does not run the tests here"
_FILES = ("pyproject.toml", "setup.cfg", "tox.ini")
_PYTEST = re.compile(rb"^\[(?:tool:)?pytest\]", re.MULTILINE)


def quiet_changes(
    project: Project, configuration: Configuration, changes: Sequence[Change]
) -> dict[str, str]:
    """The changed settings files that cannot affect tests, with the reason."""
    wanted = [c for c in changes if c.path.rpartition("/")[2] in _FILES]
    before = contents_before(project.root, wanted)
    command = str(configuration.settings.command_of("test"))
    files = Files.of(project)
    found: dict[str, str] = {}
    for path, old in before.items():
        try:
            new = (project.root / path).read_bytes()
        except OSError:
            continue
        because = _quiet(path.rpartition("/")[2], old, new, command, files)
        if because:
            found[path] = because
    return found


def _quiet(name: str, old: bytes, new: bytes, command: str, files: Files) -> str:
    if name == "tox.ini":
        matters = "tox" in command or _PYTEST.search(old) or _PYTEST.search(new)
        if matters:
            return ""
        sections = _changed_sections(old, new)
        own = sections and all(name.startswith(("tox", "testenv")) for name in sections)
        return ONLY_TOX if own else "tox does not run the tests here"
    changed = _changed_tables(old, new) if name == "pyproject.toml" else None
    changed = _changed_sections(old, new) if name == "setup.cfg" else changed
    if changed is None:
        return ""
    for key in changed:
        where, _, tool = key.partition(".")
        unread = name == "pyproject.toml" and where == "tool" and tool not in command
        if not (_is_quiet(key) or (unread and is_unread(tool, files))):
            return ""
    names = ", ".join(sorted(changed)) or "the layout"
    return f"only {names} changed, which no test depends on"


def _is_quiet(name: str) -> bool:
    where, _, key = name.partition(".")
    if where == "tool":
        return key in _TOOLS
    return where in ("project", "metadata") and key in _DESCRIPTIONS


def _changed_tables(old: bytes, new: bytes) -> set[str] | None:
    """The keys that differ, such as ``project.urls``; None if one is not TOML."""
    try:
        before, after = (msgspec.toml.decode(text, type=Table) for text in (old, new))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return _different(before, after)


def _changed_sections(old: bytes, new: bytes) -> set[str] | None:
    """The same for ``setup.cfg``, which has a section for each tool."""
    parsed: list[Mapping[str, object]] = []
    for text in (old, new):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(text.decode("utf-8-sig"))
        except (UnicodeDecodeError, configparser.Error):
            return None
        sections: dict[str, object] = {"tool": {}}
        tools: dict[str, object] = {}
        for section in parser.sections():
            plain = section.removeprefix("tool:").split(":")[0].split("-")[0]
            if plain in _TOOLS:
                tools[f"{plain}"] = {
                    **table(tools, plain),
                    section: dict(parser[section]),
                }
            else:
                sections[section] = dict(parser[section])
        parsed.append({**sections, "tool": tools})
    return _different(*parsed)


def _different(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        first, second = table(old), table(new)
        keys = {
            k for k in first.keys() | second.keys() if first.get(k) != second.get(k)
        }
        found |= {f"{name}.{key}" for key in keys} or {name}
    return found
