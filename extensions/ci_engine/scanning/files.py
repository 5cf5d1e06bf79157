"""The files to scan, and a list of all files that scanners cannot get."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.checks.sources import is_framework_file
from ci_engine.configuration.security_profiles import SecurityProfiles
from ci_engine.configuration.settings import Settings
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult
from ci_engine.project.output_files import prepare_directory
from ci_engine.project.path_patterns import matching
from ci_engine.project.repository import Project, printable
from ci_engine.scanning.python_code import (
    has_python_name,
    is_notebook,
    is_python_script,
    is_test,
)

# The copy of the engine, which `ci validate` compares with the pinned one.
_VENDORED = "ci-framework/ci_engine/"
_MOST_NAMED = 5


@dataclass
class Files:
    """The files of a repository, sorted for scanners.

    Attributes:
        everything: every file, relative to the repository.
        code: Python files that are not tests, including scripts without a suffix.
        notebooks: notebooks that are not tests.
        tests: Python files of tests.
        unread: files that cannot be read, with the reason.
        large: files that are too large for secret scanners.
        left_out_code: Python code that code scanners do not get, with the reason.
        outside: links that leave the repository, or are broken.
        submodules: nested repositories.
        excluded: files that the settings exclude.
    """

    everything: list[str] = field(default_factory=list[str])
    code: list[str] = field(default_factory=list[str])
    notebooks: list[str] = field(default_factory=list[str])
    tests: list[str] = field(default_factory=list[str])
    unread: dict[str, str] = field(default_factory=dict[str, str])
    large: list[str] = field(default_factory=list[str])
    left_out_code: dict[str, str] = field(default_factory=dict[str, str])
    outside: list[str] = field(default_factory=list[str])
    submodules: list[str] = field(default_factory=list[str])
    excluded: list[str] = field(default_factory=list[str])

    def unread_code(self) -> dict[str, str]:
        """Python code that code scanners do not get, with the reason."""
        unread = {n: why for n, why in self.unread.items() if has_python_name(n)}
        return self.left_out_code | unread

    def unread_files(self) -> dict[str, str]:
        """Files that secret scanners do not get, with the reason."""
        return dict.fromkeys(self.large, "too large") | self.unread

    def notes(self) -> list[str]:
        """Notes about the files, for all scanners that get them."""
        notes: list[str] = []
        if self.excluded:
            listed = named(self.excluded)
            text = f"{len(self.excluded)} files are excluded by exclude-patterns"
            notes.append(f"{text}: {listed}")
        if self.outside:
            listed = named(self.outside)
            notes.append(f"links out of the repository are not followed: {listed}")
        if self.submodules:
            notes.append(f"submodules are not searched: {named(self.submodules)}")
        return notes


def named(names: Sequence[str]) -> str:
    """Name a few of several items, and report how many more there are."""
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def nothing_to_do(reason: str, excluded: Sequence[str]) -> CheckResult:
    """The result of a scanner with nothing to examine, and what excluded it."""
    if excluded:
        text = f"nothing was examined: exclude-patterns leave out {named(excluded)}"
        return not_run(text)
    return skipped(reason)


def list_files(
    project: Project, settings: Settings, profiles: SecurityProfiles
) -> Files:
    """Sort all paths of the repository."""
    files = Files()
    for path in project.entries:
        name = project.relative_link(path)
        if name.startswith(_VENDORED):
            continue
        if matching(name, settings.scan.exclude_patterns) is not None:
            files.excluded.append(name)
            continue
        size = _sort(files, project, path, name)
        if size is None:
            continue
        if size > profiles.largest_file:
            files.large.append(name)
        else:
            files.everything.append(name)
        # This code is compared with the rendered template, not scanned.
        if not is_framework_file(name):
            large = size > profiles.largest_code_file
            _sort_code(files, project, settings, name, large)
    return files


def _sort_code(
    files: Files, project: Project, settings: Settings, name: str, large: bool
) -> None:
    """Add a file to the files for code scanners, if it is code."""
    notebook = is_notebook(name)
    named_so = notebook or has_python_name(name)
    if not named_so and (large or not is_python_script(project.root / name)):
        return
    if is_test(name, settings.test_paths, settings.source_paths):
        files.tests.append(name)
    elif large:
        files.left_out_code[name] = "too large"
    elif printable(name) != name:
        # bandit would end without a result or the name of the file.
        files.left_out_code[name] = "its name is not UTF-8"
    elif notebook:
        files.notebooks.append(name)
    else:
        files.code.append(name)


def _sort(files: Files, project: Project, path: Path, name: str) -> int | None:
    """The size of a file; None for entries that are not readable files, with a note."""
    try:
        facts = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        # git still lists it, but it was deleted.
        return None
    except OSError as error:
        files.unread[name] = (error.strerror or str(error)).lower()
        return None
    if stat.S_ISLNK(facts.st_mode):
        _follow(files, project, path, name)
    elif stat.S_ISDIR(facts.st_mode):
        if project.has_git:
            files.submodules.append(name)
        else:
            files.unread[name] = "a directory that cannot be listed"
    elif not stat.S_ISREG(facts.st_mode):
        files.unread[name] = "neither a file nor a directory"
    elif not os.access(path, os.R_OK):
        files.unread[name] = "permission denied"
    else:
        return facts.st_size
    return None


def _follow(files: Files, project: Project, path: Path, name: str) -> None:
    """A link within the repository points to a file that is scanned itself."""
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        if error.errno == errno.ELOOP:
            files.unread[name] = "a link that leads back to itself"
        else:
            files.outside.append(name)
        return
    if not Path(target).is_relative_to(os.path.realpath(project.root)):
        files.outside.append(name)


@contextmanager
def copied(
    project: Project, names: Sequence[str], below: str = ""
) -> Generator[Path, None, None]:
    """A directory with only these files, for scanners that read whole directories.

    The files are hard links, which cost neither time nor space; if that is not
    possible, they are copied.

    Args:
        project: the repository.
        names: the files.
        below: a directory for them, for scanners that would use files at the root
            of the scanned directory as their configuration.
    """
    location = project.output / "scan-tree"
    prepare_directory(location, project.output)
    # A new directory: other files there are not ours to delete.
    tree = Path(tempfile.mkdtemp(dir=location))
    made: set[Path] = {tree}
    try:
        for name in names:
            target = tree / below / name
            if target.parent not in made:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.add(target.parent)
            _link_or_copy(project.root / name, target, name)
        yield tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _link_or_copy(source: Path, target: Path, name: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise ToolError(f"{name}: cannot be copied: {error.strerror}") from error
