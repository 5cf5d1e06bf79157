"""Each combination of answers with its render, and tests of all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.support.parsing import read_toml
from tests.support.points import POINTS
from tests.support.renders import Document, read_answers, render_once


@dataclass(frozen=True)
class Point:
    """One combination of answers and its render."""

    answers: Document
    path: Path

    @property
    def settings_file(self) -> str:
        name = cast("str", self.answers["settings_file"])
        return "pyproject.toml" if self.new else name

    def shared(self) -> list[str]:
        """The files with a block."""
        names = [self.settings_file, ".gitignore", ".gitattributes"]
        if self.new or self.answers["hooks"]:
            names.append(".pre-commit-config.yaml")
        remote = self.answers["ci_mode"] != "local"
        dependabot = self.answers["update_bot"] == "dependabot"
        if remote and dependabot and self.answers["update_ecosystems"]:
            names.append(".github/dependabot.yml")
        unmanaged = cast("list[str]", self.answers["unmanaged"])
        return [name for name in names if name not in unmanaged]

    def pyproject(self) -> Document:
        return read_toml(self.path / self.settings_file)

    def tool(self, name: str) -> Document:
        return cast("Document", self.pyproject()["tool"].get(name, {}))

    @property
    def new(self) -> bool:
        return self.answers["project_state"] == "new"

    @property
    def packages(self) -> list[dict[str, str]]:
        """The packages of a new monorepo."""
        return cast("list[dict[str, str]]", self.answers["packages"])

    def metadata(self) -> Document:
        """The metadata of the project, or of the packages of a monorepo."""
        paths = [package["path"] for package in self.packages] or ["."]
        found = [read_toml(self.path / p / "pyproject.toml") for p in paths]
        for document in found:
            for name in ("name", "dependencies", "scripts"):
                document["project"].pop(name, None)
            assert document["project"] == found[0]["project"]
        return cast("Document", found[0]["project"])

    @property
    def pixi(self) -> bool:
        """Whether the render has pixi environments and tasks."""
        return self.answers["package_manager"] == "pixi" and (
            self.new
            or (
                self.answers["pixi_tiers"] == "framework"
                and self.settings_file == "pyproject.toml"
            )
        )


def render_points(template: Path, shared: Path) -> list[Point]:
    """Render all combinations, together with the other processes of this run."""
    numbers = list(range(len(POINTS)))
    # Two processes start at opposite ends, and meet in the middle.
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        numbers.reverse()
    paths = {
        number: render_once(template, shared / f"point-{number:02}", POINTS[number])
        for number in numbers
    }
    return [Point(read_answers(path), path) for _, path in sorted(paths.items())]


def each_point(
    check: Callable[[Point], None],
) -> Callable[[list[Point], pytest.Subtests], None]:
    """Make a test of a check that every combination has to pass."""

    def test(all_points: list[Point], subtests: pytest.Subtests) -> None:
        for point in all_points:
            with subtests.test(point=point.path.name):
                check(point)

    test.__name__ = check.__name__
    test.__doc__ = check.__doc__
    return test
