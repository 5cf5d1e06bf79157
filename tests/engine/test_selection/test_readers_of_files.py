"""Tests that read pages, sources, templates and snapshots are found by what they do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import git
from tests.support.selecting import Tree, graph_of, judge, select, write

BASE: Tree = {
    "pyproject.toml": "[project]\nname = 'p'\n",
    "src/p/__init__.py": "",
    "src/p/a.py": "x = 1\n",
    "tests/test_a.py": "import p.a\n",
    "tests/test_z.py": "",
}


@pytest.mark.parametrize(
    "text",
    [
        "for p in Path('.').rglob('*'): p.read_text()",
        "for top, _, names in os.walk('.'): names",
        "for top, _, names, _ in os.fwalk('..'): names",
        "for p in Path.cwd().walk(): p",
        "subprocess.run(['git', 'grep', '-l', 'x'])",
        "os.system('git ls-files')",
        "subprocess.run(['grep', '-r', 'x'])",
        "shutil.copytree(Path(__file__).parents[1], tmp_path)",
        "from mkdocs.commands import build",
        "import sphinx.application",
        "PATTERN = 'x'; list(Path(os.curdir).glob(PATTERN))",
    ],
)
def test_a_test_that_reads_pages_runs_for_them(text: str, tmp_path: Path) -> None:
    write(tmp_path, {**BASE, "docs/a.md": "x", "tests/test_a.py": f"{text}\n"})
    decision = judge(tmp_path, "docs/a.md")
    assert decision.tests.paths == ["tests/test_a.py"]
    assert not decision.docs_only


def test_a_link_of_the_tests_to_a_page_is_a_page_of_the_tests(tmp_path: Path) -> None:
    write(tmp_path, {**BASE, "README.md": "x", "tests/data/x.txt": ""})
    (tmp_path / "tests/data/page.md").symlink_to("../../README.md")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").symlink_to("../README.md")
    assert (
        "tests/data/page.md leads to"
        in judge(tmp_path, "README.md").affected.everything
    )


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({}, "pytest --doctest-glob=*.md"),
        ({"tox.ini": "[testenv]\ncommands = pytest --doctest-glob '*.md'\n"}, "tox"),
        ({"noxfile.py": "s.run('pytest', '--doctest-glob=*.md')\n"}, "nox -s tests"),
        ({"Makefile": "test:\n\tpytest --markdown-docs\n"}, "make test"),
    ],
    ids=["command", "tox", "nox", "make"],
)
def test_pages_are_tests_where_the_own_command_makes_them(
    files: Tree, command: str, tmp_path: Path
) -> None:
    settings = (
        "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"
        f'[tool.ci-framework.commands]\ntest = "{command}"\n'
    )
    write(tmp_path, {**BASE, **files, "docs/a.md": "x", "pyproject.toml": settings})
    assert judge(tmp_path, "docs/a.md").tests.mode == "all"


@pytest.mark.parametrize(
    "text",
    [
        "SRC = Path(__file__).parents[1] / 'src'\nlist(SRC.rglob('*.py'))",
        "for top, _, names in os.walk('src'): names",
        "subprocess.run(['grep', '-rn', 'print', 'src'])",
        "for m in pkgutil.iter_modules(p.__path__): m",
        "run('git ls-files')",
        "import p\nlist(Path(p.__file__).parent.glob('*.py'))",
    ],
)
def test_a_test_that_reads_the_sources_runs_for_each(text: str, tmp_path: Path) -> None:
    tree = {**BASE, "tests/test_style.py": f"{text}\n"}
    found = select(graph_of(tmp_path, tree), "src/p/a.py")
    assert sorted(found.chains) == ["tests/test_a.py", "tests/test_style.py"]


def test_a_test_that_lists_its_own_data_does_not(tmp_path: Path) -> None:
    text = "DATA = Path(__file__).parent / 'data'\nlist(DATA.iterdir())\n"
    tree = {**BASE, "tests/test_z.py": text, "tests/data/x.txt": ""}
    found = select(graph_of(tmp_path, tree), "src/p/a.py")
    assert list(found.chains) == ["tests/test_a.py"]


def test_code_that_only_a_listing_reaches_selects_all(tmp_path: Path) -> None:
    style = "SRC = Path(__file__).parents[1]\nlist(SRC.rglob('*.py'))\n"
    tree = {**BASE, "tests/test_z.py": style, "src/p/new.py": ""}
    found = select(graph_of(tmp_path, tree), "src/p/new.py")
    assert found.unreached == ["src/p/new.py"]


def test_every_loader_of_templates_may_load_one(tmp_path: Path) -> None:
    """What includes a template is a template itself, and names no directory."""
    loader = "ENV = Environment(loader=PackageLoader('p'))\n"
    tree = {
        **BASE,
        "src/p/a.py": loader,
        "src/p/mail.py": "PAGE = 'templates/mail.html'\n",
        "src/p/templates/part.html": "x",
        "tests/test_mail.py": "import p.mail\n",
    }
    found = select(graph_of(tmp_path, tree), "src/p/templates/part.html")
    assert sorted(found.chains) == ["tests/test_a.py", "tests/test_mail.py"]


@pytest.mark.parametrize(
    "path",
    [
        "tests/__snapshots__/test_a.ambr",
        "tests/__snapshots__/test_a/test_x.json",
        "tests/snapshots/test_a/one.txt",
        "tests/cassettes/test_a/one.yaml",
    ],
)
def test_a_snapshot_is_of_the_test_that_its_place_names(
    path: str, tmp_path: Path
) -> None:
    tree = {**BASE, "tests/test_a.py": "def test(snapshot): ...\n", path: "x"}
    found = select(graph_of(tmp_path, tree), path)
    assert (found.everything, list(found.chains)) == ("", ["tests/test_a.py"])


def test_a_fixture_with_a_name_of_its_own_is_used_by_that(tmp_path: Path) -> None:
    conftest = "@pytest.fixture(name='box')\ndef _box():\n    import p.a\n"
    tree = {
        **BASE,
        "tests/conftest.py": conftest,
        "tests/test_a.py": "def test(box): ...\n",
        "src/p/a.py": "",
    }
    found = select(graph_of(tmp_path, tree), "src/p/a.py")
    assert list(found.chains) == ["tests/test_a.py"]


def test_data_is_read_by_the_name_of_a_link_as_well(tmp_path: Path) -> None:
    tree = {
        **BASE,
        "tests/real/a.cfg": "x",
        "tests/linked/b.cfg": "x",
        "tests/test_a.py": "HERE / 'linked'\n",
        "tests/test_z.py": "HERE / 'real'\n",
    }
    write(tmp_path, tree)
    (tmp_path / "tests/linked/real").symlink_to("../real")
    git(tmp_path, "init", "--quiet")
    found = select(graph_of(tmp_path, {}), "tests/real/a.cfg")
    assert sorted(found.chains) == ["tests/test_a.py", "tests/test_z.py"]
