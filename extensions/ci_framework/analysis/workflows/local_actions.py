"""Read the scripts and local actions of steps, to guess their purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ci_framework.analysis.readers.documents import Documents
from ci_framework.analysis.readers.yaml_nodes import Node

_SHELL = re.compile(r"#!.*\b(ba|da|z|k)?sh\b")
_LINES = 200


class Scripts(Mapping[str, Sequence[str]]):
    """Tasks, and the shell scripts of the repository by path, as commands.

    For scripts in other languages, only the name shows the purpose.
    """

    def __init__(
        self, documents: Documents, tasks: Mapping[str, Sequence[str]]
    ) -> None:
        self._documents = documents
        self._tasks = tasks
        self._read: dict[str, Sequence[str] | None] = {}

    def __getitem__(self, name: str) -> Sequence[str]:
        if name in self._tasks:
            return self._tasks[name]
        if name not in self._read:
            self._read[name] = self._script(name)
        found = self._read[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def _script(self, name: str) -> Sequence[str] | None:
        path = re.sub(r"^\$\{?GITHUB_WORKSPACE\}?/|^(\./)+", "", name)
        if "/" not in name and not path.endswith((".sh", ".bash")):
            return None
        if not self._documents.has(path) or path.endswith((".py", ".js", ".ts")):
            return None
        text = self._documents.text(path)
        if not path.endswith((".sh", ".bash")) and not _SHELL.match(text):
            return None
        return ["\n".join(text.splitlines()[:_LINES])]


def action_steps(documents: Documents, uses: str) -> Sequence[Node]:
    """The steps of an action of the repository, by its ``./`` path; may be empty."""
    path = uses.removeprefix("./").rstrip("/")
    for name in (f"{path}/action.yml", f"{path}/action.yaml"):
        if documents.has(name):
            return documents.nodes(name).get("runs").get("steps").items
    return ()
