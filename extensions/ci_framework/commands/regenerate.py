"""``ci-framework regenerate``: look again, and offer changed answers as an update."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import questionary
from rich.table import Table

from ci_engine.errors import ToolError, UsageError
from ci_framework.planning.build import PlanRequest
from ci_framework.planning.renewal import Offer, Renewal, find_renewal
from ci_framework.reporting.screen import make_console, print_json, printable
from ci_framework.repository import Repository, open_repository
from ci_framework.updating import update_answers

__all__ = ["run_regenerate"]


def run_regenerate(
    path: Path, request: PlanRequest, *, agreed: bool, as_json: bool
) -> int:
    """Offer the answers that changed, and update with those that are taken.

    The update is an ordinary one of Copier at the recorded version: it leaves its
    result in the work tree, not committed.

    Raises:
        UsageError: if the repository was not adopted, is not clean, or there is no
            terminal to ask at.
        ToolError: if Copier fails.
    """
    _refuse_other_version(request)
    repository = open_repository(path)
    renewal = find_renewal(repository)
    _refuse_unknown(renewal, request.answers)
    offered = {offer.name: offer.offered for offer in renewal.offers}
    wanted = {**offered, **request.answers}
    if not as_json:
        _print(renewal)
    if not wanted:
        _tell(renewal, {}, [], as_json=as_json)
        return 0
    asked = not agreed and not as_json and sys.stdin.isatty()
    if not agreed and not asked:
        _tell(renewal, {}, [], as_json=as_json)
        if not as_json:
            make_console().print("Next: the same with --yes")
        return 0
    _refuse_dirty(repository)
    if asked:
        wanted = {**_ask(renewal.offers), **request.answers}
    if not wanted:
        return 0
    changed, conflicts = update_answers(repository, renewal.recorded, wanted)
    _tell(renewal, wanted, changed, as_json=as_json)
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
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("answer", "recorded", "offered", "why"):
        table.add_column(column, overflow="fold")
    for offer in renewal.offers:
        table.add_row(
            offer.name,
            printable(str(offer.recorded)),
            printable(str(offer.offered)),
            printable(offer.because),
        )
    console.print(table)
    if renewal.guessed:
        console.print(
            "note: the history of this clone does not reach back to when these were "
            "answered: you may have chosen otherwise; `git fetch --unshallow` tells"
        )


def _ask(offers: list[Offer]) -> dict[str, object]:
    if not offers:
        return {}
    named = {f"{item.name}: {item.recorded} -> {item.offered}": item for item in offers}
    choices = [questionary.Choice(text, text, checked=True) for text in named]
    question = questionary.checkbox("Which answers shall change?", choices)
    taken = cast("list[str] | None", question.ask()) or []
    return {named[text].name: named[text].offered for text in taken}


def _refuse_other_version(request: PlanRequest) -> None:
    if request.template or request.ref or request.retire:
        raise UsageError(
            "found --template, --vcs-ref or --retire; allowed: --answer, --answers and "
            "--yes: the recorded version of the template is rendered again",
            hint="take another version with `copier update` afterwards",
        )


def _refuse_unknown(renewal: Renewal, given: Mapping[str, object]) -> None:
    known = renewal.recorded.answers
    if unknown := [name for name in given if name not in known]:
        raise UsageError(
            f"--answer: found {', '.join(unknown)}; allowed: {', '.join(known)}"
        )


def _refuse_dirty(repository: Repository) -> None:
    changed = repository.git("status", "--porcelain", "-z").split(b"\0")
    if names := [row[3:].decode("utf-8", "replace") for row in changed if row]:
        raise UsageError(
            f"found changes that are not committed: {', '.join(names[:5])}; allowed: "
            "a clean work tree, so that the update can be told from them",
            hint="commit or stash them",
        )


def _tell(
    renewal: Renewal,
    taken: Mapping[str, object],
    changed: list[str],
    *,
    as_json: bool,
) -> None:
    if as_json:
        offers = [
            {
                "answer": offer.name,
                "recorded": offer.recorded,
                "offered": offer.offered,
                "because": offer.because,
                "since": offer.since,
            }
            for offer in renewal.offers
        ]
        print_json(
            {
                "schema": 1,
                "offers": offers,
                "taken": taken,
                "changed": changed,
            }
        )
    elif changed:
        make_console().print(
            f"Updated {len(changed)} files; review them with `git diff`, then commit:"
        )
        for name in changed:
            make_console().print(printable(f"  {name}"))
