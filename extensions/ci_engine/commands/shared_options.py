"""The options that several commands have."""

from __future__ import annotations

import argparse

__all__ = ["add_baseline", "add_checks", "add_since"]


def add_since(parser: argparse.ArgumentParser) -> None:
    """Where a change started from."""
    parser.add_argument(
        "--since", default="", metavar="COMMIT", help="where the change started from"
    )


def add_baseline(parser: argparse.ArgumentParser) -> None:
    """Whether the baseline is checked, or written."""
    parser.add_argument(
        "--baseline",
        choices=("check", "write"),
        default="check",
        help="check against the baseline, or record what is red now",
    )
    parser.add_argument(
        "--grow", action="store_true", help="with --baseline write: allow new entries"
    )


def add_checks(parser: argparse.ArgumentParser) -> None:
    """Add which checks run, and with which Python."""
    parser.add_argument("--tier", default="", help="essential, extended or full")
    parser.add_argument(
        "--python", default="", metavar="3.X", help="the Python that runs the tests"
    )
    parser.add_argument(
        "--only", default="", metavar="CHECKS", help="some checks, comma-separated"
    )
