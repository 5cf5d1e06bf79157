"""Recognize dependency files by their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ci_engine.checks.dependencies.conda_locks import read_conda_lock, read_pixi
from ci_engine.checks.dependencies.gathered_packages import Gathered
from ci_engine.checks.dependencies.lock_formats import (
    read_pdm,
    read_pipfile_lock,
    read_poetry,
    read_pylock,
    read_uv,
)


@dataclass(frozen=True)
class LockKind:
    """One kind of lock files.

    Attributes:
        name: its usual file name.
        refresh: the command that updates the lock.
        partial: whether it may lock only a part of the project.
    """

    name: str
    read: Callable[[Path, str], Gathered]
    refresh: str
    partial: bool = False


_PYLOCK = "uv export --format pylock.toml --output-file {name}"
_LOCKS: dict[str, LockKind] = {
    kind.name: kind
    for kind in (
        LockKind("uv.lock", read_uv, "uv lock"),
        LockKind("poetry.lock", read_poetry, "poetry lock"),
        LockKind("pdm.lock", read_pdm, "pdm lock"),
        LockKind("pixi.lock", read_pixi, "pixi lock"),
        LockKind("Pipfile.lock", read_pipfile_lock, "pipenv lock"),
        LockKind("pylock.toml", read_pylock, _PYLOCK),
    )
}
_CONDA_LOCK = LockKind("conda-lock.yml", read_conda_lock, "conda-lock lock")
_NAMED_PYLOCK = LockKind("pylock.*.toml", read_pylock, _PYLOCK, partial=True)
_DIRECTORIES = ("requirements", "reqs", "constraints")
_LISTS = re.compile(
    r"[\w.-]*(?:requirements|requires|constraints)[\w.-]*\.(?:txt|in|pip)"
)
_MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile")
_ENVIRONMENT = re.compile(r"environment[\w.-]*\.ya?ml")
# Files of other languages or tools; the first one in a directory is reported.
_FOREIGN = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "yarn.lock": "npm",
    "pnpm-lock.yaml": "npm",
    "bun.lock": "npm",
    "bun.lockb": "npm",
    "deno.lock": "Deno",
    "package.json": "npm",
    "Cargo.lock": "Rust",
    "Cargo.toml": "Rust",
    "go.sum": "Go",
    "go.mod": "Go",
    "Gemfile.lock": "Ruby",
    "Gemfile": "Ruby",
    "composer.lock": "PHP",
    "composer.json": "PHP",
    "mix.lock": "Elixir",
    "rebar.lock": "Erlang",
    "pubspec.lock": "Dart",
    "Package.resolved": "Swift",
    "Podfile.lock": "CocoaPods",
    "packages.lock.json": "NuGet",
    "packages.config": "NuGet",
    "gradle.lockfile": "Java",
    "build.gradle": "Java",
    "build.gradle.kts": "Java",
    "pom.xml": "Java",
    "build.sbt": "Scala",
    "cabal.project.freeze": "Haskell",
    "stack.yaml.lock": "Haskell",
    "Manifest.toml": "Julia",
    "renv.lock": "R",
    "conan.lock": "C and C++",
    "vcpkg.json": "C and C++",
    "flake.lock": "Nix",
    ".terraform.lock.hcl": "Terraform",
    "Chart.lock": "Helm",
    "MODULE.bazel.lock": "Bazel",
}
_FOREIGN_ORDER = list(_FOREIGN)
_FOREIGN_SUFFIXES = {".csproj": "NuGet", ".gemspec": "Ruby"}


def lock_kind(base: str) -> LockKind | None:
    """The kind of a lock, by its file name."""
    if re.fullmatch(r"(?:[\w.-]+\.)?conda-lock\.ya?ml", base):
        return _CONDA_LOCK
    if re.fullmatch(r"pylock\.[^.]+\.toml", base):
        return _NAMED_PYLOCK
    return _LOCKS.get(base)


def is_requirements(name: str) -> bool:
    """Whether a file contains requirements in pip's format."""
    directory, _, base = name.rpartition("/")
    if _LISTS.fullmatch(base):
        return True
    inside = directory.rpartition("/")[2] in _DIRECTORIES
    return inside and base.endswith((".txt", ".in", ".pip"))


def is_manifest(base: str) -> bool:
    """Whether a file declares the project's requirements."""
    return base in _MANIFESTS or _ENVIRONMENT.fullmatch(base) is not None


def foreign_rank(base: str) -> tuple[int, str] | None:
    """The rank of a file of another language or tool; locks come before manifests."""
    if base in _FOREIGN:
        return _FOREIGN_ORDER.index(base), _FOREIGN[base]
    suffix = Path(base).suffix
    if suffix in _FOREIGN_SUFFIXES:
        return len(_FOREIGN), _FOREIGN_SUFFIXES[suffix]
    if re.fullmatch(r"conda-[\w-]+\.lock", base):
        return len(_FOREIGN), "conda, without names"
    return None
