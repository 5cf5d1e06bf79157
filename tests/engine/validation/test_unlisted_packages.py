"""A package that was added by hand is reported, with the command that adds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.validation.unlisted_packages import check_unlisted_packages
from tests.support.monorepos import project_of, pyproject, write

LOCK = "# answers: .copier-answers.yml\n"
ANSWERS = """\
project_type: monorepo
packages:
- name: core
  path: packages/core
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "ci-framework/engine.lock": LOCK,
        ".copier-answers.yml": ANSWERS,
        "packages/core/pyproject.toml": pyproject("core"),
        "packages/core/src/core/__init__.py": "",
    }
    return write(tmp_path, files)


def test_a_package_that_the_answers_do_not_name_is_reported(root: Path) -> None:
    assert list(check_unlisted_packages(project_of(root))) == []
    write(root, {"packages/more/pyproject.toml": pyproject("more")})
    (finding,) = check_unlisted_packages(project_of(root))
    assert (finding.severity, finding.path) == ("warning", ".copier-answers.yml")
    assert finding.message.startswith("packages: packages/more is missing")
    assert finding.message.endswith(
        "hint: run `copier update --defaults -d 'packages="
        '[{"name": "core", "path": "packages/core"}, '
        '{"name": "more", "path": "packages/more"}]\'`'
    )


@pytest.mark.parametrize("answers", ["project_type: library\n", "- broken: [\n", ""])
def test_without_packages_in_the_answers_there_is_nothing_to_compare(
    root: Path, answers: str
) -> None:
    write(root, {".copier-answers.yml": answers, **package_files()})
    assert list(check_unlisted_packages(project_of(root))) == []


def package_files() -> dict[str, str]:
    return {"packages/more/pyproject.toml": pyproject("more")}
