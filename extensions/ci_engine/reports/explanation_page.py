"""Why a file matters, as text for a terminal."""

from __future__ import annotations

from ci_engine.changes.decision import AffectedTests
from ci_engine.changes.explanation import Explanation
from ci_engine.escaping import visible

__all__ = ["to_explanation"]

_MOST = 30


def to_explanation(explanation: Explanation) -> str:
    """Write what a file is, what it selects and what selects it."""
    path = visible(explanation.path)
    lines = [f"{path}: {explanation.category} ({explanation.because})"]
    lines += _selects(explanation.selects)
    needed = explanation.selected_by
    if needed:
        lines.append(f"this test runs for a change of {len(needed)} files:")
        lines += [f"  {visible(name)}" for name in needed[:_MOST]]
        lines += _more(len(needed))
    return "\n".join(lines) + "\n"


def _selects(affected: AffectedTests) -> list[str]:
    if affected.everything:
        return [f"a change of it runs all tests: {affected.everything}"]
    chains = affected.chains
    if not chains:
        return ["a change of it runs no test: none depends on it"]
    number = f"{len(chains)} of {affected.total} files of tests"
    lines = [f"a change of it runs {number} (imports read by {affected.engine}):"]
    for chain in chains[:_MOST]:
        way = " -> ".join(map(visible, chain.way))
        lines.append(f"  {visible(chain.path)} because {way}")
    return [*lines, *_more(len(chains))]


def _more(number: int) -> list[str]:
    return [f"  and {number - _MOST} more"] if number > _MOST else []
