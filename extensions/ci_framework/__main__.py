"""Run the companion: ``python -m ci_framework``."""

import sys

from ci_framework.cli import main

if __name__ == "__main__":
    sys.exit(main())
