"""Fixtures that several kinds of tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from copy import deepcopy
from pathlib import Path
from types import CodeType
from typing import Any, Literal

import copier._template
import copier._vcs
import pytest
from copier._main import Worker
from jinja2 import Environment, nodes

from tests.support.renders import copy_template

# Where the machine forbids bytecode, each of the many processes of these tests would
# compile what it imports, and those of pytest all test modules.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# A shell that runs these tests in the background lets them, and all that they start,
# ignore the interrupts that some of them send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: tests wait for programs they have started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the heavy tests out, unless ``-m`` or a test's own id asks for some.

    The long ones begin, so that none of them still runs alone when all others have
    ended.
    """
    items.sort(key=lambda item: not _is_long(item))
    if config.option.markexpr or any("::" in argument for argument in config.args):
        return
    heavy = [item for item in items if item.get_closest_marker("heavy")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        items[:] = [item for item in items if item not in heavy]


def _is_long(item: pytest.Item) -> bool:
    """Whether a test may take longer than others, or checks all renders."""
    names: list[str] = getattr(item, "fixturenames", [])
    return "all_points" in names or item.get_closest_marker("timeout") is not None


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as a plain directory: quicker than a repository, never dirty."""
    return copy_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all worker processes of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path = shared / "shared"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture(autouse=True, scope="session")
def user_cache(shared_directory: Path) -> Generator[Path]:
    """A cache for the user of these tests: that of the machine is left alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CI_FRAMEWORK_CACHE", str(shared_directory / "user-cache"))
        yield shared_directory / "user-cache"


@pytest.fixture(autouse=True, scope="session")
def compiled_once() -> Generator[None]:
    """Compile each text of the template once in a process, not for every render.

    Copier compiles two thousand of them each time, mostly the same names of files.
    """
    compile_text = Environment.compile
    known: dict[tuple[object, ...], CodeType] = {}

    def compile_once(
        self: Environment,
        source: str | nodes.Template,
        name: str | None = None,
        filename: str | None = None,
        raw: Literal[False] = False,
        defer_init: bool = False,
    ) -> CodeType:
        options = (self.undefined, self.keep_trailing_newline, *sorted(self.extensions))
        key = (source, name, filename, defer_init, self.block_start_string, *options)
        if key not in known:
            known[key] = compile_text(self, source, name, filename, raw, defer_init)
        else:
            # Extensions of Copier learn here that another text begins.
            self.preprocess(str(source), name, filename)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def read_once() -> Generator[None]:
    """Parse the same copier.yml once in a process, not for every render."""
    load_config = copier._template.load_template_config
    known: dict[bytes, dict[str, Any]] = {}

    def load_once(path: Path, quiet: bool = False) -> dict[str, Any]:
        content = path.read_bytes()
        if b"!include" in content:
            return load_config(path, quiet)
        if content not in known:
            known[content] = load_config(path, quiet)
        return deepcopy(known[content])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copier._template, "load_template_config", load_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def few_starts_of_git() -> Generator[None]:
    """Start git only where Copier learns something from it, not thirty times a render.

    The modes in the index are only for a destination in a repository, and a directory
    is not a bundle.
    """
    name = "_sync_git_index_executable_bit"
    sync_mode = vars(Worker)[name]
    is_bundle = copier._vcs.is_git_bundle

    def sync_in_a_repository(self: Worker, path: Path, mode: int) -> None:
        top = self.subproject.local_abspath
        if any((folder / ".git").exists() for folder in (top, *top.parents)):
            sync_mode(self, path, mode)

    def is_bundle_file(path: Path) -> bool:
        return not path.is_dir() and is_bundle(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, name, sync_in_a_repository)
        patch.setattr(copier._vcs, "is_git_bundle", is_bundle_file)
        yield
