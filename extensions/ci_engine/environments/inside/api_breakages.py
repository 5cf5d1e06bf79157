"""Compare the public API of two trees. Runs in the environment of the locked griffe.

Usage: ``python api_breakages.py OLD NEW PACKAGE...``. Both directories contain each
package by its import name. Nothing is imported: griffe only parses the code.
Prints one line of JSON.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import griffe

# The API is what other projects use, without the tests in the package.
_TESTS = re.compile(r"(tests?|conftest|test_.*|.*_test)$")
_DEPRECATED = re.compile(r"(^|[._])deprecat", re.IGNORECASE)
_SAID = re.compile(
    r"^\s*(\.\. deprecated::|deprecated\b)", re.IGNORECASE | re.MULTILINE
)
# Names that annotations need, in any module.
_VARIABLE = re.compile(r"(\w+\.)?(TypeVar|TypeVarTuple|ParamSpec)\(")
_WARNINGS = ("DeprecationWarning", "FutureWarning")
# Other dunder names describe a module, and are not part of its API.
_KEPT_DUNDERS = ("__version__", "__getattr__")
# Older versions of griffe report values of attributes as well.
_NO_BREAKAGE = ("ATTRIBUTE_CHANGED_VALUE", "ATTRIBUTE_CHANGED_TYPE")
_LONGEST = 80
_T = TypeVar("_T")


# Only aliases, modules or functions have some of these attributes, and the values of
# a breakage depend on its kind, which griffe's types do not express.
_Node: TypeAlias = Any
_Change: TypeAlias = Any
_Named: TypeAlias = tuple[str, _Node, bool]
_Facts = dict[str, str | int | bool]


def _resolved(get: Callable[[], _T], default: _T) -> _T:
    """Resolve an object of griffe; names of other packages are not resolved."""
    try:
        return get()
    except (griffe.GriffeError, KeyError):
        return default


def _load(tree: Path, name: str) -> _Node:
    """Parse a package; None if it does not exist."""
    path = tree.joinpath(*name.split("."))
    if not (path.is_dir() or any(path.parent.glob(f"{path.name}.py*"))):
        return None
    loader = griffe.GriffeLoader(search_paths=[tree], allow_inspection=False)
    loaded: _Node = loader.load(name, try_relative_path=False)
    loader.resolve_aliases(implicit=False, external=False)
    _mark(loaded, name.partition(".")[0])
    return loaded


def _mark(module: _Node, top: str) -> None:
    """Mark what griffe leaves undecided: re-exports of an ``__init__``, and tests."""
    for name, member in module.members.items():
        if not member.is_alias and member.is_module:
            if _TESTS.fullmatch(name):
                member.public = False
            else:
                _mark(member, top)
        elif _describes(name, member):
            member.public = False
        elif (
            member.is_alias
            and _is_init(module)
            and not module.exports
            and not name.startswith("_")
            and member.runtime
        ):
            # Without __all__, packages offer a name by importing it.
            member.public = f"{member.target_path}.".startswith(f"{top}.")


def _describes(name: str, member: _Node) -> bool:
    """Whether a name describes a module or serves annotations, and is not an API."""
    value = "" if member.is_alias else str(getattr(member, "value", ""))
    special = name.startswith("__") and name not in _KEPT_DUNDERS
    return special or _VARIABLE.match(value) is not None


def _is_init(module: _Node) -> bool:
    path = module.filepath
    return not isinstance(path, list) and path.stem == "__init__"


def _public(parent: _Node, path: str, chain: set[str]) -> Iterator[_Named]:
    """The public objects below an object, by their public names."""
    for name, member in parent.all_members.items():
        if not _resolved(partial(getattr, member, "is_public"), default=False):
            continue
        found = _final(member)
        if found is None:
            continue
        yield f"{path}.{name}", found, member.is_alias and member.inherited
        # Imports and attributes can make a module or class contain itself.
        if (found.is_module or found.is_class) and found.path not in chain:
            yield from _public(found, f"{path}.{name}", {*chain, found.path})


def _final(member: _Node) -> _Node:
    """The object that an alias resolves to; None if it is in another package."""
    if not member.is_alias:
        return member
    return _resolved(lambda: member.final_target, default=None)


def _names(objects: Iterable[_Named]) -> dict[str, str]:
    """The shortest public name of each object, unless it is inherited."""
    names: dict[str, str] = {}
    for path, found, inherited in objects:
        known = names.get(found.path, path)
        if not inherited:
            names[found.path] = min(known, path, key=lambda each: each.count("."))
    return names


def _name(path: str, names: dict[str, str]) -> str:
    """The public name of an object, or of its parent."""
    holder, rest = path, ""
    while holder and holder not in names:
        holder, _, last = holder.rpartition(".")
        rest = f".{last}{rest}"
    return f"{names[holder]}{rest}" if holder else path


def _compare(old: _Node, new: _Node, trees: tuple[Path, Path]) -> Iterator[_Facts]:
    """Every breakage once, regardless of how many names refer to it."""
    known = list(_public(old, old.path, {old.path}))
    names = _names(known)
    before = {path: found for path, found, _ in known}
    after = {path: found for path, found, _ in _public(new, new.path, {new.path})}
    seen: set[tuple[str, str, str]] = set()
    breakage: _Change
    for breakage in griffe.find_breaking_changes(old, new):
        kind: str = breakage.kind.name
        if kind in _NO_BREAKAGE or _is_still_there(breakage, names):
            continue
        parameter = breakage.old_value or breakage.new_value
        parameter = str(parameter.name) if "PARAMETER" in kind else ""
        path = _name(str(breakage.obj.path), names)
        key = (kind, path, parameter)
        if key not in seen:
            seen.add(key)
            yield _describe(breakage, path, parameter, (old, new), trees)
    for path, function in before.items():
        other = after.get(path)
        if not (function.is_function and other is not None and other.is_function):
            continue
        sides = ["async" in side.labels for side in (function, other)]
        if sides[0] != sides[1] and names.get(function.path) == path:
            words = ["a coroutine" if side else "a function" for side in sides]
            facts: _Facts = {"kind": "ASYNC_CHANGED", "object": path, "parameter": ""}
            facts |= {"old": words[0], "new": words[1]}
            facts["deprecated"] = _is_deprecated(function)
            yield facts | _location(other, trees[1], "path", "line")


def _is_still_there(breakage: _Change, names: dict[str, str]) -> bool:
    """Whether a removed method is inherited now, or was inherited before."""
    removed = breakage.obj
    if breakage.kind.name != "OBJECT_REMOVED" or not removed.parent.is_class:
        return False
    found = removed
    if removed.is_alias:
        found = _final(removed)
        if found is not None and removed.inherited and found.path in names:
            return True
    name = removed.name
    if name in ("__init__", "__new__"):
        parameters = getattr(found, "parameters", ())
        return all(parameter.name in ("self", "cls") for parameter in parameters)
    return hasattr(object, name) or name in ("__slots__", "__match_args__")


def _describe(
    breakage: _Change,
    path: str,
    parameter: str,
    sides: tuple[_Node, _Node],
    trees: tuple[Path, Path],
) -> _Facts:
    kind = breakage.kind.name
    before = _resolved(lambda: sides[0][path[len(sides[0].path) + 1 :]], default=None)
    if kind == "OBJECT_REMOVED":
        where = _container(path, sides[1], trees[1])
        where |= _location(breakage.obj, trees[0], "old_path", "old_line")
    else:
        where = _location(breakage.obj, trees[1], "path", "line")
    old, new = _values(breakage)
    return {
        "kind": kind,
        "object": path,
        "parameter": parameter,
        "old": old[:_LONGEST],
        "new": new[:_LONGEST],
        "deprecated": before is not None and _is_deprecated(before, parameter),
        **where,
    }


def _values(breakage: _Change) -> tuple[str, str]:
    old, new, kind = breakage.old_value, breakage.new_value, breakage.kind.name
    if kind == "PARAMETER_CHANGED_DEFAULT":
        return str(old.default), str(new.default)
    if kind == "PARAMETER_CHANGED_KIND":
        return old.kind.value, new.kind.value
    if kind == "OBJECT_CHANGED_KIND":
        return old.value, new.value
    if kind == "CLASS_REMOVED_BASE":
        kept = {str(base) for base in new}
        return ", ".join(str(base) for base in old if str(base) not in kept), ""
    return (str(old) if kind == "RETURN_CHANGED_TYPE" else ""), ""


def _container(path: str, new: _Node, tree: Path) -> _Facts:
    """The location of the nearest remaining parent of a removed object."""
    parts = path[len(new.path) + 1 :].split(".")[:-1]
    found = new
    for part in parts:
        inner: _Node = found.members.get(part)
        target = None if inner is None else _final(inner)
        if target is None:
            break
        found = target
    listing = found.members.get("__all__") if found.is_module else None
    place = _location(found, tree, "path", "line")
    line = getattr(listing, "lineno", None) or place["line"]
    return {**place, "line": line or 1}


def _location(found: _Node, tree: Path, path: str, line: str) -> _Facts:
    holder = found.parent if found.is_alias else found
    file: Path | list[Path] = _resolved(lambda: holder.filepath, default=[])
    number = found.alias_lineno if found.is_alias else found.lineno
    if isinstance(file, list):
        return {path: "", line: 0}
    return {path: file.relative_to(tree).as_posix(), line: number or 1}


def _is_deprecated(found: _Node, parameter: str = "") -> bool:
    """Whether an object, or its changed parameter, was deprecated before."""
    target = _final(found)
    if target is None:
        return False
    text = target.docstring.value if target.docstring else ""
    if parameter:
        return any(parameter in call for call in _warning_calls(target, whole=True))
    decorators = getattr(target, "decorators", ())
    return (
        bool(_SAID.search(text))
        or any(_DEPRECATED.search(str(each.value)) for each in decorators)
        or any(_warning_calls(target, whole=False))
    )


def _warning_calls(target: _Node, *, whole: bool) -> list[str]:
    """The warnings of a function: the unconditional ones, or all of them."""
    if not target.is_function:
        return []
    try:
        tree = ast.parse(textwrap.dedent(target.source))
    except (SyntaxError, ValueError, griffe.GriffeError):
        return []
    body = getattr(tree.body[0], "body", []) if tree.body else []
    calls = [each.value for each in body if isinstance(each, ast.Expr)]
    nodes = list(ast.walk(tree)) if whole else calls
    texts = [ast.unparse(node) for node in nodes if isinstance(node, ast.Call)]
    return [text for text in texts if any(word in text for word in _WARNINGS)]


def main() -> None:
    """Print the breaking changes in the API of packages."""
    trees = (Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
    breakages: list[_Facts] = []
    removed: list[str] = []
    for name in sys.argv[3:]:
        old, new = (_load(tree, name) for tree in trees)
        if old is not None and new is None:
            removed.append(name)
        elif old is not None:
            breakages += _compare(old, new, trees)
    result = {"breakages": breakages, "removed": removed}
    sys.stdout.write(json.dumps(result) + "\n")


main()
