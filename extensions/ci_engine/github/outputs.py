"""Tell GitHub Actions what it wants to know: outputs, summaries, warnings.

Each function does nothing where no workflow runs us.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

__all__ = ["add_summary", "warn", "write_outputs"]

# GitHub drops a whole summary that is longer than 1 MiB.
_LONGEST_SUMMARY = 1_000_000


def write_outputs(values: Mapping[str, str]) -> None:
    """Write the outputs of a step; no value can end early or name another output."""
    path = os.environ.get("GITHUB_OUTPUT")
    if not path:
        return
    lines: list[str] = []
    for name, value in values.items():
        if "\n" in value or "\r" in value:
            end = f"end-{uuid.uuid4().hex}"
            lines += [f"{name}<<{end}", value, end]
        else:
            lines.append(f"{name}={value}")
    text = "".join(f"{line}\n" for line in lines)
    with Path(path).open("ab") as stream:
        stream.write(text.encode("utf-8", "replace"))


def add_summary(markdown: str) -> None:
    """Add to the summary of the job, as much as GitHub takes."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    data = markdown.encode("utf-8", "replace")
    if len(data) > _LONGEST_SUMMARY:
        kept = data[:_LONGEST_SUMMARY].decode("utf-8", "ignore")
        data = f"{kept}\n\ncut here: the reports have the rest\n\n".encode()
    with Path(path).open("ab") as stream:
        stream.write(data)


def warn(text: str) -> None:
    """Say something that does not change the verdict but must be seen."""
    print(text, file=sys.stderr)  # noqa: T201 - it is for a person
    if os.environ.get("GITHUB_ACTIONS") == "true":
        line = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::warning title=ci-framework::{line}", file=sys.stderr)  # noqa: T201
