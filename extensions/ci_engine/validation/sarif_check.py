"""Check whether a SARIF file is one of ours, before it is uploaded.

It was written by a job that ran the code of a change. Alerts belong to a tool and a
category: a file with another tool could close the alerts of that scanner.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import msgspec

from ci_engine.configuration.contained_files import read_contained
from ci_engine.findings.results import Finding
from ci_engine.reports.sarif import INFORMATION, TOOL_NAME
from ci_engine.validation.sarif_schema import Artifact, Log, Run

# The limits of GitHub: https://docs.github.com/en/code-security/code-scanning
_MOST_BYTES = 10_000_000
_MOST_RUNS = 20
_MOST_RESULTS = 25_000
_CATEGORY = re.compile(
    r"ci-framework/([a-z0-9][a-z0-9._-]*/){1,3}[A-Za-z][A-Za-z0-9._-]*/"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def check_sarif(path: Path) -> Iterator[Finding]:
    """Report why a SARIF file must not be uploaded.

    Raises:
        ConfigurationError: if it is not a regular file.
    """
    for problem in _problems(path):
        yield Finding(
            tool="ci-framework", rule="sarif", message=problem, path=path.name
        )


def _problems(path: Path) -> Iterator[str]:
    try:
        data = read_contained(path)
        log = msgspec.json.decode(data, type=Log)
        json.loads(data, object_pairs_hook=_keys_once)
    except (OSError, ValueError, RecursionError) as error:
        yield f"not SARIF of ci-framework: {error}"
        return
    if len(gzip.compress(data, 6)) > _MOST_BYTES:
        yield f"larger than {_MOST_BYTES // 1_000_000} MB when it is compressed"
    if log.version != "2.1.0":
        yield f"expected version '2.1.0', got {log.version!r}"
    if not 0 < len(log.runs) <= _MOST_RUNS:
        yield f"expected 1 to {_MOST_RUNS} runs, got {len(log.runs)}"
    seen: set[str] = set()
    for run in log.runs[:_MOST_RUNS]:
        yield from _of_run(run, seen)


def _keys_once(pairs: list[tuple[str, object]]) -> None:
    """Refuse duplicate keys, which readers treat differently."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key is repeated: {max(keys, key=keys.count)!r}")


def _of_run(run: Run, seen: set[str]) -> Iterator[str]:
    name, category = run.tool.driver.name, run.automation_details.id
    if not TOOL_NAME.fullmatch(name) or name.casefold() == "codeql":
        yield f"expected a tool of ci-framework, got {name!r}"
    if run.tool.driver.information_uri != INFORMATION:
        yield f"{name}: expected the address of ci-framework for the tool"
    if any("](" in text for text in run.texts()):
        yield f"{name}: expected texts without links"
    named = _CATEGORY.fullmatch(category) and category.endswith(f"/{name}/")
    if not named or category in seen:
        yield f"expected one category ci-framework/…/{name}/, got {category!r}"
    seen.add(category)
    if len(run.results) > _MOST_RESULTS:
        yield f"{name}: expected at most {_MOST_RESULTS} results"
    for rule in run.tool.driver.rules:
        if not rule.help_uri.startswith("https://") or not rule.id.isprintable():
            yield f"{name}: expected a rule with a link to https, got {rule.id!r}"
    outside = {
        artifact.uri
        for result in run.results
        for location in result.locations
        if _leads_out(artifact := location.physical_location.artifact_location)
    }
    for uri in sorted(outside)[:1]:
        yield f"{name}: expected paths inside the repository, got {uri!r}"


def _leads_out(artifact: Artifact) -> bool:
    path = unquote(artifact.uri)
    return (
        artifact.uri_base_id != "%SRCROOT%"
        or not path
        or path.startswith(("/", "\\"))
        or bool(_SCHEME.match(path))
        or ".." in PurePosixPath(path.replace("\\", "/")).parts
    )
