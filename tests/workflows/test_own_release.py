"""Our own releases: prepared, checked and recorded by a script, made by a workflow."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.act import run_workflow
from tests.support.parsing import read_toml
from tests.support.renders import ROOT
from tests.support.repositories import commit_all, git

CHANGELOG = """\
# Changelog

## Unreleased

### Added

- A thing.

## 1.0.0 - 2026-01-01

- All of it.
"""
# What the real one does is tested by itself.
SURFACE = "import sys\nsys.exit(open('docs/verdict').read() or None)\n"
TESTS = """\
on: workflow_call
jobs:
  gate:
    runs-on: ubuntu-24.04
    steps:
      - run: echo all tests
"""


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci/release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "release", module)
    spec.loader.exec_module(module)
    return module


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose version 1.0.0 is tagged and recorded, with a change since."""
    write(tmp_path, "extensions/ci_engine/__init__.py", '__version__ = "1.0.0"\n')
    write(tmp_path, "docs/public-surface.txt", "answer a\nanswer b\n")
    write(tmp_path, "docs/generate_surface.py", SURFACE)
    write(tmp_path, "docs/verdict", "")
    commit_all(tmp_path)
    git(tmp_path, "tag", "v1.0.0")
    commit = git(tmp_path, "rev-parse", "HEAD").strip()
    write(tmp_path, "tests/update/releases.toml", f'"1.0.0" = "{commit}"\n')
    write(tmp_path, "CHANGELOG.md", CHANGELOG)
    return tmp_path


def change(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    write(root, name, text.replace(old, new))


def test_a_release_is_prepared_checked_tagged_and_recorded(
    release: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main(["prepare", "1.1.0"], root) == 0
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        r"## Unreleased\n\n## 1\.1\.0 - \d{4}-\d\d-\d\d\n\n### Added", changelog
    )
    assert release.main(["check"], root) == 0, capsys.readouterr().err
    assert release.main(["record"], root) == 2
    assert "there is no tag v1.1.0" in capsys.readouterr().err
    commit_all(root)
    git(root, "tag", "--annotate", "--message=1.1.0", "v1.1.0")
    assert release.main(["check", "--tag=v1.1.0"], root) == 0
    for _ in range(2):
        assert release.main(["record"], root) == 0
    recorded = read_toml(root / "tests/update/releases.toml")
    assert recorded["1.1.0"] == git(root, "rev-parse", "HEAD").strip()
    # It is out: what follows needs another version, and some entries.
    assert release.main(["check"], root) == 1
    assert "1.1.0 is released already: raise" in capsys.readouterr().err
    assert release.main(["prepare", "1.2.0"], root) == 2
    assert "no entries below Unreleased" in capsys.readouterr().err
    assert release.main(["prepare", "1.2"], root) == 2
    git(root, "commit", "--quiet", "--allow-empty", "--message=later")
    git(root, "tag", "--force", "v1.1.0")
    assert release.main(["record"], root) == 2


@pytest.mark.parametrize(
    ("version", "name", "old", "new", "problem"),
    [
        ("1.0.1", "CHANGELOG.md", "", "", "CHANGELOG.md:5: Added needs a new minor"),
        ("1.1.0", "CHANGELOG.md", "### Added", "### Removed", "needs a new major"),
        ("0.9.0", "CHANGELOG.md", "", "", "0.9.0 is not above 1.0.0"),
        ("1.1.0", "CHANGELOG.md", "## 1.1.0", "## 1.0.9", "newest section is 1.0.9"),
        ("1.1.0", "docs/public-surface.txt", "answer b\n", "", "gone since 1.0.0"),
        ("1.1.0", "docs/verdict", "", "it is old", "it is old"),
        ("1.1.0", "tests/update/releases.toml", '"1.0.0"', '"0.0.1"', "1.0.0 is miss"),
        ("1.1.0", "tests/update/releases.toml", '= "', '= "0', "not in the history"),
    ],
)
def test_what_does_not_fit_the_policy_is_named(
    *,
    version: str,
    name: str,
    old: str,
    new: str,
    problem: str,
    release: ModuleType,
    root: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert release.main(["prepare", version], root) == 0
    change(root, name, old, new)
    commit_all(root)
    assert release.main(["check"], root) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line


def test_a_major_version_may_remove_and_a_tag_has_to_fit(
    release: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(root, "CHANGELOG.md", "### Added", "### Removed")
    change(root, "docs/public-surface.txt", "answer b\n", "")
    assert release.main(["prepare", "2.0.0"], root) == 0
    assert release.main(["check"], root) == 0, capsys.readouterr().err
    assert release.main(["check", "--tag=v2.0.1"], root) == 1
    assert "expected the version of the tag v2.0.1" in capsys.readouterr().err
    commit_all(root)
    git(root, "tag", "--force", "v1.0.0")
    assert release.main(["check"], root) == 1
    assert "v1.0.0 is at another commit" in capsys.readouterr().err


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_a_tag_of_this_repository_makes_its_release(
    release: ModuleType, tmp_path: Path
) -> None:
    clone = tmp_path / "ci-framework"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(clone))
    git(clone, "remote", "remove", "origin")
    git(clone, "checkout", "--quiet", "-B", "main")
    version = release.stated_version(clone)
    if version not in release.recorded(clone):
        git(clone, "tag", f"v{version}")
        assert release.main(["record"], clone) == 0
    change(clone, "CHANGELOG.md", "## Unreleased\n", "## Unreleased\n\n- A thing.\n")
    assert release.main(["prepare", "999.0.0"], clone) == 0
    write(clone, ".github/workflows/ci.yml", TESTS)
    commit_all(clone)
    git(clone, "tag", "v999.0.0")
    done = run_workflow(
        clone,
        tmp_path / "act",
        "release.yml",
        "push",
        payload={"ref": "refs/tags/v999.0.0", "repository": {"default_branch": "main"}},
        programs={
            "gh": 'printf "%s\\n" "$@" >"$STAND_IN_ARTIFACTS/gh"; cat release/notes.md'
        },
    )
    assert done.code == 0, done.text
    attested = (done.artifacts / "attested" / "subjects").read_text(encoding="utf-8")
    assert attested.count("release/dist/ci_framework-999.0.0") == 2
    words = (done.artifacts / "gh").read_text(encoding="utf-8").splitlines()
    assert words[:4] == ["release", "create", "v999.0.0", "--verify-tag"]
    assert {Path(word).name for word in words[6:]} == {
        "ci_framework-999.0.0-py3-none-any.whl",
        "ci_framework-999.0.0.tar.gz",
        "sbom.cdx.json",
    }
    assert "- A thing." in done.text
