"""The named commands of a project, whichever program runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository

# The file, its text, and the command of each task.
TASKS: dict[str, tuple[str, str, dict[tuple[str, str], str]]] = {
    "tox.toml": (
        "tox.toml",
        '[env_run_base]\ncommands = [["pytest", { replace = "posargs", '
        'default = ["tests"], extend = true }]]\n'
        '[env.lint]\ncommands = [["ruff", "check", "a b"], ["mypy", '
        '{ replace = "env", name = "X", default = "src" }]]\n',
        {("tox", "py"): "pytest tests", ("tox", "lint"): "ruff check 'a b'\nmypy src"},
    ),
    "tox in pyproject": (
        "pyproject.toml",
        '[tool.tox.env.types]\ncommands = [["mypy", "src"]]\n',
        {("tox", "types"): "mypy src"},
    ),
    "tox in setup.cfg": (
        "setup.cfg",
        "[testenv:docs]\ncommands =\n    py3{11,12}: {envpython} -m sphinx \\\n"
        "      docs out\n    - mypy src\n",
        {("tox", "docs"): "python -m sphinx docs out\nmypy src"},
    ),
    "a circle in tox": (
        "tox.ini",
        "[a]\nx = {[a]x}\n[testenv]\ncommands = pytest {[a]x}\n",
        {("tox", "py"): "pytest {[a]x}"},
    ),
    "nox": (
        "noxfile.py",
        "import nox\nfrom nox import session\n\n"
        "@nox.session(name='kinds', python='3.12')\n"
        "def _kinds(session):\n    if session.posargs:\n"
        "        session.run(PYTHON, '-m', 'mypy', 'src')\n"
        "    session.run_install('pip', 'list')\n    session.run(*COMMAND)\n\n"
        "@session\ndef fast(s):\n    s.run('pytest', '-m', 'not slow')\n\n"
        "@cached\ndef other(s):\n    s.run('no')\n",
        {
            ("nox", "kinds"): "python -m mypy src\npip list",
            ("nox", "fast"): "pytest -m 'not slow'",
        },
    ),
    "poe": (
        "pyproject.toml",
        '[tool.poe.tasks]\nlint = "ruff check"\ntypes = { cmd = "mypy src" }\n'
        'all = ["lint", "types"]\npage = { call = "make:page" }\n'
        'both = { sequence = ["lint", { shell = "mypy ." }] }\n',
        {
            ("poe", "lint"): "ruff check",
            ("poe", "types"): "mypy src",
            ("poe", "all"): "poe lint\npoe types",
            ("poe", "page"): "make:page",
            ("poe", "both"): "poe lint\nmypy .",
        },
    ),
    "poe_tasks.toml": (
        "poe_tasks.toml",
        '[tasks]\ntest = "pytest"\n',
        {("poe", "test"): "pytest"},
    ),
    "pdm": (
        "pyproject.toml",
        '[tool.pdm.scripts]\n_ = { env_file = ".env" }\n'
        't = { composite = ["u", "v"] }\n'
        'u = ["pytest", "-q"]\nv = "v --all"\n',
        {
            ("pdm", "t"): "pdm run u\npdm run v",
            ("pdm", "u"): "pytest -q",
            ("pdm", "v"): "v --all",
        },
    ),
    "taskipy": (
        "pyproject.toml",
        '[tool.taskipy.tasks]\ntest = { cmd = "pytest", help = "run" }\n',
        {("taskipy", "test"): "pytest"},
    ),
    "hatch": (
        "pyproject.toml",
        '[tool.hatch.envs.lint.scripts]\nall = ["ruff check {args:.}", "mypy src"]\n',
        {("hatch", "all"): "ruff check .\nmypy src"},
    ),
    "pixi": (
        "pixi.toml",
        '[workspace]\nname = "x"\nchannels = []\nplatforms = ["linux-64"]\n'
        '[tasks]\ntest = { cmd = ["pytest", "-q"] }\nall = { depends-on = ["test"] }\n'
        'each = [{ task = "test" }]\n',
        {
            ("pixi", "test"): "pytest -q",
            ("pixi", "all"): "pixi run test",
            ("pixi", "each"): "pixi run test",
        },
    ),
    "make": (
        "Makefile",
        ".PHONY: test\ntest: clean \\\n  b\n\t@pytest \\\n\t  -q\n\t-mypy src\nempty:\n"
        "# words\nX = 3\n\techo no\n",
        {("make", "test"): "pytest -q\nmypy src"},
    ),
    "just": (
        "justfile",
        "x := 'a'\n\n@test *args: clean\n  -pytest \\\n    -q\n",
        {("just", "test"): "pytest -q"},
    ),
    "package.json": (
        "package.json",
        '{"scripts": {"test": "pytest", "build": "vite build"}}',
        {("npm", "test"): "pytest"},
    ),
    "a script without a suffix": (
        "ci/check",
        '#!/usr/bin/env bash\n# words\n\n"$BIN"/mypy src && $BIN/pytest\n',
        {("script", "ci/check"): "mypy src && pytest"},
    ),
}


@pytest.mark.parametrize("kind", TASKS)
def test_the_commands_of_tasks(kind: str, tmp_path: Path) -> None:
    name, text, expected = TASKS[kind]
    inventory = analyze(open_repository(make_repository(tmp_path, {name: text})))
    assert inventory.unreadable == []
    found = {(t.runner, t.name): t.command for t in inventory.tasks}
    assert found == expected
