"""Propose newer versions of the actions in extensions/action-pins.yaml.

``uv run .ci/bump_pins.py`` asks GitHub for the releases of every action and says which
ones are newer than what is pinned and old enough: a hijacked tag is usually found
within days. With ``--write`` the pins, the template and the workflows of this
repository get the new commits. GITHUB_TOKEN raises the limit of requests,
GITHUB_API_URL names another server.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import yaml

ROOT = Path(__file__).resolve().parent.parent
PINS = Path("extensions") / "action-pins.yaml"
USED_IN = ("extensions", "template/.github", ".github")
COOL_DOWN_DAYS = 7
_SECONDS = 30
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Pin:
    """One action: its path, the commit that is used, and the release it belongs to."""

    uses: str
    sha: str
    version: str

    @property
    def repository(self) -> str:
        """The repository of the action."""
        return "/".join(self.uses.split("/")[:2])

    @property
    def line(self) -> str:
        """How a workflow writes it."""
        return f"{self.uses}@{self.sha} # {self.version}"

    @property
    def entry(self) -> str:
        """How the file of pins writes it."""
        return f"uses: {self.uses}\n    sha: {self.sha}\n    version: {self.version}\n"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Say what could be pinned instead; 1 if there is anything left to write."""
    parser = argparse.ArgumentParser(description="Propose newer versions of actions.")
    parser.add_argument("--write", action="store_true", help="write the new commits")
    parser.add_argument("--cool-down", type=int, default=COOL_DOWN_DAYS, metavar="DAYS")
    parsed = parser.parse_args(arguments)
    pins = read_pins(root)
    before = datetime.now(timezone.utc) - timedelta(days=parsed.cool_down)
    bumps = {pin: newer for pin in pins if (newer := propose(pin, before)) != pin}
    for pin, newer in bumps.items():
        sys.stdout.write(f"{pin.uses}: {pin.version} -> {newer.version} {newer.sha}\n")
    if parsed.write:
        for old, new in bumps.items():
            rewrite(root, old, new)
    return int(bool(bumps) and not parsed.write)


def read_pins(root: Path) -> list[Pin]:
    """Every pin of the file."""
    document = yaml.safe_load((root / PINS).read_text(encoding="utf-8"))
    entries = cast("list[dict[str, str]]", document["actions"])
    return [Pin(entry["uses"], entry["sha"], entry["version"]) for entry in entries]


def propose(pin: Pin, before: datetime) -> Pin:
    """The newest full release that is newer than the pin and older than the day.

    The commit is asked for by the tag, and the tag of the pin itself must still lead
    to the commit that is pinned: one that moved is a reason to look, not to follow.
    """
    if commit_of(pin.repository, pin.version) != pin.sha:
        raise SystemExit(
            f"{pin.uses}: the tag {pin.version} leads elsewhere now: look!"
        )
    releases = cast(
        "list[dict[str, Any]]", ask(f"/repos/{pin.repository}/releases?per_page=50")
    )
    newest = max(candidates(releases, before), key=number_of, default=pin.version)
    if number_of(newest) <= number_of(pin.version):
        return pin
    return Pin(pin.uses, commit_of(pin.repository, newest), newest)


def candidates(releases: Iterable[dict[str, Any]], before: datetime) -> list[str]:
    """Tags of full releases that have been out long enough."""
    return [
        str(release["tag_name"])
        for release in releases
        if not (release["draft"] or release["prerelease"])
        and _VERSION.fullmatch(str(release["tag_name"]))
        and datetime.fromisoformat(str(release["published_at"]).replace("Z", "+00:00"))
        < before
    ]


def number_of(version: str) -> tuple[int, ...]:
    """A version as numbers."""
    match = _VERSION.fullmatch(version)
    return tuple(int(part) for part in match.groups()) if match else ()


def commit_of(repository: str, tag: str) -> str:
    """The commit that a tag leads to, through the tag object if it has one."""
    answer = cast("dict[str, Any]", ask(f"/repos/{repository}/commits/{tag}"))
    return str(answer["sha"])


def ask(path: str) -> object:
    """Ask GitHub's API."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    headers = {"Accept": "application/vnd.github+json"}
    if token := os.environ.get("GITHUB_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{base}{path}", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 # nosec B310
        return json.loads(answer.read())


def rewrite(root: Path, old: Pin, new: Pin) -> None:
    """Put the new commit wherever the old one is used, and in the file of pins."""
    files = [path for name in USED_IN for path in sorted((root / name).rglob("*"))]
    for path in files:
        if not path.is_file() or path.is_symlink():
            continue
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        changed = text.replace(old.line, new.line)
        if path == root / PINS:
            changed = changed.replace(old.entry, new.entry)
        if changed != text:
            path.write_bytes(changed.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    sys.exit(main())
