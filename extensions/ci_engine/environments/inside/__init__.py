"""Programs for other interpreters: the project's, or that of an isolated tool.

They use only the standard library, and are run by their path, never imported.
"""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent
