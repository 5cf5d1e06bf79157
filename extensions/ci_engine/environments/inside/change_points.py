"""Find lasting changes in series of times. Runs in the environment of ruptures.

Reads a JSON list of series from the given file, and prints for each one the
positions at which a new level begins.
"""

from __future__ import annotations

import json
import math
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from statistics import median

# A level with fewer runs is an outlier.
_LEAST = 3
# The improvement of the fit that a further level must bring; see the measurements in
# tests/benchmarks/trend.py.
_PENALTY = 2.0
# Times without visible noise have outliers, too; this is the minimum noise.
_LEAST_NOISE = 0.02


def find_breaks(times: list[float]) -> list[int]:
    """The positions at which a new level begins."""
    logs = [math.log(time) for time in times]
    # Changes of level are rare, so the median step is that of the noise.
    steps = [abs(after - before) for before, after in pairwise(logs)]
    noise = max(1.4826 * median(steps) / math.sqrt(2), _LEAST_NOISE)
    # These have no types, and are only installed in the environment of ruptures.
    signal = import_module("numpy").asarray([[value / noise] for value in logs])
    search = import_module("ruptures").Pelt(model="l1", min_size=_LEAST, jump=1)
    found = search.fit(signal).predict(pen=_PENALTY * math.log(len(times)))
    return [int(position) for position in found[:-1]]


if __name__ == "__main__":
    series = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    json.dump([find_breaks(times) for times in series], sys.stdout)
