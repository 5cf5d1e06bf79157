"""Texts and data: when they are documentation alone, and which tests read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.selecting import Tree, graph_of, judge, select, write

BASE: Tree = {
    "pyproject.toml": "[project]\nname = 'p'\n",
    "src/p/__init__.py": "",
    "src/p/a.py": "x = 1\n",
    "tests/test_a.py": "import p.a\n",
    "tests/test_z.py": "",
}


def option(text: str) -> Tree:
    return {"pyproject.toml": f"[tool.pytest.ini_options]\naddopts = '{text}'\n"}


def code(text: str) -> Tree:
    return {"src/p/a.py": text}


def in_test(text: str) -> Tree:
    return {"tests/test_a.py": f"import p.a\n{text}\n"}


@pytest.mark.parametrize(
    "path",
    [
        *("README.md", "CHANGELOG.md", "x.rst", "LICENSE", "CITATION.cff"),
        *("docs/a.md", "docs/b/c.rst", "docs/logo.svg", "doc/a.txt", "mkdocs.yml"),
        *(".github/README.md", ".github/ISSUE_TEMPLATE/bug.md", "scripts/README.md"),
        *(".claude/agents/a.md", "examples/README.md"),
    ],
)
def test_pages_are_documentation_alone(path: str, tmp_path: Path) -> None:
    write(tmp_path, {**BASE, path: "x", **code("# See README.md, docs and LICENSE.")})
    decision = judge(tmp_path, path)
    assert (decision.docs_only, decision.tests.mode) == (True, "none")


@pytest.mark.parametrize(
    "path",
    [
        # Names that only look like documentation.
        *(
            "docs.py",
            "docs",
            "doc",
            "README",
            "README.py",
            "LICENSE.py",
            "src/docs/x.py",
        ),
        *("DOCS/a.md", "p/docs/a.md", "x.txt", "LICENSES/MIT.txt", "example.ipynb"),
        # Code, settings and data among the documentation.
        *("docs/conf.py", "docs/hooks.py", "docs/plugins/x.py", "docs/conftest.py"),
        *("docs/requirements.txt", "docs/uv.lock", "docs/pyproject.toml", "docs/x.c"),
        *(
            "docs/environment.yml",
            "docs/package.json",
            "docs/data.json",
            "docs/x.ipynb",
        ),
        *("docs/Makefile", "docs/Dockerfile", "docs/run.sh", "docs/CMakeLists.txt"),
        *(
            "docs/test_a.py",
            "docs/tests/test_a.py",
            "docs/x.pyi",
        ),
        # Texts below code and tests.
        *("src/p/README.md", "src/p/LICENSE", "src/p/docs/a.md", "src/p/py.typed"),
        *("src/p/a.pyi", "src/p/page.html", "tests/README.md", "tests/docs/a.md"),
        *("tests/data/README.md", "tests/snapshots/CHANGELOG.md"),
        # What installs, builds, runs or tests.
        *("requirements-docs.txt", "requirements/docs.in", "constraints/a.txt"),
        *("constraints.txt", "Dockerfile", "Makefile", ".env", "setup.cfg", "tox.ini"),
        *(".github/actions/x/action.yml", ".github/workflows/x.yml", "scripts/x.sh"),
        *(".github/workflows/README.md", ".readthedocs.yaml", ".claude/settings.json"),
        *("pixi.lock", "src/p/page.md", "Docs/a.md"),
    ],
)
def test_what_only_looks_like_documentation_is_more(path: str, tmp_path: Path) -> None:
    write(tmp_path, {**BASE, path: "x" if not path.endswith(".toml") else ""})
    assert not judge(tmp_path, path).docs_only
    assert judge(tmp_path, path).security_relevant or path.startswith("tests/")


READING = [
    (code("TEXT = open('README.md')"), "README.md"),
    (code("TEXT = files('p') / 'README' + '.md'"), "README.md"),
    (code("PAGES = ROOT.glob('*.md')"), "README.md"),
    (code("def page(name): return open(f'{name}.md')"), "README.md"),
    (code("PAGES = ROOT / 'docs'"), "docs/a.md"),
    (code("PAGES = os.path.join(ROOT, 'docs', name)"), "docs/a.md"),
    (code("SCHEMA = json.load(open('schema.json'))"), "docs/schema.json"),
    (code("AGENTS = Path('.claude').rglob('*')"), ".claude/agents/a.md"),
    (code("shutil.copytree('templates', to)"), "templates/README.md"),
    (in_test("doctest.testfile('../docs/a.rst')"), "docs/a.rst"),
    (in_test("find_examples('docs', 'README.md')"), "docs/a.md"),
    (in_test("for f in ROOT.rglob('*.json'): pass"), "docs/schema.json"),
    (in_test("for f in ROOT.rglob('*'): check(f)"), "docs/a.md"),
    (in_test("os.listdir(Path(__file__).parents[1])"), "README.md"),
    (in_test("run(['git', 'ls-files'])"), "docs/a.md"),
    (in_test("run(['mkdocs', 'build'])"), "mkdocs.yml"),
    (in_test("run(['sphinx-build', '-b', 'html', '.', 'out'])"), "docs/a.rst"),
    (in_test("Sybil(patterns=['*.rst'])"), "docs/a.rst"),
    (in_test("def page(name): return f'{name}.rst'"), "docs/a.rst"),
    (in_test("import conf"), "docs/conf.py"),
    (in_test("run(['make', 'all'])"), "Makefile"),
    (in_test("CONFIGURATION = ROOT / 'data'"), "data/sessions.json"),
    (in_test("run(['./deploy/run.sh'])"), "deploy/run.sh"),
    (code("PLACE = 'data'"), "data/sessions.json"),
    # A path of another page, to which something is added.
    (in_test("NEXT = Path('docs/b.md').parent / name"), "docs/a.md"),
    (in_test("NEXT = Path(os.path.dirname('docs/b.md')) / name"), "docs/a.md"),
    (in_test("NEXT = 'docs/b.md' + name"), "docs/a.md"),
    (in_test("NEXT = ROOT / 'docs' / 'no.md' / name"), "docs/a.md"),
    # Code that compares ends of names, and a test that hands it the top.
    (
        {
            **code("if name.endswith(('.md', '.rst')): pass"),
            **in_test("check(Path(__file__).parents[1])"),
        },
        "README.md",
    ),
    (code("if page.suffix == '.md': open(__file__ + '/../' + page)"), "README.md"),
]
UNREAD = [
    (in_test("TEXT = (HERE / 'docs' / 'b.md').read_text()"), "docs/a.md"),
    (in_test("TEXT = open('../docs/b.md', 'rb').read()"), "docs/a.md"),
    (in_test("TEXT = os.path.join(HERE, 'docs', 'b.md')"), "docs/a.md"),
    (code("if name.endswith(('.md', '.rst')): pass"), "README.md"),
    ({"tox.ini": "[testenv]\ncommands = x docs/a.md\n"}, "docs/a.md"),
    ({"tox.ini": "[testenv]\ncommands = make docs\n"}, "Makefile"),
    ({"noxfile.py": "session.install('-r', 'docs/requirements.txt')"}, "docs/a.md"),
]


@pytest.mark.parametrize(("tree", "path"), READING)
def test_a_text_that_is_read_runs_the_tests_of_its_readers(
    tree: Tree, path: str, tmp_path: Path
) -> None:
    write(tmp_path, {**BASE, path: "x", **tree})
    decision = judge(tmp_path, path)
    assert decision.tests.paths == ["tests/test_a.py"]
    assert (decision.docs_only, decision.tests.mode) == (False, "some")


@pytest.mark.parametrize(("tree", "path"), UNREAD)
def test_what_names_another_file_or_is_not_run_is_no_reader(
    tree: Tree, path: str, tmp_path: Path
) -> None:
    write(tmp_path, {**BASE, "docs/b.md": "", path: "x", **tree})
    assert judge(tmp_path, path).tests.mode == "none"


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"tox.ini": "[pytest]\naddopts =\n    --conf=docs/a.json\n"}, "docs/a.json"),
        (
            {
                "pyproject.toml": "[tool.ci-framework.commands]\ntest = 'tox -e py'",
                "tox.ini": "[testenv]\ncommands = make t\n",
            },
            "Makefile",
        ),
        (option("--doctest-glob=README.md"), "README.md"),
        (option('--doctest-glob="docs/*.md"'), "docs/a.md"),
        (option("--nbval"), "docs/a.ipynb"),
        (option("--nbmake"), "docs/a.ipynb"),
        (option("--markdown-docs"), "README.md"),
        (option("--codeblocks"), "docs/a.rst"),
        (option("--doctest-plus --doctest-rst"), "docs/a.rst"),
        ({"docs/conftest.py": "import sybil"}, "docs/a.rst"),
        ({"conftest.py": "Sybil(patterns=['*.md', '*.py'])"}, "README.md"),
        ({}, "docs/test_usage.txt"),
        ({"pyproject.toml": "[tool.hatch.version]\npath = 'docs/v'"}, "docs/v"),
        # In other directories without code a build may still look.
        ({"setup.py": "os.system('make')"}, "Makefile"),
        (
            {"pyproject.toml": "[tool.ci-framework.commands]\ntest = 'make t'"},
            "Makefile",
        ),
        ({"CMakeLists.txt": "include(cmake/x.cmake)"}, "cmake/x.cmake"),
        ({"alembic.ini": "script_location = migrations/"}, "migrations/1.sql"),
        ({"Makefile": "run: x.json"}, "x.json"),
        ({}, "x.yml"),
        ({"native/x.c": ""}, "native/build.zig"),
        ({"tools/x.py": ""}, "tools/run.sh"),
        ({}, "native/only.c"),
    ],
)
def test_a_text_that_may_be_a_test_or_part_of_a_build_runs_every_test(
    tree: Tree, path: str, tmp_path: Path
) -> None:
    write(tmp_path, {**BASE, path: "x", **tree})
    decision = judge(tmp_path, path)
    assert (decision.docs_only, decision.tests.mode) == (False, "all")


@pytest.mark.parametrize("path", ["README.md", "docs/a.md"])
def test_a_page_that_is_gone_but_still_built_with_runs_every_test(
    path: str, tmp_path: Path
) -> None:
    tree = {**BASE, "pyproject.toml": f"[project]\nname = 'p'\nreadme = '{path}'\n"}
    graph = graph_of(tmp_path, tree)
    assert select(graph, gone=(path,)).everything == f"pyproject.toml names {path}"
    write(tmp_path, {path: ""})
    assert judge(tmp_path, path).docs_only


def test_a_page_that_a_link_takes_into_a_package_runs_every_test(
    tmp_path: Path,
) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    write(tmp_path, {**BASE, "docs/a.md": "", "LICENSE": ""})
    (tmp_path / "src/p/help.md").symlink_to("../../docs/a.md")
    assert judge(tmp_path, "docs/a.md").tests.mode == "all"
    assert judge(tmp_path, "LICENSE").docs_only
    (tmp_path / "src/p/pages").symlink_to("../../docs")
    write(tmp_path, {"docs/b.md": ""})
    assert judge(tmp_path, "docs/b.md").tests.mode == "all"


def test_a_text_in_a_package_that_is_not_declared_is_data(tmp_path: Path) -> None:
    path = "q/templates/README.md"
    write(tmp_path, {**BASE, "q/__init__.py": "", path: ""})
    assert not judge(tmp_path, path).docs_only


@pytest.mark.parametrize(
    "path", ["tasks/1.json", ".tool/cache/x.db", "site/a.css", "notes.txt", "old.json"]
)
def test_what_stands_apart_from_code_runs_who_names_it(
    path: str, tmp_path: Path
) -> None:
    """But it is not documentation: everything else looks at it."""
    other = in_test("x = {'tasks': 1}; x['site']; x.get('tasks')")
    write(tmp_path, {**BASE, path: "", **other})
    decision = judge(tmp_path, path)
    assert (decision.docs_only, decision.tests.mode) == (False, "none")
    assert decision.source_changed
    assert decision.security_relevant


@pytest.mark.parametrize(
    ("tree", "path", "mode"),
    [
        (code("TEXT = open('words.json')"), "src/p/words.json", "some"),
        (code("TEXT = open(f'{name}.json')"), "src/p/words.json", "some"),
        (code("TEXT = open(name + '.json')"), "src/p/words.json", "some"),
        (code("TEXT = open(f'conf_{name}_x.yml')"), "src/p/conf_a_x.yml", "some"),
        (code("TEXT = open('conf_%s_x.yml' % name)"), "src/p/conf_a_x.yml", "some"),
        (code("NAMES = ['words']"), "src/p/data/words.json", "some"),
        (code("PLACE = HERE / 'data'"), "src/p/data/words.json", "some"),
        (code("PLACE = files('p.data')"), "src/p/data/words.json", "some"),
        (code("PLACE = Path(__file__).parent"), "src/p/words.json", "some"),
        (code("PLACE = Loader('outer')"), "src/p/outer/in/words.json", "some"),
        (in_test("PLACE = HERE / 'data'"), "tests/data/words.json", "some"),
        (in_test("def test(datadir): pass"), "tests/test_a/words.json", "all"),
        (in_test("snapshot = open('words.json')"), "tests/data/words.json", "some"),
        (in_test("def test(snapshot): pass"), "tests/__snapshots__/a.ambr", "all"),
        (code("TEXT = open('words.json')"), "tests/data/words.json", "some"),
        (code("TEXT = open(f'{name}.json')"), "tests/data/words.json", "all"),
        (code("TEXT = open('other.json')"), "src/p/words.json", "all"),
        ({}, "src/p/words.json", "all"),
        ({}, "tests/data/words.json", "all"),
    ],
)
def test_data_runs_the_tests_of_its_readers_where_they_are_known(
    tree: Tree, path: str, mode: str, tmp_path: Path
) -> None:
    write(tmp_path, {**BASE, path: "x", **tree})
    decision = judge(tmp_path, path)
    assert (decision.docs_only, decision.tests.mode) == (False, mode)
    assert decision.tests.paths == (["tests/test_a.py"] if mode == "some" else [])


def test_data_that_is_gone_and_that_nobody_names_runs_nothing(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, BASE)
    found = select(graph, gone=("tests/data/old.db", "src/p/old.json"))
    assert (found.everything, found.chains) == ("", {})


@pytest.mark.parametrize(
    ("settings", "more", "tests"),
    [
        ("testpaths = ['tests']", {}, ["tests/test_a.py"]),
        ("testpaths = ['tests', 'nowhere']", {}, ["tests/test_a.py"]),
        ("testpaths = ['nowhere']", {}, ["test_top.py", "tests/test_a.py"]),
        ("testpaths = ['*/tests']", {}, ["test_top.py", "tests/test_a.py"]),
        ("addopts = '-q'", {}, ["test_top.py", "tests/test_a.py"]),
        # Another file counts for pytest, which says nothing of places.
        (
            "testpaths = ['tests']",
            {"pytest.ini": ""},
            ["test_top.py", "tests/test_a.py"],
        ),
        # A project inside has tests of its own.
        (
            "testpaths = ['tests']",
            {"libs/q/pyproject.toml": "", "libs/q/test_q.py": ""},
            ["libs/q/test_q.py", "tests/test_a.py"],
        ),
        (
            "testpaths = ['tests']\naddopts = '--doctest-modules'",
            {"src/p/a.py": ""},
            ["tests/test_a.py"],
        ),
    ],
)
def test_tests_are_where_pytest_looks_for_them(
    settings: str, more: Tree, tests: list[str], tmp_path: Path
) -> None:
    tree = {"test_top.py": "", "tests/test_a.py": "", **more}
    pyproject = f"[tool.pytest.ini_options]\n{settings}\n"
    graph = graph_of(tmp_path, {**tree, "pyproject.toml": pyproject})
    assert sorted(graph.tests) == tests


LOADER = "def load(name):\n    return import_module(name)\n"


@pytest.mark.parametrize(
    ("loader", "more", "found"),
    [
        (LOADER, {}, False),
        (LOADER, {"src/p/other.py": "import p.inner.a"}, False),
        (LOADER, {"src/p/other.py": "NAMES = ['p.inner.a']"}, True),
        (LOADER, {"tests/test_hub.py": "import p.hub\nload('a')"}, True),
        (LOADER, {"settings.yaml": "plugins: [p.inner.a]"}, True),
        (f"for f in os.listdir('inner'): pass\n{LOADER}", {}, True),
        (f"for f in os.listdir('else'): pass\n{LOADER}", {}, False),
        (f"for f in os.listdir('p'): pass\n{LOADER}", {}, False),
        ("name = f'p.inner.{x}'\nimport_module(name)", {}, True),
        ("name = f'p.else.{x}'\nimport_module(name)", {}, False),
        ("def f(name):\n name = name or 'p.else.x'\n import_module(name)", {}, False),
    ],
)
def test_the_tests_of_a_loader_run_first_if_code_passes_it_the_name(
    loader: str, more: Tree, found: bool, tmp_path: Path
) -> None:
    tree = {
        "src/p/__init__.py": "",
        "src/p/inner/__init__.py": "",
        "src/p/inner/a.py": "",
        "src/p/else/__init__.py": "",
        "src/p/hub.py": loader,
        "tests/test_hub.py": "import p.hub",
        **more,
    }
    selected = select(graph_of(tmp_path, tree), "src/p/inner/a.py")
    assert list(selected.chains) == (["tests/test_hub.py"] if found else [])
    assert selected.everything == "no test is known to reach src/p/inner/a.py"
