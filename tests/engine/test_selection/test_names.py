"""Code that is reached by its name: entry points, plugins, registries, Django.

Each module has its own test as well, so that it does not count as unknown code: the
tests of what loads it have to run besides.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.test_selection.entry_points import EntryPoint, read_entry_points
from ci_engine.test_selection.named_modules import loads_by_name
from ci_engine.test_selection.repository_files import Files
from tests.support.selecting import Tree, graph_of, select, write

PACKAGE: Tree = {
    "src/p/__init__.py": "",
    "src/p/plug.py": "def f(): pass\n",
    "src/p/other.py": "",
    "tests/test_plug.py": "import p.plug\n",
    "tests/test_core.py": "import p.core\n",
    "tests/test_other.py": "import p.other\n",
}
BY_GROUP = "from importlib.metadata import entry_points\nentry_points(group='p.x')\n"
LOADS = "def load(name):\n    return import_string(name)\n"

NAMED: dict[str, Tree] = {
    "module that a test skips without": {
        "tools/plug.py": "",
        "tests/test_plug.py": "import plug\n",
        "tests/test_core.py": "plug = pytest.importorskip(\n    'plug', reason='x')\n",
        "tests/conftest.py": "sys.path.insert(0, '../tools')\n",
    },
    "entry point of the project": {
        "pyproject.toml": "[project.entry-points.'p.x']\na = 'p.plug:f'\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point of setup.cfg": {
        "setup.cfg": "[options.entry_points]\np.x =\n    a = p.plug:f\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point of setup.py": {
        "setup.py": "setup(entry_points={'p.x': ['a=p.plug:f [extra]']})\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point of setup.py as text": {
        "setup.py": "setup(entry_points='[p.x]\\na = p.plug:f\\n')\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point of setup.py in a table of its own": {
        "setup.py": "POINTS = {'p.x': ['a=p.plug:f']}\nsetup(entry_points=POINTS)\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point that setup.py adds later": {
        "setup.py": "entry_points = {}\nentry_points['p.x'] = ['a=p.plug:f']\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point of pbr": {
        "setup.cfg": "[entry_points]\np.x =\n    a = p.plug:f\n",
        "src/p/core.py": BY_GROUP,
    },
    "entry point of Poetry": {
        "pyproject.toml": "[tool.poetry.plugins.'p.x']\na = 'p.plug:f'\n",
        "src/p/core.py": BY_GROUP,
    },
    "group that is put together": {
        "pyproject.toml": "[project.entry-points.'p.x']\na = 'p.plug:f'\n",
        "src/p/core.py": "def load(name):\n    return entry_points(group=name)\n",
    },
    "plugin of another program": {
        "pyproject.toml": "[project.entry-points.'mkdocs.plugins']\na = 'p.plug:f'\n",
        "src/p/core.py": "",
        "tests/test_core.py": "from mkdocs.config import load_config\n",
    },
    "module in a registry": {"src/p/core.py": f"KINDS = ['p.plug']\n{LOADS}"},
    "attribute in a registry": {
        "src/p/core.py": f"KINDS = {{'a': 'p.plug.f'}}\n{LOADS}"
    },
    "attribute after a colon": {"src/p/core.py": f'KIND = "p.plug:f"\n{LOADS}'},
    "loader in another file": {
        "src/p/core.py": "KINDS = ('p.plug',)\n",
        "src/p/loading.py": LOADS,
    },
    "directory of plugins": {
        "src/p/plugins/__init__.py": "for i in pkgutil.iter_modules(__path__): go(i)\n",
        "src/p/plugins/a.py": "",
        "src/p/core.py": "import p.plugins\n",
        "tests/test_plug.py": "import p.plugins.a\n",
    },
    "directory of plugins, loaded by other code": {
        "src/p/plugins/a.py": "import p.other\n",
        "src/p/plugins/a.plug": "[Core]\nModule = a\n",
        "src/p/core.py": "import p.place, p.load\n",
        "src/p/place.py": "CORE = join(dirname(__file__), 'plugins')\n",
        "src/p/load.py": "spec = spec_from_file_location(name, path)\n",
        "tests/test_plug.py": "import p.plugins.a\n",
    },
    "package that a library scans": {
        "src/p/views/__init__.py": "",
        "src/p/views/a.py": "",
        "src/p/core.py": "def main(config):\n    config.scan('p.views')\n",
        "tests/test_plug.py": "import p.views.a\n",
    },
    "package of the file that scans": {
        "src/p/app/__init__.py": "def main():\n    config.scan()\n",
        "src/p/app/a.py": "",
        "src/p/core.py": "import p.app\n",
        "tests/test_plug.py": "import p.app.a\n",
    },
    "package that another file walks": {
        "src/p/views/__init__.py": "",
        "src/p/views/a.py": "",
        "src/p/core.py": "from p import views\ntake(iter_modules(views.__path__))\n",
        "tests/test_plug.py": "import p.views.a\n",
    },
    "name below a namespace that is a constant": {
        "src/plugins/a.py": "",
        "src/p/core.py": "AT = 'plugins'\nimport_module(f'{AT}.{name}')\n",
        "tests/test_plug.py": "import plugins.a\n",
    },
    "label that a loader completes": {
        "src/p/apps/__init__.py": "",
        "src/p/apps/shop/__init__.py": "",
        "src/p/apps/shop/forms.py": "",
        "src/p/load.py": "def get(n, start='p.apps'): import_string(start + n)\n",
        "src/p/core.py": "import p.load\nFORMS = get('shop.forms')\n",
        "tests/test_plug.py": "import p.apps.shop.forms\n",
    },
    "name below a package": {
        "src/p/plugins/__init__.py": "",
        "src/p/plugins/a.py": "",
        "src/p/core.py": "def load(n): import_module(f'p.plugins.{n}')\n",
        "tests/test_plug.py": "import p.plugins.a\n",
    },
    "import that registers": {
        "src/p/__init__.py": "from p import plug\n",
        "src/p/plug.py": "from p.core import KINDS\nKINDS['a'] = 1\n",
        "src/p/core.py": "KINDS = {}\n",
        "tests/test_other.py": "",
    },
    "import that registers by a decorator": {
        "src/p/kinds/__init__.py": "from . import a\n",
        "src/p/kinds/base.py": "",
        "src/p/kinds/a.py": "from . import base\n@base.kinds.add(1)\ndef f(): 0\n",
        "src/p/core.py": "from p.kinds import base\n",
        "tests/test_plug.py": "import p.kinds.a\n",
    },
    "class that registers because it exists": {
        "src/p/kinds/__init__.py": "from .a import A\n",
        "src/p/kinds/base.py": "class B:\n    def __init_subclass__(cls): ...\n",
        "src/p/kinds/a.py": "from .base import B\nclass A(B): pass\n",
        "src/p/core.py": "from p.kinds.base import B\n",
        "tests/test_plug.py": "import p.kinds.a\n",
    },
    "program in a longer text": {
        "tests/test_core.py": "run(shlex.split('python -m p.plug --x'))\n",
        "src/p/core.py": "",
    },
    "command of setup.cfg": {
        "setup.cfg": "[options.entry_points]\nconsole_scripts =\n  plugit = p.plug:f\n",
        "tests/test_core.py": "subprocess.run('plugit --help'.split())\n",
        "src/p/core.py": "",
    },
    "settings of Django": {
        "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = p.plug\n",
        "tests/test_core.py": "def test(client): client.get('/')\n",
        "src/p/core.py": "",
    },
    "app of Django": {
        "tests/test_core.py": "import django\nimport p.core\n",
        "src/p/core.py": "INSTALLED_APPS = ['shop']\n",
        "src/shop/__init__.py": "",
        "src/shop/templatetags/plug.py": "",
        "tests/test_plug.py": "import shop.templatetags.plug\n",
    },
    "command of Django": {
        "tests/test_core.py": "import django\ncall_command('plug')\n",
        "src/p/core.py": "",
        "src/p/management/commands/plug.py": "",
        "tests/test_plug.py": "import p.management.commands.plug\n",
    },
}
CHANGED = {
    "module that a test skips without": "tools/plug.py",
    "directory of plugins": "src/p/plugins/a.py",
    "directory of plugins, loaded by other code": "src/p/plugins/a.py",
    "name below a namespace that is a constant": "src/plugins/a.py",
    "label that a loader completes": "src/p/apps/shop/forms.py",
    "package that a library scans": "src/p/views/a.py",
    "package of the file that scans": "src/p/app/a.py",
    "package that another file walks": "src/p/views/a.py",
    "name below a package": "src/p/plugins/a.py",
    "import that registers by a decorator": "src/p/kinds/a.py",
    "class that registers because it exists": "src/p/kinds/a.py",
    "app of Django": "src/shop/templatetags/plug.py",
    "command of Django": "src/p/management/commands/plug.py",
}


@pytest.mark.parametrize("kind", NAMED)
def test_what_loads_code_by_its_name_is_tested_with_it(
    kind: str, tmp_path: Path
) -> None:
    graph = graph_of(tmp_path, {**PACKAGE, **NAMED[kind]})
    found = select(graph, CHANGED.get(kind, "src/p/plug.py"))
    assert not found.everything
    assert {"tests/test_plug.py", "tests/test_core.py"} <= set(found.chains)
    assert "tests/test_other.py" not in found.chains


@pytest.mark.parametrize(
    ("core", "loads"),
    [
        ("KINDS = ['p.plug']\n", False),
        ("log = logging.getLogger('p.plug')\n", True),
        ("from .plug import f\n", False),
    ],
    ids=["nothing loads by name", "name of a logger", "import for its names"],
)
def test_what_only_looks_like_a_name_adds_no_test(
    core: str, loads: bool, tmp_path: Path
) -> None:
    more = {"src/p/core.py": core, **({"src/p/l.py": LOADS} if loads else {})}
    if "import" in core:
        more = {"src/p/__init__.py": core, "src/p/core.py": ""}
    graph = graph_of(tmp_path, {**PACKAGE, **more})
    assert "tests/test_core.py" not in select(graph, "src/p/plug.py").chains


def test_a_name_in_a_text_does_not_make_code_known(tmp_path: Path) -> None:
    """Else a text that nothing loads would hide that no test is known."""
    tree = {**PACKAGE, "src/p/core.py": f"KINDS = ['p.plug']\n{LOADS}"}
    del tree["tests/test_plug.py"]
    found = select(graph_of(tmp_path, tree), "src/p/plug.py")
    assert found.unreached == ["src/p/plug.py"]
    assert list(found.chains) == ["tests/test_core.py"]


def test_every_way_to_declare_entry_points_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": "[project.scripts]\na = 'm.a:f'\n"
            "[tool.poetry.scripts]\nb = {reference = 'm.b:f', type = 'console'}\n"
            "[tool.flit.entrypoints.g]\nc = 'm.c'\n",
            "x/setup.cfg": "[options.entry_points]\ng =\n  d = m.d:f\n  # no\n",
            "y/entry_points.txt": "[g]\ne = m.e\n[console_scripts]\nh = m.h:f\n",
            "z/setup.cfg": "[broken\n",
            "z/pyproject.toml": "= broken",
            "z/setup.py": "def (",
        },
    )
    names = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*") if p.is_file()]
    found = read_entry_points(Files(tmp_path, frozenset(names)))
    assert sorted((p.group, p.name, p.module) for p in found) == [
        ("", "a", "m.a"),
        ("", "b", "m.b"),
        ("", "h", "m.h"),
        ("g", "c", "m.c"),
        ("g", "d", "m.d"),
        ("g", "e", "m.e"),
    ]
    assert all(isinstance(point, EntryPoint) for point in found)


def test_a_plugin_of_pytest_matters_to_every_test(tmp_path: Path) -> None:
    setup = "[options.entry_points]\npytest11 =\n    p = p.plug\n"
    graph = graph_of(tmp_path, {**PACKAGE, "src/p/core.py": "", "setup.cfg": setup})
    assert graph.tests <= set(select(graph, "src/p/plug.py").chains)


def test_every_sign_of_a_loader_is_found_by_its_words() -> None:
    """The words only save time: with one of them missing, an edge would be lost."""
    signs = (
        "import_module __import__( resolve_name pydoc.locate entry_points find_spec "
        "import_string import_object import_from_string import_name import_class "
        "import_attr import_path import_dotted from_object load_object load_class "
        "load_entry_point load_backend load_module load_plugin run_module runpy "
        "dictConfig fileConfig symbol_by_name ImportString instantiate( autodiscover "
        "django celery stevedore pluggy pytest_plugins get_class( get_backend( "
        "get_callable("
    )
    for sign in signs.split():
        assert loads_by_name(f"x = {sign}".encode()), sign
    assert not loads_by_name(b"x = get_name(load_it())")
