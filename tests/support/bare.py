"""An environment that contains only what a test puts into it."""

from __future__ import annotations

import shutil
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

from tests.support.projects import DemoProject, program


def bare_environment(
    project: DemoProject,
    packages: Mapping[str, str] | None = None,
    programs: Mapping[str, str] | None = None,
) -> Path:
    """Give the project a ``.venv`` of its own.

    Args:
        project: the project.
        packages: what seems to be installed: versions by name.
        programs: scripts by name; an empty one is the program of the tests' own
            environment.
    """
    prefix = project.root / ".venv"
    prefix.unlink()
    venv.create(prefix, symlinks=True)
    (site,) = prefix.glob("lib/python*/site-packages")
    # An environment without pytest is not used as the project's.
    (site / "pytest.py").write_text("", encoding="utf-8")
    for name, version in (packages or {}).items():
        install(site, name, version)
    for name, script in (programs or {}).items():
        path = prefix / "bin" / name
        if script:
            program(prefix / "bin", name, script)
        else:
            own = Path(sys.prefix) / "bin" / name
            assert own.exists(), f"the tests need {name} in their environment"
            path.symlink_to(own)
    return site


def install(site: Path, name: str, version: str, **files: str) -> None:
    """Leave the metadata that an installer leaves."""
    directory = site / f"{name.replace('-', '_')}-{version}.dist-info"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (directory / "METADATA").write_text(text, encoding="utf-8")
    for key, content in files.items():
        path = directory / f"{key}.json"
        path.write_text(content, encoding="utf-8")
