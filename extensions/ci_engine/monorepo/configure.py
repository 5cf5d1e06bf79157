"""Write what was found into the project's files, and keep what a person wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ci_engine.configuration.reading import read_text
from ci_engine.errors import ConfigurationError, ToolError
from ci_engine.monorepo.edits import Entry, Section, quoted, rewrite
from ci_engine.monorepo.files import (
    CROSS,
    DETECTION,
    FILES,
    FOLDER,
    FOUND,
    SELECTIVE,
    directory,
    parse_file,
    read_file,
)
from ci_engine.monorepo.model import Graph, Package
from ci_engine.monorepo.release import CONFIG, release_files
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project

__all__ = ["Written", "configure"]

_SCHEMAS = (
    "https://raw.githubusercontent.com/MementoRC/ci-framework/main"
    "/extensions/ci_engine/configs/schemas"
)
_HEAD = f"""\
# yaml-language-server: $schema={_SCHEMAS}/{{name}}.json
# {{what}}
# This file is yours. `ci-framework/ci packages --configure` writes the entries that
# end in a comment `detected` anew; an entry that you change stays as you leave it.
"""
_INTROS = {
    DETECTION: _HEAD.format(
        name="package-detection", what="The packages of this repository."
    )
    + "exclude: []  # patterns of directories that are no packages\n"
    + "include: []  # directories that are, although they look like examples\n",
    SELECTIVE: _HEAD.format(name="selective-ci", what="How each package is checked.")
    + "# tier: inherit, essential, extended or full; environment: isolated, or the\n"
    + "# name of a pixi environment; python: such as 3.12, empty for any.\n",
    CROSS: _HEAD.format(name="cross-package", what="Which package needs which others.")
    + "# What is found is found again each time: add to depends-on what cannot be\n"
    + "# found, name in independent-of what was found and is not so.\n",
}


@dataclass(frozen=True)
class Written:
    """What became of one file.

    Attributes:
        path: its name, seen from the top of the repository.
        changed: whether it is another one now.
        kept: the entries that a person changed.
    """

    path: str
    changed: bool
    kept: Sequence[str]


def configure(
    project: Project, graph: Graph, *, releases: bool = False, dry_run: bool = False
) -> list[Written]:
    """Bring the three files up to date; a second run changes nothing.

    Args:
        project: the repository.
        graph: its packages.
        releases: whether release-please is to be configured where it is not yet.
        dry_run: whether to say only what would be done.

    Raises:
        ConfigurationError: if a file is wrong, or written in a way that entries
            cannot be added to.
        ToolError: if a file cannot be written.
    """
    texts: dict[str, tuple[str, str, list[str]]] = {}
    for name, sections in _found(graph).items():
        read_file(project.root, name, FILES[name])
        path = directory(project.root) / name
        old = read_text(path) if path.is_file() else ""
        new, kept = rewrite(old, sections, _INTROS[name])
        _refuse_broken(project, name, new, sections)
        texts[name] = old, new, kept
    if releases or (project.root / CONFIG).is_file():
        for name, (old, new) in release_files(project, graph).items():
            texts[f"../../{name}"] = old, new, []
    for name, (old, new, _) in texts.items():
        if new != old and not dry_run:
            path = (directory(project.root) / name).resolve()
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ToolError(f"{path.parent}: {error.strerror}") from error
            write_text(path, new)
    return [
        Written(_shown(name), old != new, kept)
        for name, (old, new, kept) in texts.items()
    ]


def _shown(name: str) -> str:
    return name.removeprefix("../../") if "/" in name else f"{FOLDER}/{name}"


def _found(graph: Graph) -> dict[str, list[Section]]:
    packages = graph.packages
    ignored = [
        Entry(entry.path, [f"because: {quoted(entry.because)}"])
        for entry in graph.ignored
    ]
    return {
        DETECTION: [
            Section("packages", [Entry(p.name, _detection(p)) for p in packages]),
            Section("ignored", ignored),
        ],
        SELECTIVE: [
            Section("packages", [Entry(p.name, _selective()) for p in packages])
        ],
        CROSS: [Section("packages", [Entry(p.name, _cross(p)) for p in packages])],
    }


def _detection(package: Package) -> list[str]:
    lists = {
        "import-names": package.import_names,
        "source-paths": package.source_paths,
        "test-paths": package.test_paths,
    }
    rows = [f"{key}: [{', '.join(map(quoted, v))}]" for key, v in lists.items()]
    return [f"path: {quoted(package.path)}", *rows]


def _selective() -> list[str]:
    return ["tier: inherit", "environment: isolated", 'python: ""']


def _cross(package: Package) -> list[str]:
    if not package.depends_on:
        return ["depends-on: {}"]
    rows: list[str] = []
    for other in package.depends_on:
        # A line that moves is no news.
        because = re.sub(r":\d+ imports ", " imports ", other.because)
        reason = quoted(f"{FOUND}{other.kind}, {because}")
        rows.append(f"  {quoted(other.name)}: {reason}")
    return ["depends-on:", *rows]


def _refuse_broken(
    project: Project, name: str, text: str, sections: Sequence[Section]
) -> None:
    """A file that is written otherwise than by lines must not be spoilt.

    Raises:
        ConfigurationError: if the new text is not what it should be.
    """
    path = directory(project.root) / name
    try:
        raw = msgspec.yaml.decode(text)
        told = parse_file(path, raw, FILES[name])
        data = msgspec.to_builtins(told)
        missing = [
            f"{section.name}.{entry.key}"
            for section in sections
            for entry in section.entries
            if entry.key not in data.get(section.name, {})
        ]
        problem = f"there is no place for {missing[0]}" if missing else ""
    except (msgspec.DecodeError, ConfigurationError) as error:
        problem = " ".join(str(error).split())
    if problem:
        raise ConfigurationError(
            f"{name}: cannot be brought up to date: {problem}",
            hint="write each entry of packages on lines of its own, indented by "
            "two spaces",
        )
