"""The meaning of names, read once from ``vocabulary.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

_Words = dict[str, str]


class _Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    check: str
    programs: str


class _Vocabulary(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="kebab",
    forbid_unknown_fields=True,
):
    """The tables of the file; words in one text are separated by spaces."""

    action_programs: dict[str, tuple[str, str]]
    actions: list[tuple[str, str]]
    addresses: _Words
    checks: dict[str, _Check]
    configurations: dict[str, list[str]]
    documentation: _Words
    facts: _Words
    hooks: _Words
    licenses: _Words
    modules: _Words
    names: _Words
    pipelines: _Words
    programs: _Words
    releases: _Words
    runners: _Words
    same_subcommands: _Words
    script_calls: _Words
    sets: _Words
    subcommands: dict[str, _Words]
    target_runners: _Words
    tool_checks: _Words
    wrappers: _Words


def _by_name(table: _Words) -> dict[str, str]:
    """The purpose of each name, from a table of the names of each purpose."""
    return {name: purpose for purpose, names in table.items() for name in names.split()}


def _lists(table: _Words) -> dict[str, list[str]]:
    return {key: text.split() for key, text in table.items()}


def _subcommands(file: _Vocabulary) -> dict[str, Mapping[str, str]]:
    """The purposes of a program's first arguments; ``""`` is for all others."""
    found: dict[str, Mapping[str, str]] = {}
    for program, table in file.subcommands.items():
        others = {"": table["others"]} if "others" in table else {}
        plain = {key: text for key, text in table.items() if key != "others"}
        found[program] = _by_name(plain) | others
    return found | {name: found[same] for name, same in file.same_subcommands.items()}


_FILE = msgspec.toml.decode(
    Path(__file__).with_name("vocabulary.toml").read_bytes(), type=_Vocabulary
)

ACTIONS = [(re.compile(pattern), purpose) for pattern, purpose in _FILE.actions]
ACTION_PROGRAMS = _FILE.action_programs
ADDRESSES = _FILE.addresses
CHECKS = {
    does: (item.check, frozenset(item.programs.split()))
    for does, item in _FILE.checks.items()
}
CONFIGURATIONS = _FILE.configurations
DOCUMENTATION = _lists(_FILE.documentation)
FACTS = _FILE.facts
HOOKS = _by_name(_FILE.hooks)
LICENSES = _FILE.licenses
MODULES = _by_name(_FILE.modules)
NAMES = _by_name(_FILE.names)
PIPELINES = _FILE.pipelines
PROGRAMS = _by_name(_FILE.programs)
RELEASES = _FILE.releases
RUNNERS = _lists(_FILE.runners)
SCRIPT_CALLS = _FILE.script_calls
SUBCOMMANDS = _subcommands(_FILE)
TARGET_RUNNERS = _lists(_FILE.target_runners)
TOOL_CHECKS = _FILE.tool_checks
WRAPPERS = _lists(_FILE.wrappers)


@cache
def word_set(name: str) -> frozenset[str]:
    """A set of plain words, such as ``glue`` for programs that only connect others."""
    return frozenset(word_list(name))


def word_list(name: str) -> list[str]:
    """The same words in order."""
    return _FILE.sets[name].split()
