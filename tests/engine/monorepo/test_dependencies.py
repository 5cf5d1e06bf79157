"""Dependencies between packages: their kinds, their order, and cycles."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.monorepo.package_descriptions import analyze, to_text
from ci_engine.monorepo.package_model import REACHING
from ci_engine.monorepo.requirement_lines import parse_requirement
from tests.support.monorepos import edges, graph_of, one, package, pyproject

CORE = package("packages/core")


@pytest.mark.parametrize(
    "text",
    [
        "core",
        "Core>=1,<2",
        "core[x]~=1.0 ; python_version < '4'",
        "core @ file:../core",
        "core @ file:///${PROJECT_ROOT}/../core",
        "core @ {root:uri}/../core",
        "core@git+https://example.org/core.git",
    ],
)
def test_a_requirement_by_name_leads_to_the_package(tmp_path: Path, text: str) -> None:
    graph = graph_of(tmp_path, {**CORE, **package("packages/cli", text)})
    assert edges(graph)["cli"] == {"core": "runtime"}
    assert text in one(graph, "cli").depends_on[0].because


@pytest.mark.parametrize(
    "text", ["./packages/core", "-e ../core", "--editable=../core", "file:../core"]
)
def test_a_line_of_requirements_may_name_a_directory(tmp_path: Path, text: str) -> None:
    path = text if ".." in text else "../core"
    files = {**CORE, **package("packages/cli")}
    files["packages/cli/requirements.txt"] = f"# first\n\n{path} # ours\n-r other.txt\n"
    assert edges(graph_of(tmp_path, files))["cli"] == {"core": "runtime"}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ('[project.optional-dependencies]\nx = ["core"]\n', "extra"),
        ('[dependency-groups]\ntest = ["core"]\n', "development"),
        ('[build-system]\nrequires = ["core"]\n', "build"),
        ('[tool.uv]\ndev-dependencies = ["core"]\n', "development"),
        ('[tool.pdm.dev-dependencies]\nx = ["core"]\n', "development"),
        ('[tool.hatch.envs.test]\ndependencies = ["core"]\n', "development"),
        ('[tool.hatch.metadata.hooks.x]\ndependencies = ["core"]\n', "runtime"),
        ('[tool.poetry.dependencies]\ncore = { path = "../core" }\n', "runtime"),
        ('[tool.poetry.dependencies]\nother = { path = "../core" }\n', "runtime"),
        ('[tool.poetry.group.x.dependencies]\ncore = "*"\n', "development"),
        ('[tool.pixi.pypi-dependencies]\ncore = { path = "../core" }\n', "development"),
        ('[tool.pixi.feature.x.dependencies]\ncore = "*"\n', "development"),
        ('[tool.pixi.package.run-dependencies]\ncore = "*"\n', "runtime"),
    ],
)
def test_each_place_of_a_manifest_has_its_kind(
    tmp_path: Path, more: str, kind: str
) -> None:
    graph = graph_of(tmp_path, {**CORE, **package("packages/cli", more=more)})
    assert edges(graph)["cli"] == {"core": kind}


def test_a_source_without_a_requirement_needs_nothing(tmp_path: Path) -> None:
    more = '[tool.uv.sources]\ncore = { path = "../core" }\n'
    graph = graph_of(tmp_path, {**CORE, **package("packages/cli", more=more)})
    assert edges(graph)["cli"] == {}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import core\n", "import"),
        ("import os, core.deep as deep\n", "import"),
        ("from core import thing\n", "import"),
        ("def later():\n    from core.deep import thing\n", "import"),
        (
            "try:\n    import core\nexcept ImportError:\n    core = None\n",
            "optional-import",
        ),
        ("if TYPE_CHECKING:\n    import core\n", "optional-import"),
        ("with suppress(ImportError):\n    import core\n", "optional-import"),
        ('TEXT = """\nimport core\n"""\n', ""),
        ("# import core\nimport corelib\nfrom . import core\n", ""),
        ("import core\nthis is no Python\n", "import"),
    ],
)
def test_an_import_is_a_dependency_that_nobody_declared(
    tmp_path: Path, code: str, kind: str
) -> None:
    graph = graph_of(tmp_path, {**CORE, **package("packages/cli", code=code)})
    assert edges(graph)["cli"] == ({"core": kind} if kind else {})


def test_an_import_of_a_test_is_one_of_the_tests(tmp_path: Path) -> None:
    files = {**CORE, **package("packages/cli", tests="import core\n")}
    graph = graph_of(tmp_path, files)
    assert edges(graph)["cli"] == {"core": "test-import"}
    (found,) = one(graph, "cli").depends_on
    assert found.because == "packages/cli/tests/test_cli.py:1 imports core"


def test_a_development_dependency_that_code_imports_is_reported_as_such(
    tmp_path: Path,
) -> None:
    more = '[dependency-groups]\ntest = ["core"]\n'
    files = {**CORE, **package("packages/cli", more=more, code="import core\n")}
    assert edges(graph_of(tmp_path, files))["cli"] == {"core": "import"}


def test_examples_inside_of_a_package_are_no_part_of_it(tmp_path: Path) -> None:
    files = {**CORE, **package("packages/cli")}
    files["packages/cli/examples/use.py"] = "import core\n"
    assert edges(graph_of(tmp_path, files))["cli"] == {}


def test_packages_that_share_a_namespace_are_distinguished(tmp_path: Path) -> None:
    files = {
        "a/pyproject.toml": pyproject("a"),
        "a/src/com/one/__init__.py": "",
        "b/pyproject.toml": pyproject("b"),
        "b/src/com/two/__init__.py": "from com.one import x\nfrom com import one\n",
        "c/pyproject.toml": pyproject("c"),
        "c/src/com/three/__init__.py": "from com import two\n",
    }
    assert edges(graph_of(tmp_path, files)) == {
        "a": {},
        "b": {"a": "import"},
        "c": {"b": "import"},
    }


def test_packages_that_share_a_package_are_distinguished_by_what_is_in_it(
    tmp_path: Path,
) -> None:
    extended = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    files = {
        "a/pyproject.toml": pyproject("a"),
        "a/src/com/__init__.py": extended,
        "a/src/com/one/__init__.py": "",
        "b/pyproject.toml": pyproject("b"),
        "b/src/com/__init__.py": extended,
        "b/src/com/two/__init__.py": "",
        "c/pyproject.toml": pyproject("c"),
        "c/src/c/__init__.py": "import com.two\n",
    }
    assert edges(graph_of(tmp_path, files))["c"] == {"b": "import"}


def test_the_order_follows_the_needs_and_the_alphabet(tmp_path: Path) -> None:
    files = {
        **package("d"),
        **package("c", "d"),
        **package("b", "c", "d"),
        **package("a"),
        **package("e", "a", "b"),
    }
    graph = graph_of(tmp_path, files)
    assert graph.order == ["a", "d", "c", "b", "e"]
    assert graph.cycles == []


def test_a_cycle_is_reported_and_ordered_all_the_same(tmp_path: Path) -> None:
    files = {
        **package("a", "b"),
        **package("b", "c"),
        **package("c", "a"),
        **package("d", "c"),
        **package("e"),
    }
    graph = graph_of(tmp_path, files)
    assert graph.cycles == [["a", "b", "c"]]
    assert graph.order == ["a", "b", "c", "d", "e"]


def test_a_cycle_that_an_extra_closes_is_reported_and_orders_nothing(
    tmp_path: Path,
) -> None:
    more = '[project.optional-dependencies]\nall = ["plugin"]\n'
    files = {**package("core", more=more), **package("plugin", "core")}
    graph = graph_of(tmp_path, files)
    assert (graph.cycles, graph.cycles_by_extras) == ([], [["core", "plugin"]])
    assert graph.order == ["core", "plugin"]
    told = "cycle: core, plugin need each other with an extra"
    assert told in to_text(graph, None)
    assert told in to_text(graph, analyze(graph, one(graph, "core")))


def test_what_tests_need_of_those_that_need_them_is_no_cycle(tmp_path: Path) -> None:
    more = '[dependency-groups]\ntest = ["plugin"]\n'
    files = {**package("core", more=more), **package("plugin", "core")}
    graph = graph_of(tmp_path, files)
    assert graph.cycles == []
    assert graph.order == ["core", "plugin"]


def test_dependents_are_followed_but_not_through_tests(tmp_path: Path) -> None:
    more = '[dependency-groups]\ntest = ["core"]\n'
    files = {
        **package("core"),
        **package("cli", "core"),
        **package("shop", "cli"),
        **package("tool", more=more),
        **package("user", "tool"),
    }
    graph = graph_of(tmp_path, files)
    assert graph.dependents(["core"]) == {"cli": "core", "shop": "cli", "tool": "core"}
    assert [package.name for package in graph.needed_with("shop")] == ["core", "cli"]
    assert "development" not in REACHING


def test_names_of_one_letter_and_odd_spellings_are_normalised() -> None:
    needed = parse_requirement("A.b__C [x] >=1 # why", "runtime", "f")
    assert needed is not None
    assert needed.name == "a-b-c"
    assert parse_requirement("-r more.txt", "runtime", "f") is None
    assert parse_requirement("???", "runtime", "f") is None
