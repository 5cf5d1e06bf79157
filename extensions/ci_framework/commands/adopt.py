"""``ci-framework adopt``: apply a plan, and verify that nothing got worse."""

from __future__ import annotations

import argparse

from ci_framework.applying.journal import read_journal
from ci_framework.commands import apply
from ci_framework.commands.apply import ApplyOptions, plan_and_apply
from ci_framework.commands.options import add_validation, read
from ci_framework.commands.validate import ValidateOptions, validate_adoption


class _Request(ApplyOptions, frozen=True, kw_only=True):
    static: bool
    timeout: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    apply.add_options(parser)
    add_validation(parser)


def run(parsed: argparse.Namespace) -> int:
    """Plan, ask, apply on a new branch in one commit, validate, report."""
    options = read(parsed, _Request)
    applied = plan_and_apply(options)
    if applied.adoption is None:
        journal = read_journal(applied.repository)
        waits = journal is not None and journal.phase == "applied"
        if applied.plan.writes or options.dry_run or not waits:
            options.emit(applied.plan)
            return 0
        # Applied earlier and not validated since, so that only this remains.
    validation = ValidateOptions(
        command=options.command,
        path=options.path,
        json=options.json,
        yes=options.yes or bool(options.plan),
        report_dir=options.report_dir,
        static=options.static,
        timeout=options.timeout,
    )
    return validate_adoption(applied.repository, validation)
