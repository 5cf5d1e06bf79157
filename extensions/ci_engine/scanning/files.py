"""What there is to scan, and what no scanner can be given: all of it is listed."""

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

# The copy of the engine, which `ci validate` compares with the one that is pinned.
_VENDORED = "ci-framework/ci_engine/"
_MOST_NAMED = 5


@dataclass
class Files:
    """The files of a repository, as scanners are given them.

    Attributes:
        everything: every file, relative to the repository.
        code: Python files that are not tests, scripts without a suffix included.
        notebooks: notebooks that are not tests.
        tests: Python files of tests.
        unread: what cannot be read, with the reason.
        large: what is too large for scanners of secrets.
        left_out_code: Python code that scanners of code are not given, with the reason.
        outside: links that lead out of the repository, or nowhere.
        submodules: repositories inside of this one.
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
        """Python code that scanners of code are not given, with the reason."""
        unread = {n: why for n, why in self.unread.items() if has_python_name(n)}
        return self.left_out_code | unread

    def unread_files(self) -> dict[str, str]:
        """Files that scanners of secrets are not given, with the reason."""
        return dict.fromkeys(self.large, "too large") | self.unread

    def notes(self) -> list[str]:
        """What a reader must know of all scanners that are given files."""
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
    """Name a few of several things, and report how many more there are."""
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def nothing_to_do(reason: str, excluded: Sequence[str]) -> CheckResult:
    """The result of a scanner that examined nothing: who said so is named."""
    if excluded:
        text = f"nothing was examined: exclude-patterns leave out {named(excluded)}"
        return not_run(text)
    return skipped(reason)


def list_files(
    project: Project, settings: Settings, profiles: SecurityProfiles
) -> Files:
    """Sort every path of the repository."""
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
        # Its code is compared with what the template rendered, not judged.
        if not is_framework_file(name):
            large = size > profiles.largest_code_file
            _sort_code(files, project, settings, name, large)
    return files


def _sort_code(
    files: Files, project: Project, settings: Settings, name: str, large: bool
) -> None:
    """Add a file to those that scanners of code are given, if it is code."""
    notebook = is_notebook(name)
    named_so = notebook or has_python_name(name)
    if not named_so and (large or not is_python_script(project.root / name)):
        return
    if is_test(name, settings.test_paths, settings.source_paths):
        files.tests.append(name)
    elif large:
        files.left_out_code[name] = "too large"
    elif printable(name) != name:
        # bandit ends without a result, and without the name.
        files.left_out_code[name] = "its name is not UTF-8"
    elif notebook:
        files.notebooks.append(name)
    else:
        files.code.append(name)


def _sort(files: Files, project: Project, path: Path, name: str) -> int | None:
    """The size of a file; None for what only looks like one, which is noted."""
    try:
        facts = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        # git still knows it, and it is gone.
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
    """A link into the repository leads to a file that is scanned under its name."""
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
    """A directory with just these files, for scanners that read whole directories.

    They are linked, so that it costs neither time nor space; where that is not
    possible, they are copied.

    Args:
        project: the repository.
        names: the files.
        below: a directory to put them in, for scanners that take files at the top of
            what they scan for their own configuration.
    """
    location = project.output / "scan-tree"
    prepare_directory(location, project.output)
    # A directory of our own making: what else is there is not ours to delete.
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
