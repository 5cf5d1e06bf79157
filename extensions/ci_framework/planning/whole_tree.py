"""Own checks that look at the whole tree, and so at the framework's files as well."""

from __future__ import annotations

import configparser
from collections.abc import Mapping

import msgspec

from ci_engine.configuration.tables import table
from ci_framework.analysis.own_commands import OwnCommand, own_commands
from ci_framework.analysis.purposes.vocabulary import EXCLUSIONS, Exclusion
from ci_framework.analysis.survey import PYPROJECT
from ci_framework.inventory import Evidence, Inventory
from ci_framework.planning.plan import Operation
from ci_framework.repository import Repository

__all__ = ["exclusions_of_checks"]

_TREE = frozenset({".", "./", "**/*.py", "ci-framework", "ci-framework/"})


# In a file of their own some tools name it otherwise.
_SECTIONS = {".isort.cfg": "[settings]"}
# Where the line goes if the tool has no configuration yet.
_NEW_FILES = {"flake8": ".flake8", "pycodestyle": "setup.cfg"}


def exclusions_of_checks(
    repository: Repository, inventory: Inventory
) -> list[Operation]:
    """What to add by hand, so that the project's own checks stay as green as they are.

    Args:
        repository: the repository.
        inventory: what the analysis found.
    """
    found: dict[str, Operation] = {}
    for command in own_commands(inventory):
        exclusion = EXCLUSIONS.get(command.tool)
        if exclusion is None or command.tool in found:
            continue
        tool = inventory.tool(command.tool)
        config = tool.config.path if tool and tool.config else ""
        content = repository.read(config) if config else None
        text = (content or b"").decode("utf-8", "replace")
        if "ci-framework" in f"{text} {command.shown}":
            continue
        if _whole_tree(command, exclusion, config, text):
            found[command.tool] = _by_hand(repository, command, exclusion, config)
    return list(found.values())


def _whole_tree(
    command: OwnCommand, exclusion: Exclusion, config: str, text: str
) -> bool:
    """Whether a command looks at the framework's files."""
    words = command.words[1:]
    if not _TREE.isdisjoint(words):
        return True
    # What follows an option may be its value: then nothing is reported.
    given = any(not word.startswith("-") for word in words)
    settings = _settings(command.tool, config, text)
    narrowed = any(settings.get(name) for name in exclusion.narrowed)
    return exclusion.bare and not given and not narrowed


def _settings(tool: str, config: str, text: str) -> Mapping[str, object]:
    """What a tool's configuration says, empty if it cannot be read."""
    try:
        if config == PYPROJECT:
            document = msgspec.toml.decode(text, type=dict[str, object])
            return table(document, "tool", tool)
        if config.endswith(".json"):
            return msgspec.json.decode(text, type=dict[str, object])
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        return dict(parser[tool]) if parser.has_section(tool) else {}
    except (msgspec.DecodeError, configparser.Error):
        return {}


def _by_hand(
    repository: Repository, command: OwnCommand, exclusion: Exclusion, config: str
) -> Operation:
    where, _, line = command.where.rpartition(":")
    path, remedy = _remedy(repository, command, exclusion, config)
    return Operation(
        kind="manual",
        path=path,
        reason=f"`{command.shown}` ({command.where}) looks at ci-framework/ as well: "
        f"{remedy}",
        risk="low",
        evidence=[Evidence(path=where, line=int(line))],
    )


def _remedy(
    repository: Repository, command: OwnCommand, exclusion: Exclusion, config: str
) -> tuple[str, str]:
    """The file to change, and what to write there."""
    if exclusion.option:
        path = command.where.rpartition(":")[0]
        return path, f"add `{exclusion.option}` to the command"
    path = config or _NEW_FILES.get(command.tool, "")
    if not path:
        has_toml = PYPROJECT in repository.tracked or not exclusion.ini[0]
        path = PYPROJECT if has_toml else "setup.cfg"
    if path.endswith(".json"):
        return path, 'add `"ignore": ["ci-framework"]`'
    in_toml = path.endswith(".toml") and exclusion.toml[0]
    section, line = exclusion.toml if in_toml else exclusion.ini
    section = _SECTIONS.get(path, section)
    return path, f"add `{line}` to {section}, or to what that key has"
