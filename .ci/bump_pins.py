"""Propose newer versions of the actions and programs that we pin.

``uv run .ci/bump_pins.py`` queries GitHub for the releases of every action in
extensions/action-pins.yaml, and of the programs that workflows and our gate install by
version: uv, actionlint, act, gitleaks and Renovate. It queries npm for the packages
that the engine installs from there. It reports releases that are newer than the pin and
old enough: a hijacked tag is usually found within days. ``--write`` updates the pins,
the template, the workflows of this repository and the lock files of npm. GITHUB_TOKEN
raises the rate limit, GITHUB_API_URL names another server.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).resolve().parent.parent
PINS = Path("extensions") / "action-pins.yaml"
USED_IN = ("extensions", "template/.github", ".github")
# Programs are also named in our gate and in prove.py.
INSTALLED_IN = (*USED_IN, ".ci")
# What the engine installs from npm, each in a directory with its lock file.
NPM = Path("extensions/ci_engine/configs/npm")
COOL_DOWN_DAYS = 7
_SECONDS = 30
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_NPM_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?")
# Programs: their repository, and patterns of files whose group is the version.
_GO = r"go install github\.com/{}(?:/[\w./-]+)?@(v[\d.]+)"
PROGRAMS = {
    "astral-sh/uv": r'astral-sh/setup-uv@[^\n]*\n *with:\n *version: "([\d.]+)"',
    "renovatebot/renovate": r"\brenovate@([\d.]+)",
    **{
        name: _GO.format(name)
        for name in ("rhysd/actionlint", "nektos/act", "zricethezav/gitleaks")
    },
}


@dataclass(frozen=True)
class Pin:
    """One action: its path, the pinned commit, and its release."""

    uses: str
    sha: str
    version: str

    @property
    def repository(self) -> str:
        """The repository of the action."""
        return "/".join(self.uses.split("/")[:2])

    @property
    def line(self) -> str:
        """The pin as written in workflows."""
        return f"{self.uses}@{self.sha} # {self.version}"

    @property
    def entry(self) -> str:
        """The pin as written in the file of pins."""
        return f"uses: {self.uses}\n    sha: {self.sha}\n    version: {self.version}\n"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Report the available updates; 1 if any are not written."""
    parser = argparse.ArgumentParser(
        description="Propose newer versions of actions and programs."
    )
    parser.add_argument("--write", action="store_true", help="write the new versions")
    parser.add_argument("--cool-down", type=int, default=COOL_DOWN_DAYS, metavar="DAYS")
    parsed = parser.parse_args(arguments)
    pins = read_pins(root)
    before = datetime.now(timezone.utc) - timedelta(days=parsed.cool_down)
    bumps = {pin: newer for pin in pins if (newer := propose(pin, before)) != pin}
    for pin, newer in bumps.items():
        sys.stdout.write(f"{pin.uses}: {pin.version} -> {newer.version} {newer.sha}\n")
    programs = dict(newer_programs(root, before))
    for repository, (old, new) in programs.items():
        sys.stdout.write(f"{repository}: {', '.join(sorted(old))} -> {new}\n")
    packages = list(newer_packages(root, before))
    for package in packages:
        sys.stdout.write(f"{package.name}: {package.version} -> {package.newest}\n")
    if parsed.write:
        for old, new in bumps.items():
            rewrite(root, old, new)
        for repository, (_, new) in programs.items():
            rewrite_program(root, PROGRAMS[repository], new)
        for package in packages:
            rewrite_package(package)
    return int(bool(bumps or programs or packages) and not parsed.write)


@dataclass(frozen=True)
class NpmPackage:
    """A package of npm that the engine installs, and its newest release."""

    manifest: Path
    name: str
    version: str
    newest: str


def newer_packages(root: Path, before: datetime) -> Iterator[NpmPackage]:
    """Packages of npm with a newer release that is old enough."""
    for manifest in sorted((root / NPM).glob("*/package.json")):
        pinned = json.loads(read(manifest))["dependencies"]
        for name, version in cast("dict[str, str]", pinned).items():
            answer = npm("view", name, "time", "--json", cwd=manifest.parent)
            times = cast("dict[str, str]", json.loads(answer))
            # A pre-release is proposed only in place of another one.
            old = [
                each
                for each, when in times.items()
                if _NPM_VERSION.fullmatch(each)
                and datetime.fromisoformat(when.replace("Z", "+00:00")) < before
                and ("-" in version or "-" not in each)
            ]
            newest = max(old, key=npm_order, default=version)
            if npm_order(newest) > npm_order(version):
                yield NpmPackage(manifest, name, version, newest)


def npm_order(version: str) -> tuple[tuple[int, int, int], list[tuple[bool, int, str]]]:
    """The order of versions of npm: a pre-release comes before its release."""
    match = _NPM_VERSION.fullmatch(version)
    if match is None:
        raise SystemExit(f"{version}: not a version of npm; check it")
    numbers = int(match[1]), int(match[2]), int(match[3])
    if match[4] is None:
        return numbers, [(True, sys.maxsize, "")]
    # Words are above numbers.
    parts = match[4].split(".")
    return numbers, [
        (False, int(part), "") if part.isdigit() else (False, sys.maxsize, part)
        for part in parts
    ]


def rewrite_package(package: NpmPackage) -> None:
    """Pin the newest release, and lock what it needs."""
    text = read(package.manifest)
    write(package.manifest, text.replace(f'"{package.version}"', f'"{package.newest}"'))
    lock = "--package-lock-only", "--omit-lockfile-registry-resolved"
    npm("install", "--ignore-scripts", *lock, cwd=package.manifest.parent)


def npm(*arguments: str, cwd: Path) -> str:
    """Run npm, and return its output."""
    program = shutil.which("npm")
    if program is None:
        raise SystemExit("npm is not installed: the packages of npm are not checked")
    done = subprocess.run(
        [program, *arguments], cwd=cwd, check=True, capture_output=True, text=True
    )
    return done.stdout


def newer_programs(
    root: Path, before: datetime
) -> Iterator[tuple[str, tuple[set[str], str]]]:
    """Programs with a newer release: the current versions, and the new one."""
    texts = [read(path) for path in files(root, INSTALLED_IN)]
    for repository, pattern in PROGRAMS.items():
        found = {version for text in texts for version in re.findall(pattern, text)}
        if not found:
            raise SystemExit(f"{repository}: no file names its version: look!")
        newest = max(releases_of(repository, before), key=number_of, default="")
        if any(number_of(newest) > number_of(version) for version in found):
            yield repository, (found, newest)


def rewrite_program(root: Path, pattern: str, version: str) -> None:
    """Replace the version of a program wherever it is named."""
    for path in files(root, INSTALLED_IN):
        text = read(path)
        for match in reversed(list(re.finditer(pattern, text))):
            text = text[: match.start(1)] + version + text[match.end(1) :]
        write(path, text)


def read_pins(root: Path) -> list[Pin]:
    """Every pin of the file."""
    document = yaml.safe_load((root / PINS).read_text(encoding="utf-8"))
    entries = cast("list[dict[str, str]]", document["actions"])
    return [Pin(entry["uses"], entry["sha"], entry["version"]) for entry in entries]


def propose(pin: Pin, before: datetime) -> Pin:
    """The newest full release that is newer than the pin and old enough.

    The commit is looked up by the tag, and the tag of the pin itself must still point
    to the pinned commit: a moved tag must be inspected, not followed.
    """
    if commit_of(pin.repository, pin.version) != pin.sha:
        raise SystemExit(
            f"{pin.uses}: the tag {pin.version} leads elsewhere now: look!"
        )
    released = releases_of(pin.repository, before)
    newest = max(released, key=number_of, default=pin.version)
    if number_of(newest) <= number_of(pin.version):
        return pin
    return Pin(pin.uses, commit_of(pin.repository, newest), newest)


def releases_of(repository: str, before: datetime) -> list[str]:
    """The releases of a repository that are old enough."""
    answer = ask(f"/repos/{repository}/releases?per_page=50")
    return candidates(cast("list[dict[str, Any]]", answer), before)


def candidates(releases: Iterable[dict[str, Any]], before: datetime) -> list[str]:
    """The tags of full releases that are old enough."""
    return [
        str(release["tag_name"])
        for release in releases
        if not (release["draft"] or release["prerelease"])
        and _VERSION.fullmatch(str(release["tag_name"]))
        and datetime.fromisoformat(str(release["published_at"]).replace("Z", "+00:00"))
        < before
    ]


def number_of(version: str) -> tuple[int, ...]:
    """Convert a version to numbers."""
    match = _VERSION.fullmatch(version)
    return tuple(int(part) for part in match.groups()) if match else ()


def commit_of(repository: str, tag: str) -> str:
    """The commit of a tag, through the tag object if it has one."""
    answer = cast("dict[str, Any]", ask(f"/repos/{repository}/commits/{tag}"))
    return str(answer["sha"])


def ask(path: str) -> object:
    """Query GitHub's API."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    headers = {"Accept": "application/vnd.github+json"}
    if token := os.environ.get("GITHUB_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{base}{path}", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 # nosec B310
        return json.loads(answer.read())


def rewrite(root: Path, old: Pin, new: Pin) -> None:
    """Replace the old commit wherever it is used, and in the file of pins."""
    for path in files(root, USED_IN):
        text = read(path)
        changed = text.replace(old.line, new.line)
        if path == root / PINS:
            changed = changed.replace(old.entry, new.entry)
        write(path, changed)


def files(root: Path, folders: Iterable[str]) -> list[Path]:
    """The files below some directories, without links."""
    found = [path for name in folders for path in sorted((root / name).rglob("*"))]
    return [
        path
        for path in found
        if path.is_file()
        and not path.is_symlink()
        and path.parent != root / ".ci" / "bin"
    ]


def read(path: Path) -> str:
    """Read a file as text, replacing invalid bytes."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def write(path: Path, text: str) -> None:
    """Write the changed files."""
    content = text.encode("utf-8", "surrogateescape")
    if content != path.read_bytes():
        path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
