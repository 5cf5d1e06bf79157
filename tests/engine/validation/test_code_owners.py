"""Which files that decide about a change lack a code owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.validation.code_owners import LOCATIONS, without_owner
from tests.support.projects import DemoProject

ALL = ["/.github/", "/ci-framework/", "/pyproject.toml"]
COVERED = "/.github/ @a/b\n/ci-framework/ @a/b\n/pyproject.toml @a/b\n"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", ALL),
        ("# * @a\n", ALL),
        ("* @a\n", []),
        ("*.py @a\n", ALL),
        (COVERED, []),
        ("/.github @a\nci-framework @a\npyproject.toml a@b.example # why\n", []),
        (".github/** @a\n", ["/ci-framework/", "/pyproject.toml"]),
        ("* @a\n/ci-framework/\n", ["/ci-framework/"]),
        ("* @a\n/.github/workflows/\n", ["/.github/"]),
        ("/ci-framework/\n* @a\n", []),
    ],
)
@pytest.mark.parametrize("location", LOCATIONS)
def test_what_has_no_owner_is_named(
    tmp_path: Path, location: str, text: str, missing: list[str]
) -> None:
    path = tmp_path / location
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    assert without_owner(tmp_path) == missing


def test_the_first_location_counts(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "CODEOWNERS").write_text("", encoding="utf-8")
    (tmp_path / "CODEOWNERS").write_text("* @a\n", encoding="utf-8")
    assert without_owner(tmp_path) == ALL


@pytest.mark.heavy
def test_the_doctor_advises(project: DemoProject) -> None:
    names = "/.github/, /ci-framework/, /pyproject.toml"
    line = f"no approval is required for changes to {names}"
    run = project.run("doctor")
    assert f"code owners   {line}" in run.stdout, str(run)
    project.write(".github/CODEOWNERS", COVERED)
    assert "code owners   they cover CI" in project.run("doctor").stdout
