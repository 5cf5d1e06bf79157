"""Renovate and release-please read our files by their own code, not by a schema.

The packages come from npm, in the versions of tests/support/node/package-lock.json.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import tomlkit

from tests.support.documents import table, tables
from tests.support.node_programs import READERS
from tests.support.rendered_workflows import COMBINATIONS
from tests.support.tools import assert_clean

if TYPE_CHECKING:
    from tests.workflows.conftest import Render

pytestmark = pytest.mark.heavy

RENOVATE = [name for name in COMBINATIONS if name.startswith("renovate")]
SCRIPT = Path(__file__).parents[1] / "support" / "node" / "release-please.mjs"
CORE, CLI = "my-project-core", "my-project-cli"
LOCK = "version = 1\n" + "".join(
    f'\n[[package]]\nname = "{name}"\nversion = "0.1.0"\n'
    f'source = {{ editable = "packages/{name}" }}\n'
    for name in (CORE, CLI)
)


def validate(project: Path) -> tuple[int, str]:
    program = READERS.modules / "renovate" / "dist" / "config-validator.js"
    words = ("--strict", "--no-global", ".github/renovate.json")
    done = READERS.run(program, *words, cwd=project)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("combination", RENOVATE)
def test_renovate_accepts_its_configuration(combination: str, rendered: Render) -> None:
    code, output = validate(rendered(combination))
    assert (code, "Config validated successfully" in output) == (0, True), output


def test_renovate_refuses_what_it_does_not_know(
    rendered: Render, tmp_path: Path
) -> None:
    """So that the test above can fail."""
    path = tmp_path / ".github" / "renovate.json"
    path.parent.mkdir()
    text = (rendered("renovate") / ".github" / "renovate.json").read_text("utf-8")
    path.write_text(text.replace('"enabled"', '"enabld"'), encoding="utf-8")
    code, output = validate(tmp_path)
    assert code == 1
    assert "Invalid configuration option" in output


def test_release_please_moves_every_version(rendered: Render, tmp_path: Path) -> None:
    """One feature in one package: both move, with their requirement and the lock."""
    project = tmp_path / "mono"
    shutil.copytree(rendered("monorepo"), project)
    (project / "uv.lock").write_text(LOCK, encoding="utf-8")
    changed = f"packages/{CORE}/src/my_project_core/__init__.py"
    done = READERS.run(SCRIPT, READERS.modules, project, changed, cwd=project)
    assert_clean(done)
    written = cast("dict[str, str]", json.loads(done.stdout))
    manifest = json.loads(written[".release-please-manifest.json"])
    assert manifest == {f"packages/{name}": "0.2.0" for name in (CORE, CLI)}
    for name in (CORE, CLI):
        text = written[f"packages/{name}/pyproject.toml"]
        project_table = table(tomlkit.parse(text).unwrap()["project"])
        assert project_table["version"] == "0.2.0"
        assert f"{name}-v0.1.0" in written[f"packages/{name}/CHANGELOG.md"]
    assert project_table["dependencies"] == [f"{CORE}>=0.2.0"]
    locked = tables(tomlkit.parse(written["uv.lock"]).unwrap()["package"])
    assert {package["version"] for package in locked} == {"0.2.0"}
