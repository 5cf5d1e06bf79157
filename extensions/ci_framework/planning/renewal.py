"""What changed in an adopted repository since its answers were recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import UsageError
from ci_framework.analysis.analyze import analyze
from ci_framework.answers import Answer, derive_answers
from ci_framework.planning.recorded import Recorded, find_recorded
from ci_framework.repository import Repository, open_repository

__all__ = ["Offer", "Renewal", "find_renewal"]

# Answers by which an existing repository came in; they are not found out again.
_FIXED = frozenset({"setup", "project_state", "project_name"})


@dataclass(frozen=True)
class Offer:
    """One answer that should change.

    Attributes:
        name: the question.
        recorded: the answer as it is.
        offered: the answer as the analysis would give it today.
        because: why.
    """

    name: str
    recorded: object
    offered: object
    because: str


@dataclass(frozen=True)
class Renewal:
    """What `ci-framework regenerate` offers.

    Attributes:
        recorded: the answers of the repository.
        offers: the answers that should change.
        since: the commit that the analysis is compared with; empty if history does
            not reach back that far, and today's analysis is compared with the
            recorded answers themselves.
    """

    recorded: Recorded
    offers: list[Offer]
    since: str


def find_renewal(repository: Repository) -> Renewal:
    """Compare the repository now with what it was when its answers were recorded.

    An answer that the user once gave against the analysis is not offered again: only
    what the analysis sees otherwise than it did then.

    Raises:
        UsageError: if the repository was not adopted.
    """
    recorded = find_recorded(repository)
    if recorded is None:
        raise UsageError(
            f"{repository.root}: found no answers of ci-framework; allowed: a "
            "repository that was adopted",
            next_step="run `ci-framework adopt` first",
        )
    now = derive_answers(analyze(repository))
    since = repository.line("log", "-1", "--format=%H", "--", recorded.path)
    then = _answers_at(repository, since) if since else None
    offers = [
        Offer(name, recorded.answers[name], answer.value, answer.because)
        for name, answer in now.items()
        if name in recorded.answers
        and name not in _FIXED
        and answer.value != recorded.answers[name]
        and (then is None or name not in then or then[name].value != answer.value)
    ]
    return Renewal(recorded, offers, since if then is not None else "")


def _answers_at(repository: Repository, commit: str) -> Mapping[str, Answer] | None:
    """What the analysis makes of an earlier commit; None if it is not there."""
    with tempfile.TemporaryDirectory(prefix="ci-framework-") as directory:
        clone = Path(directory) / "then"
        words = ["clone", "--quiet", "--shared", "--no-checkout", "--no-tags"]
        done = repository.try_git(*words, str(repository.git_directory), str(clone))
        if done.returncode != 0:
            return None
        earlier = open_repository(clone)
        if earlier.try_git("checkout", "--quiet", "--detach", commit).returncode != 0:
            return None
        return derive_answers(analyze(open_repository(clone)))
