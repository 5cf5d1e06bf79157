"""``ci-framework regenerate``: analyze again, and offer changed answers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import questionary

from ci_engine.errors import ToolError, UsageError
from ci_framework.commands.options import (
    Options,
    PlanOptions,
    add_dry_run,
    add_plan,
    has_terminal,
    read,
)
from ci_framework.planning.renewal import Offer, Renewal, find_renewal
from ci_framework.reporting.screen import make_console, make_table, printable
from ci_framework.repository import Repository, open_repository
from ci_framework.updating import update_answers


class _Request(PlanOptions, frozen=True, kw_only=True):
    dry_run: bool


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_plan(parser)
    add_dry_run(parser)


def run(parsed: argparse.Namespace) -> int:
    """Offer the changed answers, and update with the accepted ones.

    The update is a normal update of Copier at the recorded version: it leaves its
    result in the work tree, without a commit.

    Raises:
        UsageError: if the repository was not adopted or is not clean.
        ToolError: if Copier fails.
    """
    options = read(parsed, _Request)
    if options.template or options.vcs_ref:
        raise UsageError(
            "--template and --vcs-ref are not possible here: the recorded version of "
            "the template is rendered again",
            hint="take another version with `copier update`",
        )
    repository = open_repository(Path(options.path))
    renewal = find_renewal(repository)
    given = options.plan_request().answers
    _refuse_unknown(renewal, given)
    offered = {offer.answer: offer.offered for offer in renewal.offers}
    wanted = {**offered, **given}
    if not options.json:
        _print(renewal)
    asks = not options.yes and not options.json and has_terminal()
    if not wanted or options.dry_run or not (options.yes or asks):
        _report(options, renewal, {}, [])
        if wanted and not options.json:
            make_console().print("Next: run it again with --yes")
        return 0
    _refuse_dirty(repository)
    if asks:
        wanted = {**_ask(renewal.offers), **given}
    if not wanted:
        return 0
    changed, conflicts = update_answers(repository, renewal.recorded, wanted)
    _report(options, renewal, wanted, changed)
    if conflicts:
        raise ToolError(
            f"the update left conflicts in {', '.join(conflicts)}",
            hint="resolve them as after `git merge`, or `git reset --hard` to "
            "get back to the last commit",
        )
    return 0


def _print(renewal: Renewal) -> None:
    console = make_console()
    if not renewal.offers:
        console.print("The answers still fit: nothing to change.")
        return
    columns = ("answer", "recorded", "offered", "why")
    rows = [
        (offer.answer, str(offer.recorded), str(offer.offered), offer.because)
        for offer in renewal.offers
    ]
    console.print(make_table("", columns, rows))
    if renewal.guessed:
        console.print(
            "note: this clone is shallow, so it does not show whether these answers "
            "were chosen on purpose; run `git fetch --unshallow`"
        )


def _ask(offers: list[Offer]) -> dict[str, object]:
    if not offers:
        return {}
    named = {f"{o.answer}: {o.recorded} -> {o.offered}": o for o in offers}
    choices = [questionary.Choice(text, text, checked=True) for text in named]
    question = questionary.checkbox("Which answers do you want to change?", choices)
    taken = cast("list[str] | None", question.ask()) or []
    return {named[text].answer: named[text].offered for text in taken}


def _refuse_unknown(renewal: Renewal, given: Mapping[str, object]) -> None:
    known = renewal.recorded.answers
    if unknown := [name for name in given if name not in known]:
        raise UsageError(
            f"--answer: expected one of {', '.join(known)}, got {', '.join(unknown)}"
        )


def _refuse_dirty(repository: Repository) -> None:
    changed = repository.git("status", "--porcelain", "-z").split(b"\0")
    if names := [row[3:].decode("utf-8", "replace") for row in changed if row]:
        raise UsageError(
            f"uncommitted changes: {', '.join(names[:5])}; the update could not be "
            "distinguished from them",
            hint="commit or stash them",
        )


def _report(
    options: Options,
    renewal: Renewal,
    taken: Mapping[str, object],
    changed: list[str],
) -> None:
    fields = {"offers": renewal.offers, "taken": taken, "changed": changed}
    options.emit({"schema": 1, **fields})
    if changed and not options.json:
        console = make_console()
        console.print(
            f"Updated {len(changed)} files; review them with `git diff`, then commit:"
        )
        for name in changed:
            console.print(printable(f"  {name}"))
