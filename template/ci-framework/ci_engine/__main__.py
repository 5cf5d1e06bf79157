"""Run the engine: ``python -m ci_engine``, or this file by its path.

The launcher starts it by its path in isolated mode, where neither the working
directory nor PYTHONPATH can put another module in the place of one of ours.
"""

import sys
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ci_engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
