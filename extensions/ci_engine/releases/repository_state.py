"""Check whether the checkout can be released: clean, on its branch, untagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_engine.checks.outcomes import EarlyResultError, from_findings, not_run
from ci_engine.findings.results import CheckResult, Finding, name_some
from ci_engine.github.event import Event
from ci_engine.releases.pep440 import parse_version
from ci_engine.releases.subject import ReleaseSubject, release_finding, same_version
from ci_engine.releases.tags import list_tags

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
    if subject.tag:
        return from_findings(_of_given_tag(subject, version), "git")
    notes: list[str] = [f"the tag will be {subject.names.of(version)}"]
    here = list_tags(subject.git)
    taken = _same_release(subject, here, version)
    if taken:
        return from_findings([_taken(taken, "here")], "git", notes=notes)
    there = _tags_of_origin(subject)
    if there is None:
        notes.append("the tags of origin could not be read")
        return from_findings([], "git", notes=notes)
    taken = _same_release(subject, there, version)
    if taken:
        return from_findings([_taken(taken, "in origin")], "git", notes=notes)
    higher = [tag for tag in there if _is_above(subject.names.version_in(tag), version)]
    missing = sorted(set(higher) - set(here))
    if missing:
        return not_run(
            f"this clone lacks releases of origin: {name_some(missing, _SHOWN)}: run "
            "`git fetch --tags`, and check again"
        )
    return from_findings([], "git", notes=notes)


def _tags_of_origin(subject: ReleaseSubject) -> list[str] | None:
    """The tags of origin: empty without an origin, None if it cannot be reached."""
    if subject.git.run("remote", "get-url", "origin").code != 0:
        return []
    listed = subject.git.run("ls-remote", "--tags", "--refs", "origin")
    if listed.code != 0:
        return None
    names = (row.partition("\trefs/tags/")[2] for row in listed.stdout.splitlines())
    return [name for name in names if name]


def _same_release(subject: ReleaseSubject, tags: Sequence[str], version: str) -> str:
    """The tag of this version, in any spelling; empty if there is none."""
    same = (t for t in tags if same_version(subject.names.version_in(t), version))
    return next(same, "")


def _is_above(text: str, version: str) -> bool:
    one, other = parse_version(text), parse_version(version)
    return one is not None and other is not None and one.key > other.key


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
