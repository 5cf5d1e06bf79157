"""Read the ``.secrets.baseline`` of a repository without running code it names.

detect-secrets imports the modules and files in the plugins and filters of a baseline.
A scan never runs code of the repository: everything that is not part of detect-secrets
is removed from the copy that it gets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import dig, items, one_or_several, text
from ci_engine.findings.results import name_some

BASELINE = ".secrets.baseline"
_FILTER = re.compile(r"detect_secrets\.filters\.\w+\.\w+", re.ASCII)
# The lists that name code, with their key for it. The last one is of version 0.
_PLUGINS, _FILTERS, _CUSTOM = "plugins_used", "filters_used", "custom_plugin_paths"


# Filters that make detect-secrets skip lines and files.
_HIDING = re.compile(
    r"detect_secrets\.filters\.(?:allowlist|regex)\.\w+", re.ASCII | re.IGNORECASE
)
_EXCLUDES_FILES = "detect_secrets.filters.regex.should_exclude_file"
_EVERYTHING = frozenset({"", ".", ".*", ".+", "^", "^.*", "^.+", "^.*$", "^.+$", ".*$"})
_MOST_NAMED = 50


class Secret(msgspec.Struct, frozen=True):
    """One known secret, without its value."""

    type: str
    line_number: int = 0
    hashed_secret: str = ""


class SecretsBaseline(msgspec.Struct):
    """The parts of a baseline that the scan needs."""

    results: dict[str, list[Secret]]
    generated_at: str = ""
    plugins_used: list[dict[str, object]] | None = None
    filters_used: list[dict[str, object]] | None = None

    def secrets(self) -> Iterator[tuple[str, Secret]]:
        """Every secret, with its file."""
        for file, secrets in self.results.items():
            yield from ((file, secret) for secret in secrets)

    def why_nothing(self) -> str:
        """Why detect-secrets examines nothing with this baseline, empty if it does."""
        if self.plugins_used is not None and not self.plugins_used:
            return f"nothing was examined: {BASELINE} names no plugins"
        for pattern in self._excluded():
            if pattern in _EVERYTHING:
                return (
                    f"nothing was examined: {BASELINE} excludes the files {pattern!r}"
                )
        return ""

    def limits(self) -> list[str]:
        """Notes about the baseline's known secrets, plugins and excluded files."""
        notes: list[str] = []
        known = sorted({(f, s.line_number, s.type) for f, s in self.secrets()})
        if known:
            rows = [f"{file}:{line} {kind}" for file, line, kind in known]
            noun = "secret is" if len(rows) == 1 else "secrets are"
            listed = name_some(rows, _MOST_NAMED)
            notes.append(f"{len(rows)} {noun} known by {BASELINE}: {listed}")
        if self.plugins_used is not None:
            plugins = [text(each, "name") for each in self.plugins_used]
            listed = name_some(plugins, _MOST_NAMED)
            notes.append(f"{BASELINE} selects {len(plugins)} plugins: {listed}")
        excluded = [repr(pattern) for pattern in self._excluded()]
        if excluded:
            listed = name_some(excluded, _MOST_NAMED)
            notes.append(f"{BASELINE} excludes files: {listed}")
        return notes

    def _excluded(self) -> list[str]:
        """The file patterns that the baseline excludes."""
        return [
            str(pattern)
            for each in self.filters_used or []
            if each.get("path") == _EXCLUDES_FILES
            for pattern in one_or_several(each.get("pattern", []))
        ]


class ReadBaseline(msgspec.Struct, frozen=True):
    """A baseline, as a scan uses it.

    Attributes:
        known: its known secrets.
        heeding: a copy without code that applies comments and exclusions.
        strict: a copy without code that does not apply them.
        refused: the removed entries.
    """

    known: SecretsBaseline
    heeding: bytes
    strict: bytes
    refused: list[str]


def read_baseline(content: bytes) -> ReadBaseline:
    """Read the content of a baseline, and make safe copies of it."""
    document = msgspec.json.decode(content, type=dict[str, object])
    refused = list(_refuse(document))
    known = msgspec.convert(document, SecretsBaseline)
    heeding = msgspec.json.encode(document)
    if _FILTERS in document:
        document[_FILTERS] = [
            entry
            for entry in items(document, _FILTERS)
            if not _HIDING.fullmatch(text(entry, "path"))
        ]
    return ReadBaseline(known, heeding, msgspec.json.encode(document), refused)


def _refuse(document: Table) -> Iterator[str]:
    """Remove entries that are not plain data, and return their names."""
    for key, is_safe in ((_PLUGINS, _is_own_plugin), (_FILTERS, _is_own_filter)):
        if key not in document:
            continue
        if not isinstance(document[key], list):
            del document[key]
            yield key
            continue
        entries = items(document, key)
        document[key] = [entry for entry in entries if is_safe(entry)]
        yield from (f"{key}: {_name(e)}" for e in entries if not is_safe(e))
    for entry in one_or_several(document.pop(_CUSTOM, [])):
        yield f"{_CUSTOM}: {_name(entry)}"


def _is_own_plugin(entry: object) -> bool:
    """Whether a plugin is part of detect-secrets."""
    return isinstance(entry, dict) and "path" not in entry


def _is_own_filter(entry: object) -> bool:
    """Whether a filter is a function of detect-secrets."""
    return _FILTER.fullmatch(text(entry, "path")) is not None


def _name(entry: object) -> str:
    path = dig(entry, "path")
    return str(path if isinstance(entry, dict) else entry)[:200]
