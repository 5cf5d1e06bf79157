"""Remember what was collected, and what of that will not run."""

from __future__ import annotations

import sys
import warnings
from typing import Protocol, cast

import pytest

_KEY = "ci-framework-collection"
_LONGEST_NOTE = 200
# The engine takes it for a failure.
UNASSERTED = "assertions are not executed"


class _Writer(Protocol):
    def collection(self, collected: dict[str, object]) -> None: ...

    def write(self, **event: object) -> None: ...


class Collection:
    """Remembers it in the process that collects: with pytest-xdist, in each worker.

    Attributes:
        files: what was looked into.
        found: the tests, before options and hooks leave some out.
    """

    def __init__(self, config: pytest.Config, writer: _Writer | None) -> None:
        self.config = config
        self.writer = writer
        self.files: dict[str, None] = {}
        self.found: dict[str, None] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a file that was looked into."""
        self.files[report.nodeid.partition("::")[0]] = None

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Remember a test."""
        self.found[item.nodeid] = None

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Note settings that have no effect: to pytest they are a warning of many."""
        text = " ".join(str(warning_message.message).split())
        category = warning_message.category.__name__
        of_coverage = category == "CoverageWarning" and text.startswith("Unrecognized")
        if self.writer and (of_coverage or category == "PytestConfigWarning"):
            name = "coverage.py" if of_coverage else "pytest"
            self.writer.write(event="note", message=f"{name}: {text[:_LONGEST_NOTE]}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Hand over what was found."""
        selected = dict.fromkeys(item.nodeid for item in session.items)
        shard = self.config.pluginmanager.get_plugin("ci-framework-shard")
        elsewhere: dict[str, None] = getattr(shard, "left", {})
        root = self.config.rootpath
        result: dict[str, object] = {
            "files": [str(root / name) for name in self.files if name],
            "patterns": list(self.config.getini("python_files")),
            "selected": list(selected),
            "deselected": [
                name
                for name in self.found
                if name not in selected and name not in elsewhere
            ],
            "elsewhere": list(elsewhere),
            "here_units": list(getattr(shard, "here", [])),
            "other_units": list(getattr(shard, "elsewhere", [])),
        }
        output: object = getattr(self.config, "workeroutput", None)
        if isinstance(output, dict):
            cast("dict[str, object]", output)[_KEY] = result
        if self.writer is not None:
            self.writer.collection(result)


def prepare(config: pytest.Config, writer: _Writer | None) -> str:
    """Register what remembers, and report if no assertion of a test can fail."""
    if writer is not None or hasattr(config, "workerinput"):
        collection = Collection(config, writer)
        config.pluginmanager.register(collection, "ci-framework-collected")
    plain = config.getoption("assertmode", default="") == "plain"
    return UNASSERTED if plain and sys.flags.optimize else ""
