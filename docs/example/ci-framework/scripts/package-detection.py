#!/usr/bin/env python3
# Copyright (c) 2026 MementoRC and the ci-framework contributors
# The formatters and linters of the project skip this file:
# isort: skip_file
# fmt: off
# pylint: skip-file
"""Find the packages of this repository; --help lists the options."""

import pathlib
import runpy
import sys

# Rules for single and for double quotes both accept three.
BOOTSTRAP = pathlib.Path(__file__).resolve().parent.parent / """bootstrap"""

if __name__ == """__main__""":
    sys.argv.insert(1, """packages""")
    # Some linters reject a result without a use, others the name `_`.
    runpy.run_path(str(BOOTSTRAP), run_name=__name__).clear()
