"""Imports inside a fixture count for the tests that request it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.selecting import Tree, graph_of, select

FIXTURE = """
import pytest
{top}

{decorator}
def server({asks}):
    from p.server import run
    return run()

@pytest.fixture
def client(server):
    return server

@pytest.fixture
def other():
    from p.other import x
"""
TREE: Tree = {
    "src/p/__init__.py": "",
    "src/p/server.py": "import p.deep",
    "src/p/deep.py": "",
    "src/p/other.py": "",
    "tests/test_server.py": "def test(server): pass",
    "tests/test_client.py": "def test(client): pass",
    "tests/test_used.py": "pytestmark = pytest.mark.usefixtures('server')",
    "tests/test_alone.py": "def test(): pass",
    "tests/sub/conftest.py": "@pytest.fixture\ndef inner(client): pass",
    "tests/sub/test_inner.py": "def test(inner): pass",
    "tests/sub/test_near.py": "def test(): pass",
}
ASKING = ["client", "server", "sub/test_inner", "sub/test_near", "used"]


def conftest(top: str = "", decorator: str = "@pytest.fixture", asks: str = "") -> str:
    return FIXTURE.format(top=top, decorator=decorator, asks=asks)


def names(paths: list[str]) -> list[str]:
    return sorted(n if "/" in n else f"test_{n}" for n in paths)


@pytest.mark.parametrize("changed", ["src/p/server.py", "src/p/deep.py"])
@pytest.mark.parametrize(
    "decorator", ["@pytest.fixture", "@pytest_asyncio.fixture(scope='session')"]
)
def test_a_module_that_a_fixture_imports_selects_who_asks_for_the_fixture(
    changed: str, decorator: str, tmp_path: Path
) -> None:
    tree = {**TREE, "tests/conftest.py": conftest(decorator=decorator)}
    found = select(graph_of(tmp_path, tree), changed)
    assert sorted(found.chains) == [f"tests/{name}.py" for name in names(ASKING)]
    assert found.everything == ""


def test_a_module_that_a_fixture_patches_selects_who_asks_for_the_fixture(
    tmp_path: Path,
) -> None:
    patching = "@pytest.fixture\ndef server():\n    with patch('p.server.run'): yield\n"
    graph = graph_of(tmp_path, {**TREE, "tests/conftest.py": patching})
    paths = ["tests/test_server.py", "tests/test_used.py"]
    assert sorted(select(graph, "src/p/deep.py").chains) == paths
    text = f"{patching}patch('p.server.stop').start()\n"
    graph = graph_of(tmp_path, {**TREE, "tests/conftest.py": text})
    assert select(graph, "src/p/deep.py").chains.keys() == graph.tests


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(conftest(top="from p.server import x"), id="imported at once too"),
        pytest.param(conftest(decorator="@pytest.fixture(autouse=True)"), id="autouse"),
        pytest.param(
            conftest(decorator="@pytest.fixture(name=NAME)"), id="name from elsewhere"
        ),
        pytest.param(conftest(decorator="@odd\n@pytest.fixture"), id="wrapped"),
        pytest.param(conftest(decorator=""), id="no fixture"),
        pytest.param(conftest(top="register(server)"), id="named beside"),
        pytest.param(conftest(top="X = 'p.server'"), id="module named beside"),
        pytest.param(
            "def pytest_configure(): from p.server import run", id="hook of pytest"
        ),
    ],
)
def test_what_may_run_for_every_test_selects_every_test(
    text: str, tmp_path: Path
) -> None:
    graph = graph_of(tmp_path, {**TREE, "tests/conftest.py": text})
    assert select(graph, "src/p/server.py").chains.keys() == graph.tests


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"pytest.ini": "[pytest]\nusefixtures = other\n"}, id="settings"),
        pytest.param({"src/p/use.py": "def x(other): pass"}, id="code beside tests"),
        pytest.param(
            {"tests/test_x.py": "def test(request): request.getfixturevalue(f'{x}er')"},
            id="a name put together",
        ),
        pytest.param({"pytest.ini": "[pytest]\naddopts = --nbval"}, id="notebooks"),
        pytest.param(
            {"pytest.ini": "[pytest]\naddopts = --doctest-modules"}, id="doctests"
        ),
        pytest.param({"requirements-dev.txt": "pytest_odd>=1"}, id="unknown plugin"),
        pytest.param(
            {"uv.lock": '[[package]]\nname = "pytest-odd"\n'}, id="locked plugin"
        ),
        pytest.param(
            {"pixi.lock": "- conda: https://x.org/noarch/pytest-odd-1.0-pyh1.conda\n"},
            id="plugin from conda",
        ),
        pytest.param(
            {".github/workflows/ci.yml": "run: pip install pytest pytest-odd\n"},
            id="plugin of a workflow",
        ),
    ],
)
def test_a_fixture_that_may_be_requested_elsewhere_selects_every_test(
    more: Tree, tmp_path: Path
) -> None:
    graph = graph_of(tmp_path, {**TREE, "tests/conftest.py": conftest(), **more})
    tests = {name for name in graph.tests if name.startswith("tests/")}
    assert select(graph, "src/p/other.py").chains.keys() >= tests
    assert len(select(graph, "src/p/server.py").chains) < len(graph.tests)


KNOWN_PLUGINS = """
[dependency-groups]
dev = ["pytest>=8", "pytest-cov", "pytest_asyncio>=1"]
[tool.pytest.ini_options]
addopts = "--junit-xml=pytest-results.xml"
"""


def test_a_fixture_that_nobody_asks_for_selects_no_test(tmp_path: Path) -> None:
    more = {
        "pyproject.toml": KNOWN_PLUGINS,
        "uv.lock": 'name = "pytest-cov"\n[package.extras]\nx = ["pytest-odd"]\n',
    }
    graph = graph_of(tmp_path, {**TREE, "tests/conftest.py": conftest(), **more})
    assert select(graph, "src/p/other.py").chains == {}


@pytest.mark.parametrize("name", ["event_loop", "anyio_backend", "celery_config"])
def test_a_fixture_that_a_known_plugin_asks_for_selects_every_test(
    name: str, tmp_path: Path
) -> None:
    text = conftest().replace("def other", f"def {name}")
    more = {"pyproject.toml": KNOWN_PLUGINS, "tests/conftest.py": text}
    graph = graph_of(tmp_path, {**TREE, **more})
    assert select(graph, "src/p/other.py").chains.keys() == graph.tests
