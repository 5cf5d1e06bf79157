"""The ``.secrets.baseline`` of a repository, without the code that it names.

detect-secrets imports the modules and files that plugins and filters of a baseline
name. A scan never runs code of the repository: what is not part of detect-secrets is
taken out of the copy that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import dig, items, one_or_several, text

BASELINE = ".secrets.baseline"
_FILTER = re.compile(r"detect_secrets\.filters\.\w+\.\w+", re.ASCII)
# The lists that name code, with the key that does. The last one is of version 0.
_PLUGINS, _FILTERS, _CUSTOM = "plugins_used", "filters_used", "custom_plugin_paths"


class Secret(msgspec.Struct, frozen=True):
    """One secret that is known; its value is not in the baseline."""

    type: str
    line_number: int = 0
    hashed_secret: str = ""


class SecretsBaseline(msgspec.Struct):
    """What the scan needs of a baseline."""

    results: dict[str, list[Secret]]
    generated_at: str = ""

    def secrets(self) -> Iterator[tuple[str, Secret]]:
        """Every secret, with its file."""
        for file, secrets in self.results.items():
            yield from ((file, secret) for secret in secrets)


def read_baseline(content: bytes) -> tuple[SecretsBaseline, bytes, list[str]]:
    """Read what a baseline knows, what of it is safe, and what had to be taken out."""
    document = msgspec.json.decode(content, type=dict[str, object])
    refused = list(_refuse(document))
    known = msgspec.convert(document, SecretsBaseline)
    return known, msgspec.json.encode(document), refused


def _refuse(document: Table) -> Iterator[str]:
    """Take out of a baseline what is not plainly data, and name it."""
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
    """Whether a plugin is one of those that detect-secrets has."""
    return isinstance(entry, dict) and "path" not in entry


def _is_own_filter(entry: object) -> bool:
    """Whether a filter is a function of detect-secrets."""
    return _FILTER.fullmatch(text(entry, "path")) is not None


def _name(entry: object) -> str:
    path = dig(entry, "path")
    return str(path if isinstance(entry, dict) else entry)[:200]
