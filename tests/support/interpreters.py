"""The interpreters on this machine, looked for once in each process of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.tools import find_tool, missing

SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
_ASKED = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"


@cache
def find_python(version: str) -> Path | None:
    """An installed interpreter of a minor version that really starts."""
    for candidate in _candidates(version):
        command = [candidate, "-I", "-c", _ASKED]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            continue
        minor, _, executable = done.stdout.strip().partition(" ")
        if minor == version:
            return Path(executable).resolve()
    return None


def _candidates(version: str) -> Iterator[str]:
    """What may be one: on the path, of pyenv, and last, since it is slow, of uv."""
    name = f"python{version}"
    if found := shutil.which(name):
        yield found
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from map(str, versions.glob(f"{version}.*/bin/{name}"))
    if uv := find_tool("uv"):
        command = [str(uv), "python", "find", "--no-python-downloads", "--no-project"]
        done = subprocess.run(
            [*command, version], capture_output=True, text=True, check=False
        )
        if found := done.stdout.strip():
            yield found


def need_python(version: str) -> Path:
    """An interpreter of a minor version; without it the test is skipped."""
    found = find_python(version)
    if found is None:
        pytest.skip(f"Python {version} is not installed")
    return found


def installed_pythons() -> dict[str, Path]:
    """The interpreters of all supported versions, by minor version."""
    found = {version: find_python(version) for version in SUPPORTED}
    return {version: python for version, python in found.items() if python}


def two_pythons() -> tuple[str, str]:
    """Two minor versions to run a matrix with."""
    found = list(installed_pythons())
    if len(found) < 2:
        missing(f"a second Python beside {', '.join(found) or 'none'}")
    return found[0], found[1]
