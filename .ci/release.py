"""Prepare, check and record releases of ci-framework itself.

``uv run .ci/release.py prepare 3.1.0`` moves the entries of Unreleased below the new
version and today's date, and sets the version. ``check`` compares changelog, version,
earlier releases and public names with the policy in docs/governance.md; with
``--tag=v3.1.0`` the tag must match, too. ``record`` adds the commit of the tag to
tests/update/releases.toml, so that updates from it are tested. Checks for any project
are in ``./ci release check``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timezone
from pathlib import Path

from ci_engine.releases.changelog import Section, read_sections
from ci_engine.releases.pep440 import parse_version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = Path("CHANGELOG.md")
VERSION = Path("extensions/ci_engine/__init__.py")
RELEASES = Path("tests/update/releases.toml")
SURFACE = Path("docs/public-surface.txt")
_UNRELEASED = "## Unreleased\n"
_STATED = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
_KIND = re.compile(r"^### (\w+)$", re.MULTILINE)
# The part of the version that each kind of change raises, by the policy; 0 = major.
_RAISES = {"Removed": 0, "Added": 1, "Changed": 1, "Deprecated": 1}
_PARTS = ("major", "minor", "patch")


class PrepareError(Exception):
    """A release cannot be prepared or recorded."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run one step of a release: 0 done, 1 problems found, 2 wrong usage."""
    parser = argparse.ArgumentParser(description="Releases of ci-framework itself.")
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("prepare").add_argument("version", metavar="X.Y.Z")
    steps.add_parser("check").add_argument("--tag", default="", metavar="TAG")
    steps.add_parser("record")
    parsed = parser.parse_args(arguments)
    if parsed.step == "check":
        found = list(problems(root, parsed.tag))
        for problem in found:
            sys.stderr.write(f"{problem}\n")
        sys.stdout.write("" if found else f"{stated_version(root)} can be released\n")
        return int(bool(found))
    try:
        if parsed.step == "prepare":
            prepare(root, parsed.version, datetime.now(timezone.utc).date())
        else:
            record(root)
    except PrepareError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def prepare(root: Path, version: str, today: date) -> None:
    """Move the entries of Unreleased below a version, and set it.

    Raises:
        PrepareError: if the version is invalid, or there is nothing to release.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise PrepareError(f"expected a version such as 3.1.0, got {version!r}")
    text = _read(root, CHANGELOG)
    sections = read_sections(text)
    if not sections or sections[0].version or not sections[0].entries:
        raise PrepareError(f"{CHANGELOG}: there are no entries below Unreleased")
    heading = f"{_UNRELEASED}\n## {version} - {today.isoformat()}\n"
    _write(root, CHANGELOG, text.replace(_UNRELEASED, heading, 1))
    module = _STATED.sub(f'__version__ = "{version}"', _read(root, VERSION), count=1)
    _write(root, VERSION, module)
    sys.stdout.write(
        f"{version} is prepared: run the generators of CONTRIBUTING.md and the tests, "
        f"commit, and tag the commit v{version}\n"
    )


def record(root: Path) -> None:
    """Add the newest version and the commit of its tag to the releases.

    Raises:
        PrepareError: if there is no such tag, or another commit is recorded.
    """
    version = stated_version(root)
    commit = _commit(root, f"v{version}")
    if not commit:
        raise PrepareError(f"there is no tag v{version}: tag the release first")
    known = recorded(root).get(version, "")
    if known and known != commit:
        raise PrepareError(f"{RELEASES}: {version} is {known}, but its tag {commit}")
    if not known:
        text = _read(root, RELEASES)
        _write(root, RELEASES, f'{text}"{version}" = "{commit}"\n')
        sys.stdout.write(f"{RELEASES}: {version} is {commit}\n")


def problems(root: Path, tag: str) -> Iterator[str]:
    """The problems that prevent a release."""
    version = stated_version(root)
    sections = [s for s in read_sections(_read(root, CHANGELOG)) if s.version]
    if tag and tag != f"v{version}":
        yield f"{VERSION}: expected the version of the tag {tag}, got {version!r}"
    if not sections or sections[0].version != version:
        newest = sections[0].version if sections else "none"
        yield f"{CHANGELOG}: the newest section is {newest}, but the version {version}"
        return
    if version in recorded(root):
        yield f"{VERSION}: {version} is released already: raise the version"
    yield from _history(root, sections[1:])
    if len(sections) > 1:
        yield from _raised(sections[0], sections[1].version)
        yield from _names(root, version, sections[1].version)
    checked = subprocess.run(
        [sys.executable, "docs/generate_surface.py", "--check"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode != 0:
        yield (checked.stderr or checked.stdout).strip() or f"{SURFACE}: not current"


def _history(root: Path, sections: Sequence[Section]) -> Iterator[str]:
    """Problems of the earlier releases, from which update tests start."""
    known = recorded(root)
    for version in (section.version for section in sections):
        commit = known.get(version, "")
        if not commit:
            yield f"{RELEASES}: {version} is missing: run `.ci/release.py record`"
        elif _git(root, "merge-base", commit, "HEAD") != commit:
            yield f"{RELEASES}: {version}: {commit} is not in the history of HEAD"
        elif _commit(root, f"v{version}") not in ("", commit):
            yield f"{RELEASES}: {version}: the tag v{version} is at another commit"


def _raised(section: Section, before: str) -> Iterator[str]:
    """Whether the version was raised as much as its changes require."""
    kinds = _KIND.findall(section.body)
    wanted = min((_RAISES.get(kind, 2) for kind in kinds), default=2)
    part = _raised_part(section.version, before)
    if part is None:
        yield f"{CHANGELOG}:{section.line}: {section.version} is not above {before}"
    elif part > wanted:
        reason = next(kind for kind in kinds if _RAISES.get(kind, 2) == wanted)
        yield (
            f"{CHANGELOG}:{section.line}: {reason} needs a new {_PARTS[wanted]} "
            f"version, but {section.version} follows {before}"
        )


def _names(root: Path, version: str, before: str) -> Iterator[str]:
    """Public names of the previous release that a minor version removes."""
    commit = recorded(root).get(before, "")
    old = _git(root, "show", f"{commit}:{SURFACE.as_posix()}") if commit else ""
    gone = sorted(set(old.splitlines()) - set(_read(root, SURFACE).splitlines()))
    if gone and _raised_part(version, before) != 0:
        yield (
            f"{SURFACE}: gone since {before}: {', '.join(gone[:5])}: "
            "only a major version removes names"
        )


def _raised_part(version: str, before: str) -> int | None:
    """The first part that is higher than before; None if the version is not."""
    new, old = parse_version(version), parse_version(before)
    if new is None or old is None or new.key <= old.key:
        return None
    pairs = zip(new.release, old.release, strict=False)
    return next((place for place, (one, two) in enumerate(pairs) if one != two), 2)


def stated_version(root: Path) -> str:
    """The version of the engine."""
    found = _STATED.search(_read(root, VERSION))
    return found[1] if found else ""


def recorded(root: Path) -> dict[str, str]:
    """The commits of the releases."""
    table = tomllib.loads(_read(root, RELEASES))
    return {name: str(commit) for name, commit in table.items()}


def _commit(root: Path, tag: str) -> str:
    return _git(root, "rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}")


def _git(root: Path, *words: str) -> str:
    """The output of git; empty if it fails."""
    done = subprocess.run(
        ["git", *words], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _read(root: Path, name: Path) -> str:
    return (root / name).read_text(encoding="utf-8")


def _write(root: Path, name: Path, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
