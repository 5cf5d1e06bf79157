"""Repositories for the tests of updates: a template with releases, and projects."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from copier import VcsRef, run_copy, run_update

from tests.support.programs import run
from tests.support.renders import copy_template, files

_LIBRARY_TEST = "tests/test_spans.py.jinja"
_OLD_MODULE = "src/{{ package_name }}/spans.py"
_NEW_MODULE = "src/{{ package_name }}/ranges.py"


def edit(path: Path, old: str, new: str) -> None:
    """Replace one text of a file, which has to be there once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path}: {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def commit(repository: Path, message: str = "change") -> None:
    """Commit everything, the first time into a new repository."""
    if not (repository / ".git").exists():
        run("git", "init", "--quiet", "--initial-branch=main", cwd=repository)
    run("git", "add", "--all", cwd=repository)
    run("git", "commit", "--quiet", "--no-verify", "-m", message, cwd=repository)


def make_releases(repository: Path) -> Path:
    """Release the template as it is as v2.0.0, and changes of every kind as v2.1.0."""
    copy_template(repository)
    template, macros = repository / "template", repository / "extensions" / "jinja"
    scripts = template / "ci-framework" / "scripts"
    engine = repository / "extensions" / "ci_engine" / "__init__.py"
    version = engine.read_text(encoding="utf-8").partition('__version__ = "')[2]
    edit(engine, version.partition('"')[0], "2.0.0")
    (scripts / "leaving.sh").write_text("# until 2.0\n")
    commit(repository)
    run("git", "tag", "v2.0.0", cwd=repository)

    edit(engine, "2.0.0", "2.1.0")
    (scripts / "leaving.sh").unlink()
    (scripts / "arriving.sh").write_text("# since 2.1\n")
    changed = scripts / "validate-config.sh"
    changed.write_text(changed.read_text("utf-8") + "# changed in 2.1\n", "utf-8")
    edit(macros / "tools.jinja", "'>=9,<10'", "'>=9.1,<10'")
    edit(macros / "tools.jinja", "'>=6'", "'>=7'")
    edit(
        macros / "block.jinja",
        'type-checker = "{{ type_checker }}"\n',
        'fail-fast = false\ntype-checker = "{{ type_checker }}"\n',
    )
    hooks = template / ".pre-commit-config.yaml.jinja"
    edit(hooks, "pre-commit-hooks==6.0.0", "pre-commit-hooks==6.1.0")
    edit(hooks, "name: {{ check }}\n", "name: the {{ check }}\n")
    edit(template / ".gitignore.jinja", "__pycache__/\n", "__pycache__/\n/arriving/\n")
    edit(template / "README.md.jinja", "## Set up", "## Setting up")
    (template / _LIBRARY_TEST).unlink()
    (template / _OLD_MODULE).rename(template / _NEW_MODULE)
    commit(repository)
    run("git", "tag", "v2.1.0", cwd=repository)
    return repository


def make_project(
    releases: Path, path: Path, answers: Mapping[str, object], *, ref: str = "v2.0.0"
) -> Path:
    """Render one release, without committing it."""
    run_copy(
        str(releases),
        path,
        data=dict(answers),
        vcs_ref=ref,
        defaults=True,
        quiet=True,
        unsafe=False,
    )
    return path


def update(
    project: Path, answers: Mapping[str, object] | None = None, *, to: str = "v2.1.0"
) -> None:
    """Update as ``copier update --defaults`` does."""
    run_update(
        project,
        data=dict(answers or {}),
        vcs_ref=VcsRef.CURRENT if to == "current" else to,
        defaults=True,
        overwrite=True,
        quiet=True,
        unsafe=False,
    )


def conflicts(project: Path) -> list[str]:
    """Name the conflicts of an update: markers, rejects, unmerged paths."""
    found = run("git", "ls-files", "--unmerged", cwd=project).splitlines()
    for path in files(project):
        name = path.relative_to(project).as_posix()
        if path.suffix == ".rej":
            found.append(name)
        lines = path.read_bytes().splitlines()
        found += [name for line in lines if line.startswith((b"<<<<<<< ", b">>>>>>> "))]
    return found


def changed_files(project: Path) -> set[str]:
    """Name the files that differ from the last commit, also new and deleted ones."""
    run("git", "add", "--all", cwd=project)
    return set(run("git", "diff", "--cached", "--name-only", cwd=project).splitlines())
