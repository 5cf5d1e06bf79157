"""The sdist and the wheel of this run, distinguished from other files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ci_engine.project.output_files import write_text

_DIRECTORY = "dist"
# Beside the directory, so that everything in it can be uploaded.
_LIST = "dist.json"


class _Artifact(msgspec.Struct, frozen=True):
    """A file that a run created."""

    name: str
    sha256: str


def forget_artifacts(reports: Path) -> None:
    """Delete the artifacts of an earlier run, and no other files."""
    for artifact in _listed(reports):
        path = reports / _DIRECTORY / artifact.name
        if path.is_file() and _digest(path) == artifact.sha256:
            path.unlink()
    (reports / _LIST).unlink(missing_ok=True)


def keep_artifacts(reports: Path, files: Iterable[Path]) -> None:
    """Move files into the directory of reports and record them as ours."""
    directory = reports / _DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    artifacts: list[_Artifact] = []
    for file in files:
        artifacts.append(_Artifact(file.name, _digest(file)))
        shutil.move(file, directory / file.name)
    write_text(reports / _LIST, msgspec.json.encode(artifacts).decode() + "\n")


def find_wheel(reports: Path) -> Path | None:
    """Find the wheel of this run, None if there is none."""
    found = [path for path in find_artifacts(reports) if path.suffix == ".whl"]
    return found[0] if found else None


def find_artifacts(reports: Path) -> list[Path]:
    """Find the artifacts of this run that still exist."""
    paths = [reports / _DIRECTORY / item.name for item in _listed(reports)]
    return [path for path in paths if path.is_file()]


def _listed(reports: Path) -> list[_Artifact]:
    try:
        data = (reports / _LIST).read_bytes()
        artifacts = msgspec.json.decode(data, type=list[_Artifact])
    except (OSError, msgspec.DecodeError):
        return []
    # A name is never a path, so that the record cannot point to other directories.
    return [item for item in artifacts if Path(item.name).name == item.name]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
