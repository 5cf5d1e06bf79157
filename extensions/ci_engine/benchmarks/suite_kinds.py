"""Detect the kinds of suites on a side: pytest, asv and pyperf."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

_ASV_FILE = "asv.conf.json"
_ASV_DIRECTORY = "benchmarks"
# asv reads JSON with comments and trailing commas; strings may contain both.
_TOKENS = re.compile(
    r'(?P<text>"(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=\s*(?://[^\n]*\s*)*[}\]])',
    re.DOTALL,
)
_PYPERF = re.compile(r"^[ \t]*(import|from)[ \t]+pyperf\b", re.MULTILINE)
_LONGEST_SETTINGS = 20_000
_TEST_FILES = ("test_*.py", "*_test.py")


class _AsvSettings(msgspec.Struct, frozen=True):
    benchmark_dir: str = _ASV_DIRECTORY


@dataclass(frozen=True)
class SuiteKinds:
    """The suites of a side, relative to its worktree.

    Attributes:
        pytest: files and directories in which pytest looks for benchmarks.
        asv: directories with benchmarks for asv.
        pyperf: scripts that run pyperf.
    """

    pytest: tuple[str, ...] = ()
    asv: tuple[str, ...] = ()
    pyperf: tuple[str, ...] = ()

    @property
    def only_others(self) -> bool:
        """Whether there are suites, but none for pytest."""
        return bool(self.asv or self.pyperf) and not self.pytest


def find_kinds(root: Path, paths: Sequence[str]) -> SuiteKinds:
    """Detect the kinds of suites in the configured paths of a side."""
    asv = tuple(dict.fromkeys(_asv_directories(root, paths)))
    pyperf = tuple(dict.fromkeys(_pyperf_scripts(root, paths, asv)))
    own = [path for path in paths if _has_tests(root / path)]
    others = [
        path
        for path in paths
        if path not in own
        and path not in asv
        and path not in pyperf
        # Everything below it may be scripts, or benchmarks of other kinds.
        and not any(each.startswith(f"{path}/") for each in (*asv, *pyperf))
    ]
    return SuiteKinds((*own, *others), asv, pyperf)


def _has_tests(path: Path) -> bool:
    if path.is_file():
        return any(path.match(pattern) for pattern in _TEST_FILES)
    return any(next(path.rglob(pattern), None) for pattern in _TEST_FILES)


def _asv_directories(root: Path, paths: Sequence[str]) -> Iterator[str]:
    whole = _asv_directory(root, "")
    for path in paths:
        inner = _asv_directory(root, path)
        if inner:
            yield inner
        elif whole and _overlap(whole, path):
            yield whole


def _asv_directory(root: Path, path: str) -> str:
    """The directory that an asv.conf.json names; empty if there is none."""
    file = root / path / _ASV_FILE
    if not file.is_file():
        return ""
    text = file.read_text(encoding="utf-8", errors="replace")
    # Longer files would take long, and were not written for asv.
    plain = _TOKENS.sub(lambda found: found["text"] or "", text[:_LONGEST_SETTINGS])
    try:
        named = msgspec.json.decode(plain, type=_AsvSettings).benchmark_dir
    except msgspec.DecodeError:
        named = _ASV_DIRECTORY
    directory = (file.parent / named).resolve()
    if not directory.is_dir() or not directory.is_relative_to(root.resolve()):
        return ""
    return directory.relative_to(root.resolve()).as_posix()


def _overlap(first: str, second: str) -> bool:
    return f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/")


def _pyperf_scripts(
    root: Path, paths: Sequence[str], asv: Sequence[str]
) -> Iterator[str]:
    for path in paths:
        start = root / path
        for file in [start] if start.is_file() else sorted(start.rglob("*.py")):
            name = file.relative_to(root).as_posix()
            is_test = any(file.match(pattern) for pattern in _TEST_FILES)
            if is_test or any(name.startswith(f"{each}/") for each in asv):
                continue
            text = file.read_text(encoding="utf-8", errors="replace")
            if _PYPERF.search(text) and "Runner(" in text:
                yield name
