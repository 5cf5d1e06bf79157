"""Whether a version can be released: one version everywhere, above the last one."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.checks.outcomes import from_findings, not_run
from ci_engine.findings.results import CheckResult, Finding
from ci_engine.releases.built_files import BuiltFiles
from ci_engine.releases.pep440 import PublicVersion, parse_version
from ci_engine.releases.subject import ReleaseSubject, release_finding, same_version
from ci_engine.releases.tags import last_release, list_tags


def version_of(subject: ReleaseSubject, built: BuiltFiles | None) -> str:
    """The version of the release: that of the wheel, as far as one was built."""
    return (built.wheel_version if built else "") or subject.known


def check_version(subject: ReleaseSubject, built: BuiltFiles | None) -> CheckResult:
    """Compare the version of all sources, and with the last release."""
    if subject.git.is_shallow():
        return not_run(
            "this clone is shallow, so that earlier releases are not known: run "
            "`git fetch --unshallow --tags`, or check out with fetch-depth: 0"
        )
    text = version_of(subject, built)
    if not text:
        return not_run("the version comes from the build, which created no wheel")
    version = parse_version(text)
    if version is None:
        message = f"the version {text!r} is not one of PEP 440, such as 1.2.0"
        return from_findings([_finding("invalid-version", message)], "ci-framework")
    findings = [
        *_disagreements(subject, built, text),
        *_unpublishable(subject, version),
        *_order(subject, version),
    ]
    return from_findings(findings, "ci-framework", notes=[f"the version is {version}"])


def _finding(rule: str, message: str, severity: str = "error") -> Finding:
    return release_finding(rule, message, "pyproject.toml", 1, severity)


def _disagreements(
    subject: ReleaseSubject, built: BuiltFiles | None, version: str
) -> Iterator[Finding]:
    """Other places that state another version; a tag is looked at by itself."""
    given = "" if subject.tag else subject.wanted
    stated = {"pyproject.toml": subject.static, "--version": given}
    if built is not None:
        stated["the sdist"] = built.sdist_version
    for place, text in stated.items():
        if text and not same_version(text, version):
            message = f"the version is {version}, but {place} has {text}"
            yield _finding("version-mismatch", message)


def _unpublishable(
    subject: ReleaseSubject, version: PublicVersion
) -> Iterator[Finding]:
    if subject.source and (version.local or version.dev is not None):
        message = (
            f"{subject.source} takes the version from the tags, so it is {version} "
            "now: name the version that you will tag with --version, or tag the "
            "commit and pass --tag"
        )
        yield _finding("untagged-version", message)
    elif version.local:
        message = f"package indexes refuse a local version such as {version}"
        yield _finding("local-version", message)
    elif version.dev is not None:
        message = f"{version} is a development version: pip does not install it"
        yield _finding("dev-version", message, "warning")
    elif not any(version.release):
        yield _finding("no-version", f"the version is {version}: it was never set")


def _order(subject: ReleaseSubject, version: PublicVersion) -> Iterator[Finding]:
    """Compare with the releases in the history, so that old branches can go on."""
    own = {subject.tag, subject.names.of(str(version))}
    tags = [tag for tag in list_tags(subject.git, "--merged=HEAD") if tag not in own]
    tag, last = last_release(subject.names, tags)
    if tag and version.key <= last.key:
        message = f"the version {version} is not above {last}, the release of {tag}"
        yield _finding("not-above", message)
