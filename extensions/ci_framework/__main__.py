"""Run the companion: ``python -m ci_framework``, this file by its path, or the script.

Nothing is imported from the current directory: that is often a repository whose
code the user did not agree to run. ``-m`` and an empty entry of PYTHONPATH add it.
"""

import os
import sys


def _without_current_directory() -> None:
    """Remove the current directory from the path, unless this package is in it."""
    here = os.path.realpath(os.curdir)
    if os.path.realpath(f"{__file__}/../..") != here:
        sys.path[:] = [p for p in sys.path if os.path.realpath(p or os.curdir) != here]


def main() -> int:
    """Run the command line."""
    _without_current_directory()
    from ci_framework.cli import main as run  # noqa: PLC0415 - the path comes first

    return run()


if __name__ == "__main__":
    sys.exit(main())
