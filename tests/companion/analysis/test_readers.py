"""Broken, odd and hostile files are reported, without a traceback."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import msgspec
import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.analysis.readers.documents import LARGEST, Documents
from ci_framework.analysis.readers.ini import IniError, parse_ini
from ci_framework.analysis.readers.setup_py import read_setup_call
from ci_framework.analysis.readers.toml_lines import toml_lines
from ci_framework.answers import derive_answers, own_settings
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository

TOML = '''\
# [commented.out]
top = 1
text = """
[not.a.header]
key = "no"
quote \\""" end"""
list = [
  # ] "
  "a]",
  'b#',
]
[a."b.c"] # heading
d.e = { inline = [1, 2] }
[[things]]
name = "one"
[[things]]
name = "two"
'''


def test_lines_of_toml_keys_are_found() -> None:
    lines = toml_lines(TOML)
    assert lines == {
        ("top",): 2,
        ("text",): 3,
        ("list",): 7,
        ("a",): 12,
        ("a", "b.c"): 12,
        ("a", "b.c", "d"): 13,
        ("a", "b.c", "d", "e"): 13,
        ("things",): 14,
        ("things", "name"): 15,
    }


def test_ini_values_have_lines_and_continuations() -> None:
    ini = parse_ini("# c\n[a]\nKey = one\n  two\n\n  three\n;x\n[b]\nflag\n")
    assert ini.rows("a", "key") == ["one", "two", "three"]
    assert ini.line("a", "key") == 3
    assert ini.line("b") == 8
    assert ini.text("b", "flag") == ""
    with pytest.raises(IniError) as caught:
        parse_ini("stray = 1\n")
    assert caught.value.line == 1


def test_setup_py_without_a_call_says_nothing() -> None:
    assert read_setup_call(None).line == 0


@pytest.mark.parametrize(
    ("raw", "reason", "line"),
    [
        (b"[project]\nname = 'caf\xe9'\n", "not UTF-8 (byte 21)", 0),
        (b"[a]\nx = 1\n[a]\n", "not valid TOML", 3),
        (b"<<<<<<< HEAD\n", "not valid TOML", 1),
        (b"x = " + b"[" * 5000, "not valid TOML", 0),
        (b"#" * (LARGEST + 1), "larger than 5 MB", 0),
        (b"\xff\xfe[\x00a\x00]\x00", "not UTF-8 (byte 0)", 0),
    ],
)
def test_a_broken_pyproject_is_reported_and_left_alone(
    raw: bytes, reason: str, line: int, tmp_path: Path
) -> None:
    files = {"pyproject.toml": raw, "pkg/__init__.py": ""}
    inventory = analyze(open_repository(make_repository(tmp_path, files)))
    told = {item.path: item for item in inventory.unreadable}
    assert reason in told["pyproject.toml"].reason
    assert told["pyproject.toml"].line == line
    assert inventory.text("settings-file-blocked")
    assert inventory.items("source-paths") == ["pkg"]


@pytest.mark.parametrize(
    ("text", "blocked"),
    [
        ("", False),
        ("# only a comment\n", False),
        ("tool.ruff.line-length = 80\n", False),
        ("[tool.ruff]\nline-length = 80", False),
        ("tool = { ruff = { line-length = 80 } }\n", True),
        ("[tool]\nci-framework = { version = '1' }\n", False),
    ],
)
def test_a_file_that_takes_no_further_table_is_known(
    text: str, blocked: bool, tmp_path: Path
) -> None:
    root = make_repository(tmp_path, {"pyproject.toml": text})
    inventory = analyze(open_repository(root))
    assert bool(inventory.text("settings-file-blocked")) is blocked
    assert inventory.unreadable == []


def test_newer_toml_is_read_but_takes_no_block(tmp_path: Path) -> None:
    text = "[project]\nname = 'new'\n[tool.pixi.project]\nplatforms = [\n]\n"
    text += "[tool.x]\na = {\n  b = 1,\n}\n"
    root = make_repository(tmp_path, {"pyproject.toml": text})
    inventory = analyze(open_repository(root))
    assert inventory.text("project-name") == "new"
    assert inventory.text("settings-file-blocked")


def test_tables_of_pixi_that_take_no_more_are_known(tmp_path: Path) -> None:
    text = "[project]\nname = 'x'\n[tool.pixi]\nenvironments = { a = [] }\n"
    root = make_repository(tmp_path, {"pyproject.toml": text})
    inventory = analyze(open_repository(root))
    assert inventory.text("settings-file-blocked") == ""
    assert inventory.text("pixi-block-blocked")
    assert derive_answers(inventory)["pixi_tiers"].value == "project"


def test_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf[project]\r\nname = 'win'\r\nrequires-python = '>=3.12'\r\n"
    root = make_repository(tmp_path, {"pyproject.toml": raw})
    inventory = analyze(open_repository(root))
    fact = inventory.fact("requires-python")
    assert fact is not None
    assert (fact.value, fact.evidence[0].line) == (">=3.12", 3)
    assert inventory.unreadable == []


def test_everything_odd_at_once_is_no_traceback(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "setup.py": "def broken(:\n",
        "setup.cfg": "stray\n",
        "tox.ini": b"\xff\n",
        "noxfile.py": b"\x00",
        "package.json": "{",
        "environment.yml": "a: [",
        ".cruft.json": "[]",
        "mypy.ini/inner.txt": "a directory where a file is expected",
        "Makefile": "\t\x07stray recipe\n",
        "pyproject.toml": "project = 3\ntool = []\n",
        "requirements.txt": "-e .\n git+https://x/y\n===\n@\n",
        ".github/dependabot.yml": "updates: {}\n",
        ".github/settings.yml": "branches: 3\n",
        ".copier-answers.yml": "- 1\n",
        "renovate.json": "",
    }
    root = make_repository(tmp_path, files)
    (root / "pytest.ini").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    odd = os.fsencode(root) + b"/requirements-t\xe9st.txt"
    Path(os.fsdecode(odd)).write_text("pytest\n", encoding="utf-8")
    commit(root)
    inventory = analyze(open_repository(root))
    msgspec.json.encode(inventory)
    told = {item.path: item.reason for item in inventory.unreadable}
    assert {"setup.py", "setup.cfg", "tox.ini", "package.json"} <= set(told)
    assert told["requirements-t\\xe9st.txt"] == "its name is not UTF-8"
    own_settings(inventory, derive_answers(inventory))


def test_files_that_are_gone_from_the_work_tree_are_no_traceback(
    tmp_path: Path,
) -> None:
    root = make_repository(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n"})
    (root / "pyproject.toml").unlink()
    assert analyze(open_repository(root)).text("project-name") == root.name


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.toml"
    outside.write_text("[project]\nname = 'outside'\n", encoding="utf-8")
    root = make_repository(tmp_path / "root", {"a.py": ""})
    (root / "pyproject.toml").symlink_to(outside)
    commit(root)
    repository = open_repository(root)
    assert Documents(repository).text("pyproject.toml") == ""
    assert analyze(repository).text("project-name") == "root"


def test_setup_py_may_fill_its_extras_key_by_key() -> None:
    tree = ast.parse(
        "from setuptools import setup\n"
        "BASE = ['pytest>=7']\nextras = {'docs': []}\nextras['quality'] = ['ruff']\n"
        "extras['test'] = BASE + ['mock']\nextras['computed'] = read('x.txt')\n"
        "extras['dev'] = [*extras['quality'], *extras['test'], 'tox']\n"
        "extras['unknown'] = extras['computed'] + ['x']\n"
        "setup(name='a' + 'b', extras_require={**extras, 'more': ('x',), 'n': f()})\n"
    )
    call = read_setup_call(tree)
    assert call.text("name") == "ab"
    assert call.values["extras_require"] == {
        "docs": [],
        "quality": ["ruff"],
        "test": ["pytest>=7", "mock"],
        "dev": ["ruff", "pytest>=7", "mock", "tox"],
        "more": ["x"],
    }
