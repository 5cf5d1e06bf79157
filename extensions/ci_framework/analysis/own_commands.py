"""Find the project's own checks, as its workflows and tasks call them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.inventory import Inventory, steps_of

# Tools that only read files, so that their output depends only on the commit.
_TOOLS = word_set("read-only-tools")
_LAUNCHERS = {"uv": 2, "poetry": 2, "pdm": 2, "hatch": 2, "pixi": 2, "rye": 2}
# Without a shell these have no meaning.
_SHELL = re.compile(r"[|&;<>()$`*?~\[\]{}\n\\]|^\w+=")
_MOST = 12


@dataclass(frozen=True)
class OwnCommand:
    """A command of the project that only reads files.

    Attributes:
        where: the file and line of the command.
    """

    words: tuple[str, ...]
    where: str

    @property
    def tool(self) -> str:
        """The name of the tool."""
        return self.words[0]

    @property
    def shown(self) -> str:
        """The command, as in a shell."""
        return shlex.join(self.words)


def own_commands(inventory: Inventory | None) -> list[OwnCommand]:
    """The plain calls of such tools in workflows and tasks, each once."""
    if inventory is None:
        return []
    rows = [
        (line, f"{workflow.path}:{step.line}")
        for workflow, _, step in steps_of(inventory.workflows)
        if step.kind == "run"
        for line in step.text.splitlines()
    ]
    rows += [
        (line, f"{task.evidence.path}:{task.evidence.line}")
        for task in inventory.tasks
        for line in task.command.splitlines()
    ]
    found: dict[tuple[str, ...], str] = {}
    for line, where in rows:
        words = _plain_words(line)
        if words:
            found.setdefault(words, where)
    return [OwnCommand(words, where) for words, where in found.items()][:_MOST]


def _plain_words(line: str) -> tuple[str, ...]:
    """The words of a plain call of one of the tools, empty for anything else."""
    line = line.strip()
    if not line or line.startswith("#") or _SHELL.search(line):
        return ()
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return ()
    while words and words[0] in _LAUNCHERS and words[1:2] == ["run"]:
        words = words[2:]
        while words and words[0].startswith("--") and "=" in words[0]:
            words = words[1:]
    python = bool(words) and PurePosixPath(words[0]).name in ("python", "python3")
    if python and words[1:2] == ["-m"]:
        words = words[2:]
    known = bool(words) and words[0] in _TOOLS
    return tuple(words) if known and _only_looks(words) else ()


def _only_looks(words: list[str]) -> bool:
    """Whether it is not a subcommand that serves, installs or prints help."""
    if words[0] == "ruff":
        return words[1:2] in (["check"], ["format"])
    return not {"--version", "--help", "--install-types"} & {*words}
