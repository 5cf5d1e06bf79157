"""Find changes in an adopted repository since its answers were recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_engine.errors import UsageError
from ci_framework.analysis.analyze import analyze
from ci_framework.answers import Answer, derive_answers
from ci_framework.planning.recorded_answers import Recorded, find_recorded, read_answers
from ci_framework.repository import Repository, open_repository

# Answers that are fixed by the adoption, and those that depend on the branches and
# remotes of this clone: neither follows from files.
_FIXED = frozenset(
    {
        "setup",
        "project_state",
        "project_name",
        "repository",
        "main_branch",
        "integration_branch",
        "unmanaged",
    }
)


_NONE = Answer(None, "")


@dataclass(frozen=True)
class Offer:
    """One answer that should change.

    Attributes:
        since: the commit that recorded it, with which the analysis is compared; empty
            if the history of this clone is too short.
    """

    answer: str
    recorded: object
    offered: object
    because: str
    since: str


@dataclass(frozen=True)
class Renewal:
    """The offers of `ci-framework regenerate`."""

    recorded: Recorded
    offers: list[Offer]

    @property
    def guessed(self) -> bool:
        """Whether the user may have rejected an offer before."""
        return any(not offer.since for offer in self.offers)


def find_renewal(repository: Repository) -> Renewal:
    """Compare the repository with its state when each answer was recorded.

    If the user chose an answer against the analysis, it is not offered again unless the
    analysis has changed since.

    Raises:
        UsageError: if the repository was not adopted.
    """
    recorded = find_recorded(repository)
    if recorded is None:
        raise UsageError(
            f"{repository.root}: expected an adopted repository, got one without "
            "answers of ci-framework",
            hint="run `ci-framework adopt` first",
        )
    different = {
        name: answer
        for name, answer in derive_answers(analyze(repository)).items()
        if name in recorded.answers
        and name not in _FIXED
        and answer.value != recorded.answers[name]
    }
    since = _recorded_in(repository, recorded, different)
    then = {
        commit: _answers_at(repository, commit) for commit in {*since.values()} - {""}
    }
    offers = [
        Offer(name, recorded.answers[name], now.value, now.because, since[name])
        for name, now in different.items()
        if not since[name] or then[since[name]].get(name, _NONE).value != now.value
    ]
    return Renewal(recorded, offers)


def _recorded_in(
    repository: Repository, recorded: Recorded, names: Mapping[str, Answer]
) -> dict[str, str]:
    """The commit that recorded the current value of each answer.

    Later commits may change the file without changing the answer, as template
    updates do.
    """
    if not names:
        return {}
    printed = repository.line("log", "--format=%H", "--", recorded.path)
    unknown = _boundary(repository)
    found = dict.fromkeys(names, "")
    open_names = set(names)
    for commit in printed.split():
        location = f"{commit}:{recorded.path}"
        earlier = read_answers(repository.try_git("cat-file", "blob", location).stdout)
        for name in sorted(open_names):
            if name not in earlier or earlier[name] != recorded.answers[name]:
                open_names.remove(name)
            else:
                # In a shallow clone it may have been recorded even earlier.
                found[name] = "" if commit in unknown else commit
        if not open_names:
            break
    return found


def _boundary(repository: Repository) -> set[str]:
    """The commits at which the history of a shallow clone ends."""
    try:
        text = (repository.git_directory / "shallow").read_text(encoding="ascii")
    except OSError:
        return set()
    return set(text.split())


def _answers_at(repository: Repository, commit: str) -> Mapping[str, Answer]:
    """The answers of the analysis for an earlier commit."""
    with tempfile.TemporaryDirectory(prefix="ci-framework-") as directory:
        clone = Path(directory) / "then"
        words = ["clone", "--quiet", "--shared", "--no-checkout", "--no-tags"]
        source = str(repository.git_directory)
        repository.git(*words, "--template=", source, str(clone))
        earlier = open_repository(clone)
        # Contents of Git LFS files would be downloaded, and no analysis reads them.
        skip = {"GIT_LFS_SKIP_SMUDGE": "1"}
        earlier.git("checkout", "--quiet", "--detach", commit, variables=skip)
        # Use today's remote: answers may depend on the hosting service.
        address = repository.line("config", "remote.origin.url")
        earlier.git("config", "remote.origin.url", address or str(repository.root))
        return derive_answers(analyze(open_repository(clone)))
