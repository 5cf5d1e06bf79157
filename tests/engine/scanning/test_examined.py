"""Which files count as examined, and scans without any."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.findings.results import Status, Verdict
from ci_engine.scanning.notebooks import read_notebook
from ci_engine.scanning.python_code import is_test
from tests.support.scanning import Repository, result_of

EVAL = "eval(input())\n"
SHEBANG = "#!/usr/bin/env python3\n"


@pytest.mark.parametrize(
    ("name", "tests", "sources", "expected"),
    [
        ("tests/test_a.py", ["tests"], ["src"], True),
        ("src/demo/tests/test_a.py", ["src/demo/tests"], ["src"], True),
        ("src/demo/a.py", ["src"], ["src"], False),
        ("src/demo/a.py", ["."], ["src"], False),
        ("src/demo/a.py", ["src"], ["src/demo"], False),
        ("src/demo/a.py", ["src/demo"], ["src"], True),
        ("tests/a.py", ["tests"], ["."], True),
        ("scripts/a.py", ["."], ["src"], True),
    ],
)
def test_a_test_path_that_holds_the_sources_makes_no_tests_of_them(
    name: str, tests: list[str], sources: list[str], expected: bool
) -> None:
    assert is_test(name, tests, sources) is expected


def notebook(*cells: list[str]) -> str:
    listed = [{"cell_type": "code", "source": lines} for lines in cells]
    text = {"cell_type": "markdown", "source": ["eval(input()) in a text\n"]}
    return json.dumps({"cells": [text, *listed], "nbformat": 4}, indent=1)


@pytest.mark.heavy
def test_code_is_examined_under_every_name(repository: Repository) -> None:
    repository.write("src/demo/UPPER.PY", EVAL)
    repository.write("src/demo/window.pyw", EVAL)
    repository.write("src/demo/stub.pyi", EVAL)
    repository.write("bin/tool", SHEBANG + EVAL)
    repository.write("bin/pinned.cgi", "#!/usr/bin/python3.12 -u\n" + EVAL)
    repository.write("bin/script", "#!/usr/bin/env -S uv run --script\n" + EVAL)
    repository.write("bin/shell", "#!/bin/sh\neval echo\n")
    repository.write(
        "src/demo/latin.py", b"# coding: latin-1\n# \xe9\n" + EVAL.encode()
    )
    repository.write("src/demo/.tox/hidden.py", EVAL)
    repository.write("notes/a.ipynb", notebook(["%matplotlib inline\n", EVAL]))
    repository.commit()
    result = result_of(repository.scan("bandit"), "bandit")
    found = {f.path: f.line for f in result.findings}
    lines = (repository.root / "notes/a.ipynb").read_text("utf-8").splitlines()
    (line,) = [n for n, text in enumerate(lines, 1) if '"eval(input())\\n"' in text]
    assert found == {
        "src/demo/UPPER.PY": 1,
        "src/demo/window.pyw": 1,
        "src/demo/stub.pyi": 1,
        "bin/tool": 2,
        "bin/pinned.cgi": 2,
        "bin/script": 2,
        "src/demo/latin.py": 3,
        "src/demo/.tox/hidden.py": 1,
        "notes/a.ipynb": line,
    }
    assert result.notes[0] == "bandit: 10 of 10 files parsed"


@pytest.mark.heavy
def test_code_that_cannot_be_read_is_listed(repository: Repository) -> None:
    repository.write("src/demo/wide.py", EVAL.encode("utf-16"))
    repository.write("src/demo/binary.py", b"\x00\x01\x02" + EVAL.encode())
    repository.write("src/demo/latin.py", b"# \xe9\n" + EVAL.encode())
    repository.write("bin/tool", SHEBANG.encode() + b"x = '\xe9'\n")
    repository.write("notes/broken.ipynb", "{")
    run = repository.scan("bandit")
    result = result_of(run, "bandit")
    assert run.verdict is Verdict.ERROR
    assert result.notes[0] == "bandit: 1 of 6 files parsed, 5 listed"
    for name in ("wide.py", "binary.py", "latin.py", "bin/tool", "broken.ipynb"):
        assert name in result.output, name


def test_cells_of_a_notebook_that_hold_no_python_are_counted(
    repository: Repository,
) -> None:
    cells = (["%%bash\n", "ls\n"], ["x = !ls\n"], ["!pip install a\n", "y = 1"])
    code = read_notebook(repository.write("a.ipynb", notebook(*cells)))
    assert code.unread == 2
    assert code.text.splitlines() == ["", "y = 1"]


NOTHING: list[tuple[ScannerName, Mapping[str, object], str]] = [
    ("bandit", {"exclude-patterns": ["*.py"]}, "exclude-patterns leave out"),
    ("kingfisher", {"exclude-patterns": ["**"]}, "exclude-patterns leave out"),
    ("zizmor", {"exclude-patterns": [".github/"]}, ".github/workflows/ci.yml"),
    ("hadolint", {"exclude-patterns": ["Dockerfile"]}, "Dockerfile"),
]


@pytest.mark.heavy
@pytest.mark.parametrize(("scanner", "settings", "reason"), NOTHING)
def test_a_scanner_that_examined_nothing_is_not_run(
    scanner: ScannerName,
    settings: Mapping[str, object],
    reason: str,
    repository: Repository,
) -> None:
    run = repository.scan(scanner, settings=settings)
    result = result_of(run, scanner)
    assert run.verdict is Verdict.ERROR
    assert result.status is Status.NOT_RUN
    assert reason in result.reason


@pytest.mark.parametrize(
    ("paths", "verdict"),
    [
        ('["src"]', Verdict.RED),
        ('["."]', Verdict.RED),
        ('["src/demo", "tests"]', Verdict.ERROR),
    ],
)
@pytest.mark.heavy
def test_sources_that_are_declared_as_tests_are_never_green(
    paths: str, verdict: Verdict, repository: Repository
) -> None:
    repository.write("src/demo/__init__.py", f'"""A package."""\n\n{EVAL}')
    text = f'[tool.ci-framework]\nsource-paths = ["src"]\ntest-paths = {paths}\n'
    repository.write("pyproject.toml", text)
    run = repository.scan("bandit")
    assert run.verdict is verdict
    if verdict is Verdict.ERROR:
        reason = result_of(run, "bandit").reason
        assert "all code is in test-paths (src/demo, tests)" in reason


@pytest.mark.heavy
def test_tests_that_are_not_searched_are_named(repository: Repository) -> None:
    notes = result_of(repository.scan("bandit"), "bandit").notes
    text = "1 test file is not searched (test-paths: tests): tests/test_demo.py"
    assert text in notes
