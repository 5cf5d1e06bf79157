"""Configuration of a repository never reaches what the framework installs."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ci_engine.environments.installer import installer_variables
from tests.support.projects import DemoProject, assert_green, program

HOSTILE_UV = """
no-index = true
find-links = ["/nowhere"]
constraint-dependencies = ["ruff==0.0.1", "msgspec==0.0.1", "pyyaml==0.0.1"]
override-dependencies = ["ruff==0.0.2", "msgspec==0.0.2"]
"""
LOGGING_UV = """\
import json, os, sys
with open({log!r}, "a") as log:
    print(json.dumps([os.getcwd(), dict(os.environ)]), file=log)
raise SystemExit("no network today")
"""


@pytest.fixture
def hostile(project: DemoProject) -> DemoProject:
    """A project that configures installers in every file that they know."""
    project.append("pyproject.toml", f"\n[tool.uv]{HOSTILE_UV}")
    project.write("uv.toml", HOSTILE_UV)
    project.write("pip.conf", "[global]\nindex-url = http://localhost:1/\n")
    return project


def test_installers_of_tools_run_outside_of_the_repository(
    hostile: DemoProject, tmp_path: Path
) -> None:
    log = tmp_path / "uv.log"
    program(tmp_path / "bin", "uv", LOGGING_UV.format(log=str(log)))
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    variables = {"PATH": path, "UV_OVERRIDE": "x.txt", "UV_INDEX_URL": "https://a.b/"}
    hostile.run("validate", variables=variables)
    [directory, found] = json.loads(log.read_text(encoding="utf-8").splitlines()[0])
    assert not Path(directory).is_relative_to(hostile.root)
    assert "UV_OVERRIDE" not in found
    assert found["UV_INDEX_URL"] == "https://a.b/"


def test_what_is_installed_is_ours_and_where_it_comes_from_is_the_users() -> None:
    given = {
        "PATH": "/bin",
        "PIP_CONSTRAINT": "constraints.txt",
        "PIP_INDEX_URL": "https://mirror.example.org/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_CONFIG_FILE": "uv-of-ours.toml",
        "UV_EXCLUDE_NEWER": "2020-01-01",
        "UV_FIND_LINKS": "https://a.example.org/,wheels",
        "UV_PROJECT": ".",
    }
    here = Path.cwd()
    assert installer_variables(given) == {
        "PATH": "/bin",
        "PIP_INDEX_URL": "https://mirror.example.org/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_CONFIG_FILE": str(here / "uv-of-ours.toml"),
        "UV_FIND_LINKS": f"https://a.example.org/,{here / 'wheels'}",
    }


@pytest.mark.heavy
@pytest.mark.parametrize("with_uv", [True, False])
def test_locked_tools_are_installed_whatever_the_project_configures(
    hostile: DemoProject, tmp_path: Path, with_uv: bool
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("git", *(["uv"] if with_uv else [])):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    # Files above the cache are no more ours than those of the repository.
    (tmp_path / "uv.toml").write_text(HOSTILE_UV, encoding="utf-8")
    text = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.99"\n'
    text += f"[tool.uv]{HOSTILE_UV}"
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (hostile.root / ".venv").unlink()
    run = hostile.run("validate", variables={"PATH": str(folder)})
    assert_green(run)
    assert any((hostile.cache / "tools").glob("check-jsonschema-*/bin"))
