"""Check whether the checkout can be released: clean, on its branch, untagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_engine.checks.outcomes import EarlyResultError, from_findings, not_run
from ci_engine.findings.results import CheckResult, Finding, name_some
from ci_engine.github.event import Event
from ci_engine.releases.subject import ReleaseSubject, release_finding, same_version

_SHOWN = 5


def check_checkout(subject: ReleaseSubject, event: Event) -> CheckResult:
    """Check that the work tree is clean, and that HEAD is on a release branch."""
    if not subject.git.commit("HEAD"):
        return not_run("there is no commit yet")
    try:
        return from_findings([*_changes(subject), *_branch(subject, event)], "git")
    except EarlyResultError as early:
        return early.result


def _changes(subject: ReleaseSubject) -> Iterator[Finding]:
    command = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    rows = subject.git.succeed(*command).names()
    if rows:
        shown = name_some([row[3:] for row in rows], _SHOWN)
        message = f"uncommitted changes: {shown}: commit, ignore or remove them"
        yield release_finding("uncommitted", message)


def _branch(subject: ReleaseSubject, event: Event) -> Iterator[Finding]:
    git = subject.git
    answered = subject.settings.answers.branch
    wanted = subject.settings.branches or [answered]
    if not any(wanted):
        wanted = _default_branches(subject, event)
    current = git.run("symbolic-ref", "--quiet", "--short", "HEAD").stdout.strip()
    if current in wanted:
        yield from _against_origin(subject, current)
        return
    known = [name for name in _references(wanted) if git.commit(name)]
    branches = " or ".join(wanted)
    if current and not subject.tag:
        message = (
            f"the branch is {current}, but releases are made from {branches}: merge "
            "it, or set tool.ci-framework.release.branches"
        )
        yield release_finding("branch", message)
    elif not known:
        raise EarlyResultError(
            not_run(f"this clone has no branch {branches}: fetch it, with its history")
        )
    elif not any(_contains(subject, name) for name in known):
        message = f"the commit is not on {branches}, which releases are made from"
        yield release_finding("branch", message)


def _default_branches(subject: ReleaseSubject, event: Event) -> list[str]:
    """The default branch, if it is known in this clone."""
    head = ("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    remote = subject.git.run(*head).stdout.strip().removeprefix("origin/")
    known = event.default_branch or remote
    return [known] if known else ["main", "master"]


def _references(branches: Sequence[str]) -> Iterator[str]:
    for name in branches:
        yield f"refs/remotes/origin/{name}"
        yield f"refs/heads/{name}"


def _contains(subject: ReleaseSubject, reference: str) -> bool:
    found = subject.git.run("merge-base", "--is-ancestor", "HEAD", reference)
    if found.code not in (0, 1):
        reason = f"git cannot compare HEAD with {reference}: {found.describe_exit()}"
        raise EarlyResultError(not_run(reason, found))
    return found.code == 0


def _against_origin(subject: ReleaseSubject, branch: str) -> Iterator[Finding]:
    """Warn if the last fetched commit of the branch on origin is another one."""
    reference = f"refs/remotes/origin/{branch}"
    there = subject.git.commit(reference)
    if there and not subject.git.is_checked_out(there):
        step = "pull" if _is_behind(subject, there) else "push"
        message = f"{branch} differs from origin/{branch}: {step} before you tag"
        yield release_finding("not-pushed", message, severity="warning")


def _is_behind(subject: ReleaseSubject, there: str) -> bool:
    """Whether origin has commits that are missing here."""
    found = subject.git.run("merge-base", "--is-ancestor", there, "HEAD")
    return found.code != 0


def check_tag(subject: ReleaseSubject, version: str) -> CheckResult:
    """Check the tag: with --tag it must exist at HEAD, otherwise not exist yet."""
    expected = subject.names.of(version)
    if subject.tag:
        return from_findings(_of_given_tag(subject, version), "git")
    notes: list[str] = [f"the tag will be {expected}"]
    findings: list[Finding] = []
    if subject.git.commit(f"refs/tags/{expected}"):
        findings.append(_taken(expected, "here"))
    elif subject.git.run("remote", "get-url", "origin").code == 0:
        git = subject.git
        listed = git.run("ls-remote", "--exit-code", "origin", f"refs/tags/{expected}")
        if listed.code == 0:
            findings.append(_taken(expected, "in origin"))
        elif listed.code != 2:  # noqa: PLR2004 - it answers, and has no such tag
            notes.append("the tags of origin could not be read")
    return from_findings(findings, "git", notes=notes)


def _taken(tag: str, where: str) -> Finding:
    message = (
        f"the tag {tag} exists {where} already: raise the version; or pass "
        f"--tag {tag} to check the tagged commit"
    )
    return release_finding("tag-exists", message)


def _of_given_tag(subject: ReleaseSubject, version: str) -> Iterator[Finding]:
    commit = subject.git.commit(f"refs/tags/{subject.tag}")
    if not commit:
        message = f"there is no tag {subject.tag} in this clone: fetch the tags"
        yield release_finding("no-tag", message)
    elif not subject.git.is_checked_out(commit):
        message = f"the tag {subject.tag} is at another commit than the checkout"
        yield release_finding("tag-elsewhere", message)
    if not same_version(subject.wanted, version):
        message = f"the tag is {subject.tag}, but the version is {version}"
        yield release_finding("tag-version", message)
