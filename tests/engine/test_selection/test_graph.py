"""Which tests a change can break: the graph, and the rules for what it lacks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from ci_engine.changes.affected_tests import describe_selection
from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import AffectedTests, Chain, decide
from ci_engine.changes.workflow_usage import (
    find_engine_workflows,
    is_unrelated_workflow,
)
from ci_engine.configuration.loading import load_configuration
from ci_engine.github.event import Event
from ci_engine.reports.changes_page import to_changes_page
from ci_engine.test_selection.repository_files import Files
from ci_engine.workflow_jobs.jobs import plan_jobs
from tests.support.selecting import Tree, graph_of, select, write

PACKAGE: Tree = {
    "src/p/__init__.py": "from .a import x\n",
    "src/p/a.py": "x = 1\n",
    "src/p/b.py": "from p import c\n",
    "src/p/c.py": "",
    "src/p/alone.py": "",
    "src/p/sub/__init__.py": "",
    "src/p/sub/leaf.py": "import p.c\n",
    "src/q.py": "def f():\n    if True:\n        from p.sub import leaf\n",
    "tests/conftest.py": "",
    "tests/test_a.py": "from p import x\n",
    "tests/test_b.py": "import p.b as name\n",
    "tests/test_q.py": "try:\n    import q\nexcept ImportError:\n    q = None\n",
    "tests/test_leaf.py": "from p.sub.leaf import *\n",
    "tests/unit/conftest.py": "from helpers import h\n",
    "tests/unit/helpers.py": "from p.a import x as h\n",
    "tests/unit/test_deep.py": "def test(h): pass\n",
}


@pytest.mark.parametrize(
    ("changed", "selected"),
    [
        ("src/p/a.py", ["a", "unit/test_deep"]),
        ("src/p/b.py", ["b"]),
        ("src/p/c.py", ["b", "leaf", "q"]),
        ("src/p/sub/leaf.py", ["leaf", "q"]),
        ("src/q.py", ["q"]),
        # What changes in a package's own file reaches who imports anything of it.
        ("src/p/__init__.py", ["a", "b", "leaf", "q", "unit/test_deep"]),
        ("src/p/sub/__init__.py", ["leaf", "q"]),
        ("tests/test_b.py", ["b"]),
        ("tests/conftest.py", ["a", "b", "leaf", "q", "unit/test_deep"]),
        ("tests/unit/conftest.py", ["unit/test_deep"]),
        ("tests/unit/helpers.py", ["unit/test_deep"]),
    ],
)
def test_a_module_selects_the_tests_that_depend_on_it(
    changed: str, selected: list[str], tmp_path: Path
) -> None:
    found = select(graph_of(tmp_path, PACKAGE), changed)
    names = [n if "/" in n else f"test_{n}" for n in selected]
    assert found.everything == ""
    assert sorted(found.chains) == sorted(f"tests/{name}.py" for name in names)
    assert found.unreached == []
    for path, way in found.chains.items():
        assert (way[0], way[-1]) == (changed, path)


INSIDE: Tree = {
    "p/__init__.py": "from . import a, b\n",
    "p/a.py": "",
    "p/b.py": "",
    "p/tests/__init__.py": "from p.tests import settings\n",
    "p/tests/settings.py": "",
    "p/tests/test_a.py": "from p.a import x\n",
    "p/tests/test_b.py": "from ..b import x\n",
    "p/tests/test_none.py": "",
    "p/tests/test_whole.py": "import p\n",
}


@pytest.mark.parametrize(
    ("changed", "selected"),
    [
        ("p/a.py", ["a", "whole"]),
        ("p/b.py", ["b", "whole"]),
        ("p/__init__.py", ["a", "b", "none", "whole"]),
        ("p/tests/settings.py", ["a", "b", "none", "whole"]),
    ],
)
def test_tests_in_a_package_depend_on_what_they_import_of_it(
    changed: str, selected: list[str], tmp_path: Path
) -> None:
    graph = graph_of(tmp_path, INSIDE, source="p", tests="p/tests")
    found = select(graph, changed)
    assert found.everything == ""
    assert sorted(found.chains) == [f"p/tests/test_{name}.py" for name in selected]


def test_the_chain_from_the_change_to_the_test_is_reported(tmp_path: Path) -> None:
    found = select(graph_of(tmp_path, PACKAGE), "src/p/c.py")
    assert found.chains["tests/test_q.py"] == [
        "src/p/c.py",
        "src/p/sub/leaf.py",
        "src/q.py",
        "tests/test_q.py",
    ]


@pytest.mark.parametrize(
    ("tree", "changed", "selected"),
    [
        pytest.param(
            {"pkg/__init__.py": "", "pkg/a.py": "", "tests/test_a.py": "import pkg.a"},
            "pkg/a.py",
            ["tests/test_a.py"],
            id="flat layout",
        ),
        pytest.param(
            {"src/ns/one/a.py": "", "tests/test_a.py": "from ns.one import a"},
            "src/ns/one/a.py",
            ["tests/test_a.py"],
            id="namespace package",
        ),
        pytest.param(
            {
                "libs/a/pyproject.toml": "",
                "libs/a/src/a/__init__.py": "",
                "libs/b/pyproject.toml": "",
                "libs/b/src/b/__init__.py": "import a",
                "libs/b/tests/test_b.py": "import b",
                "libs/a/tests/test_a.py": "import a",
            },
            "libs/a/src/a/__init__.py",
            ["libs/a/tests/test_a.py", "libs/b/tests/test_b.py"],
            id="several roots",
        ),
        pytest.param(
            {
                "tests/one/helpers.py": "",
                "tests/one/test_a.py": "import helpers",
                "tests/two/helpers.py": "",
                "tests/two/test_b.py": "from helpers import x",
            },
            "tests/two/helpers.py",
            ["tests/two/test_b.py"],
            id="namesakes beside tests",
        ),
        pytest.param(
            {
                "tests/helpers.py": "",
                "tests/unit/helpers.py": "",
                "tests/unit/test_b.py": "import os; import helpers",
            },
            "tests/helpers.py",
            ["tests/unit/test_b.py"],
            id="namesakes above a test",
        ),
        pytest.param(
            {
                "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["lib"]',
                "lib/a.py": "",
                "tests/test_a.py": "import a",
            },
            "lib/a.py",
            ["tests/test_a.py"],
            id="pythonpath",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "vendored/deep/inner/__init__.py": "",
                "vendored/deep/inner/x.py": "",
                "tests/conftest.py": "import sys\n"
                "sys.path.insert(0, str(ROOT / 'vendored/deep'))",
                "tests/test_a.py": "from inner.x import y",
            },
            "vendored/deep/inner/x.py",
            ["tests/test_a.py"],
            id="sys.path",
        ),
        pytest.param(
            {"src/json.py": "", "tests/test_a.py": "import json"},
            "src/json.py",
            ["tests/test_a.py"],
            id="name of a built-in",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "src/p/_version.py": "",
                "tests/test_a.py": "from p._made import x",
            },
            "src/p/__init__.py",
            ["tests/test_a.py"],
            id="module that a build makes",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "src/p/fast.pyx": "from p.slow cimport y\n",
                "src/p/slow.py": "",
                "tests/test_a.py": "from p.fast import x",
            },
            "src/p/slow.py",
            ["tests/test_a.py"],
            id="through Cython",
        ),
        pytest.param(
            {"src/p/__init__.py": "", "tests/test_a.py": "\ufeffimport p\r\nx = 1\r\n"},
            "src/p/__init__.py",
            ["tests/test_a.py"],
            id="byte order mark",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "tests/test_a.py": b"# coding: latin-1\nimport p\nx = '\xe9'\n",
            },
            "src/p/__init__.py",
            ["tests/test_a.py"],
            id="another encoding",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "src/p/run.py": "import sys; sys.path.insert(0, '.')",
                "src/p/typing.py": "",
                "src/p/alone.py": "",
                "tests/test_a.py": "import typing; import alone",
                "tests/test_b.py": "import p.typing",
            },
            "src/p/typing.py",
            ["tests/test_b.py"],
            id="Python's own name in a package that is searched",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "src/p/run.py": "import sys; sys.path.insert(0, '.')",
                "src/p/typing.py": "",
                "src/p/alone.py": "",
                "tests/test_a.py": "import typing; import alone",
            },
            "src/p/alone.py",
            ["tests/test_a.py"],
            id="another name in such a package",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "from p.made import x",
                "src/p/a.py": "def f():\n    '''\n    >>> from p import y\n    '''",
                "src/p/b.py": "def f():\n    from p import y",
                "tests/test_a.py": "import p.a",
                "tests/test_b.py": "import p.b",
            },
            "src/p/__init__.py",
            ["tests/test_a.py", "tests/test_b.py"],
            id="package, which reaches who imports anything of it",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "",
                "src/p/x.py": "",
                "src/p/x.pyx": "",
                "src/p/a.py": "def f():\n    '''\n    >>> import p.x\n    '''",
                "src/p/b.py": "def f():\n    import p.x",
                "tests/test_a.py": "import p.a",
                "tests/test_b.py": "import p.b",
            },
            "src/p/x.py",
            ["tests/test_b.py"],
            id="import in an example of a docstring",
        ),
        pytest.param(
            {
                "test/__init__.py": "",
                "test/helpers/__init__.py": "",
                "test/helpers/x.py": "",
                "test/test_a.py": "from .helpers import x",
                "test/test_b.py": "from test.helpers.x import y",
            },
            "test/helpers/x.py",
            ["test/test_a.py", "test/test_b.py"],
            id="tests in a package",
        ),
    ],
)
def test_imports_are_found_wherever_they_may_start_from(
    tree: Tree, changed: str, selected: list[str], tmp_path: Path
) -> None:
    found = select(graph_of(tmp_path, tree), changed)
    assert (sorted(found.chains), found.everything) == (selected, "")


@pytest.mark.parametrize(
    ("tree", "changed"),
    [
        pytest.param(
            {"tests/test_a.py": "patch('p.a.x.method')"}, "src/p/a.py", id="patch"
        ),
        pytest.param(
            {
                "tests/test_a.py": "import subprocess\n"
                "subprocess.run([python, '-m', 'p'])"
            },
            "src/p/__main__.py",
            id="program of a package",
        ),
        pytest.param(
            {
                "tests/test_a.py": "import subprocess\n"
                "subprocess.run([python, '-c', 'import os; from p import a'])"
            },
            "src/p/a.py",
            id="code in a text",
        ),
        pytest.param(
            {
                "pyproject.toml": "[project.scripts]\nmy-tool = 'p.a:main'",
                "tests/test_a.py": "import subprocess\nsubprocess.run('my-tool x')",
            },
            "src/p/a.py",
            id="own command",
        ),
        pytest.param(
            {
                "scripts/build.py": "",
                "tests/test_a.py": "run(ROOT / 'scripts' / 'build.py')",
            },
            "scripts/build.py",
            id="script by its name",
        ),
        pytest.param(
            {
                "examples/one.py": "",
                "tests/test_a.py": "FILES = (ROOT / 'examples').glob('*.py')",
            },
            "examples/one.py",
            id="script by its directory",
        ),
        pytest.param(
            {
                "tests/conftest.py": "pytest_plugins = ['tests.plugin']",
                "tests/plugin.py": "import p.a",
                "tests/test_a.py": "",
            },
            "src/p/a.py",
            id="pytest_plugins",
        ),
        pytest.param(
            {
                "pyproject.toml": "[project.entry-points.pytest11]\nx = 'p.a'",
                "tests/test_a.py": "",
            },
            "src/p/a.py",
            id="plugin of the project",
        ),
        pytest.param(
            {"pytest.ini": "[pytest]\naddopts = -q -pp.a\n", "tests/test_a.py": ""},
            "src/p/a.py",
            id="plugin of addopts",
        ),
        pytest.param(
            {
                "src/p/__init__.py": "_NAMES = {'x': '.a'}\n"
                "def __getattr__(name):\n    return import_module(_NAMES[name])",
                "tests/test_a.py": "from p import x",
            },
            "src/p/a.py",
            id="lazy package",
        ),
        pytest.param(
            {
                "src/p/b.py": "import_module('p.a')",
                "tests/test_a.py": "import p.b",
            },
            "src/p/a.py",
            id="constant name",
        ),
        pytest.param(
            {
                "src/p/b.py": "def load(name): import_module(f'p.{name}')",
                "tests/test_a.py": "import p.b",
            },
            "src/p/a.py",
            id="name put together, of a module that nobody imports",
        ),
        pytest.param(
            {
                "src/p/b.py": "def load(name): import_module(name)",
                "tests/test_a.py": "from p import b\nb.load('p.' + 'a')",
            },
            "src/p/a.py",
            id="unknown name, of a module that nobody imports",
        ),
        pytest.param(
            {
                "pyproject.toml": "[tool.pytest.ini_options]\n"
                "addopts = ['--doctest-modules']",
                "tests/test_a.py": "import p.a",
                "src/p/b.py": "import p.a",
            },
            "src/p/a.py",
            id="doctests",
        ),
    ],
)
def test_names_in_texts_lead_to_code_as_well(
    tree: Tree, changed: str, tmp_path: Path
) -> None:
    package = {"src/p/__init__.py": "", "src/p/a.py": "", "src/p/__main__.py": ""}
    graph = graph_of(tmp_path, {**package, "tests/test_z.py": "", **tree})
    found = select(graph, changed)
    assert "tests/test_a.py" in found.chains
    assert ("src/p/b.py" in found.chains) is graph.pytest.doctests
    for_all = graph.pytest.plugins or "tests/conftest.py" in tree
    assert ("tests/test_z.py" in found.chains) is bool(for_all)


def test_a_hub_is_not_followed_where_a_test_imports_the_module_itself(
    tmp_path: Path,
) -> None:
    """Else nearly every test would run for nearly every change."""
    tree = {
        "src/p/__init__.py": "",
        "src/p/a.py": "",
        "src/p/hub.py": "def load(name): import_module(f'p.{name}')",
        "tests/test_a.py": "import p.a",
        "tests/test_hub.py": "import p.hub",
    }
    graph = graph_of(tmp_path, tree)
    assert list(select(graph, "src/p/a.py").chains) == ["tests/test_a.py"]
    assert list(graph.maybe) == ["src/p/hub.py"]


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ("src/p/data.json", "not declared as data"),
        ("tests/data/words.txt", "not declared as data"),
        ("src/p/fast.pyx", "compiled"),
        ("src/p/native.c", "compiled"),
        ("src/p/broken_loader.py", "cannot be parsed"),
        ("src/p/missing.py", "not among the files"),
        ("src/p/link.py", "link"),
        ("src/p/native.pyi", "not known"),
        ("pyproject.toml", "every test"),
        ("Vagrantfile", "every test"),
        (".github/workflows/tests.yml", "every test"),
        ("ci-framework/ci_engine/cli.py", "every test"),
    ],
)
def test_what_cannot_be_told_selects_all(
    changed: str, because: str, tmp_path: Path
) -> None:
    broken = {"src/p/broken_loader.py": "def (:\nimport_module(name)\n"}
    native = {"src/p/fast.pyx": "", "src/p/native.c": ""}
    write(tmp_path, {**PACKAGE, **broken, **native})
    (tmp_path / "src/p/link.py").symlink_to("a.py")
    found = select(graph_of(tmp_path, {}), changed)
    assert because in found.everything


@pytest.mark.parametrize("path", ["tests/test_broken.py", "src/p/used.py"])
def test_a_syntax_error_hides_no_import(path: str, tmp_path: Path) -> None:
    """So it selects what depends on it, and what it depends on selects the tests."""
    broken = {path: "import p.b\nx = (\n"}
    tree = {**PACKAGE, "tests/test_used.py": "import p.used\n", **broken}
    graph = graph_of(tmp_path, tree)
    expected = {"src/p/used.py": "tests/test_used.py"}.get(path, path)
    for changed in ("src/p/b.py", path):
        found = select(graph, changed)
        assert not found.everything
        assert expected in found.chains


@pytest.mark.parametrize(
    ("path", "everything"),
    [
        ("tests/test_broken.py", True),
        ("src/p/used.py", True),
        ("tests/data/broken_example.py", False),
    ],
)
def test_a_loader_that_cannot_be_parsed_matters_where_a_test_needs_it(
    path: str, everything: bool, tmp_path: Path
) -> None:
    text = "import_module(name)\nx = (\n"
    tree = {**PACKAGE, "tests/test_used.py": "import p.used\n", path: text}
    tree.setdefault("src/p/used.py", "")
    found = select(graph_of(tmp_path, tree), "src/p/b.py")
    assert bool(found.everything) is everything
    assert path in found.everything or not everything


def test_a_link_depends_on_what_it_leads_to(tmp_path: Path) -> None:
    tree = {"shared/a.py": "", "tests/test_a.py": "import p.a\n", "src/p/b.py": ""}
    write(tmp_path, tree)
    (tmp_path / "src/p/a.py").symlink_to("../../shared/a.py")
    found = select(graph_of(tmp_path, {}), "shared/a.py")
    assert list(found.chains) == ["tests/test_a.py"]


@pytest.mark.parametrize(
    ("gone", "selected"),
    [
        ("src/p/old.py", ["tests/test_old.py"]),
        ("src/p/sub/__init__.py", ["tests/test_leaf.py", "tests/test_q.py"]),
        ("tests/unit/conftest.py", ["tests/unit/test_deep.py"]),
        ("tests/unit/gone_helpers.py", ["tests/unit/test_late.py"]),
        ("tests/test_gone.py", []),
    ],
)
def test_a_deleted_file_selects_who_still_needs_it(
    gone: str, selected: list[str], tmp_path: Path
) -> None:
    more = {
        "src/p/user.py": "try:\n    from . import old\nexcept ImportError: pass\n",
        "tests/test_old.py": "import p.user\n",
        "tests/unit/test_late.py": "def f():\n    import gone_helpers\n",
    }
    tree = {name: text for name, text in {**PACKAGE, **more}.items() if name != gone}
    if gone == "tests/unit/conftest.py":
        del tree["tests/unit/test_late.py"]
    found = select(graph_of(tmp_path, tree, gone), gone=(gone,))
    assert (sorted(found.chains), found.everything) == (selected, "")


@pytest.mark.parametrize("gone", ["src/p/fast.pxd", "src/p/gone.pyx"])
def test_a_compiled_module_that_is_gone_selects_all(gone: str, tmp_path: Path) -> None:
    tree = {**PACKAGE, "src/p/slow.pyx": "from p.fast cimport x\n"}
    found = select(graph_of(tmp_path, tree, gone), gone=(gone,))
    assert "compiled" in found.everything


def test_declared_data_selects_the_tests_of_its_readers(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, PACKAGE)
    data = {"src/p/*.csv": ["src/p/b.py"], "tests/data/": ["test_leaf.py"], "x/": []}
    for path, selected in (
        ("src/p/words.csv", ["tests/test_b.py"]),
        ("tests/data/a/b.json", ["tests/test_leaf.py"]),
        ("x/y", []),
    ):
        found = select(graph, path, data=data)
        assert (list(found.chains), found.everything) == (selected, "")
    way = select(graph, "src/p/words.csv", data=data).chains["tests/test_b.py"]
    assert way == ["src/p/words.csv", "src/p/b.py", "tests/test_b.py"]


@pytest.mark.parametrize(
    ("tree", "path", "selected"),
    [
        ({"tests/test_a.py": "(ROOT / 'README.md').read_text()"}, "README.md", True),
        ({"tests/test_a.py": "ROOT.glob('*.md')"}, "README.md", True),
        ({"tests/test_a.py": "for page in (ROOT / 'docs'): pass"}, "docs/a.md", True),
        ({"tests/test_a.py": "import conf"}, "docs/conf.py", True),
        ({"tests/test_a.py": "toml = ROOT / 'ruff.toml'"}, "ruff.toml", True),
        ({"tests/test_a.py": "from tests.support import x"}, "docs/a.md", True),
        (
            {
                "tests/test_a.py": "import p.about",
                "src/p/about.py": "TEXT = (ROOT / 'README.md').read_text()",
            },
            "README.md",
            True,
        ),
        (
            {"tests/test_a.py": "import p.about", "src/p/about.py": "# See README.md."},
            "README.md",
            False,
        ),
        ({"tests/test_a.py": "documentation = 'docs'"}, "README.md", False),
        ({"tests/test_a.py": ""}, "docs/conf.py", False),
    ],
)
def test_texts_select_the_tests_that_seem_to_read_them(
    tree: Tree, path: str, selected: bool, tmp_path: Path
) -> None:
    support = {"tests/support.py": "PAGES = './docs/'", "tests/__init__.py": ""}
    others = {"docs/conf.py": "", "src/p/__init__.py": "", "tests/test_z.py": ""}
    found = select(graph_of(tmp_path, {**support, **others, **tree}), path)
    assert (list(found.chains), found.everything) == (
        ["tests/test_a.py"] if selected else [],
        "",
    )


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ("addopts = --doctest-glob=*.rst --doctest-modules", "docs/a.rst"),
        ("addopts = --doctest-glob '*.md'", "README.md"),
        ("testpaths = tests docs", "docs/a.md"),
    ],
)
def test_texts_that_are_tests_select_all(
    settings: str, path: str, tmp_path: Path
) -> None:
    tree = {"tests/test_a.py": "", "tox.ini": f"[pytest]\n{settings}\n"}
    assert select(graph_of(tmp_path, tree), path).everything


def test_settings_of_pytest_are_read_from_every_file_that_may_hold_them(
    tmp_path: Path,
) -> None:
    tree = {
        "pyproject.toml": "[tool.pytest]\npython_files = ['check_*.py']\n",
        "setup.cfg": "[tool:pytest]\npython_files = *_spec.py\n",
        "pytest.ini": b"\xff not an ini file",
        "pytest.toml": "not [ toml",
        "tests/check_a.py": "",
        "tests/b_spec.py": "",
        "tests/test_c.py": "",
        "tests/other.py": "",
    }
    tests = sorted(graph_of(tmp_path, tree).tests)
    assert tests == ["tests/b_spec.py", "tests/check_a.py", "tests/test_c.py"]


def test_without_any_test_nothing_is_left_out(tmp_path: Path) -> None:
    assert select(graph_of(tmp_path, {"src/a.py": ""}), "src/a.py").everything


GATE = "uses: ./.github/actions/quality-gates"


def runs_tests(path: str, files: Files, variables: Mapping[str, str]) -> bool:
    related = find_engine_workflows(files, variables)
    return not is_unrelated_workflow(path, related)


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        ({}, False),
        # It runs them whatever the engine decides.
        ({"a.yml": "run: pytest -q"}, False),
        ({"a.yml": GATE}, True),
        ({"a.yml": "run: ./ci-framework/ci gate"}, True),
        ({"a.yml": "run: ci-framework/scripts/local-quality-gates.sh"}, True),
        ({"b.yml": f"uses: ./.github/workflows/a.yml\n{GATE}"}, True),
        ({"b.yml": "uses: ./.github/workflows/a.yml"}, False),
    ],
)
def test_a_workflow_matters_where_the_engine_runs_the_tests(
    tree: Tree, found: bool, tmp_path: Path
) -> None:
    location = ".github/workflows/"
    texts = {"a.yml": "run: mkdocs", **tree}
    graph = graph_of(tmp_path, {f"{location}{name}": t for name, t in texts.items()})
    path = f"{location}a.yml"
    assert runs_tests(path, graph.files, {}) is found
    here = {"GITHUB_WORKFLOW_REF": f"o/r/{path}@refs/heads/main"}
    assert runs_tests(path, graph.files, here)
    assert not runs_tests(f"{location}gone.yml", graph.files, {})
    assert runs_tests("README.md", graph.files, {})


def test_an_action_matters_where_such_a_workflow_uses_it(tmp_path: Path) -> None:
    tree = {
        ".github/workflows/a.yml": GATE,
        ".github/workflows/b.yml": "uses: ./.github/actions/other",
        ".github/actions/quality-gates/action.yml": "uses: ./.github/actions/set-up/",
        ".github/actions/set-up/action.yml": "x",
        ".github/actions/set-up/run.sh": "x",
        ".github/actions/other/action.yml": "x",
    }
    files = graph_of(tmp_path, tree).files
    found = [p for p in sorted(tree) if "actions/" in p and runs_tests(p, files, {})]
    assert found == [p for p in sorted(tree) if "quality" in p or "set-up" in p]


@pytest.mark.skipif(sys.platform != "linux", reason="names elsewhere are texts")
def test_a_name_that_no_report_can_hold_is_left_out_nowhere(tmp_path: Path) -> None:
    odd = os.fsdecode(b"tests/test_\xff\n.py")
    graph = graph_of(tmp_path, {**PACKAGE, odd: "import p.b"})
    told = describe_selection(graph, select(graph, "src/p/a.py"))
    assert odd not in msgspec.convert(msgspec.to_builtins(told), AffectedTests).left_out
    found = select(graph, "src/p/b.py")
    assert sorted(found.chains) == ["tests/test_b.py", odd]


def test_the_graph_lists_imports_and_importers(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, PACKAGE)
    assert graph.imports("src/p/b.py") == {"src/p/c.py"}
    assert graph.importers("src/p/c.py") == {"src/p/b.py", "src/p/sub/leaf.py"}
    assert graph.imports("nowhere") == graph.importers("nowhere") == frozenset()


def page_of(affected: AffectedTests, tmp_path: Path) -> str:
    loaded = load_configuration(tmp_path, {})
    kinds = Classifier(loaded.patterns, loaded.settings)
    decision = decide(kinds, ["src/a.py"], "a", "b", affected=affected)
    return to_changes_page(decision, plan_jobs(decision, loaded, Event()))


def test_the_page_reports_why_each_test_runs_and_stays_short(tmp_path: Path) -> None:
    way = ["src/a|b.py", *(f"src/{n}.py" for n in range(9)), "tests/test_a\n.py"]
    chains = [Chain(f"tests/test_{number}.py", way) for number in range(60)]
    unreached = [f"src/{number}.py" for number in range(9)]
    affected = AffectedTests(
        engine="ci-framework",
        total=99,
        chains=chains,
        left_out=["x"],
        unreached=unreached,
        hubs=["src/hub.py"],
        notes=["a note"],
    )
    page = page_of(affected, tmp_path)
    assert "### Tests: 60 of 99 files, as no other depends on what changed" in page
    assert (
        "| `tests/test_0.py` | `src/a\\|b.py` → `src/0.py` → `7 more` → `src/8.py` → "
        "`tests/test_a\\n.py` |"
    ) in page
    assert "| and 10 more | |" in page
    assert "test_50" not in page
    assert "`src/4.py` and 4 more" in page
    assert "loaded by name in `src/hub.py`" in page
    assert "- a note\n" in page


@pytest.mark.parametrize(
    ("affected", "mode", "heading"),
    [
        (AffectedTests(total=3, left_out=["x"]), "none", "none, as none depends"),
        (AffectedTests(total=1, everything="odd | name"), "all", "all: odd \\| name"),
        (AffectedTests(total=1, chains=[Chain("x", ["x"])]), "all", "all\n"),
        (
            AffectedTests(
                everything="y", total=2, chains=[Chain("x", ["x"])], left_out=["z"]
            ),
            "all",
            "all: y; 1 of 2 files run first",
        ),
    ],
)
def test_what_runs_follows_from_what_is_affected(
    affected: AffectedTests, mode: str, heading: str, tmp_path: Path
) -> None:
    assert affected.tests(optimize=True).mode == mode
    assert f"### Tests: {heading}" in page_of(affected, tmp_path)
    assert affected.tests(optimize=False).mode == "all"


def test_where_no_test_depends_on_code_its_imports_are_checked(tmp_path: Path) -> None:
    loaded = load_configuration(tmp_path, {})
    kinds = Classifier(loaded.patterns, loaded.settings)
    nothing = AffectedTests(total=1, left_out=["tests/test_a.py"])
    decision = decide(kinds, ["src/a.py"], "a", "b", affected=nothing)
    jobs = plan_jobs(decision, loaded, Event())
    assert jobs.skips["comprehensive-tests"] == "no test depends on what changed"
    assert "imports" in jobs.quick_checks
    assert not decision.docs_only
    # A text that a test reads is more than documentation.
    chain = Chain("t", ["README.md", "t"])
    reading = AffectedTests(total=2, chains=[chain], left_out=["u"])
    decision = decide(kinds, ["README.md"], "a", "b", affected=reading)
    assert (decision.docs_only, decision.tests.mode) == (False, "some")
