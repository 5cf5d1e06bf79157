"""Remember what was collected, and what of that will not run."""

from __future__ import annotations

from typing import Protocol, cast

import pytest

_KEY = "ci-framework-collection"


class _Writer(Protocol):
    def collection(self, collected: dict[str, object]) -> None: ...


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

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Hand over what was found."""
        selected = dict.fromkeys(item.nodeid for item in session.items)
        root = self.config.rootpath
        result: dict[str, object] = {
            "files": [str(root / name) for name in self.files if name],
            "patterns": list(self.config.getini("python_files")),
            "selected": list(selected),
            "deselected": [name for name in self.found if name not in selected],
        }
        output: object = getattr(self.config, "workeroutput", None)
        if isinstance(output, dict):
            cast("dict[str, object]", output)[_KEY] = result
        if self.writer is not None:
            self.writer.collection(result)


def prepare(config: pytest.Config, writer: _Writer | None) -> str:
    """Register what remembers, where something is collected."""
    if writer is not None or hasattr(config, "workerinput"):
        collection = Collection(config, writer)
        config.pluginmanager.register(collection, "ci-framework-collected")
    return ""
