"""Check the version of a release: consistent everywhere, above the last one."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.checks.outcomes import from_findings, not_run
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.releases.built_files import BuiltFiles
from ci_engine.releases.pep440 import PublicVersion, parse_version
from ci_engine.releases.subject import ReleaseSubject, release_finding, same_version
from ci_engine.releases.tags import last_release, list_tags


def version_of(subject: ReleaseSubject, built: BuiltFiles | None) -> str:
    """The version of the release: that of the wheel, if one was built.

    If the build derives one from untagged commits, the requested one, if any.
    """
    text = built.wheel_version if built else ""
    if _is_untagged(subject, parse_version(text)):
        return subject.wanted
    return text or subject.known


def _is_untagged(subject: ReleaseSubject, version: PublicVersion | None) -> bool:
    """Whether the build derived a version from untagged commits."""
    if version is None or not subject.source:
        return False
    return bool(version.local) or version.dev is not None


def check_version(subject: ReleaseSubject, built: BuiltFiles | None) -> CheckResult:
    """Compare the version in all sources, and with the last release."""
    if subject.git.is_shallow():
        return not_run(
            "this clone is shallow, so that earlier releases are not known: run "
            "`git fetch --unshallow --tags`, or check out with fetch-depth: 0"
        )
    text = (built.wheel_version if built else "") or subject.known
    if not text:
        return not_run("the version comes from the build, which created no wheel")
    version = parse_version(text)
    if version is not None and _is_untagged(subject, version):
        found = _finding("untagged-version", _why_untagged(subject, version))
        return from_findings([found], "ci-framework")
    if version is None:
        message = f"the version {text!r} is not one of PEP 440, such as 1.2.0"
        return from_findings([_finding("invalid-version", message)], "ci-framework")
    findings = [
        *_disagreements(subject, built, text),
        *_unpublishable(version),
        *_order(subject, version),
    ]
    return from_findings(findings, "ci-framework", notes=[f"the version is {version}"])


def _finding(rule: str, message: str, severity: str = "error") -> Finding:
    return release_finding(rule, message, "pyproject.toml", 1, severity)


def _disagreements(
    subject: ReleaseSubject, built: BuiltFiles | None, version: str
) -> Iterator[Finding]:
    """Other sources with another version; the tag is checked separately."""
    given = "" if subject.tag else subject.wanted
    stated = {"pyproject.toml": subject.static, "--version": given}
    if built is not None:
        stated["the sdist"] = built.sdist_version
    for place, text in stated.items():
        if text and not same_version(text, version):
            message = f"the version is {version}, but {place} has {text}"
            yield _finding("version-mismatch", message)


def _why_untagged(subject: ReleaseSubject, version: PublicVersion) -> str:
    """Why the build does not derive the version of a tag, and the next step."""
    if subject.tag:
        return (
            f"{subject.source} derives {version} from the tag {subject.tag}: the build "
            "changes or adds files that git does not ignore, or its settings expect "
            "another tag"
        )
    if subject.wanted and not subject.pretended:
        tag = subject.names.of(subject.wanted)
        return (
            f"{subject.source} takes the version from the tags only, so it is "
            f"{version} now: create the tag {tag} without pushing it, and pass "
            f"--tag {tag}"
        )
    return (
        f"{subject.source} takes the version from the tags, so it is {version} now: "
        "name the version that you will tag with --version, or tag the commit and "
        "pass --tag"
    )


def _unpublishable(version: PublicVersion) -> Iterator[Finding]:
    if version.local:
        message = f"package indexes reject a local version such as {version}"
        yield _finding("local-version", message)
    elif version.dev is not None:
        message = f"{version} is a development version: pip does not install it"
        yield _finding("dev-version", message, "warning")
    elif not any(version.release):
        yield _finding("no-version", f"the version is {version}: it was never set")


def _order(subject: ReleaseSubject, version: PublicVersion) -> Iterator[Finding]:
    """Compare with the releases in the history, so that old branches can continue."""
    own = {subject.tag, subject.names.of(str(version))}
    tags = [tag for tag in list_tags(subject.git, "--merged=HEAD") if tag not in own]
    tag, last = last_release(subject.names, tags)
    if tag and version.key <= last.key:
        message = f"the version {version} is not above {last}, the release of {tag}"
        yield _finding("not-above", message)
