"""ci-framework/files.sha256 lists the framework's files, as they are rendered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

from tests.support.programs import run
from tests.support.rendered import Point, each_point
from tests.support.renders import files, render, render_once

MANIFEST = "ci-framework/files.sha256"
# Files that the project owns, or that it shares with the framework.
OTHERS = {
    ".copier-answers.yml",
    ".editorconfig",
    ".gitattributes",
    ".github/dependabot.yml",
    ".github/renovate.json",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".release-please-manifest.json",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "AGENTS.md",
    "SECURITY.md",
    "ci-framework.toml",
    "pyproject.toml",
    "release-please-config.json",
}


BLOCK = "# block: "
SHARED = (
    ".gitattributes",
    ".github/dependabot.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "ci-framework.toml",
    "pyproject.toml",
)


def rows(project: Path) -> list[str]:
    return (project / MANIFEST).read_text(encoding="utf-8").splitlines()


def listed(project: Path) -> dict[str, str]:
    lines = [line for line in rows(project) if not line.startswith(BLOCK)]
    assert lines == sorted(lines, key=lambda line: line.partition("  ")[2])
    hashes = {
        path: digest for digest, _, path in (line.partition("  ") for line in lines)
    }
    assert len(hashes) == len(lines)
    return hashes


@each_point
def test_each_file_of_the_framework_is_listed_with_its_hash(point: Point) -> None:
    folders = ("src/", "tests/", "packages/", "docs/", "mkdocs.yml")
    folders += ("ci-framework/project/",)
    owned = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files(point.path)
        for name in [path.relative_to(point.path).as_posix()]
        if name not in OTHERS | {MANIFEST} and not name.startswith(folders)
    }
    assert listed(point.path) == owned
    unmanaged = cast("list[str]", point.answers["unmanaged"])
    assert not owned.keys() & set(unmanaged)


@each_point
def test_each_block_is_listed_with_its_hash(point: Point) -> None:
    expected: list[str] = []
    for name in SHARED:
        path = point.path / name
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        block = text[text.find("# >>> ci-framework") : text.find("<<<\n") + 3]
        if block:
            digest = hashlib.sha256(block.encode()).hexdigest()
            expected.append(f"{BLOCK}{digest}  {name}")
    assert [line for line in rows(point.path) if line.startswith(BLOCK)] == expected


def test_sha256sum_can_check_a_new_project(
    template: Path, shared_directory: Path
) -> None:
    project = render_once(template, shared_directory / "defaults", {})
    checked = run("sha256sum", "--check", MANIFEST, cwd=project).splitlines()
    assert len(checked) > 15
    assert all(line.endswith(": OK") for line in checked)


def test_a_path_that_the_project_maintains_is_not_listed(
    template: Path, tmp_path: Path
) -> None:
    answers = {
        "project_state": "existing",
        "github_prefix": "framework-",
        "unmanaged": [
            ".github/actions/framework-set-up",
            ".github/workflows/framework-python-ci.yml",
            "ci-framework/bootstrap",
        ],
    }
    hashes = listed(render(template, tmp_path, answers))
    unmanaged = ("framework-set-up", "framework-python-ci", "bootstrap")
    assert not [path for path in hashes if any(name in path for name in unmanaged)]
    assert ".github/workflows/framework-security-audit.yml" in hashes
    assert ".github/actions/framework-quality-gates/action.yml" in hashes


def test_a_new_project_is_small_enough_to_read(
    template: Path, shared_directory: Path
) -> None:
    project = render_once(template, shared_directory / "defaults", {})
    paths = files(project)
    lines = sum(len(path.read_bytes().splitlines()) for path in paths)
    assert len(paths) <= 50
    assert lines <= 4500
