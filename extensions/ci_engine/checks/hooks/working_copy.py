"""A copy of the repository in which hooks may safely change files."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ci_engine.checks.context import Context
from ci_engine.errors import ToolError
from ci_engine.processes.programs import Outcome, run_program
from ci_engine.project.git import Git

CONFIG = ".pre-commit-config.yaml"

# The environments that hooks may look for; they are linked, so that nothing is
# created again. The managers must not modify them.
_ENVIRONMENTS = (".venv", ".pixi", "node_modules")
_LEFT_ALONE = {
    "UV_NO_SYNC": "1",
    "UV_FROZEN": "1",
    "PIXI_FROZEN": "true",
    "PIXI_NO_INSTALL": "true",
}
# A gate started by a git hook must not use the repository of that hook.
_REPOSITORY_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
)
_IDENTITY = ("-c", "user.name=ci-framework", "-c", "user.email=ci@localhost")
_QUIET = ("-c", "core.safecrlf=false", "-c", "core.hooksPath=/dev/null")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ")
_GIT_SECONDS = 300.0


def git_variables(given: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that point git to another repository."""
    return {k: v for k, v in given.items() if k not in _REPOSITORY_VARIABLES}


@dataclass(frozen=True)
class WorkTree:
    """The directory in which the hooks run."""

    context: Context
    root: Path
    variables: Mapping[str, str]

    def git(self, *arguments: str) -> str:
        """Run git in the tree.

        Raises:
            ToolError: if git fails.
        """
        return run_git(self.context, self.root, self.variables, *arguments)

    def changed(self) -> dict[str, int]:
        """Files that differ from the index, each with its first changed line."""
        text = self.git(
            "-c",
            "core.quotePath=false",
            "diff",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        )
        names = self.git("diff", "--name-only", "-z", "--no-renames").split("\0")
        return {name: _first_line(text, name) for name in names if name}

    def relative(self, text: str) -> str:
        """The path of a project file that a text names, empty if there is none."""
        given = Path(text)
        top = Path(os.path.realpath(self.root))
        path = Path(os.path.realpath(self.root / given))
        if not path.is_file() or not path.is_relative_to(top):
            return ""
        return path.relative_to(top).as_posix()


def _first_line(diff: str, name: str) -> int:
    """The first changed line of a file, in its old numbering."""
    inside = False
    for row in diff.splitlines():
        if row.startswith("diff --git "):
            inside = row.endswith(f" b/{name}")
        hunk = _HUNK.match(row) if inside else None
        if hunk:
            added_only = hunk.group(2) == "0"
            return max(1, int(hunk.group(1)) + (1 if added_only else 0))
    return 0


def run_git(
    context: Context, root: Path, variables: Mapping[str, str], *arguments: str
) -> str:
    """Run git in a directory, without the user's hooks and warnings.

    Raises:
        ToolError: if git fails.
    """
    git = Git(root, variables, _QUIET, _GIT_SECONDS, context.cancel)
    outcome = git.run(*arguments)
    if outcome.code != 0:
        raise ToolError(
            f"git {arguments[0]}: {outcome.describe_exit()}\n{outcome.tail()}"
        )
    return outcome.stdout


def listed_files(context: Context, variables: Mapping[str, str]) -> list[str]:
    """Tracked files, and untracked ones that git does not ignore; includes links."""
    root = context.project.root
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = sorted(set(run_git(context, root, variables, *listing).split("\0")) - {""})
    paths = ((name, root / name) for name in names)
    return [name for name, path in paths if path.is_symlink() or path.is_file()]


@contextmanager
def copied(
    context: Context, variables: Mapping[str, str]
) -> Generator[WorkTree, None, None]:
    """Copy the project's files into a temporary repository.

    The history is shared if there is one, so that hooks that compare with it
    get the same result as in the project.
    """
    variables = {**git_variables(variables), **_LEFT_ALONE}
    prefix = "ci-framework-hooks-"
    with TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as temporary:
        root = Path(temporary) / context.project.root.name
        root.mkdir()
        tree = WorkTree(context, root, variables)
        names = listed_files(context, variables)
        _start(tree)
        _copy(context.project.root, root, names)
        _stage(tree, names)
        _link_environments(context.project.root, root)
        yield tree


@contextmanager
def in_place(
    context: Context, variables: Mapping[str, str]
) -> Generator[WorkTree, None, None]:
    """The project itself, for hooks that may change it."""
    yield WorkTree(context, context.project.root, git_variables(variables))


def _start(tree: WorkTree) -> None:
    """Create the repository, with the project's history if it has its own."""
    tree.git("init", "--quiet", "--initial-branch=ci-framework-hooks")
    project = tree.context.project.root
    if not (project / ".git").exists():
        return
    location = ("rev-parse", "--path-format=absolute", "--git-path", "objects")
    objects = run_git(tree.context, project, tree.variables, *location).strip()
    try:
        head = run_git(
            tree.context, project, tree.variables, "rev-parse", "--verify", "HEAD"
        ).strip()
    except ToolError:
        return  # a repository without a commit
    information = tree.root / ".git" / "objects" / "info"
    information.mkdir(parents=True, exist_ok=True)
    alternates = information / "alternates"
    alternates.write_text(f"{Path(objects).as_posix()}\n", encoding="utf-8")
    shallow = Path(objects).parent / "shallow"
    if shallow.is_file():
        shutil.copyfile(shallow, tree.root / ".git" / "shallow")
    tree.git("update-ref", "HEAD", head)


def _copy(source: Path, target: Path, names: Sequence[str]) -> None:
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(source / name, path, follow_symlinks=False)
        except OSError as error:
            raise ToolError(f"{name}: cannot be copied: {error.strerror}") from error


def _stage(tree: WorkTree, names: Sequence[str]) -> None:
    """Add the files to the index, so that hooks see them as tracked."""
    listing = tree.root / ".git" / "ci-framework-files"
    listing.write_bytes(b"\0".join(os.fsencode(name) for name in names))
    source = f"--pathspec-from-file={listing}"
    if names:
        command = ("--literal-pathspecs", "add", "--force", source)
        tree.git(*command, "--pathspec-file-nul")
    try:
        tree.git("rev-parse", "--verify", "HEAD")
    except ToolError:
        command = ("commit", "--quiet", "--no-verify", "--allow-empty")
        tree.git(*_IDENTITY, *command, "--message", "copy")


def _link_environments(source: Path, target: Path) -> None:
    """Link the project's environments for the hooks, ignored by git."""
    exclude = target / ".git" / "info" / "exclude"
    exclude.parent.mkdir(parents=True, exist_ok=True)
    with exclude.open("a", encoding="utf-8") as stream:
        stream.writelines(f"/{name}\n" for name in _ENVIRONMENTS)
    for name in _ENVIRONMENTS:
        if (source / name).is_dir() and not (target / name).exists():
            try:
                (target / name).symlink_to(source / name, target_is_directory=True)
            except OSError:
                return  # Windows without the right to make links


def run_in(tree: WorkTree, command: Sequence[str], timeout: float) -> Outcome:
    """Run a program in the tree."""
    return run_program(
        command,
        cwd=tree.root,
        timeout=timeout,
        variables=tree.variables,
        cancel=tree.context.cancel,
    )
