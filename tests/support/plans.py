"""Small plans, and snapshots of a repository before and after them."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path

from ci_framework.applying.apply import Adoption, apply_plan
from ci_framework.planning.plan import Change, Operation, Plan, Template
from ci_framework.repository import Repository, open_repository
from tests.support.programs import run

# A project with what an adoption meets: CRLF, an executable, a workflow that is
# retired, a link beside the files, and one file in a directory of its own.
FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "demo"\nversion = "1"\n',
    "windows.toml": b"[tool.demo]\r\nkey = 1\r\n",
    ".gitignore": "*.log\nbuild/\n",
    "run.sh": "#!/bin/sh\n",
    "old/only.yml": "on: push\n",
    "src/demo.py": "VALUE = 1\n",
}
# What the plan makes of it; None is removed, a mode follows a new file.
PLANNED: dict[str, bytes | None] = {
    "pyproject.toml": b'[project]\nname = "demo"\nversion = "1"\n\n[tool.x]\n',
    "windows.toml": b"[tool.demo]\r\nkey = 1\r\nother = 2\r\n",
    "old/only.yml": None,
    "ci-framework/ci": b"#!/bin/sh\nexec true\n",
    "ci-framework/engine/main.py": b"print(1)\n",
    "build/kept.txt": b"kept\n",
    ".github/workflows/ci.yml": b"on: push\n",
}
# What a killed command leaves there is cleared by the next one that has work to do.
_OWN = ".git/ci-framework/"
_EXECUTABLE = ("ci-framework/ci",)


def changes_of(
    repository: Repository, planned: Mapping[str, bytes | None]
) -> list[Change]:
    """The changes that lead from the files to what is planned."""
    changes: list[Change] = []
    for path, after in planned.items():
        entry = repository.tracked.get(path)
        mode = entry.mode if entry else "100644"
        if path in _EXECUTABLE:
            mode = "100755"
        if after is None:
            mode = ""
        changes.append(Change(path, repository.read(path), after, mode))
    return changes


def plan_of(repository: Repository) -> Plan:
    """A plan that leaves one thing to a person."""
    manual = Operation(kind="manual", path="tox.ini", reason="it is read first")
    return Plan(
        hash="0123456789abcdef",
        base=repository.head,
        template=Template(source="gh:demo/template", commit="v1", version="1"),
        answers_file=".copier-answers.yml",
        answers={},
        reasons={},
        operations=[manual],
        capabilities=[],
    )


def adopt(path: Path, planned: Mapping[str, bytes | None] | None = None) -> Adoption:
    """Apply a plan to the repository at a path."""
    repository = open_repository(path)
    changes = changes_of(repository, PLANNED if planned is None else planned)
    return apply_plan(
        repository, plan_of(repository), changes, message="Adopt ci-framework\n"
    )


def picture(path: Path, *, ours: bool = False) -> dict[str, str]:
    """Every difference that a user could notice, by its name.

    Args:
        path: the repository.
        ours: whether what only the adoption makes is in it: its branch and commit
            by their trees, since commits carry their time.
    """
    seen: dict[str, str] = {}
    for location in sorted(path.rglob("*")):
        name = location.relative_to(path).as_posix()
        if name.split("/")[0] != ".git":
            seen[f"file {name}"] = _look(location)
        elif name.endswith((".lock", ".tmp")) and _OWN not in name:
            seen[f"stray {name}"] = "left"
    seen["index"] = run("git", "ls-files", "--stage", cwd=path)
    seen["status"] = run("git", "status", "--porcelain", "--ignored", cwd=path)
    seen["config"] = (path / ".git/config").read_text()
    seen["head"] = (path / ".git/HEAD").read_text()
    value = "%(tree)" if ours else "%(objectname)"
    refs = ("refs/heads", *(("refs/ci-framework",) if ours else ()))
    seen["branches"] = run(
        "git", "for-each-ref", f"--format=%(refname) {value}", *refs, cwd=path
    )
    return seen


def _look(location: Path) -> str:
    mode = location.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {location.readlink()}"
    if stat.S_ISDIR(mode):
        return "directory"
    content = hashlib.sha256(location.read_bytes()).hexdigest()
    return f"{stat.S_IMODE(mode):o} {content}"
