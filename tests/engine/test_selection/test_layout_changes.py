"""A change of comments or of the layout alone runs only who looks at the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.changes.affected_tests import find_affected_tests
from ci_engine.changes.categories import read_classifier
from ci_engine.changes.decision import AffectedTests
from ci_engine.changes.diff import changed_files
from ci_engine.changes.diff_base import DiffBase
from ci_engine.configuration.loading import load_configuration
from ci_engine.project.repository import read_project
from ci_engine.test_selection.layout_changes import is_same_program
from tests.support.projects import git
from tests.support.selecting import Tree, write

BEFORE = """\
#!/usr/bin/env python
# What it does.
def first(a, b=1):
    return a + b + len('text')


x = {"a": first(1), "b": [1, 2]}
"""
AFTER = """\
#!/usr/bin/env python
def first(a, b=1):  # noqa: ARG001
    return a + b + len("text")

x = {
    "a": first(1),
    "b": [
        1,
        2,
    ],
}
"""


def test_comments_and_the_layout_leave_the_program_as_it_was() -> None:
    assert is_same_program(BEFORE.encode(), AFTER.encode())
    assert is_same_program(BEFORE.encode(), BEFORE.replace("\n", "\r\n").encode())
    assert is_same_program(b"x = 1 + \\\n  2\n", b"x = 1 + 2\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("x = 1\n", "x = 2\n", id="a value"),
        pytest.param("x = a - b\n", "x = b - a\n", id="an order"),
        pytest.param("x = (1)\n", "x = (1,)\n", id="a tuple"),
        pytest.param("x = 'a b'\n", "x = 'ab'\n", id="a space in a text"),
        pytest.param("x = '# a'\n", "x = '# b'\n", id="a text that looks a comment"),
        pytest.param(r"x = '\\d'", r"x = '\d'", id="an escape that warns"),
        pytest.param('"""One."""\n', '"""Two."""\n', id="a docstring"),
        pytest.param(
            "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n", id="an indentation"
        ),
        pytest.param("x: int = 1\n", "(x): int = 1\n", id="an annotation"),
        pytest.param("x = 1\n", "x = (\n", id="no program after"),
        pytest.param("x = (\n", "x = ((\n", id="no program at all"),
        pytest.param("#!/bin/python2\n", "#!/bin/python3\n", id="what runs it"),
        pytest.param(
            "# coding: latin-1\nx = '\u00e9'\n", "x = '\u00e9'\n", id="an encoding"
        ),
    ],
)
def test_another_program_is_distinguished_from_another_layout(
    before: str, after: str
) -> None:
    assert not is_same_program(before.encode(), after.encode())
    assert not is_same_program(after.encode(), before.encode())


TREE: Tree = {
    "src/p/__init__.py": "",
    "src/p/a.py": "def f():\n    return 1\n",
    "src/p/b.py": "from p.a import f\n",
    "src/p/naming.py": "import p.a\nx = [n for n in NAMES if n.endswith('.py')]\n",
    "tests/test_naming.py": "import p.naming\n",
    "src/p/looking.py": "import inspect, p.a\nx = inspect.getsource(p.a)\n",
    "tests/conftest.py": "import p.b\n",
    "tests/test_a.py": "from p.a import f\n",
    "tests/test_b.py": "import p.b\n",
    "tests/test_looking.py": "import p.looking\n",
    "tests/test_line.py": "import p.a\nassert 'line 2' in 'a traceback'\n",
    "tests/test_reading.py": "TEXT = open('src/p/a.py').read()\n",
    "tests/test_listing.py": "for file in ROOT.rglob('*.py'): pass\n",
    "tests/test_alone.py": "x = 1\n",
}
LOOKING = ["line", "listing", "looking", "reading"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, TREE)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "start")
    return tmp_path


def affected(root: Path) -> AffectedTests:
    changes = changed_files(root, DiffBase("HEAD", "the last commit"))
    configuration = load_configuration(root, {}, {})
    project = read_project(root)
    classifier = read_classifier(project, configuration, {})
    return find_affected_tests(project, configuration, changes, classifier)


def selected(root: Path) -> list[str]:
    found = affected(root)
    assert found.everything == ""
    return [chain.path.removeprefix("tests/test_")[:-3] for chain in found.chains]


def change(root: Path, name: str, text: str) -> None:
    path = root / name
    path.write_text(f"{path.read_text(encoding='utf-8')}{text}", encoding="utf-8")


def test_a_comment_runs_only_those_who_look_at_the_text(repository: Path) -> None:
    change(repository, "src/p/a.py", "# Why.\n")
    assert selected(repository) == LOOKING
    change(repository, "src/p/a.py", "x = 1\n")
    assert set(selected(repository)) >= {"a", "b", "alone", *LOOKING}


def test_a_comment_in_a_test_runs_that_test(repository: Path) -> None:
    change(repository, "tests/test_alone.py", "# Why.\n")
    assert "alone" in selected(repository)
    assert "b" not in selected(repository)


def test_a_file_that_may_be_run_otherwise_is_another_program(repository: Path) -> None:
    change(repository, "src/p/a.py", "# Why.\n")
    (repository / "src/p/a.py").chmod(0o755)
    assert "b" in selected(repository)


@pytest.mark.parametrize("name", ["tests/data/case.py", "src/case.py"])
def test_a_file_that_no_test_imports_may_be_data(repository: Path, name: str) -> None:
    write(repository, {name: "x = 1\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    change(repository, name, "# expected: nothing\n")
    assert affected(repository).everything == f"no test is known to reach {name}"


def test_a_comment_in_a_module_that_no_test_reaches_is_not_in_doubt(
    repository: Path,
) -> None:
    write(repository, {"src/p/alone.py": "x = 1\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    change(repository, "src/p/alone.py", "# Why.\n")
    assert "alone" not in selected(repository)
    change(repository, "src/p/alone.py", "y = 1\n")
    because = affected(repository).everything
    assert because == "no test is known to reach src/p/alone.py"


def test_a_script_that_no_test_imports_is_run_by_tests_that_run_programs(
    repository: Path,
) -> None:
    name = "tools/script.py"
    write(repository, {name: "x = 1\n", "tests/test_run.py": "import subprocess\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    change(repository, name, "# expected: nothing\n")
    assert "run" in selected(repository)


def test_several_files_are_distinguished(repository: Path) -> None:
    change(repository, "src/p/b.py", "# Why.\n")
    change(repository, "src/p/looking.py", "x = 1\n")
    assert "looking" in selected(repository)
    assert "a" not in selected(repository)


@pytest.mark.heavy
def test_where_too_much_changed_nothing_is_compared(repository: Path) -> None:
    data = "".join(f"x{number} = {number}\n" for number in range(70_000))
    write(repository, {"src/p/large.py": data, "tests/test_l.py": "import p.large\n"})
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "more")
    change(repository, "src/p/large.py", "# Why.\n")
    change(repository, "src/p/a.py", "# Why.\n")
    assert "b" in selected(repository)
