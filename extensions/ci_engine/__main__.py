"""Run the engine: ``python -m ci_engine``, or this file by its path.

The launcher starts it by its path in isolated mode, so that neither the working
directory nor PYTHONPATH can replace one of our modules.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ci_engine.cli import main


def start(arguments: Sequence[str]) -> int:
    """Run a command; the launcher's option, which comes first, sets the repository."""
    option, rest = "--repository=", list(arguments)
    if rest and rest[0].startswith(option):
        return main(rest[1:], Path(rest[0].removeprefix(option)))
    return main(rest)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
