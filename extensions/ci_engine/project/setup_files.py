"""Read setup.cfg, and the literals in setup.py, without running it."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Mapping

import msgspec

from ci_engine.project.python_sources import last_name, parse_python

# The beginning of the names of the lists of extras.
EXTRA = "extras_require."


class SetupFacts(msgspec.Struct):
    """The facts in setup.py or setup.cfg.

    Attributes:
        name: the name, empty if it is computed.
        version: the version, empty if it is computed.
        requires_python: the supported Pythons, empty if they are computed.
        requires: its requirements, by the name of their list.
        roots: the directories that contain its packages, by package; "" means all.
        modules: its single modules.
        computed: whether its requirements are computed.
    """

    name: str = ""
    version: str = ""
    requires_python: str = ""
    requires: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])
    roots: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    modules: list[str] = msgspec.field(default_factory=list[str])
    computed: bool = False


def read_setup_cfg(text: str) -> SetupFacts | None:
    """Read setup.cfg; None if it is broken or describes no distribution."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    extras = "options.extras_require"
    if not any(map(parser.has_section, ("metadata", "options", extras))):
        return None
    facts = SetupFacts(
        name=parser.get("metadata", "name", fallback="").strip(),
        version=parser.get("metadata", "version", fallback="").strip(),
    )
    facts.requires_python = parser.get("options", "python_requires", fallback="")
    if facts.version.startswith(("attr:", "file:")):
        facts.version = ""
    for key in ("install_requires", "tests_require", "setup_requires"):
        listed = parser.get("options", key, fallback="")
        if listed.startswith("file:"):
            facts.computed = True
        elif listed:
            facts.requires[key] = _rows(listed)
    for key, listed in parser.items(extras) if parser.has_section(extras) else ():
        facts.requires[f"{EXTRA}{key}"] = _rows(listed)
    for row in _rows(parser.get("options", "package_dir", fallback="")):
        package, _, directory = row.partition("=")
        facts.roots[package.strip()] = directory.strip()
    where = parser.get("options.packages.find", "where", fallback="").strip()
    if where:
        facts.roots.setdefault("", _rows(where)[0])
    facts.modules = _rows(parser.get("options", "py_modules", fallback=""))
    return facts


def _rows(text: str) -> list[str]:
    rows = text.splitlines() if "\n" in text else text.split(",")
    return [row.strip() for row in rows if row.strip() and row.strip()[0] != "#"]


def read_setup_py(text: str) -> SetupFacts | None:
    """Read the call of ``setup()`` in setup.py; None if there is none or it is broken.

    Names with a literal value are resolved; everything else counts as
    computed.
    """
    tree = parse_python(text)
    if tree is None:
        return None
    known = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and last_name(node.func) == "setup":
            return _facts(node, known)
    return None


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The values of the module's names that are assigned once."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = node.value
            elif isinstance(target, ast.Subscript):
                _add(target, node.value, found)
    return found


def _add(target: ast.Subscript, value: ast.expr, found: dict[str, ast.expr]) -> None:
    """Add ``NAME["key"] = value`` to the literal of that name."""
    known = found.get(last_name(target.value))
    if isinstance(target.value, ast.Name) and isinstance(known, ast.Dict):
        keys, values = [*known.keys, target.slice], [*known.values, value]
        found[target.value.id] = ast.Dict(keys, values)


def _facts(call: ast.Call, known: Mapping[str, ast.expr]) -> SetupFacts:
    given = {word.arg: word.value for word in call.keywords if word.arg}
    facts = SetupFacts(
        name=_text(given.get("name"), known), version=_text(given.get("version"), known)
    )
    facts.requires_python = _text(given.get("python_requires"), known)
    facts.computed = len(given) < len(call.keywords)
    for key in ("install_requires", "tests_require", "setup_requires"):
        if key in given:
            facts.requires[key] = _texts(given[key], known, facts)
    for key, value in _pairs(given.get("extras_require"), known):
        facts.requires[f"{EXTRA}{key}"] = _texts(value, known, facts)
    for key, value in _pairs(given.get("package_dir"), known):
        facts.roots[key] = _text(value, known)
    packages = given.get("packages")
    if isinstance(packages, ast.Call):
        facts.roots.setdefault("", _where(packages, known))
    facts.modules = _texts(given.get("py_modules"), known, SetupFacts())
    return facts


def _where(call: ast.Call, known: Mapping[str, ast.expr]) -> str:
    """The directory that ``find_packages`` searches."""
    named = [word.value for word in call.keywords if word.arg == "where"]
    locations = named or call.args
    return (_text(locations[0], known) if locations else "") or "."


def _follow(
    node: ast.expr | None, known: Mapping[str, ast.expr], depth: int = 9
) -> ast.expr | None:
    if isinstance(node, ast.Name) and depth:
        return _follow(known.get(node.id), known, depth - 1)
    return node


def _text(node: ast.expr | None, known: Mapping[str, ast.expr]) -> str:
    node = _follow(node, known)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def _pairs(
    node: ast.expr | None, known: Mapping[str, ast.expr]
) -> list[tuple[str, ast.expr]]:
    node = _follow(node, known)
    if not isinstance(node, ast.Dict):
        return []
    pairs = zip(node.keys, node.values, strict=True)
    return [(_text(key, known), value) for key, value in pairs if key is not None]


def _texts(
    node: ast.expr | None, known: Mapping[str, ast.expr], facts: SetupFacts
) -> list[str]:
    """The texts of a list, including lists that are added to it."""
    node = _follow(node, known)
    if node is None:
        return []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _texts(node.left, known, facts) + _texts(node.right, known, facts)
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        facts.computed = True
        return []
    found: list[str] = []
    for item in node.elts:
        if isinstance(item, ast.JoinedStr):
            found.append(_spelled(item))
        elif word := _text(item, known):
            found.append(word)
        else:
            facts.computed = True
    return found


def _spelled(node: ast.JoinedStr) -> str:
    """``f"core @ file://{here}/../core"`` with ``${PROJECT_ROOT}`` for variables."""
    parts: list[str] = []
    for part in node.values:
        value = part.value if isinstance(part, ast.Constant) else None
        parts.append(value if isinstance(value, str) else "${PROJECT_ROOT}")
    return "".join(parts)
