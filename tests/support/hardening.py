"""The list of checks of every workflow and action, and what the checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.documents import Document, Table, table

Problems = Iterator[str]
Check = Callable[[Document], Problems]

CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Put a check on the list, under its own name."""
    CHECKS[function.__name__] = function
    return function


def uses(step: Table) -> str:
    """The action of a step without its version."""
    return str(step.get("uses", "")).partition("@")[0]


def inputs(step: Table) -> Table:
    return table(step.get("with"))


def verdict_job(doc: Document) -> str:
    """The job to require: each workflow has one of its own name, or one job only."""
    own = [name for name in doc.jobs if name.endswith("-success")]
    return next(iter(own if len(doc.jobs) > 1 else doc.jobs), "")
