"""Clean clones to validate in, so that the user's work tree is not touched."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ci_engine.environments.environment import Environment
from ci_engine.environments.user_cache import CACHE_VARIABLE
from ci_engine.errors import ToolError
from ci_engine.processes.leftovers import MARK_VARIABLE
from ci_engine.processes.signals import on_signals, restore
from ci_framework.repository import Repository, configures_git
from ci_framework.validating.ending import everything_ends

# Files that a validation adds to a clone, besides those that git tracks.
_OURS = ("/.ci-framework/", "/.venv/")
# Variables of this process that would affect programs in a clone.
_DROPPED = (
    "GIT_",
    "GITHUB_",
    "CI_FRAMEWORK_",
    "CI_ENGINE_",
    "PYTEST_",
    "COV_",
    "COVERAGE_",
    "PYTHONHOME",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "UV_PROJECT",
    "UV_RUN",
    "__PYVENV_LAUNCHER__",
)
# The user decides where the engine and its tools come from; the mark is ours.
_KEPT = (CACHE_VARIABLE, "CI_FRAMEWORK_ENGINE", MARK_VARIABLE)


@dataclass(frozen=True)
class Clone:
    """A clone with one commit checked out."""

    repository: Repository
    commit: str

    @property
    def root(self) -> Path:
        """Its root directory."""
        return self.repository.root

    def reset(self) -> None:
        """Undo a program's changes to the files; environments stay."""
        self.repository.git("checkout", "--quiet", "--force", self.commit, "--", ".")
        self.repository.git("clean", "-ffd", "--quiet")

    def touched(self) -> list[str]:
        """The files that a program changed or created since the last reset."""
        words = ("status", "--porcelain", "-z", "--no-renames")
        rows = self.repository.git(*words, "--untracked-files=all").split(b"\0")
        return sorted(os.fsdecode(row[3:]) for row in rows if row)


@dataclass(frozen=True)
class Clones:
    """A clone of the commit before the adoption, and one of the adopted commit."""

    base: Clone
    adopted: Clone


@contextmanager
def clone_both(repository: Repository, base: str, adopted: str) -> Generator[Clones]:
    """Clone a repository twice, into a directory that is removed afterwards."""
    with scratch_directory() as location:
        yield Clones(
            make_clone(repository, base, location / "base" / "project"),
            make_clone(repository, adopted, location / "adopted" / "project"),
        )


@contextmanager
def scratch_directory() -> Generator[Path]:
    """A temporary directory that is also removed if the command is interrupted.

    All programs started in the meantime are ended first.

    Raises:
        KeyboardInterrupt: on any signal that ends the command.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = on_signals(interrupt)
    try:
        with (
            tempfile.TemporaryDirectory(
                prefix="validation-", ignore_cleanup_errors=True
            ) as directory,
            everything_ends(),
        ):
            yield Path(directory).resolve()
    finally:
        restore(before)


def make_clone(repository: Repository, commit: str, location: Path) -> Clone:
    """Clone with all tags and check out one commit.

    A local clone has every object of the original, including commits without a
    branch; hooks, filters of the user and templates are excluded.
    """
    location.parent.mkdir(parents=True, exist_ok=True)
    words = ("clone", "--quiet", "--local", "--no-checkout", "--template=")
    done = repository.try_git(*words, str(repository.root), str(location))
    if done.returncode:
        output = done.stderr.decode("utf-8", "replace").strip()
        raise ToolError(
            f"the repository could not be cloned: {output}",
            hint="run `git fsck` in the repository and correct what it reports",
        )
    clone = Repository(location.resolve(), location.resolve() / ".git")
    exclude = clone.git_directory / "info" / "exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("".join(f"{line}\n" for line in _OURS), encoding="utf-8")
    # Programs in the clone must not be able to push to the user's repository.
    clone.git("config", "remote.origin.pushurl", "pushing-is-off-in-a-validation")
    # Contents of Git LFS files would be downloaded, so their pointers must suffice.
    words = ("checkout", "--quiet", "--force", "--detach", commit)
    clone.git(*words, variables={"GIT_LFS_SKIP_SMUDGE": "1"})
    return Clone(clone, commit)


def child_environment(**extra: str) -> dict[str, str]:
    """The variables for programs in a clone, the same for all of them."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED) or name in _KEPT or configures_git(name)
    }
    return {**kept, **extra}


def inside(environment: Environment, **extra: str) -> dict[str, str]:
    """The variables for programs of an environment, in a clone."""
    given = environment.variables.items()
    own = {name: text for name, text in given if name in ("PATH", "VIRTUAL_ENV")}
    return child_environment(**own, **extra)
