"""How reliable the alerts on the history of benchmarks are: a simulation.

Run it with the Python of ruptures: `uv run --no-project --with ruptures
tests/benchmarks/trend.py`. One run a week; each has the noise of its machine, and one
in twenty is disturbed.
"""

from __future__ import annotations

import importlib.util
import math
import random
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "extensions/ci_engine/environments/inside/change_points.py"
THRESHOLD, RECENT, YEAR, AGO = 0.10, 5, 52, 25


def find_breaks(times: list[float]) -> list[int]:
    """What the engine runs."""
    spec = importlib.util.spec_from_file_location("change_points", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.find_breaks(times))


def simulate(draw: random.Random, step: float, noise: float, runs: int) -> list[float]:
    """Times of weekly runs; from the run AGO on they are slower by a step."""
    return [
        (1 + step * (run >= AGO))
        * math.exp(draw.gauss(0, noise))
        * (1 + (draw.random() < 0.05) * draw.uniform(0.1, 0.6))
        for run in range(runs)
    ]


def alerts(times: list[float]) -> bool:
    """Whether the last run of a history raises an alert."""
    breaks = find_breaks(times)
    ends = [0, *breaks, len(times)]
    return any(
        median(times[at : ends[n + 2]]) / median(times[ends[n] : at]) > 1 + THRESHOLD
        and len(times) - at <= RECENT
        for n, at in enumerate(breaks)
    )


def main(repetitions: int = 100) -> None:
    """Print false alerts of a year, and how many steps are found within five runs."""
    for noise in (0.01, 0.03, 0.06, 0.10):
        draw = random.Random(1)  # noqa: S311 - no secret
        quiet = [simulate(draw, 0, noise, YEAR) for _ in range(repetitions // 2)]
        false = sum(any(alerts(t[:n]) for n in range(8, YEAR + 1)) for t in quiet)
        row = [f"noise {noise:.0%}", f"false alerts a year {false / len(quiet):.2f}"]
        for step in (0.15, 0.2, 0.3, 0.5):
            slow = [simulate(draw, step, noise, AGO + 5) for _ in range(repetitions)]
            found = sum(any(alerts(t[:n]) for n in range(AGO, AGO + 6)) for t in slow)
            row.append(f"{step:.0%} found {found / repetitions:.0%}")
        sys.stdout.write(", ".join(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
