"""Generated files are up to date, and the schemas describe what is shipped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from tests.support.parsing import parse_yaml, read_toml
from tests.support.renders import ROOT, Document, render

_SCHEMAS = ROOT / "extensions" / "ci_engine" / "configs" / "schemas"


@pytest.mark.parametrize(
    "script", ["generate_reference.py", "generate_schemas.py", "render_diagrams.py"]
)
def test_generated_file_is_up_to_date(script: str) -> None:
    done = subprocess.run(
        [sys.executable, f"docs/{script}", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def _schema(name: str) -> Document:
    text = (_SCHEMAS / name).read_text(encoding="utf-8")
    schema = cast("Document", json.loads(text))
    Draft202012Validator.check_schema(schema)
    return schema


def _errors(schema: str, data: object) -> list[str]:
    validator = Draft202012Validator(_schema(schema))
    found = cast("Any", validator).iter_errors(data)
    return [f"{error.json_path}: {error.message}" for error in found]


def _tiers() -> Document:
    path = _SCHEMAS.parent / "quality-tiers.yaml"
    return cast("Document", parse_yaml(path.read_text(encoding="utf-8")))


def test_shipped_tiers_fit_their_schema() -> None:
    assert not _errors("quality-tiers.json", _tiers())


def test_shipped_tiers_name_the_schema_beside_them() -> None:
    first = (_SCHEMAS.parent / "quality-tiers.yaml").read_text(encoding="utf-8")
    name = first.splitlines()[0].partition("$schema=")[2]

    assert (_SCHEMAS.parent / name).is_file()


@pytest.mark.parametrize("manager", ["pixi", "uv", "pip", "poetry"])
def test_rendered_settings_fit_their_schema(
    manager: str, template: Path, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "project", {"package_manager": manager})
    table = read_toml(project / "pyproject.toml")["tool"]["ci-framework"]

    assert not _errors("settings.json", table)


@pytest.mark.parametrize(
    "table",
    [
        {"profil": "tiered"},
        {"quality": {"coverage-threshold": 101}},
        {"quality": {"fail-fast": "yes"}},
        {"matrix": {"python-versions": []}},
        {"matrix": {"python-versions": ["2.7"]}},
        {"commands": {"Tests!": "pytest"}},
        {"commands": {"test": []}},
        {"checks": {"lint": {"timeout": 0}}},
    ],
)
def test_settings_that_are_not_allowed_do_not_fit(table: Document) -> None:
    assert _errors("settings.json", table)


def test_tiers_need_every_default() -> None:
    tiers = _tiers()
    del tiers["defaults"]["quality"]["tier"]

    assert _errors("quality-tiers.json", tiers)
