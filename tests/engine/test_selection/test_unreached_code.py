"""Code that no test is known to reach selects every test: anything may load it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.configuration.loading import load_configuration
from ci_engine.github.event import Event
from ci_engine.reports.changes_page import to_changes_page
from ci_engine.workflow_jobs.jobs import plan_jobs
from tests.support.selecting import Tree, graph_of, judge, select, write

BASE: Tree = {
    "pyproject.toml": "[project.entry-points.plug]\na = 'p.plug_a'\n",
    "src/p/__init__.py": "",
    "src/p/used.py": "x = 1\n",
    "tests/test_used.py": "from p.used import x\n",
    "tests/test_other.py": "def test(client): client.get('/')\n",
}


@pytest.mark.parametrize(
    ("path", "more"),
    [
        pytest.param("src/p/plug_a.py", {}, id="entry point"),
        pytest.param("src/shop/views.py", {}, id="no package"),
        pytest.param(
            "src/shop/views.py",
            {
                "src/shop/__init__.py": "",
                "src/shop/urls.py": "from . import views\n",
                "src/proj/settings.py": "ROOT_URLCONF = 'shop.urls'\n",
                "tests/settings.py": "from proj.settings import *\n",
            },
            id="URLs",
        ),
        pytest.param(
            "src/shop/templatetags/__init__.py",
            {"src/shop/__init__.py": ""},
            id="package of its own",
        ),
        pytest.param(
            "src/p/commands/hello.py",
            {
                "src/p/commands/__init__.py": "",
                "src/p/used.py": "for x in pkgutil.iter_modules(p.__path__): pass\n",
            },
            id="behind another loader",
        ),
        pytest.param(
            "src/shop/views.py",
            {"tests/test_run.py": "import subprocess\nsubprocess.run(['ls'])\n"},
            id="beside tests that run programs",
        ),
        pytest.param("tests/fixtures/db.py", {}, id="plugin of tests"),
        pytest.param("tests/check_more.py", {}, id="test that is not collected"),
        pytest.param("tests/odd/conftest.py", {}, id="conftest.py without tests"),
        pytest.param("migrations/versions/1_first.py", {}, id="beside the code"),
        pytest.param("tool.py", {}, id="script that no test may run"),
        pytest.param("src/p/alone.pyi", {"src/p/alone.py": ""}, id="stub"),
        pytest.param(
            "src/p/page.html",
            {"src/p/mail.py": "open('page.html')\n"},
            id="data of unreached code",
        ),
    ],
)
def test_code_that_no_test_is_known_to_reach_selects_all(
    path: str, more: Tree, tmp_path: Path
) -> None:
    write(tmp_path, {**BASE, path: "x = 1\n", **more})
    decision = judge(tmp_path, path)
    assert decision.tests.mode == "all"
    because = f"no test is known to reach {path}"
    assert decision.affected.everything == because
    assert decision.affected.unreached == [path]
    configuration = load_configuration(tmp_path, {})
    jobs = plan_jobs(decision, configuration, Event(name="pull_request"))
    assert "comprehensive-tests" not in jobs.skips
    assert f"### Tests: all: {because}" in to_changes_page(decision, jobs)


def test_one_unreached_file_of_many_is_enough(tmp_path: Path) -> None:
    write(tmp_path, {**BASE, "src/p/alone.py": ""})
    decision = judge(tmp_path, "README.md", "src/p/alone.py", "src/p/used.py")
    assert decision.tests.mode == "all"
    assert decision.tests.paths == ["tests/test_used.py"]
    assert decision.affected.unreached == ["src/p/alone.py"]


def test_the_page_names_each_unreached_file(tmp_path: Path) -> None:
    write(tmp_path, {**BASE, "src/p/a.py": "", "src/p/b.py": ""})
    decision = judge(tmp_path, "src/p/a.py", "src/p/b.py")
    jobs = plan_jobs(decision, load_configuration(tmp_path, {}), Event())
    named = "- no test is known to reach `src/p/a.py`, `src/p/b.py`\n"
    assert named in to_changes_page(decision, jobs)


def test_declared_data_of_unreached_code_selects_all(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, {**BASE, "src/p/alone.py": "", "words.txt": ""})
    data = {"words.txt": ["src/p/alone.py"]}
    found = select(graph, "words.txt", data=data)
    assert found.everything == "no test is known to reach words.txt"


@pytest.mark.parametrize(
    ("path", "everything"),
    [
        ("src/p/gone.py", "no test is known to reach src/p/gone.py"),
        ("tests/helpers.py", "no test is known to reach tests/helpers.py"),
        # A test is reached by itself, and by nothing else.
        ("tests/test_gone.py", ""),
    ],
)
def test_code_that_is_gone_was_loaded_by_anything(
    path: str, everything: str, tmp_path: Path
) -> None:
    graph = graph_of(tmp_path, BASE, path)
    found = select(graph, gone=(path,))
    assert (found.everything, found.chains) == (everything, {})


@pytest.mark.parametrize("path", ["docs/conf.py", "README.md", ".editorconfig"])
def test_what_is_known_to_be_no_code_is_not_in_doubt(path: str, tmp_path: Path) -> None:
    write(tmp_path, {**BASE, path: "x = 1\n"})
    decision = judge(tmp_path, path)
    assert (decision.tests.mode, decision.affected.unreached) == ("none", [])
