"""Skip the tests that a change cannot break, and run others first."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_SELECTION_VARIABLE = "CI_ENGINE_PYTEST_SELECTION"


class Selection:
    """Skips test files that a change cannot break, and runs others first.

    Only the listed files are skipped: everything else runs.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        selection = json.loads(Path(file).read_text(encoding="utf-8"))
        root = Path(os.path.realpath(selection["root"]))
        self.left_out = frozenset(root / path for path in selection["left-out"])
        self.first = frozenset(root / path for path in selection["first"])

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Do not even import skipped files."""
        return True if self._is_in(collection_path, self.left_out) else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run the tests first that the change can break; otherwise keep the order."""
        if self.first:
            items.sort(key=lambda item: not self._is_in(item.path, self.first))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Pass the selection to the workers of pytest-xdist."""
        sent: dict[str, object] = getattr(node, "workerinput", {})
        sent[_SELECTION_VARIABLE] = self.file

    def _is_in(self, path: Path, paths: frozenset[Path]) -> bool:
        return path in paths or Path(os.path.realpath(path)) in paths


def _allow_low_coverage(config: pytest.Config) -> None:
    """Allow low coverage: a part of the tests cannot reach the required one."""
    plugin = config.pluginmanager.get_plugin("_cov")
    if plugin is not None and getattr(plugin.options, "cov_fail_under", None):
        plugin.options.cov_fail_under = 0


def prepare(config: pytest.Config, _writer: object) -> str:
    """Register the selection and return a note about it."""
    received: dict[str, str] = getattr(config, "workerinput", {})
    # Removed, so that a pytest started by a test runs all of its tests.
    file = os.environ.pop(_SELECTION_VARIABLE, received.get(_SELECTION_VARIABLE, ""))
    if not file:
        return ""
    selection = Selection(file)
    config.pluginmanager.register(selection, "ci-framework-selected-tests")
    if not selection.left_out:
        return (
            f"tests that the change can break ran first: {len(selection.first)} files"
        )
    _allow_low_coverage(config)
    return f"{len(selection.left_out)} test files were skipped"
