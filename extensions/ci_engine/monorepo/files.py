"""``ci-framework/project/*.yaml``: what a person says about the packages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from ci_engine.configuration.reading import read_text, read_yaml
from ci_engine.configuration.settings import Tier
from ci_engine.configuration.typed_tables import find_mistakes
from ci_engine.errors import ConfigurationError

__all__ = [
    "CROSS",
    "DETECTION",
    "FILES",
    "FOLDER",
    "FOUND",
    "SELECTIVE",
    "CrossPackage",
    "CrossPackageFile",
    "PackageDetection",
    "PackageDetectionFile",
    "SelectiveCi",
    "SelectiveCiFile",
    "read_file",
]

_File = TypeVar("_File", bound=msgspec.Struct)
_Text = Annotated[str, msgspec.Meta(min_length=1)]

FOLDER = "ci-framework/project"
DETECTION = "package-detection.yaml"
SELECTIVE = "selective-ci.yaml"
CROSS = "cross-package.yaml"
# What the reason of a dependency starts with that nobody but the engine wrote down.
FOUND = "found: "


class _Table(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="kebab",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """A table: keys in kebab-case, none but the listed ones."""


class PackageDetection(_Table, frozen=True, kw_only=True):
    """One package.

    Attributes:
        path: its directory.
        import_names: what its code is imported by.
        source_paths: its directories with code, seen from its directory.
        test_paths: its directories with tests, likewise.
    """

    path: _Text
    import_names: list[_Text] | None = None
    source_paths: list[_Text] | None = None
    test_paths: list[_Text] | None = None


class Because(_Table, frozen=True, kw_only=True):
    """Why a directory is not taken for a package."""

    because: str = ""


class PackageDetectionFile(_Table, frozen=True, kw_only=True):
    """``package-detection.yaml``: the packages.

    Attributes:
        exclude: patterns of directories that are no packages.
        include: directories that are, although they look like examples and the like.
        packages: the packages by name.
        ignored: what was not taken for one.
    """

    exclude: list[_Text] = msgspec.field(default_factory=list[_Text])
    include: list[_Text] = msgspec.field(default_factory=list[_Text])
    packages: dict[str, PackageDetection] = msgspec.field(
        default_factory=dict[str, PackageDetection]
    )
    ignored: dict[str, Because] = msgspec.field(default_factory=dict[str, Because])


class SelectiveCi(_Table, frozen=True, kw_only=True):
    """How one package is checked.

    Attributes:
        tier: its tier; ``inherit`` takes that of the repository.
        environment: ``isolated``, or the name of a pixi environment.
        python: the Python it is tested with; empty = any.
    """

    tier: Literal["inherit"] | Tier = "inherit"
    environment: _Text = "isolated"
    python: Annotated[str, msgspec.Meta(pattern=r"^(3\.\d+)?$")] = ""


class SelectiveCiFile(_Table, frozen=True, kw_only=True):
    """``selective-ci.yaml``: how the packages are checked.

    Attributes:
        packages: the packages by name.
    """

    packages: dict[str, SelectiveCi] = msgspec.field(
        default_factory=dict[str, SelectiveCi]
    )


class CrossPackage(_Table, frozen=True, kw_only=True):
    """What one package needs of the others.

    Attributes:
        depends_on: the packages it needs, with the reason; what is found is added.
        independent_of: packages that it seems to need and does not.
    """

    depends_on: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    independent_of: list[_Text] = msgspec.field(default_factory=list[_Text])


class CrossPackageFile(_Table, frozen=True, kw_only=True):
    """``cross-package.yaml``: which package needs which.

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


def directory(root: Path) -> Path:
    """Where the files are."""
    return root / FOLDER


def read_file(root: Path, name: str, kind: type[_File]) -> _File:
    """Read one of the files; one that is not there says nothing.

    Raises:
        ConfigurationError: naming every mistake in it.
    """
    path = directory(root) / name
    if not path.is_file():
        return kind()
    return parse_file(path, read_yaml(path), kind)


def parse_file(path: Path, raw: object, kind: type[_File]) -> _File:
    """Check what a file holds.

    Raises:
        ConfigurationError: naming every mistake in it.
    """
    raw = {} if raw is None else raw
    mistakes = find_mistakes(raw, kind)
    if mistakes:
        text = read_text(path)
        lines = [mistake.describe(path.name, text) for mistake in mistakes]
        raise ConfigurationError(
            "\n".join(lines), hint=f"correct {path.name} and run it again"
        )
    return msgspec.convert(raw, kind)
