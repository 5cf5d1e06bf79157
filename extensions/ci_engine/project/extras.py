"""The extras that a project declares, wherever its build backend reads them."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.configuration.tables import table
from ci_engine.project.repository import Project
from ci_engine.project.setup_files import EXTRA, read_setup_cfg, read_setup_py

_READERS = {"setup.cfg": read_setup_cfg, "setup.py": read_setup_py}


def read_extras(project: Project) -> dict[str, str]:
    """The names of the extras as written, each with the file that declares it."""
    found: dict[str, str] = {}
    for name, file in _declared(project):
        found.setdefault(name, file)
    return found


def _declared(project: Project) -> Iterator[tuple[str, str]]:
    for keys in (("project", "optional-dependencies"), ("tool", "poetry", "extras")):
        for name in table(project.pyproject, *keys):
            yield name, "pyproject.toml"
    for file, read in _READERS.items():
        path = project.root / file
        text = path.read_text("utf-8-sig", "replace") if path.is_file() else ""
        facts = read(text) if text else None
        for key in facts.requires if facts else ():
            if key.startswith(EXTRA):
                yield key.removeprefix(EXTRA), file
