"""The options of the commands about security, as the command line takes them."""

from __future__ import annotations

import argparse

from ci_engine.commands.shared_options import add_baseline, add_since

__all__ = ["add_cleanup", "add_scan"]


def add_scan(parser: argparse.ArgumentParser) -> None:
    """The options of ``ci scan``."""
    parser.add_argument("--level", default="", help="low, medium, high or critical")
    parser.add_argument(
        "--only", default="", metavar="SCANNERS", help="some scanners, comma-separated"
    )
    parser.add_argument(
        "--history",
        choices=("none", "change", "all"),
        default="",
        help="which commits are searched for secrets",
    )
    parser.add_argument(
        "--advanced",
        nargs="?",
        choices=("true", "false"),
        const="true",
        default="false",
        help="the same as --history all",
    )
    parser.add_argument(
        "--image", action="append", default=[], help="a container image to scan"
    )
    parser.add_argument(
        "--tools",
        default="",
        metavar="LINES",
        help="paths of installed scanners, looked at before PATH",
    )
    add_since(parser)
    add_baseline(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would run, run nothing"
    )


def add_cleanup(parser: argparse.ArgumentParser) -> None:
    """The options of ``ci cleanup``."""
    what = parser.add_mutually_exclusive_group()
    for name, text in (
        ("check", "tell what is tracked and does not belong here (the default)"),
        ("apply", "remove it from the index and from the work tree"),
        ("pull-request", "in a workflow: open or refresh one pull request"),
        ("push", "in a workflow: push to the branch, where the answer allows it"),
    ):
        what.add_argument(
            f"--{name}", dest="action", action="store_const", const=name, help=text
        )
    # With a value each, for workflows: their inputs are texts.
    what.add_argument(
        "--action",
        choices=("check", "apply", "pull-request", "push", "configured"),
        default="check",
        help="the same as one of these options, or the mode of the settings",
    )
    parser.add_argument(
        "--patterns", default="", metavar="LINES", help="further patterns of files"
    )
    parser.add_argument(
        "--since", default="", metavar="COMMIT", help="only what was added since is red"
    )
    parser.add_argument(
        "--skip-comment",
        nargs="?",
        choices=("true", "false"),
        const="true",
        default="false",
        help="write no comment on the pull request",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be removed"
    )
