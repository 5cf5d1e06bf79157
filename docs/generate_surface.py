"""Write public-surface.txt: every name that projects may use, one on each line.

``uv run docs/generate_surface.py`` adds the names that are new; with ``--check`` it
exits with 1 if the file is not up to date. A name leaves the file only if
deprecations.toml has it, with a removal that is due.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import yaml
from generate_schemas import ROOT, finish
from msgspec import inspect
from reference_sections.companion import options_of_companion

from ci_engine.cli import load_command
from ci_engine.commands import COMMANDS
from ci_engine.commands.options import make_parser
from ci_engine.configuration.settings import Settings
from ci_engine.findings.results import RunResult

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Document = Mapping[str, Any]
SURFACE = ROOT / "docs" / "public-surface.txt"
DEPRECATIONS = ROOT / "docs" / "deprecations.toml"
# How long a name keeps working, with a warning, after it was deprecated.
LEAST_DAYS = 183
_INCLUDE = re.compile(r"\{% include '([^']+)' %\}")
_STATEMENT = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)
_TEMPLATE = ROOT / "template" / ".github"


class Deprecation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name that will go.

    Attributes:
        name: as public-surface.txt has it.
        since: the day from which using it gives a warning.
        removal: the first day on which a version may come without it.
        instead: what replaces it, empty if nothing does.
    """

    name: str
    since: date
    removal: date
    instead: str = ""


@dataclass(frozen=True)
class Comparison:
    """The names of the file and those of the code.

    Attributes:
        missing: names that are gone, and may not be.
        text: the file as it should be.
    """

    missing: list[str]
    text: str


def main() -> int:
    """Write or check the file."""
    today = date.today()
    old = SURFACE.read_text(encoding="utf-8") if SURFACE.exists() else ""
    compared = compare(old.splitlines(), set(surface()), read_deprecations(), today)
    for name in compared.missing:
        sys.stderr.write(
            f"docs/public-surface.txt: {name!r} is gone: keep it working, or list it "
            f"in docs/deprecations.toml {LEAST_DAYS} days before its removal\n"
        )
    if compared.missing:
        return 1
    return finish({SURFACE: compared.text}, "docs/generate_surface.py")


def compare(
    old: list[str], current: set[str], deprecations: list[Deprecation], today: date
) -> Comparison:
    """Compare the names of the file with those of the code."""
    due = {each.name for each in deprecations if each.removal <= today}
    missing = sorted(name for name in old if name not in current | due)
    return Comparison(missing, "".join(f"{name}\n" for name in sorted(current)))


def read_deprecations(path: Path = DEPRECATIONS) -> list[Deprecation]:
    """Read the table of deprecated names."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return msgspec.convert(document.get("deprecated", []), list[Deprecation])


def problems_of(
    deprecations: list[Deprecation], old: list[str], today: date
) -> Iterator[str]:
    """What is wrong with the table itself."""
    for each in deprecations:
        if each.removal - each.since < timedelta(days=LEAST_DAYS):
            yield f"{each.name}: fewer than {LEAST_DAYS} days until its removal"
        if each.name not in old and each.removal > today:
            yield f"{each.name}: no such name, and it may not be gone yet"
        if each.instead and each.instead not in old:
            yield f"{each.name}: its replacement {each.instead!r} is not a public name"


def surface() -> Iterator[str]:
    """Every public name of the code as it is."""
    yield from _answers()
    yield from (f"setting {name}" for name in _fields(inspect.type_info(Settings), ""))
    for command in COMMANDS:
        yield from (f"command {command} {name}".rstrip() for name in _options(command))
    for command, options in options_of_companion().items():
        yield f"companion {command}"
        yield from (f"companion {command} {option}" for option in options)
    yield from _actions()
    yield from _jobs()
    yield from (f"result {name}" for name in _fields(inspect.type_info(RunResult), ""))


def _answers() -> Iterator[str]:
    text = (ROOT / "copier.yml").read_text(encoding="utf-8")
    questions = cast("Document", yaml.safe_load(text))
    for name, question in questions.items():
        if name.startswith("_") or question.get("when") is False:
            continue
        yield f"answer {name}"
        choices = cast("object", question.get("choices", []))
        values = (
            list(cast("dict[str, str]", choices).values())
            if isinstance(choices, dict)
            else cast("list[str]", choices)
        )
        yield from (f"answer {name}={value}" for value in values)


def _fields(kind: inspect.Type, prefix: str) -> Iterator[str]:
    """The keys of a structure, and of those inside of it."""
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            name = f"{prefix}.{field.encode_name}".lstrip(".")
            yield name
            yield from _fields(field.type, name)
    elif isinstance(kind, inspect.ListType):
        yield from _fields(kind.item_type, f"{prefix}[]")
    elif isinstance(kind, inspect.DictType):
        yield from _fields(kind.value_type, f"{prefix}.*")
    elif isinstance(kind, inspect.UnionType):
        for part in kind.types:
            yield from _fields(part, prefix)


def _options(command: str) -> Iterator[str]:
    loaded = load_command(command)
    parser = make_parser(command, loaded.about, loaded.exit_codes, loaded.request)
    yield ""
    found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser.format_usage()))
    yield from sorted(found)


def _actions() -> Iterator[str]:
    for path in sorted((_TEMPLATE / "actions").glob("*/action.yml")):
        name = path.parent.name.partition("}}")[2].strip()
        document = cast("Document", yaml.safe_load(path.read_text(encoding="utf-8")))
        yield f"action {name}"
        for kind in ("inputs", "outputs"):
            keys = document.get(kind, {})
            yield from (f"action {name} {kind[:-1]} {key}" for key in keys)


def _jobs() -> Iterator[str]:
    for path in sorted((_TEMPLATE / "workflows").glob("*.jinja")):
        name = path.name.partition("}}")[2].strip().removesuffix(".jinja")
        text = _INCLUDE.sub(_included, path.read_text(encoding="utf-8"))
        text = _STATEMENT.sub("", text.partition("\njobs:\n")[2])
        yield f"workflow {name}"
        jobs = re.findall(r"^  ([a-z][\w-]*):$", text, re.MULTILINE)
        yield from (f"workflow {name} {job}" for job in jobs)


def _included(match: re.Match[str]) -> str:
    text = (ROOT / match[1]).read_text(encoding="utf-8")
    return _INCLUDE.sub(_included, text)


if __name__ == "__main__":
    sys.exit(main())
