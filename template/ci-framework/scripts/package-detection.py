#!/usr/bin/env python3
"""Find the packages of this repository; --help tells the options."""

import subprocess
import sys
from pathlib import Path

LAUNCHER = Path(__file__).resolve().parent.parent / "ci"

if __name__ == "__main__":
    command = ["bash", str(LAUNCHER), "packages", *sys.argv[1:]]
    sys.exit(subprocess.call(command))
