"""Corrections of detected packages in ``ci-framework/project/*.yaml``.

Earlier versions wrote detected entries to these files, each with its fingerprint in a
comment. As long as such an entry is unchanged, it corrects nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.settings import Tier
from ci_engine.configuration.tables import table
from ci_engine.configuration.typed_tables import find_mistakes
from ci_engine.configuration.value_types import StrictTable, Text
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import normalize

_File = TypeVar("_File", bound=msgspec.Struct)

FOLDER = "ci-framework/project"
DETECTION = "package-detection.yaml"
SELECTIVE = "selective-ci.yaml"
CROSS = "cross-package.yaml"
# This file is generated; the others belong to the project.
DETECTED = "detected-packages.yaml"
# The start of a dependency's reason that an earlier version wrote.
_DETECTED_REASON = "found: "
_MARK = re.compile(r"  # detected ([0-9a-f]{8})$")


class PackageDetection(StrictTable, frozen=True):
    """One package.

    Attributes:
        path: its directory.
        import_names: the import names of its code.
        source_paths: its directories with code, relative to its directory.
        test_paths: its directories with tests, likewise.
    """

    path: Text
    import_names: list[Text] | None = None
    source_paths: list[Text] | None = None
    test_paths: list[Text] | None = None


class Because(StrictTable, frozen=True):
    """Why a directory is not a package."""

    because: str = ""


class PackageDetectionFile(StrictTable, frozen=True):
    """``package-detection.yaml``: the packages.

    Attributes:
        exclude: patterns of directories that are not packages.
        include: directories that are packages although they look like examples.
        packages: the packages by name.
        ignored: directories that are not packages.
    """

    exclude: list[Text] = msgspec.field(default_factory=list[Text])
    include: list[Text] = msgspec.field(default_factory=list[Text])
    packages: dict[str, PackageDetection] = msgspec.field(
        default_factory=dict[str, PackageDetection]
    )
    ignored: dict[str, Because] = msgspec.field(default_factory=dict[str, Because])


class SelectiveCi(StrictTable, frozen=True):
    """How one package is checked.

    Attributes:
        tier: its tier; ``inherit`` takes that of the repository.
        environment: ``isolated``, or the name of a pixi environment.
        python: the Python it is tested with; empty = any.
    """

    tier: Literal["inherit"] | Tier = "inherit"
    environment: Text = "isolated"
    python: Annotated[str, msgspec.Meta(pattern=r"^(3\.\d+)?$")] = ""


class SelectiveCiFile(StrictTable, frozen=True):
    """``selective-ci.yaml``: how the packages are checked.

    Attributes:
        packages: the packages by name.
    """

    packages: dict[str, SelectiveCi] = msgspec.field(
        default_factory=dict[str, SelectiveCi]
    )


class CrossPackage(StrictTable, frozen=True):
    """The dependencies of one package on the others.

    Attributes:
        depends_on: additional dependencies, with the reason.
        independent_of: packages that it does not depend on, although detected.
    """

    depends_on: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    independent_of: list[Text] = msgspec.field(default_factory=list[Text])


class CrossPackageFile(StrictTable, frozen=True):
    """``cross-package.yaml``: dependencies between packages.

    Attributes:
        packages: the packages by name.
    """

    packages: dict[str, CrossPackage] = msgspec.field(
        default_factory=dict[str, CrossPackage]
    )


FILES: dict[str, type[msgspec.Struct]] = {
    DETECTION: PackageDetectionFile,
    SELECTIVE: SelectiveCiFile,
    CROSS: CrossPackageFile,
}


class PackageOverrides(msgspec.Struct, frozen=True):
    """The project's corrections of its packages.

    Attributes:
        detection: the added and corrected packages.
        selective: how each package is checked, by normalized name.
        added: the added dependencies, with reasons, by normalized names.
        independent: the removed dependencies, by normalized names.
        files: the names of the files with corrections.
        named: the packages that each of the files names.
    """

    detection: PackageDetectionFile
    selective: dict[str, SelectiveCi]
    added: dict[str, dict[str, str]]
    independent: dict[str, set[str]]
    files: list[str]
    named: dict[str, list[str]]


def read_overrides(root: Path) -> PackageOverrides:
    """Read the files; a missing one corrects nothing."""
    detection = _read(root, DETECTION, PackageDetectionFile)
    selective = _read(root, SELECTIVE, SelectiveCiFile)
    cross = _read(root, CROSS, CrossPackageFile)
    entries = {normalize(name): entry for name, entry in cross.packages.items()}
    return PackageOverrides(
        detection=detection,
        selective={normalize(k): entry for k, entry in selective.packages.items()},
        added={
            name: {
                normalize(other): because or CROSS
                for other, because in entry.depends_on.items()
                if not because.startswith(_DETECTED_REASON)
            }
            for name, entry in entries.items()
        },
        independent={
            name: {normalize(other) for other in entry.independent_of}
            for name, entry in entries.items()
        },
        files=[name for name in FILES if (root / FOLDER / name).is_file()],
        named={SELECTIVE: list(selective.packages), CROSS: list(cross.packages)},
    )


def _read(root: Path, name: str, kind: type[_File]) -> _File:
    path = root / FOLDER / name
    raw = read_yaml(path) if path.is_file() else None
    if raw is None:
        return kind()
    content = read_text(path)
    mistakes = find_mistakes(raw, kind)
    if mistakes:
        lines = [mistake.describe(name, content) for mistake in mistakes]
        raise ConfigurationError(
            "\n".join(lines), hint=f"correct {name} and run it again"
        )
    packages = table(raw, "packages")
    for line in _unchanged(content):
        packages.pop(str(next(iter(table(msgspec.yaml.decode(line))), "")), None)
    return msgspec.convert({**table(raw), "packages": packages}, kind)


def _digest(entry: str) -> str:
    import hashlib  # noqa: PLC0415 - loads OpenSSL, and most files have no entries

    return hashlib.sha256(entry.encode("utf-8", "surrogatepass")).hexdigest()


def _unchanged(content: str) -> Iterator[str]:
    """The first lines of entries that are unchanged since an earlier version."""
    lines = content.splitlines()
    for number, line in enumerate(lines):
        mark = _MARK.search(line)
        if mark is None:
            continue
        below = takewhile(lambda text: text.startswith("    "), lines[number + 1 :])
        entry = "\n".join(text.rstrip() for text in (line[: mark.start()], *below))
        digest = _digest(entry)
        if digest.startswith(mark.group(1)):
            yield line.strip()
