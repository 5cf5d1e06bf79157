"""Find where series of times change for good: run with the Python of ruptures.

It reads a JSON list of series from the file that is named, and prints for each one the
positions at which another level begins.
"""

from __future__ import annotations

import json
import math
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median

# A level that fewer runs have is an outlier.
_LEAST = 3
# How much better a further level has to explain the times; see the measurements in
# tests/benchmarks/trend.py.
_PENALTY = 2.0
# Times that seem to be exact have outliers, too: less noise than this is not assumed.
_LEAST_NOISE = 0.02


def find_breaks(times: list[float]) -> list[int]:
    """The positions at which another level begins."""
    logs = [math.log(time) for time in times]
    # Steps from one level to the next are rare: the median is that of the noise.
    steps = [abs(after - before) for before, after in pairwise(logs)]
    noise = max(1.4826 * median(steps) / math.sqrt(2), _LEAST_NOISE)
    # They have no types, and are there in the environment of ruptures only.
    signal = import_module("numpy").asarray([[value / noise] for value in logs])
    search = import_module("ruptures").Pelt(model="l1", min_size=_LEAST, jump=1)
    found = search.fit(signal).predict(pen=_PENALTY * math.log(len(times)))
    return [int(position) for position in found[:-1]]


if __name__ == "__main__":
    series = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump([find_breaks(times) for times in series], sys.stdout)
