"""Compare the meaning of YAML documents, as read by two independent parsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, cast

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ci_framework.planning.edits import CannotEdit


class Node(Protocol):
    """A node of either parser."""

    @property
    def id(self) -> str:
        """scalar, sequence or mapping."""
        ...

    @property
    def tag(self) -> str:
        """Its resolved tag."""
        ...

    @property
    def value(self) -> object:
        """A text, a list of nodes or a list of pairs of nodes."""
        ...


class _Composer(Protocol):
    """The part of ruamel.yaml that is used; it has no type annotations."""

    def compose(self, stream: str) -> Node | None: ...


_compose = cast("Callable[[str, object], Node | None]", vars(yaml)["compose"])


def _compose_by_pyyaml(text: str) -> Node | None:
    try:
        return _compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CannotEdit(f"PyYAML cannot read it: {_brief(error)}") from error


def _compose_by_ruamel(text: str) -> Node | None:
    parser = cast("_Composer", YAML(typ="safe", pure=True))
    try:
        return parser.compose(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise CannotEdit(f"ruamel.yaml cannot read it: {_brief(error)}") from error


def _brief(error: Exception) -> str:
    return " ".join(str(getattr(error, "problem", None) or error).split())


PARSERS: tuple[Callable[[str], Node | None], ...] = (
    _compose_by_pyyaml,
    _compose_by_ruamel,
)


class Meanings:
    """Numbers for nodes: nodes with the same meaning have the same number.

    A node with many aliases is examined once, so that a small file cannot expand
    to a huge one.
    """

    def __init__(self) -> None:
        """Start without nodes."""
        self._numbers: dict[tuple[object, ...], int] = {}
        self._of_node: dict[int, int] = {}
        # A deleted node could have the same identity as a new one.
        self._alive: list[Node] = []

    def of(self, node: Node) -> int:
        """The number of a node.

        Raises:
            CannotEdit: if a mapping in it has a key twice, or it is nested too deeply.
        """
        try:
            return self._of(node)
        except RecursionError as error:
            raise CannotEdit("it is nested too deeply") from error

    def _of(self, node: Node) -> int:
        known = self._of_node.get(id(node))
        if known is not None:
            return known
        # A node that contains itself is recognized by this number.
        self._of_node[id(node)] = -1
        self._alive.append(node)
        if node.id == "scalar":
            content: tuple[object, ...] = (node.value,)
        elif node.id == "sequence":
            content = tuple(self._of(item) for item in self.items(node))
        else:
            content = tuple(self.pairs(node))
        number = self._number((node.id, node.tag, *content))
        self._of_node[id(node)] = number
        return number

    def _number(self, content: tuple[object, ...]) -> int:
        return self._numbers.setdefault(content, len(self._numbers))

    def pairs(self, node: Node) -> list[tuple[int, int]]:
        """The numbers of the keys and values of a mapping, in order.

        Raises:
            CannotEdit: if it has a key twice.
        """
        pairs = [(self._of(key), self._of(value)) for key, value in _members(node)]
        if len({key for key, _ in pairs}) < len(pairs):
            raise CannotEdit("a mapping in it has the same key twice")
        return pairs

    def text(self, text: str) -> int:
        """The number of a plain text, such as a key."""
        return self._number(("scalar", "tag:yaml.org,2002:str", text))

    @staticmethod
    def items(node: Node) -> list[Node]:
        """The items of a sequence."""
        return list(cast("Iterable[Node]", node.value))

    @staticmethod
    def value_of(node: Node, key: str) -> Node | None:
        """The value of a key of a mapping, None if it has none."""
        for name, value in _members(node):
            if name.id == "scalar" and name.value == key:
                return value
        return None


def _members(node: Node) -> Iterable[tuple[Node, Node]]:
    return cast("Iterable[tuple[Node, Node]]", node.value)
