"""Expressions in workflows: the secrets they read, and errors that GitHub refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.readers.yaml_nodes import Node

_SECRET = re.compile(r"\bsecrets\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*'([^']+)'\s*\])")
_ALL_SECRETS = re.compile(r"\bsecrets\s*(?![\s.\[\w-])")
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_CALL = re.compile(r"(?<![\w.-])([A-Za-z_][\w-]*)\s*\(")
_NAME = re.compile(r"(?<![\w.\-*])([A-Za-z_][\w-]*)(?!\s*\(|[\w-])")
_FUNCTIONS, _CONTEXTS = word_set("functions"), word_set("contexts")
_SHELL = re.compile(r"\[\[|\[\s+-\w|(^|\s)-[a-z]\s|[\"`$;{}]|(?<![=!<>])=(?!=)")
# Contexts that are not available when GitHub decides whether to start.
_NOT_IN_JOB_IF = frozenset(
    ["env", "job", "matrix", "runner", "secrets", "steps", "strategy"]
)
_NOT_IN_STEP_IF = frozenset(["secrets"])


def expressions(node: Node) -> Iterator[tuple[str, int]]:
    """The content of every ``${{ }}`` and ``if:`` below a node, with lines."""
    for text, line, _location in _all(node, ""):
        yield text, line


def secrets_of(node: Node) -> list[str]:
    """Names of the secrets that are read below a node; ``inherit`` means all."""
    found: list[str] = []
    for text, _line in expressions(node):
        found += [match[1] or match[2] for match in _SECRET.finditer(text)]
        if _ALL_SECRETS.search(_LITERAL.sub("''", text)):
            found.append("inherit")
    if ("secrets", "inherit") in [(name, value.text) for name, value in node.pairs]:
        found.append("inherit")
    return list(dict.fromkeys(found))


def expression_problems(node: Node, location: str = "") -> Iterator[tuple[int, str]]:
    """Why GitHub refuses an expression below a node, with lines.

    ``location`` is ``job`` or ``step`` if ``node`` itself may have an ``if:``.
    """
    for text, line, where in _all(node, location):
        problem = _problem(text, where)
        if problem:
            yield line, problem


def _all(node: Node, location: str) -> Iterator[tuple[str, int, str]]:
    for (name, value), at in zip(node.pairs, node.key_lines, strict=True):
        if name == "if" and value.kind == "text" and location:
            whole = "${{" not in value.text
            texts = [value.text] if whole else _inside(value.text)
            yield from ((text, at, location) for text in texts if text.strip())
        else:
            yield from _all(value, "")
    for item in node.items:
        yield from _all(item, location and "step")
    if node.kind == "text" and "${{" in node.text:
        for text in _inside(node.text):
            yield text, node.line, ""


def _inside(text: str) -> list[str]:
    """The expressions in a text; ``${{`` for one that is not closed."""
    found: list[str] = []
    _, opened, rest = text.partition("${{")
    while opened:
        inside, closed, rest = rest.partition("}}")
        if not closed:
            return [*found, "${{"]
        found.append(inside)
        _, opened, rest = rest.partition("${{")
    return found


def _problem(text: str, location: str) -> str:
    plain = _LITERAL.sub("''", text)
    shown = " ".join(text.split())[:60]
    if "${{" in plain:
        return "an expression `${{` that is not closed"
    if not plain.strip():
        return "an empty expression"
    for name in _CALL.findall(plain):
        if name.lower() not in _FUNCTIONS:
            return f"unknown function {name}() in an expression"
        if name.lower() == "hashfiles" and location == "job":
            return "hashFiles() is not known in the `if` of a job"
    if _SHELL.search(plain):
        return f"shell syntax in the expression `{shown}`"
    forbidden = {"job": _NOT_IN_JOB_IF, "step": _NOT_IN_STEP_IF}.get(
        location, frozenset()
    )
    for name in _NAME.findall(plain):
        if name.lower() not in _CONTEXTS:
            return f"unknown name {name} in an expression"
        if name.lower() in forbidden:
            return f"{name} is not known in the `if` of a {location}"
    return ""
