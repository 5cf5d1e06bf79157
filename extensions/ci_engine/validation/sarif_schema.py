"""The subset of SARIF that we write.

Readers treat the rest differently: keys in another case, links in Markdown, files
outside of the log. So none of it is accepted.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["note", "warning", "error"]


class _Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A part of the log, which refuses unknown keys."""


class Text(_Part):
    """A text."""

    text: str


class Properties(msgspec.Struct, rename="kebab", forbid_unknown_fields=True):
    """The severity of a rule's findings."""

    security_severity: str
    tags: list[Literal["security"]]
    precision: Literal["high", "medium", "low"] | None = None


class _Configuration(_Part):
    level: Level


class Rule(_Part):
    """A rule."""

    id: str
    short_description: Text
    full_description: Text
    help: Text
    default_configuration: _Configuration
    help_uri: str = "https://"
    properties: Properties | None = None


class Driver(_Part):
    """The tool itself."""

    name: str
    information_uri: str
    rules: list[Rule]
    version: str = ""


class _Tool(_Part):
    driver: Driver


class Artifact(_Part):
    """A file."""

    uri: str
    uri_base_id: str


class _Region(_Part):
    start_line: int
    start_column: int = 1


class _Physical(_Part):
    artifact_location: Artifact
    region: _Region


class _Location(_Part):
    physical_location: _Physical


class _Suppression(_Part):
    kind: Literal["external"]
    justification: str


class _Fingerprints(msgspec.Struct, forbid_unknown_fields=True):
    ours: str = msgspec.field(name="ciFramework/v1")


class Result(_Part):
    """A finding."""

    rule_id: str
    rule_index: int
    level: Level
    message: Text
    partial_fingerprints: _Fingerprints
    baseline_state: Literal["new", "unchanged"]
    locations: list[_Location]
    suppressions: list[_Suppression] = []


class _Notification(_Part):
    level: Level
    message: Text


class Invocation(_Part):
    """Whether a tool did its work."""

    execution_successful: bool
    tool_execution_notifications: list[_Notification]


class _Automation(_Part):
    id: str


class _Base(_Part):
    description: Text


class _Bases(msgspec.Struct, forbid_unknown_fields=True):
    root: _Base = msgspec.field(name="%SRCROOT%")


class Run(_Part):
    """The report of one tool."""

    automation_details: _Automation
    tool: _Tool
    invocations: list[Invocation]
    column_kind: Literal["unicodeCodePoints"]
    original_uri_base_ids: _Bases
    results: list[Result]

    def texts(self) -> list[str]:
        """Every text that is displayed."""
        texts = [result.message.text for result in self.results]
        texts += [s.justification for r in self.results for s in r.suppressions]
        for rule in self.tool.driver.rules:
            texts += [rule.short_description.text, rule.full_description.text]
            texts += [rule.help.text]
        for invocation in self.invocations:
            notifications = invocation.tool_execution_notifications
            texts += [each.message.text for each in notifications]
        return texts


class Log(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    version: str
    runs: list[Run]
    schema: str = msgspec.field(default="", name="$schema")
