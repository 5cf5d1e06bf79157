"""Record what pytest collects, and which of these tests will not run."""

from __future__ import annotations

import sys
import warnings
from typing import Protocol, cast

import pytest

_KEY = "ci-framework-collection"
_LONGEST_NOTE = 200
# The engine treats this note as a failure.
UNASSERTED = "assertions are not executed"


class _Writer(Protocol):
    def collection(self, collected: dict[str, object]) -> None: ...

    def write(self, **event: object) -> None: ...


class Collection:
    """The record of the collecting process: with pytest-xdist, of each worker.

    Attributes:
        files: the files that pytest examined.
        found: the tests, before options and hooks deselect some.
    """

    def __init__(self, config: pytest.Config, writer: _Writer | None) -> None:
        self.config = config
        self.writer = writer
        self.files: dict[str, None] = {}
        self.found: dict[str, None] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that pytest examined."""
        self.files[report.nodeid.partition("::")[0]] = None

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Record a test."""
        self.found[item.nodeid] = None

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Report settings without effect, which pytest only mentions in a warning."""
        text = " ".join(str(warning_message.message).split())
        category = warning_message.category.__name__
        of_coverage = category == "CoverageWarning" and text.startswith("Unrecognized")
        if self.writer and (of_coverage or category == "PytestConfigWarning"):
            name = "coverage.py" if of_coverage else "pytest"
            self.writer.write(event="note", message=f"{name}: {text[:_LONGEST_NOTE]}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Hand over the record."""
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
    """Register the record, and report if assertions are disabled."""
    if writer is not None or hasattr(config, "workerinput"):
        collection = Collection(config, writer)
        config.pluginmanager.register(collection, "ci-framework-collected")
    plain = config.getoption("assertmode", default="") == "plain"
    return UNASSERTED if plain and sys.flags.optimize else ""
