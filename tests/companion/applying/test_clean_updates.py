"""Later updates of adopted projects merge cleanly, as if Copier had rendered them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ci_framework.planning.edits import CannotEdit, found_block
from ci_framework.planning.file_answers import shape_answers
from ci_framework.planning.files import insert_block
from ci_framework.planning.oracle import verify
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository
from tests.support.blocks import without_block
from tests.support.programs import run
from tests.support.renders import Answers, read_answers, snapshot
from tests.support.template_releases import (
    conflicts,
    edit,
    make_project,
    make_releases,
    update,
)

SHARED = (
    "pyproject.toml",
    "ci-framework.toml",
    ".pre-commit-config.yaml",
    ".gitignore",
    ".gitattributes",
    ".github/dependabot.yml",
)
Files = Mapping[str, str | bytes]

PYPROJECT = """\
# The project.
[project]
name = "mine"  # and nobody else's
version = "1"

[tool.ruff.format]
quote-style = "single"
"""
HOOKS = """\
# Our hooks.
repos:
- repo: https://example.org/hooks
  rev: "1"
  hooks:
  - id: tidy
    # - id: untidy

# The service.
default_stages: [pre-commit]
"""
UPDATES = """\
version: 2
updates:
    -   package-ecosystem: npm
        directory: /site
        schedule: {interval: monthly}
    # - package-ecosystem: docker
"""
CRLF = {
    name: text.replace("\n", "\r\n")
    for name, text in {
        "pyproject.toml": PYPROJECT,
        ".pre-commit-config.yaml": HOOKS,
        ".github/dependabot.yml": UPDATES,
        ".gitignore": "*.log\n/out",
        ".gitattributes": "*.png binary\n\n",
    }.items()
}
PLAIN: Files = {
    "pyproject.toml": PYPROJECT,
    ".pre-commit-config.yaml": HOOKS,
    ".github/dependabot.yml": UPDATES,
    ".gitignore": "*.log\n# größer\n/out",
    ".gitattributes": "*.png binary\n",
}
OWN_NAMES: Files = {
    "setup.py": "from setuptools import setup\nsetup()\n",
    ".github/workflows/python-ci.yml": "name: Mine\non: push\njobs: {}\n",
    ".github/actions/set-up/action.yml": "name: Mine\n",
    ".pre-commit-config.yaml": "\ufeffrepos:\n",
}
NOTHING: Files = {"mine.py": "ONE = 1\n"}


@pytest.fixture(scope="module", autouse=True)
def identity() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ada Example")
            patch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        yield


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory, identity: None) -> Path:
    """Releases 2.0.0, 2.1.0 and 2.2.0; the last one changes every block all over."""
    path = make_releases(tmp_path_factory.mktemp("releases"))
    template, macros = path / "template", path / "extensions" / "jinja"
    hooks = template / ".pre-commit-config.yaml.jinja"
    updates = template / ".github" / "dependabot.yml.jinja"
    edit(template / ".gitignore.jinja", ".ci-framework/\n", ".first/\n.ci-framework/\n")
    edit(template / ".gitignore.jinja", "{{ text.end }}", ".last/\n{{ text.end }}")
    edit(
        template / ".gitattributes.jinja",
        "{{ text.end }}",
        "*.last binary\n{{ text.end }}",
    )
    edit(hooks, "- repo: local\n", "# New.\n- repo: local\n")
    edit(hooks, "require_serial: true\n", "require_serial: false\n")
    edit(updates, "{% if 'github-actions'", "# New.\n{% if 'github-actions'")
    edit(updates, "        - patch\n", "        - patch\n        - major\n")
    edit(
        macros / "block.jinja",
        "\n[tool.ci-framework]\n",
        "# New.\n\n[tool.ci-framework]\n",
    )
    edit(
        macros / "block.jinja",
        "{{ text.end }}",
        "\n[tool.ci-framework.changes]\nalways-run = []\n{{ text.end }}",
    )
    commit(path, "more")
    run("git", "tag", "v2.2.0", cwd=path)
    return path


def adopt(
    releases: Path, project: Path, scratch: Path, answers: Answers | None = None
) -> Mapping[str, object]:
    """Adopt as the companion does, for files it can edit; return the answers."""
    repository = open_repository(project)
    shapes = {name: shape.value for name, shape in shape_answers(repository).items()}
    wanted = {
        "setup": "customise",
        "project_state": "existing",
        "package_manager": "uv",
        "source_paths": ["."],
        "test_paths": [],
        **shapes,
        **(answers or {}),
    }
    render = make_project(releases, scratch, wanted)
    for name, (content, _) in snapshot(render).items():
        target = project / name
        if target.exists():
            before = target.read_bytes()
            change = insert_block(name, before, content)
            verify(name, before, change)
            target.write_bytes(change.after)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(render / name, target)
    commit(project, "adopt")
    return shapes


def own_lines(project: Path) -> dict[str, bytes]:
    """The shared files without their blocks."""
    return {
        name: without_block((project / name).read_bytes())
        for name in SHARED
        if (project / name).exists()
    }


def updates_stay_clean(
    releases: Path, tmp_path: Path, files: Files, answers: Answers | None = None
) -> Mapping[str, object]:
    """Adopt at the first release, update twice, compare with fresh renders."""
    project = make_repository(tmp_path / "project", files)
    shapes = adopt(releases, project, tmp_path / "render", answers)
    mine = own_lines(project)
    for name in ("v2.1.0", "v2.2.0"):
        update(project, to=name)
        assert conflicts(project) == []
        commit(project, name)
        assert own_lines(project) == mine
        recorded = {k: v for k, v in read_answers(project).items() if k[0] != "_"}
        fresh = make_project(releases, tmp_path / name, recorded, ref=name)
        changed = 0
        for path, (content, _) in snapshot(fresh).items():
            found = (project / path).read_bytes()
            if path in SHARED:
                assert found_block(found) == found_block(content), path
                crlf = b"\r\n" in found
                assert found.count(b"\n") == found.count(b"\r\n") or not crlf
                changed += b"New." in found or b"last" in found
            elif not path.startswith(".copier-answers"):
                assert found == content, path
        assert changed == (len(mine) if name == "v2.2.0" else 0)
    return shapes


@pytest.mark.heavy
def test_a_project_with_the_line_ends_of_windows_and_odd_indents_updates_cleanly(
    releases: Path, tmp_path: Path
) -> None:
    shapes = updates_stay_clean(releases, tmp_path, CRLF)
    assert shapes["hooks_indent"] == 0
    assert shapes["updates_indent"] == 4
    assert shapes["crlf_files"] == [name for name in SHARED if name in CRLF]


@pytest.mark.heavy
def test_a_plain_project_updates_cleanly(releases: Path, tmp_path: Path) -> None:
    shapes = updates_stay_clean(releases, tmp_path, PLAIN)
    assert "crlf_files" not in shapes


@pytest.mark.heavy
def test_a_project_without_any_of_the_files_updates_cleanly(
    releases: Path, tmp_path: Path
) -> None:
    shapes = updates_stay_clean(releases, tmp_path, NOTHING)
    assert shapes["settings_file"] == "ci-framework.toml"


@pytest.mark.heavy
def test_a_project_that_has_taken_the_names_updates_cleanly(
    releases: Path, tmp_path: Path
) -> None:
    shapes = updates_stay_clean(releases, tmp_path, OWN_NAMES)
    assert shapes["github_prefix"] == "framework-"
    project = tmp_path / "project"
    assert not (project / "pyproject.toml").exists()
    text = (project / ".github/workflows/framework-python-ci.yml").read_text()
    assert "uses: ./.github/actions/framework-set-up\n" in text


@pytest.mark.heavy
def test_a_pixi_project_updates_cleanly(releases: Path, tmp_path: Path) -> None:
    answers: Answers = {
        "package_manager": "pixi",
        "hooks": [],
        "update_ecosystems": [],
    }
    updates_stay_clean(releases, tmp_path, {"pyproject.toml": PYPROJECT}, answers)


def test_a_file_whose_bytes_an_update_would_lose_is_left_alone() -> None:
    """Copier drops what is not UTF-8 from the lines that it merges."""
    with pytest.raises(CannotEdit, match="not UTF-8"):
        insert_block(
            ".gitignore",
            b"/caf\xe9\n",
            b"# >>> ci-framework >>>\n# <<< ci-framework <<<\n",
        )
