"""``ci config``: the effective settings, and where each one comes from."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec

from ci_engine.commands.command import Command, Request
from ci_engine.commands.options import Option
from ci_engine.commands.output import print_json
from ci_engine.configuration.loading import effective_settings
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.errors import UsageError, suggest

_ABOUT = """\
Print the effective settings, and where each one comes from.

Sources, the strongest first: an environment variable, a line of pyproject.toml (or of
ci-framework.toml), the default. Options of a command take precedence.
"""


class ConfigOptions(Request, frozen=True, kw_only=True, rename="kebab"):
    """The command line of ``ci config``."""

    keys: Annotated[
        list[str], Option("only this setting, or this table", "KEY", name="keys")
    ] = msgspec.field(default_factory=list[str])


def run(options: ConfigOptions, surroundings: Surroundings) -> int:
    """Print the settings."""
    settings = {
        key: (value, source)
        for key, value, source in effective_settings(
            surroundings.repository, surroundings.variables
        )
    }
    for wanted in options.keys:
        if not any(_matches(key, wanted) for key in settings):
            raise UsageError(
                f"unknown setting {wanted!r}; {suggest(wanted, settings)}",
                hint="run `ci-framework/ci config`, which lists all settings",
            )
    shown = {
        key: entry
        for key, entry in settings.items()
        if not options.keys or any(_matches(key, wanted) for wanted in options.keys)
    }
    if options.json:
        rows = {k: {"value": value, "source": s} for k, (value, s) in shown.items()}
        print_json({"schema": 1, "command": "config", "settings": rows})
        return 0
    for key, (value, source) in shown.items():
        text = msgspec.json.encode(value).decode()
        sys.stdout.write(f"{key} = {text}  # {source}\n")
    return 0


def _matches(key: str, wanted: str) -> bool:
    return key == wanted or key.startswith(f"{wanted}.")


COMMAND = Command(
    ConfigOptions, run, _ABOUT, {0: "printed", 2: "wrong usage or setting"}
)
