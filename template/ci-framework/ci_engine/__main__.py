"""Run the engine as ``python -m ci_engine``."""

import sys

from ci_engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
