"""The parts of a command, and how its request is read from the command line."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

import msgspec

from ci_engine.configuration.surroundings import Surroundings
from ci_engine.configuration.typed_tables import (
    find_mistakes,
    parse_text,
    structure_of,
)
from ci_engine.errors import UsageError

EXIT_CODES: Mapping[int, str] = {
    0: "green",
    1: "red",
    2: "wrong usage or configuration",
    3: "a required tool could not run",
}


class Request(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The fields that the command line of any command has."""

    json: bool = False
    report_dir: str = ""
    dry_run: bool = False

    @property
    def keeps_reports(self) -> bool:
        """Whether the reports of an earlier run stay as they are."""
        return self.dry_run

    @property
    def subject(self) -> str:
        """The subject of the reports, where the command has several subjects."""
        return ""


_Request = TypeVar("_Request", bound=Request)


@dataclass(frozen=True)
class Command(Generic[_Request]):
    """One command.

    Attributes:
        variables: fields of the request that an environment variable may set.
    """

    request: type[_Request]
    run: Callable[[_Request, Surroundings], int]
    about: str
    exit_codes: Mapping[int, str] = field(default_factory=lambda: EXIT_CODES)
    variables: Mapping[str, str] = field(default_factory=dict[str, str])


def read_request(
    structure: type[_Request], given: Mapping[str, object], command: str
) -> _Request:
    """Convert the parsed command line to a typed request.

    An empty value counts as not given, because workflows pass empty inputs on.
    """
    types = {part.encode_name: part.type for part in structure_of(structure).fields}
    values = {
        name: parse_text(value, types[name]) if isinstance(value, str) else value
        for name, value in given.items()
        if name in types and value not in ("", [])
    }
    for name, value in values.items():
        if value == []:
            raise UsageError(
                f"--{name}: expected a list of names, got {given[name]!r}",
                hint=f"run `ci-framework/ci {command} --help`",
            )
    for mistake in find_mistakes(values, structure):
        raise UsageError(
            f"--{mistake.key}: expected {mistake.expected}, got {mistake.got}",
            hint=f"run `ci-framework/ci {command} --help`",
        )
    return msgspec.convert(values, structure)


def to_argv(command: str, request: Request) -> str:
    """The command line that makes a request, for display."""
    argv = ["ci-framework/ci", command]
    for part in structure_of(type(request)).fields:
        value: object = getattr(request, part.name)
        if part.name in ("json", "report_dir") or value == part.default or not value:
            continue
        argv.append(f"--{part.encode_name}")
        if isinstance(value, (list, tuple)):
            argv.append(",".join(map(str, cast("Sequence[object]", value))))
        elif value is not True:
            argv.append(str(value))
    return shlex.join(argv)
