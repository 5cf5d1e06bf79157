"""Print whether the settings that coverage finds define what to measure."""

from __future__ import annotations

import sys

from coverage import Coverage

_NAMES = ("source", "source_dirs", "source_pkgs")

config = Coverage().config
if any(getattr(config, name, None) for name in _NAMES):
    sys.stdout.write("named\n")
