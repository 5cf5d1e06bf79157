"""The components of a project, from its locks, as CycloneDX."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from ci_engine.checks.dependencies.dependency_files import read_lock
from ci_engine.project.repository import read_project
from ci_engine.scanning.bill_of_materials import to_cyclonedx
from tests.engine.checks.test_audit import LOCK
from tests.support.bill_schema import assert_fits_schema

POETRY = """\
[[package]]
name = "Six"
version = "1.16.0"
[[package]]
name = "forked"
version = "1.0"
[package.dependencies]
six = ">=1"
[package.source]
type = "git"
url = "https://example.org/x"
[metadata]
lock-version = "2.1"
"""
PIXI = """\
version: 6
packages:
- conda: https://conda.anaconda.org/conda-forge/noarch/six-1.16.0-pyh_0.conda
  purls: ["pkg:pypi/six@1.16.0?source=hash-mapping"]
  license: MIT
  depends: ["openssl >=3", "__unix"]
- conda: https://conda.anaconda.org/conda-forge/linux-64/openssl-3.5.0-h_1.conda
  license: Apache-2.0
- pypi: https://files.pythonhosted.org/x/idna-3.4-py3-none-any.whl
  name: idna
  version: "3.4"
  requires_dist: ["six>=1 ; extra == 'all'"]
- pypi: ./
  name: demo
  requires_dist: [idna]
"""
PYLOCK = """\
lock-version = "1.0"
[[packages]]
name = "six"
version = "1.16.0"
[[packages]]
name = "zlocal"
dependencies = [{name = "six"}]
[packages.directory]
path = "."
"""
PDM = """\
[metadata]
lock_version = "4.5.0"
[[package]]
name = "six"
version = "1.16.0"
dependencies = ["idna>=2; python_version > '3'"]
[[package]]
name = "idna"
version = "3.4"
dependencies = ["six"]
"""
REQUIREMENTS = """\
# pinned
six==1.16.0 \\
    --hash=sha256:00
idna[x]==3.4 ; python_version > '3'
"""
SIX, IDNA, OPENSSL = (
    "pkg:pypi/six@1.16.0",
    "pkg:pypi/idna@3.4",
    "pkg:conda/openssl@3.5.0",
)
ROOT = "the project"


@pytest.mark.parametrize(
    ("name", "text", "audited", "coverage", "needs"),
    [
        (
            "uv.lock",
            LOCK,
            {"six", "wheel-thing"},
            "2 of 3 dependencies known",
            # No package needs the last one: the project needs it.
            {
                ROOT: [
                    "pkg:pypi/local-thing@0.3",
                    SIX,
                    "pkg:pypi/wheel-thing@2.0",
                ]
            },
        ),
        (
            "poetry.lock",
            POETRY,
            {"six"},
            "1 of 2 dependencies known",
            {ROOT: ["pkg:pypi/forked@1.0"], "pkg:pypi/forked@1.0": [SIX]},
        ),
        (
            "pdm.lock",
            PDM,
            {"six", "idna"},
            "2 of 2 dependencies known",
            # A circle that nothing leads to.
            {ROOT: [IDNA], IDNA: [SIX], SIX: [IDNA]},
        ),
        (
            "pylock.toml",
            PYLOCK,
            {"six"},
            "1 of 2 dependencies known",
            {ROOT: ["pkg:pypi/zlocal"], "pkg:pypi/zlocal": [SIX]},
        ),
        (
            "pixi.lock",
            PIXI,
            {"six", "idna"},
            "2 of 3 dependencies known, 1 conda-only",
            {ROOT: [IDNA], IDNA: [SIX], SIX: [OPENSSL]},
        ),
        (
            "requirements.txt",
            REQUIREMENTS,
            {"six", "idna"},
            "2 of 2 dependencies known",
            {ROOT: [IDNA, SIX]},
        ),
    ],
)
def test_each_lock_is_read_and_listed(
    name: str,
    text: str,
    audited: set[str],
    coverage: str,
    needs: dict[str, list[str]],
    tmp_path: Path,
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    project = read_project(tmp_path)
    dependencies = read_lock(project)
    assert {each.name for each in dependencies.audited} == audited
    assert dependencies.coverage().startswith(f"{name}: {coverage}")
    listed = to_cyclonedx(project, dependencies)
    assert_fits_schema(listed)
    document = json.loads(listed)
    assert document["specVersion"] == "1.6"
    names = {each["name"] for each in document["components"]}
    assert audited <= names
    addresses = {e["name"]: e.get("purl") for e in document["components"]}
    assert addresses.get("forked") is None
    assert (
        addresses.get("openssl", "pkg:conda/openssl@3.5.0") == "pkg:conda/openssl@3.5.0"
    )
    root = document["metadata"]["component"]["bom-ref"]
    edges = {e["ref"]: e["dependsOn"] for e in document["dependencies"]}
    components = {each["bom-ref"] for each in document["components"]}
    assert set(edges) == {root, *components}
    assert {*itertools.chain(*edges.values())} <= components
    told = {ROOT if ref == root else ref: to for ref, to in edges.items() if to}
    assert told == needs


def test_the_list_is_the_same_but_for_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (tmp_path / "poetry.lock").write_text(POETRY, encoding="utf-8")
    project = read_project(tmp_path)
    dependencies = read_lock(project)
    one = to_cyclonedx(project, dependencies)
    assert one == to_cyclonedx(project, dependencies)
    assert json.loads(one)["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2023-11-14T22:13:20+00:00", "yesterday"),
        (
            '"specVersion": "1.6"',
            '"specVersion": "1.6", "externalReferences": [{"type": "vcs",'
            ' "url": "https://example.org/a b"}]',
        ),
    ],
)
def test_the_schema_refuses_what_is_no_date_and_no_address(
    old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the tests above would notice."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (tmp_path / "poetry.lock").write_text(POETRY, encoding="utf-8")
    project = read_project(tmp_path)
    text = to_cyclonedx(project, read_lock(project))
    assert text.count(old) == 1
    assert_fits_schema(text)
    with pytest.raises(AssertionError):
        assert_fits_schema(text.replace(old, new))
