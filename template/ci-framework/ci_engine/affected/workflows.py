"""Which workflows run the tests, so that a change of them reaches every test."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ci_engine.affected.files import Files

__all__ = ["runs_tests"]

_WORKFLOWS = ".github/workflows/"
# What a workflow that runs tests cannot do without.
_SIGNS = re.compile(
    r"quality-gates|change-detection|ci-framework/ci\b|\b(?:py)?test|\b(?:tox|nox)\b|"
    r"\bhatch\b|\bmake\b|\bpixi run\b|\bpoe\b|\bjust\b|\./\.github/workflows/",
    re.IGNORECASE,
)


def runs_tests(
    path: str, files: Files, variables: Mapping[str, str] = os.environ
) -> bool:
    """Whether a changed file of the CI may change how the tests run.

    Only a workflow that is there, is not the one that runs now and shows no sign of
    a test does not.
    """
    if not path.startswith(_WORKFLOWS) or path not in files.names:
        return True
    current = variables.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    if current.endswith(f"/{path}"):
        return True
    text = files.read(path).decode("utf-8", "replace")
    return not text or _SIGNS.search(text) is not None
