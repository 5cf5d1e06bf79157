"""Files and engine are of one commit, even if nothing can be fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.project.repository import read_project
from ci_engine.validation.framework_files import check_framework_files
from ci_engine.validation.pinned_commit import check_pinned_commit
from ci_engine.validation.vendored_engine import copy_engine

PINNED = "1234567" + "0" * 33
# What would fetch the engine that is pinned.
BOOTSTRAP = "from pathlib import Path\nPath('fetched').touch()\nraise SystemExit(3)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ci-framework"
    folder.mkdir()
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    lock = f"# commit: {PINNED}\n# answers: .answers.yml\n"
    (folder / "engine.lock").write_text(lock, encoding="utf-8")
    (folder / "bootstrap").write_text(BOOTSTRAP, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ("_commit: v2.0.0-3-g1234567\n", False),
        ("_commit: '1234567'\n", False),
        (f"_commit: {PINNED}\n", False),
        # Only its repository knows the commit of a tag.
        ("_commit: v2.0.0\n", False),
        ("name: demo\n", False),
        ("- no answers\n", False),
        ("_commit: v2.0.0-3-gabcdef0\n", True),
        ("_commit: abcdef0\n", True),
        (f"_commit: '{PINNED[:-1]}1'\n", True),
    ],
)
def test_an_engine_of_another_commit_is_named_with_the_command(
    answers: str, *, found: bool, folder: Path
) -> None:
    (folder.parent / ".answers.yml").write_text(answers, encoding="utf-8")
    findings = list(check_pinned_commit(read_project(folder.parent)))
    assert len(findings) == found
    for finding in findings:
        assert finding.path == "ci-framework/engine.lock"
        assert f"pins the engine of commit {PINNED[:12]}, but .answers.yml is of " in (
            finding.message
        )
        assert "\nhint: restore it: `copier recopy " in finding.message
        assert "-x '!/ci-framework/engine.lock'`" in finding.message


def test_what_pins_nothing_differs_from_nothing(folder: Path) -> None:
    (folder / "engine.lock").write_text("# commit:\n# answers: .answers.yml\n")
    (folder.parent / ".answers.yml").write_text("_commit: abcdef0\n")
    assert list(check_pinned_commit(read_project(folder.parent))) == []
    (folder / "engine.lock").unlink()
    assert list(check_pinned_commit(read_project(folder.parent))) == []


def test_a_copy_is_compared_without_fetching_an_engine(folder: Path) -> None:
    root, package = folder.parent, folder.parent / "package"
    package.mkdir()
    for name in ("__init__.py", "__main__.py"):
        (package / name).touch()
    copy_engine(package, folder, folder / "ci_engine")

    def messages(*, fetch: bool = False) -> list[str]:
        found = check_framework_files(read_project(root), fetch=fetch)
        return [f"{f.path}: {f.message}" for f in found if "ci_engine" in f.path]

    assert messages() == []
    (folder / "ci_engine" / "__main__.py").write_text("import this\n")
    (edited,) = messages()
    assert "__main__.py: it differs from the pinned engine" in edited
    (folder / "engine.lock").write_text("# commit:\n")
    (other,) = messages()
    assert "it is not the engine that ci-framework/engine.lock pins" in other
    assert "run `ci-framework/ci vendor`" in other
    assert not (root / "fetched").exists()
