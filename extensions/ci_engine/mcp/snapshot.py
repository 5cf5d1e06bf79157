"""The recorded names and schemas of the server, in a file of the repository."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ci_engine.configuration.tables import table
from ci_engine.errors import ConfigurationError
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.mcp.committed_files import read_committed, write_committed
from ci_engine.mcp.observations import Item, Observations
from ci_engine.mcp.starting import failing_transports
from ci_engine.mcp.verdicts import clip, finding, result, without

_NAME = "mcp-snapshot"
_UPDATE = "ci-framework/ci mcp check --update"
_DEEPEST = 12
_MOST_CHANGES = 4
# The fields that clients and models depend on. Icons and the like may change.
_KEPT = {
    "tools": ("name", ("title", "description", "inputSchema", "outputSchema")),
    "resources": ("uri", ("name", "title", "description", "mimeType")),
    "resource-templates": ("uriTemplate", ("name", "description", "mimeType")),
    "prompts": ("name", ("title", "description", "arguments")),
}


class Snapshot(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The file: every list by the names of its items.

    Attributes:
        protocols: the versions that the server supported.
    """

    schema: int
    protocols: list[str]
    tools: dict[str, Item]
    resources: dict[str, Item]
    resource_templates: dict[str, Item]
    prompts: dict[str, Item]

    def lists(self) -> Mapping[str, dict[str, Item]]:
        """The lists by their names."""
        return {
            "tools": self.tools,
            "resources": self.resources,
            "resource-templates": self.resource_templates,
            "prompts": self.prompts,
        }

    def text(self) -> str:
        """The content of the file."""
        plain: object = msgspec.to_builtins(self)
        return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def take_snapshot(observations: Observations) -> Snapshot | None:
    """The current state of the server; None if it is not known."""
    reference = observations.reference
    if reference is None or reference.lists is None:
        return None
    lists = reference.lists
    items = {
        kind: {
            str(item.get(identity, "")): _kept(item, keys)
            for item in (lists[kind].items if kind in lists else ())
        }
        for kind, (identity, keys) in _KEPT.items()
    }
    return Snapshot(
        schema=1,
        protocols=observations.protocols,
        tools=items["tools"],
        resources=items["resources"],
        resource_templates=items["resource-templates"],
        prompts=items["prompts"],
    )


def _kept(item: Item, keys: tuple[str, ...]) -> Item:
    kept: Item = {key: item[key] for key in keys if key in item}
    description = kept.get("description")
    if isinstance(description, str):
        # Older Pythons keep the indentation of a docstring.
        kept["description"] = inspect.cleandoc(description)
    return {key: value for key, value in kept.items() if value != ""}


def read_snapshot(root: Path, name: str) -> Snapshot | None:
    """The snapshot of the repository, None if there is none.

    Raises:
        ConfigurationError: if the file is not a valid snapshot.
    """
    return read_committed(root, name, Snapshot, "a snapshot of an MCP server", _UPDATE)


def judge_snapshot(
    observations: Observations, root: Path, name: str, *, update: bool, dry_run: bool
) -> CheckResult:
    """Compare the server with its snapshot, or write a new one."""
    now = take_snapshot(observations)
    if now is None:
        reason = "the lists of the server could not be read"
        return without(_NAME, reason, Status.NOT_RUN)
    try:
        before = read_snapshot(root, name)
    except ConfigurationError:
        if not update:
            raise
        before = None
    changes = list(compare(before, now)) if before else []
    if not update:
        return result(_NAME, _findings(before, changes, name))
    # A transport that supports another version has rejected this one.
    failing = failing_transports(observations)
    unheard = [
        each
        for each in observations.sessions
        if each.failure
        and each.failure.kind != "refused"
        and not (each.declined and each.transport not in failing)
    ]
    if unheard:
        reason = f"not written: a conversation failed ({unheard[0].label})"
        return without(_NAME, reason, Status.NOT_RUN)
    planned = "would be written" if dry_run else "written"
    if before == now:
        return result(_NAME, [], [f"{name}: nothing changed"])
    if not dry_run:
        write_committed(root, name, now.text())
    return result(_NAME, [], [f"{name}: {planned}", *changes])


def _findings(
    before: Snapshot | None, changes: list[str], name: str
) -> Iterator[Finding]:
    if before is None:
        yield finding(
            "no-snapshot",
            f"there is no {name} to compare the server with",
            f"write it, review it and commit it: {_UPDATE}",
        )
    for change in changes:
        hint = f"if this is intended, update the snapshot: {_UPDATE}"
        yield finding("changed", change, hint, path=name)


def compare(before: Snapshot, now: Snapshot) -> Iterator[str]:
    """Describe the changes."""
    for version in before.protocols:
        if version not in now.protocols:
            yield f"the server no longer speaks {version}"
    for version in now.protocols:
        if version not in before.protocols:
            yield f"the server now speaks {version}"
    for kind, items in before.lists().items():
        current = now.lists()[kind]
        noun = kind.removesuffix("s").replace("-", " ")
        yield from (f"{noun} {n!r} was removed" for n in items if n not in current)
        yield from (f"{noun} {n!r} was added" for n in current if n not in items)
        for name in items:
            if name in current and items[name] != current[name]:
                changes = list(_changes(items[name], current[name], ""))
                more = len(changes) - _MOST_CHANGES
                tail = f"; and {more} more" if more > 0 else ""
                shown = "; ".join(changes[:_MOST_CHANGES])
                yield f"{noun} {name!r} changed: {shown}{tail}"


def _changes(before: object, now: object, location: str) -> Iterator[str]:
    old, new = table(before), table(now)
    if not (old and new) or location.count(".") >= _DEEPEST:
        yield f"{location}: {_shown(now)} instead of {_shown(before)}"
        return
    for key in dict.fromkeys([*old, *new]):
        inner = f"{location}.{key}" if location else key
        if key not in new:
            yield f"{inner} was removed"
        elif key not in old:
            yield f"{inner} was added"
        elif old[key] != new[key]:
            yield from _changes(old[key], new[key], inner)


def _shown(value: object) -> str:
    return clip(json.dumps(value, ensure_ascii=False))
