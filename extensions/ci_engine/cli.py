"""The command line: find and run ``ci-framework/ci COMMAND``."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

import msgspec

from ci_engine import __version__
from ci_engine.commands import COMMANDS
from ci_engine.commands.command import EXIT_CODES, Command, Request, read_request
from ci_engine.commands.options import (
    general_help,
    make_parser,
    parse_options,
    refuse_command,
)
from ci_engine.configuration.surroundings import Surroundings, read_surroundings
from ci_engine.errors import run_to_exit_code
from ci_engine.github.log_stream import guarded_streams
from ci_engine.project.output_files import discard_reports
from ci_engine.project.repository import find_repository

# Internal: one process of the engine passes a whole request to another.
REQUEST_OPTION = "--request="
_MANY_OBJECTS = 100_000
_SHORT_TURN = 0.0002  # seconds


def main(arguments: Sequence[str] | None = None, repository: Path | None = None) -> int:
    """Run one command for a repository, and return its exit code.

    Args:
        arguments: the command line; None = that of the process.
        repository: the root of the repository; None = found from the current
            directory.
    """
    # A command runs for seconds: collecting garbage costs more than it frees, and a
    # thread that waits for a program should get its turn quickly.
    gc.set_threshold(_MANY_OBJECTS)
    sys.setswitchinterval(_SHORT_TURN)
    argv = list(sys.argv[1:] if arguments is None else arguments)
    name = next((word for word in argv if not word.startswith("-")), "")
    with guarded_streams():
        return run_to_exit_code(
            f"ci {name}".strip(), lambda: _dispatch(name, argv, repository)
        )


def _dispatch(name: str, argv: list[str], repository: Path | None) -> int:
    before = argv[: argv.index(name)] if name else argv
    if "--version" in before:
        sys.stdout.write(f"ci-framework {__version__}\n")
        return 0
    if {"--help", "-h"}.intersection(before):
        sys.stdout.write(general_help(EXIT_CODES))
        return 0
    command = load_command(name)
    options = argv[len(before) + 1 :]
    if options and options[0].startswith(REQUEST_OPTION):
        text = options[0].removeprefix(REQUEST_OPTION)
        request = msgspec.json.decode(text, type=command.request)
        return _run(name, command, request, read_surroundings(_find(repository)))
    parser = make_parser(name, command.about, command.exit_codes, command.request)
    given = parse_options(parser, options)
    surroundings = read_surroundings(_find(repository))
    for field, variable in command.variables.items():
        given[field] = given.get(field) or surroundings.variables.get(variable, "")
    request = read_request(command.request, given, name)
    return _run(name, command, request, surroundings)


def load_command(name: str) -> Command[Request]:
    """Import one command; importing all of them would take longer."""
    if name not in COMMANDS:
        refuse_command(name, COMMANDS, "ci-framework/ci")
    module = import_module(f"ci_engine.commands.{name}")
    return cast("Command[Request]", module.COMMAND)


def _find(repository: Path | None) -> Path:
    return repository.resolve() if repository else find_repository(Path.cwd())


def _run(
    name: str, command: Command[Request], request: Request, surroundings: Surroundings
) -> int:
    # The reports of an earlier run must not be mistaken for those of this one.
    if not request.keeps_reports:
        directory = surroundings.reports(
            request.report_dir, f"{name}/{request.subject}"
        )
        discard_reports(directory, ours=not request.report_dir)
    return command.run(request, surroundings)
