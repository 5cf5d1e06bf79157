#!/usr/bin/env python3
"""Find the packages of a repository; --help lists the options."""

import runpy
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.argv[1:1] = [f"--engine={CHECKOUT}", "--repository=.", "packages"]
    bootstrap = CHECKOUT / "template" / "ci-framework" / "bootstrap"
    runpy.run_path(str(bootstrap), run_name="__main__")
