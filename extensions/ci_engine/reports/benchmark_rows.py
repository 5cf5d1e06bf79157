"""The times of benchmarks as rows of text, for the console and for Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.escaping import cell, markdown_text, visible
from ci_engine.findings.benchmark_results import BenchmarkResult, Comparison

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_MOST_ROWS = 200


def describe_seconds(seconds: float | None) -> str:
    """A time with three digits and its unit; a dash if there is none."""
    if seconds is None:
        return "-"
    scale, unit = next((u for u in _UNITS if seconds >= u[0]), (1e-9, "ns"))
    return f"{seconds / scale:.3g} {unit}"


def describe_ratio(each: BenchmarkResult) -> str:
    """The change in percent with its interval; a dash if nothing was compared."""
    if each.ratio is None or each.low is None or each.high is None:
        return "-"
    return f"{each.ratio - 1:+.1%} ({each.low - 1:+.1%} to {each.high - 1:+.1%})"


def describe_machine(comparison: Comparison) -> str:
    """The compared commits, the machine, and the precision."""
    parts = [f"{comparison.suite} suite", f"{comparison.cpu}, {comparison.cores} cores"]
    if comparison.base:
        changes = " with uncommitted changes" if comparison.uncommitted else ""
        head = f"{comparison.head[:12]}{changes}"
        parts.insert(1, f"base {comparison.base[:12]}, head {head}")
    if comparison.noise is not None:
        parts.append(f"noise floor {comparison.noise:.1%}")
    return "; ".join(parts)


def console_rows(comparison: Comparison | None) -> Iterator[str]:
    """A table for a terminal; empty if nothing was measured."""
    if comparison is None or not comparison.benchmarks:
        return
    yield ""
    yield f"{'verdict':<12}{'base':>9}{'head':>9}  {'change (95 %)':<34}benchmark"
    for each in comparison.benchmarks[:_MOST_ROWS]:
        base, head = describe_seconds(each.base), describe_seconds(each.head)
        yield (
            f"{each.verdict:<12}{base:>9}{head:>9}  {describe_ratio(each):<34}"
            f"{visible(each.name)}"
        )
    hidden = len(comparison.benchmarks) - _MOST_ROWS
    if hidden > 0:
        yield f"and {hidden} more in result.json"
    yield describe_machine(comparison)


def markdown_rows(comparison: Comparison | None) -> Iterator[str]:
    """A table for a job summary; empty if nothing was measured."""
    if comparison is None or not comparison.benchmarks:
        return
    yield ""
    yield "| benchmark | verdict | base | head | change (95 %) | p | why |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for each in comparison.benchmarks[:_MOST_ROWS]:
        p = "-" if each.p is None else f"{each.p:.2g}"
        values = (
            *(each.name, each.verdict, describe_seconds(each.base)),
            *(describe_seconds(each.head), describe_ratio(each), p, each.reason),
        )
        yield f"| {' | '.join(cell(visible(value)) for value in values)} |"
    hidden = len(comparison.benchmarks) - _MOST_ROWS
    if hidden > 0:
        yield f"\nand {hidden} more in result.json"
    yield f"\n{markdown_text(describe_machine(comparison))}"
