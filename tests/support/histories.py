"""A git repository with a history, made step by step."""

from __future__ import annotations

import json
from pathlib import Path

from ci_engine.changes.diff import Change
from tests.support.projects import git


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        git(root, "init", "--quiet")

    def git(self, *words: str) -> str:
        return git(self.root, *words).strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            (self.root / f"{name}.py").write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "more")
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def event(self, name: str, **payload: object) -> dict[str, str]:
        path = self.root.parent / "event.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(path),
        }

    def clone(self, name: str, *options: str) -> Repository:
        """A clone by a real transport, so that it can be shallow."""
        path = self.root.parent / name
        where = self.root.as_uri()
        git(self.root.parent, "clone", "--quiet", *options, where, str(path))
        clone = object.__new__(Repository)
        clone.root = path
        return clone


def paths(changes: list[Change]) -> list[str]:
    return [change.path for change in changes]
