"""Updates bring what the framework changed and keep what the project did."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.parsing import parse_toml, read_toml
from tests.support.renders import BLOCK_END, BLOCK_START, read_answers, snapshot
from tests.support.template_releases import (
    changed_files,
    commit,
    conflicts,
    edit,
    make_project,
    update,
)

SEEDS = (
    *("src/", "tests/", "README.md", "AGENTS.md", "LICENSE"),
    *("SECURITY.md", ".editorconfig"),
)


@pytest.fixture
def project(releases: Path, tmp_path: Path) -> Path:
    path = make_project(releases, tmp_path / "project", {})
    commit(path)
    return path


def insert_before(path: Path, line: str, text: str) -> None:
    edit(path, line, f"{text}{line}")


@pytest.mark.heavy
def test_an_update_without_edits_equals_a_fresh_render(
    whole_releases: Path, tmp_path: Path
) -> None:
    project = make_project(whole_releases, tmp_path / "project", {})
    commit(project)
    before = snapshot(project)
    update(project)
    assert conflicts(project) == []
    fresh = snapshot(make_project(whole_releases, tmp_path / "new", {}, ref="v2.1.0"))
    updated = snapshot(project)
    for name in updated.keys() | fresh.keys():
        if name.startswith(SEEDS):
            assert updated.get(name) == before.get(name), name
        else:
            assert updated.get(name) == fresh.get(name), name


@pytest.mark.heavy
def test_a_second_update_changes_nothing(project: Path) -> None:
    update(project)
    commit(project)
    update(project)
    assert changed_files(project) == set()


@pytest.mark.heavy
def test_an_update_to_the_same_release_changes_nothing(project: Path) -> None:
    update(project, to="v2.0.0")
    assert changed_files(project) == set()


HOOK = """  - repo: https://example.org/{0}
    rev: v1
    hooks:
      - id: {0}
"""


def edit_everything(path: Path, group: str) -> None:
    """Do to a project what people do, next to the blocks and far from them."""
    pyproject, hooks = path / "pyproject.toml", path / ".pre-commit-config.yaml"
    edit(pyproject, "dependencies = []", 'dependencies = [\n    "attrs>=25",\n]')
    edit(pyproject, 'version = "0.1.0"', 'version = "0.2.0"')
    edit(pyproject, "timeout = 60", "timeout = 120")
    edit(pyproject, '    "Typing :: Typed",\n', '    "Typing :: Typed",\n    "Own",\n')
    edit(pyproject, "dev = [\n", 'dev = [\n    "own-first",\n')
    last = f'    {{ include-group = "{group}" }},\n]\n'
    text = pyproject.read_text("utf-8")
    location = text.rindex(last) + len(last) - len("]\n")
    pyproject.write_text(
        f'{text[:location]}    "own-last>=1",\n{text[location:]}', "utf-8"
    )
    insert_before(pyproject, f"{BLOCK_START}\n", "[tool.above]\nmine = true\n")
    edit(pyproject, f"{BLOCK_END}\n", f"{BLOCK_END}\n[tool.below]\nmine = true\n")
    insert_before(hooks, f"  {BLOCK_START}\n", HOOK.format("above"))
    edit(hooks, f"  {BLOCK_END}\n", f"  {BLOCK_END}\n{HOOK.format('below')}")
    ignored = path / ".gitignore"
    insert_before(ignored, f"{BLOCK_START}\n", "/above/\n")
    edit(ignored, f"{BLOCK_END}\n", f"{BLOCK_END}\n/below/\n")
    (path / "LICENSE").unlink()
    (path / "tests" / "test_spans.py").unlink()
    sources = path / "src" / "my_project"
    (sources / "spans.py").rename(sources / "own.py")
    (sources / "more.py").write_text("MORE = 1\n")
    (path / "README.md").write_text("# Mine\n")
    (path / "ci-framework" / "project").mkdir(exist_ok=True)
    (path / "ci-framework" / "project" / "own.yaml").write_text("own: true\n")


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("answers", "group"),
    [
        ({}, "quality-full"),
        ({"package_manager": "uv", "config_profile": "comprehensive"}, "quality"),
        ({"pixi_tiers": "project", "pixi_prefix": "ci-"}, "ci-quality-full"),
    ],
    ids=["pixi", "uv", "own-tiers"],
)
def test_edits_outside_the_blocks_survive(
    releases: Path, tmp_path: Path, answers: dict[str, object], group: str
) -> None:
    path = make_project(releases, tmp_path / "project", answers)
    commit(path)
    edit_everything(path, group)
    commit(path, "own")
    before = snapshot(path)
    update(path)
    assert conflicts(path) == []
    after = snapshot(path)
    check_own_changes(before, after)
    check_changes_of_the_framework(after)


def check_own_changes(
    before: dict[str, tuple[bytes, bool]], after: dict[str, tuple[bytes, bool]]
) -> None:
    for name in before.keys() | after.keys():
        if name.startswith((*SEEDS, "ci-framework/project/")):
            assert after.get(name) == before.get(name), name
    document = parse_toml(after["pyproject.toml"][0])
    assert document["project"]["dependencies"] == ["attrs>=25"]
    assert document["project"]["version"] == "0.2.0"
    assert document["project"]["classifiers"][-1] == "Own"
    assert document["tool"]["pytest"]["ini_options"]["timeout"] == 120
    assert document["tool"]["above"] == document["tool"]["below"] == {"mine": True}
    dev = document["dependency-groups"]["dev"]
    assert (dev[0], dev[-1]) == ("own-first", "own-last>=1")
    hooks = after[".pre-commit-config.yaml"][0].decode()
    assert HOOK.format("above") in hooks
    assert HOOK.format("below") in hooks
    lines = after[".gitignore"][0].splitlines()
    assert (lines[0], lines[-1]) == (b"/above/", b"/below/")


def check_changes_of_the_framework(after: dict[str, tuple[bytes, bool]]) -> None:
    text = after["pyproject.toml"][0].decode()
    settings = parse_toml(text)["tool"]["ci-framework"]
    assert settings["version"] == "2.1.0"
    assert settings["quality"]["fail-fast"] is False
    assert '"pytest>=9.1,<10"' in text
    assert '"twine>=7"' in text
    hooks = after[".pre-commit-config.yaml"][0]
    assert b"pre-commit-hooks==6.1.0" in hooks
    assert b"6.0.0" not in hooks
    assert b"/arriving/" in after[".gitignore"][0].splitlines()
    assert "ci-framework/scripts/leaving.sh" not in after
    assert "ci-framework/scripts/arriving.sh" in after
    tiers = after["ci-framework/scripts/validate-config.sh"][0]
    assert tiers.endswith(b"# changed in 2.1\n")


@pytest.mark.heavy
def test_a_line_of_a_block_that_both_changed_is_the_only_conflict(
    project: Path,
) -> None:
    edit(project / "pyproject.toml", 'version = "2.0.0"', 'version = "mine"')
    commit(project)
    update(project)
    found = conflicts(project)
    assert {line.split("\t")[-1] for line in found} == {"pyproject.toml"}
    text = (project / "pyproject.toml").read_text("utf-8")
    start, end = text.index("<<<<<<< "), text.index(">>>>>>> ")
    assert text.count("<<<<<<< ") == text.count(">>>>>>> ") == 1
    assert 'version = "mine"' in text[start:end]
    assert 'version = "2.1.0"' in text[start:end]
    assert len(text[start:end].splitlines()) <= 5
    # What does not touch that line is merged all the same.
    assert "fail-fast = false" in text
    assert '"twine>=7"' in text


@pytest.mark.heavy
def test_what_the_project_took_back_is_left_alone(
    releases: Path, tmp_path: Path
) -> None:
    taken = [".gitignore", "ci-framework/scripts/validate-config.sh", ".github"]
    path = make_project(releases, tmp_path / "project", {"unmanaged": taken})
    assert [name for name in taken if (path / name).exists()] == []
    (path / ".gitignore").write_text("own\n")
    (path / taken[1]).write_text("own: true\n")
    (path / ".github").mkdir()
    (path / ".github" / "dependabot.yml").write_text("own: true\n")
    commit(path)
    before = snapshot(path)
    update(path)
    assert conflicts(path) == []
    after = snapshot(path)
    for name in (*taken[:2], ".github/dependabot.yml"):
        assert after[name] == before[name]
    assert [name for name in after if name.startswith(".github")] == [
        ".github/dependabot.yml"
    ]
    assert "ci-framework/scripts/arriving.sh" in after


@pytest.mark.heavy
def test_an_answer_can_be_changed_without_changing_the_release(project: Path) -> None:
    update(project, {"coverage_threshold": 70}, to="current")
    assert conflicts(project) == []
    hashes = "ci-framework/files.sha256"
    changed = {".copier-answers.yml", hashes, "pyproject.toml"}
    assert changed_files(project) == changed
    settings = read_toml(project / "pyproject.toml")["tool"]["ci-framework"]
    assert settings["quality"]["coverage-threshold"] == 70
    assert settings["version"] == "2.0.0"
    assert read_answers(project)["coverage_threshold"] == 70


@pytest.mark.heavy
def test_going_local_removes_what_only_github_runs_and_going_back_restores_it(
    project: Path,
) -> None:
    before = snapshot(project)
    own = project / ".github" / "workflows" / "own.yml"
    own.write_text("name: own\n")
    commit(project)
    update(project, {"ci_mode": "local"}, to="current")
    commit(project)
    left = [name for name in snapshot(project) if name.startswith(".github")]
    assert left == [".github/workflows/own.yml"]
    update(project, {"ci_mode": "remote"}, to="current")
    own.unlink()
    assert snapshot(project) == before


@pytest.mark.heavy
def test_a_file_of_the_framework_that_was_edited_merges_or_conflicts(
    project: Path,
) -> None:
    tiers = project / "ci-framework" / "scripts" / "validate-config.sh"
    tiers.write_text("# mine\n" + tiers.read_text("utf-8"), "utf-8")
    commit(project)
    update(project)
    assert conflicts(project) == []
    text = tiers.read_text("utf-8")
    assert text.startswith("# mine\n")
    assert text.endswith("# changed in 2.1\n")


OWN_PYPROJECT = """\
# Made by hand, long ago.
[project]
name = "older"
version = "1"
dependencies = ["attrs"]

[tool.ruff]
line-length = 100  # wide

[tool.pixi.tasks]
check = "true"
"""
OWN_HOOKS = """\
repos:
  - repo: https://example.org/hooks
    rev: v1
    hooks:
      - id: own
"""


@pytest.fixture(scope="session")
def adopted(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was there before: its own files with our blocks in them."""
    path = tmp_path_factory.mktemp("adopted") / "project"
    answers = {"project_state": "existing", "package_manager": "pixi"}
    make_project(releases, path, answers)
    block = (path / "pyproject.toml").read_text("utf-8")
    (path / "pyproject.toml").write_text(f"{OWN_PYPROJECT}\n{block}", "utf-8")
    hooks = path / ".pre-commit-config.yaml"
    block = hooks.read_text("utf-8").removeprefix("repos:\n")
    hooks.write_text(OWN_HOOKS + block, "utf-8")
    ignored = path / ".gitignore"
    ignored.write_text("*.swp\n\n" + ignored.read_text("utf-8"), "utf-8")
    (path / "README.md").write_text("# Older\n")
    (path / "older.py").write_text("OLDER = 1\n")
    commit(path)
    return path


@pytest.fixture
def adopted_project(adopted: Path, tmp_path: Path) -> Path:
    return shutil.copytree(adopted, tmp_path / "project", symlinks=True)


@pytest.mark.heavy
def test_an_adopted_project_gets_new_blocks_and_keeps_its_files(
    adopted_project: Path,
) -> None:
    before = snapshot(adopted_project)
    update(adopted_project)
    assert conflicts(adopted_project) == []
    after = snapshot(adopted_project)
    text = after["pyproject.toml"][0].decode()
    assert text.startswith(OWN_PYPROJECT)
    assert 'pytest = ">=9.1,<10"' in text
    hooks = after[".pre-commit-config.yaml"][0].decode()
    assert hooks.startswith(OWN_HOOKS)
    assert "name: the format" in hooks
    for name in ("README.md", "older.py"):
        assert after[name] == before[name]
    assert not [name for name in after if name.startswith(("src/", "tests/"))]
