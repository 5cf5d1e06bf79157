#!/usr/bin/env python3
# The formatters of the project skip this file:
# isort: skip_file
# fmt: off
# pylint: disable=invalid-name
"""Find the packages of this repository; --help lists the options."""

import runpy
import sys
from pathlib import Path

BOOTSTRAP = Path(__file__).resolve().parent.parent / "bootstrap"

if __name__ == "__main__":
    sys.argv[1:1] = ["packages"]
    _ = runpy.run_path(str(BOOTSTRAP), run_name="__main__")
