"""Libraries, applications and namespaces are recognized as what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.answers.derive import derive_answers
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

POETRY = (
    '[build-system]\nrequires = ["poetry-core"]\n'
    'build-backend = "poetry.core.masonry.api"\n[tool.poetry]\nname = "my-shop"\n'
)


@pytest.mark.parametrize(
    ("settings", "code", "kind", "because"),
    [
        ("package-mode = false\n", "my_shop/__init__.py", "application", ""),
        ("", "app/main.py", "application", "Poetry finds no package my_shop"),
        ("", "my_shop/__init__.py", "library", ""),
        ("", "src/my_shop/__init__.py", "library", ""),
        ("", "my_shop.py", "library", ""),
        ('packages = [{include = "app"}]\n', "app/main.py", "library", ""),
    ],
)
def test_a_project_that_poetry_cannot_build_is_an_application(
    tmp_path: Path, settings: str, code: str, kind: str, because: str
) -> None:
    files = {"pyproject.toml": f"{POETRY}{settings}", code: ""}
    inventory = analyze(open_repository(make_repository(tmp_path / "it", files)))
    assert derive_answers(inventory)["project_type"].value == kind
    assert because in inventory.reason("build-backend")


def test_sources_of_a_namespace_are_the_directory_with_its_packages(
    tmp_path: Path,
) -> None:
    files = {
        "libs/a/pyproject.toml": '[project]\nname = "a"\nversion = "1"\n',
        "libs/a/space/one/two/__init__.py": "",
        "libs/a/tests/test_one.py": "",
        "libs/b/pyproject.toml": '[project]\nname = "b"\nversion = "1"\n',
        "libs/b/b/__init__.py": "",
    }
    inventory = analyze(open_repository(make_repository(tmp_path / "it", files)))
    assert derive_answers(inventory)["source_paths"].value == [
        "libs/a/space",
        "libs/b/b",
    ]
