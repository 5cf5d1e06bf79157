"""Secrets in the history, with kingfisher, including removed ones."""

from __future__ import annotations

from collections.abc import Sequence

from ci_engine.changes.diff_base import DiffBase
from ci_engine.checks.outcomes import not_run, skipped
from ci_engine.errors import ToolError
from ci_engine.findings.hidden import hidden_notes
from ci_engine.findings.results import CheckResult
from ci_engine.processes.child_environment import child_variables
from ci_engine.project.git import Git
from ci_engine.scanning.scanner import Scan, conclude
from ci_engine.scanning.scanners.kingfisher import (
    IGNORED,
    Match,
    find_kingfisher,
    finding_of,
    search,
)
from ci_engine.scanning.scanners.messages import search_messages

_SECONDS = 300.0
_LIST = ("rev-list", "--objects", "--no-object-names", "--missing=print")
_READ = ("cat-file", "--batch-all-objects", "--unordered", "--batch-check")


def run(scan: Scan) -> CheckResult:
    """Search the commits for secrets, with kingfisher.

    At a level that searches only the commits of a change, an unknown diff base means
    the whole history.
    """
    project = scan.project
    if not project.has_git:
        return skipped("there is no git repository")
    if scan.history == "none":
        return skipped(
            "the history is not searched at this level, or with --history none"
        )
    base = DiffBase(None, "requested")
    if scan.history == "change":
        base = scan.diff_base()
    problem, repository = _git_directory(scan, whole=base.commit is None)
    if problem:
        return not_run(problem)
    options = [repository]
    what = "the whole history"
    if base.commit is not None:
        if not _commits(scan, base.commit):
            return skipped(f"no commits since the diff base ({base.reason})")
        options += ["--since-commit", base.commit, "--branch", "HEAD"]
        what = f"the commits since {base.commit[:12]} ({base.reason})"
    lost = _lost(scan, base)
    if lost:
        return not_run(lost)
    tool = find_kingfisher(scan)
    matches = search(scan, tool, options, project.root)
    lasting = _lasting(scan, [*matches.shown, *matches.hidden])
    findings = [finding_of(scan, match) for match in matches.shown if match in lasting]
    hidden = [finding_of(scan, match) for match in matches.hidden if match in lasting]
    found, ignored = search_messages(scan, tool, _git(scan), base.commit)
    result = conclude(scan, tool, [*findings, *found], 1)
    result.notes = [
        f"history: searched {what}, with the messages of commits and tags",
        *hidden_notes([*hidden, *ignored], IGNORED),
    ]
    return result


def _lasting(scan: Scan, matches: Sequence[Match]) -> list[Match]:
    """The matches in commits that a branch, a tag or HEAD contains.

    git keeps amended and dropped commits for a while, but does not push them.
    """
    found = [match for match in matches if match.finding.git_metadata]
    if not found:
        return []
    commits = _listed(scan, "rev-list", "--all")
    kept = [match for match in found if match.place[0] in commits]
    places = {match.place[1:] for match in kept}
    elsewhere = [
        match
        for match in found
        if match.place[0] not in commits and match.place[1:] not in places
    ]
    if not elsewhere:
        return kept
    # The same file may also be in a reachable commit.
    objects = _listed(scan, "rev-list", "--all", "--objects", "--no-object-names")
    return kept + [match for match in elsewhere if _object(scan, match) in objects]


def _listed(scan: Scan, *command: str) -> frozenset[str]:
    outcome = _git(scan).run(*command)
    if outcome.code != 0:
        why = outcome.tail(1) or outcome.describe_exit()
        raise ToolError(f"git cannot list what is in the history: {why}")
    return frozenset(outcome.stdout.split())


def _object(scan: Scan, match: Match) -> str:
    """The git object with the file of a match."""
    commit, path, _ = match.place
    outcome = _git(scan).run("rev-parse", "--verify", f"{commit}:{path}")
    return outcome.stdout.strip()


def _git(scan: Scan) -> Git:
    # Objects that a partial clone lacks are not fetched without a request.
    variables = child_variables({"GIT_NO_LAZY_FETCH": "1"})
    root = scan.project.root
    return Git(root, variables, timeout=_SECONDS, cancel=scan.cancel)


def _git_directory(scan: Scan, *, whole: bool) -> tuple[str, str]:
    """Why the history cannot be searched, or empty; and its git directory."""
    options = ("--is-shallow-repository", "--path-format=absolute")
    outcome = _git(scan).run("rev-parse", *options, "--git-common-dir")
    rows = outcome.stdout.splitlines()
    if outcome.code != 0 or not rows:
        return f"git failed: {outcome.tail(2) or outcome.describe_exit()}", ""
    if whole and rows[0] == "true":
        return "the history is incomplete: check out with fetch-depth 0", ""
    return "", rows[-1]


def _commits(scan: Scan, base: str) -> int:
    """The number of commits of a change."""
    outcome = _git(scan).run("rev-list", "--count", f"{base}..HEAD")
    text = outcome.stdout.strip()
    # If git cannot count them, search anyway.
    return int(text) if outcome.code == 0 and text.isdigit() else 1


def _lost(scan: Scan, base: DiffBase) -> str:
    """Why some of the history cannot be read: kingfisher skips it silently."""
    what = ["--all"] if base.commit is None else [f"{base.commit}..HEAD"]
    listed = _git(scan).run(*_LIST, *what)
    if listed.code != 0:
        why = listed.tail(1) or listed.describe_exit()
        return f"git cannot list what is in the history: {why}"
    missing = sum(row.startswith("?") for row in listed.stdout.splitlines())
    if missing:
        return (
            f"{missing} objects of the history are missing, as in a partial clone: "
            "check out without a filter"
        )
    read = _git(scan).run(*_READ)
    broken = sum(row.endswith(" missing") for row in read.stdout.splitlines())
    if read.code != 0 or broken:
        return f"{broken or 'some'} objects of the history cannot be read: `git fsck`"
    return ""
