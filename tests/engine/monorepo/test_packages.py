"""Which directories are packages, and what each one contains."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.monorepos import edges, graph_of, one, package, pyproject, write
from tests.support.projects import git

SETUP_PY = """\
from setuptools import find_packages, setup

NAME = "old-one"
NEEDS = ["requests"]

setup(
    name=NAME,
    version="2.1",
    package_dir={"": "lib"},
    packages=find_packages("lib"),
    install_requires=NEEDS + ["core>=1"],
    python_requires=">=3.11",
)
"""


@pytest.mark.parametrize(
    "home", ["packages", "sub-packages", "libs", "services/team", "."]
)
def test_a_package_is_found_wherever_it_stands(tmp_path: Path, home: str) -> None:
    first, second = (f"{home}/{name}".removeprefix("./") for name in ("core", "cli"))
    graph = graph_of(tmp_path, {**package(first), **package(second, "core")})
    assert {p.name: p.path for p in graph.packages} == {"core": first, "cli": second}
    assert one(graph, "cli").import_names == ["cli"]
    assert one(graph, "cli").source_paths == ["src"]
    assert graph.order == ["core", "cli"]


def test_the_top_with_code_of_its_own_is_a_package_beside_the_others(
    tmp_path: Path,
) -> None:
    files = {
        "pyproject.toml": pyproject("bot"),
        "bot/__init__.py": "import candles\n",
        "tests/test_bot.py": "",
        **package("sub-packages/candles"),
    }
    graph = graph_of(tmp_path, files)
    assert one(graph, "bot").path == "."
    assert one(graph, "bot").source_paths == ["bot"]
    assert one(graph, "bot").test_paths == ["tests"]
    assert edges(graph) == {"bot": {"candles": "import"}, "candles": {}}


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        (("app/tests/test_a.py",), ["app/tests"]),
        # Directories beside the code come before those in it.
        (("app/tests/test_a.py", "tests/test_b.py"), ["tests"]),
        (("app/api/tests.py",), []),
    ],
)
def test_tests_may_stand_in_the_code(
    tmp_path: Path, tests: tuple[str, ...], expected: list[str]
) -> None:
    files = {
        "backend/pyproject.toml": pyproject("app"),
        "backend/app/__init__.py": "",
        **{f"backend/{path}": "" for path in tests},
    }
    graph = graph_of(tmp_path, files)
    assert one(graph, "app").source_paths == ["app"]
    assert one(graph, "app").test_paths == expected


def test_the_top_that_only_holds_the_others_together_is_none(tmp_path: Path) -> None:
    files = {"pyproject.toml": pyproject("all"), **package("a"), **package("b")}
    graph = graph_of(tmp_path, files)
    assert graph.names == ["a", "b"]
    (ignored,) = graph.ignored
    assert ignored.path == "."
    assert "no code of its own" in ignored.because


def test_setup_py_is_read_and_never_run(tmp_path: Path) -> None:
    bomb = f"{SETUP_PY}\nraise SystemExit('it was run')\n"
    files = {
        "old/setup.py": bomb,
        "old/lib/old_one/__init__.py": "",
        **package("core"),
    }
    graph = graph_of(tmp_path, files)
    old = one(graph, "old-one")
    assert (old.version, old.manifest) == ("2.1", "setup.py")
    assert (old.import_names, old.source_paths) == (["old_one"], ["lib"])
    assert old.requires_python == ">=3.11"
    assert edges(graph)["old-one"] == {"core": "runtime"}


def test_setup_cfg_is_read(tmp_path: Path) -> None:
    text = """\
        [metadata]
        name = Cfg_One
        version = attr: cfg.v
        [options]
        package_dir =
            = src
        install_requires =
            core
        [options.extras_require]
        plot = plots>=1
        """
    files = {
        "cfg/setup.cfg": text,
        "cfg/setup.py": "from setuptools import setup\n\nsetup()\n",
        "cfg/src/cfg/__init__.py": "",
        **package("core"),
        **package("plots"),
    }
    graph = graph_of(tmp_path, files)
    assert one(graph, "cfg-one").version == ""
    assert edges(graph)["cfg-one"] == {"core": "runtime", "plots": "extra"}


def test_a_name_that_setup_py_computes_is_that_of_the_directory(tmp_path: Path) -> None:
    text = "from setuptools import setup\n\nsetup(name=open('NAME').read())\n"
    graph = graph_of(tmp_path, {"libs/thing/setup.py": text, "libs/thing/thing.py": ""})
    assert one(graph, "thing").import_names == ["thing"]


@pytest.mark.parametrize(
    ("files", "names", "sources"),
    [
        ({"src/one/__init__.py": "", "src/two.py": ""}, ["one", "two"], ["src"]),
        ({"it/__init__.py": "", "docs/__init__.py": ""}, ["it"], ["it"]),
        ({"it.py": "", "setup.py": "", "conftest.py": ""}, ["it"], ["it.py"]),
        ({"__init__.py": "", "more.py": ""}, ["it"], ["."]),
        ({"src/com/one/x.py": "", "src/com/two/x.py": ""}, ["com.one", "com.two"], []),
        ({"python/it/__init__.py": ""}, ["it"], ["python"]),
    ],
)
def test_what_a_package_is_imported_by(
    tmp_path: Path, files: dict[str, str], names: list[str], sources: list[str]
) -> None:
    hint = '[tool.setuptools.packages.find]\nwhere = ["python"]\n'
    more = hint if any(name.startswith("python/") for name in files) else ""
    written = {f"libs/it/{name}": text for name, text in files.items()}
    written["libs/it/pyproject.toml"] = pyproject("it", more=more)
    found = one(graph_of(tmp_path, written), "it")
    assert found.import_names == names
    assert found.source_paths == (sources or ["src"])


@pytest.mark.parametrize(
    ("table", "location"),
    [
        ('[tool.hatch.build.targets.wheel]\npackages = ["code/it"]\n', "code/it"),
        ('[tool.poetry]\npackages = [{ include = "it", from = "code" }]\n', "code/it"),
        ('[tool.uv.build-backend]\nmodule-name = "it"\nmodule-root = "code"\n', ""),
        ('[tool.setuptools.package-dir]\n"" = "code"\n', ""),
    ],
)
def test_the_configuration_of_the_build_backend_says_where_code_is(
    tmp_path: Path, table: str, location: str
) -> None:
    files = {
        "libs/x/pyproject.toml": pyproject("x", more=table),
        "libs/x/code/it/__init__.py": "",
        "libs/x/other/__init__.py": "",
    }
    found = one(graph_of(tmp_path, files), "x")
    assert found.import_names == ["it"], location


@pytest.mark.parametrize(
    ("path", "because"),
    [
        ("examples/demo", "an example"),
        ("packages/core/examples/demo", "an example"),
        ("cli/uv-examples/simple", "an example"),
        ("tests/fixtures/pkg", "a fixture"),
        ("packages/core/tests/data/pkg", "a fixture"),
        ("vendor/lib", "third-party code"),
        ("third_party/lib", "third-party code"),
        (".hidden/lib", "hidden"),
        ("docs/site", "documentation"),
        ("templates/{{ name }}", "a template"),
    ],
)
def test_what_is_not_the_repositorys_own_is_ignored_with_the_reason(
    tmp_path: Path, path: str, because: str
) -> None:
    files = {
        f"{path}/pyproject.toml": pyproject("stranger"),
        **package("packages/core"),
    }
    graph = graph_of(tmp_path, files)
    assert graph.names == ["core"]
    (ignored,) = graph.ignored
    assert ignored.path == path
    assert because in ignored.because


def test_a_member_of_a_workspace_is_a_package_whatever_it_is_called(
    tmp_path: Path,
) -> None:
    workspace = """\
        [tool.uv.workspace]
        members = ["examples/*", "libs/**"]
        exclude = ["examples/left-out"]
        """
    files = {
        "pyproject.toml": workspace,
        **package("examples/shop"),
        **package("examples/left-out"),
        **package("libs/a/examples/toy"),
    }
    graph = graph_of(tmp_path, files)
    assert graph.names == ["shop"]
    told = {entry.path: entry.because for entry in graph.ignored}
    assert told["examples/left-out"] == "the workspace excludes it"
    assert "an example" in told["libs/a/examples/toy"]


def test_a_package_may_be_called_like_something_that_is_ignored(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path, {**package("packages/docs"), **package("libs/templates")}
    )
    assert graph.names == ["docs", "templates"]


def test_links_are_no_packages(tmp_path: Path) -> None:
    write(tmp_path, {**package("packages/core"), "packages/odd/x.py": ""})
    (tmp_path / "packages/gone").symlink_to("nowhere")
    (tmp_path / "packages/twin").symlink_to("core", target_is_directory=True)
    (tmp_path / "packages/odd/pyproject.toml").symlink_to("../missing.toml")
    git(tmp_path, "init", "--quiet")
    graph = graph_of(tmp_path)
    assert graph.names == ["core"]
    assert {entry.path: entry.because for entry in graph.ignored} == {
        "packages/gone": "a dangling link",
        "packages/twin": "a link to packages/core",
        "packages/odd": "its pyproject.toml is a dangling link",
    }


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"[project\nname = 1", "not valid TOML"),
        (b"\xff\xfe[", "not UTF-8"),
        (b"", "no file names a package"),
        (b"[tool.ruff]\nline-length = 88\n", "names no project"),
        (b'[project]\nname = "-"\n', "names"),
        (b"[project]\nname = 3\n", "names no project"),
        (b'project = "x"\n', "names no project"),
        (b'[project]\nname = "a"\n', "has the same name"),
        (b'[tool.poetry]\nname = "x"\npackage-mode = false\n', "package-mode"),
    ],
)
def test_a_manifest_that_names_no_package_is_reported_not_obeyed(
    tmp_path: Path, content: bytes, because: str
) -> None:
    graph = graph_of(tmp_path, {"b/pyproject.toml": content, **package("a")})
    assert graph.names == ["a"]
    (ignored,) = graph.ignored
    assert ignored.path == "b"
    assert because in ignored.because


def test_odd_values_in_a_manifest_are_no_error(tmp_path: Path) -> None:
    odd = """\
        [project]
        name = "odd"
        version = 3
        dependencies = "core"
        optional-dependencies = { x = "core", y = [1, "core"] }
        dynamic = "version"
        [dependency-groups]
        dev = [{ include-group = "x" }, 7, "core"]
        [tool]
        uv = { workspace = 1, sources = { core = [{ path = 2 }] } }
        poetry = { dependencies = { core = ["^1", { path = "../core" }] }, group = 4 }
        setuptools = { package-dir = { "" = 5 } }
        [tool.hatch]
        envs = { x = 3 }
        """
    graph = graph_of(tmp_path, {"odd/pyproject.toml": odd, **package("core")})
    assert edges(graph)["odd"] == {"core": "runtime"}


def test_a_name_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    write(tmp_path, package("core"))
    location = tmp_path / "libs" / os.fsdecode(b"\xff")
    try:
        location.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (location / "pyproject.toml").write_text(pyproject("lib"))
    (ignored,) = graph_of(tmp_path).ignored
    assert ignored.because == "its name is not UTF-8"
    assert ignored.path == "libs/\\xff"


def test_files_that_git_ignores_are_no_packages(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "out/\n", **package("a"), **package("out/b")})
    git(tmp_path, "init", "--quiet")
    assert graph_of(tmp_path).names == ["a"]


def test_the_framework_itself_is_no_package(tmp_path: Path) -> None:
    files = {"ci-framework/x/pyproject.toml": pyproject("x"), **package("a")}
    graph = graph_of(tmp_path, files)
    assert (graph.names, graph.ignored) == (["a"], [])
