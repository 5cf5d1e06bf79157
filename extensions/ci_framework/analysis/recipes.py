"""Read the recipes of make and just, with variables that have one known value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from ci_framework.analysis.layout import is_aside
from ci_framework.analysis.packages import join
from ci_framework.analysis.sessions import make_task
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence, Task

_TARGET = re.compile(r"^([A-Za-z0-9][\w./-]*(?:[ \t]+[\w./-]+)*)\s*:(?!=)")
_RECIPE = re.compile(r"^@?([A-Za-z_][\w-]*)(?:\s[^:]*)?:(?!=)")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
# Marks that make and just read themselves.
_RECIPE_MARKS = re.compile(r"^[@-]+")
_CONTINUED = re.compile(r"\s*\\\n\s*")
_MAKE_ASSIGNED = re.compile(
    r"^[ ]*(?:export\s+|override\s+)*([A-Za-z_]\w*)[ \t]*(:{0,3}|[?+!])=[ \t]*"
    r"((?:[^#\\\n]|\\\n|\\.)*)",
    re.MULTILINE,
)
# A value that one target has.
_OF_TARGET = re.compile(r"^[^\t#=\n]*:[ \t]*([A-Za-z_]\w*)[ \t]*[:?+!]*=", re.MULTILINE)
_MAKE_USED = re.compile(r"\$\(([A-Za-z_]\w*)\)|\$\{([A-Za-z_]\w*)\}")
_JUST_ASSIGNED = re.compile(
    r"^(?:export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(?:\"([^\"\n]*)\"|'([^'\n]*)')[ \t]*$",
    re.MULTILINE,
)
_JUST_USED = re.compile(r"\{\{\s*([A-Za-z_][\w-]*)\s*\}\}")
# Limits for variables that contain each other, and for overlong values.
_DEEPEST = 5
_LONGEST = 500


def make_recipes(survey: Survey, root: str = "") -> Iterator[Task]:
    """Targets that run something in the makefile of a directory."""
    path = survey.first(*(join(root, name) for name in _MAKEFILES))
    content = survey.documents.text(path) if path else ""
    variables = _make_variables(content)
    for targets, line, body in _blocks(content, _TARGET.match):
        command = _CONTINUED.sub(" ", "\n".join(body))
        known = _expanded(command, _MAKE_USED, variables)
        for name in targets.split() if body else ():
            if not name.startswith("."):
                yield make_task("make", name, known, Evidence(path=path, line=line))


def package_recipes(survey: Survey) -> Iterator[Task]:
    """Recipes beside the manifests of packages below the top."""
    for path in survey.files:
        root, _, name = path.rpartition("/")
        if root and name == PYPROJECT and not is_aside(root):
            yield from make_recipes(survey, root)
            yield from just_recipes(survey, root)


def just_recipes(survey: Survey, root: str = "") -> Iterator[Task]:
    """Recipes in the justfile of a directory."""
    path = survey.first(*(join(root, name) for name in _JUSTFILES))
    content = survey.documents.text(path) if path else ""
    variables = {
        match[1]: match[2] or match[3] or ""
        for match in _JUST_ASSIGNED.finditer(content)
    }
    for name, line, body in _blocks(content, _RECIPE.match):
        if body:
            command = _CONTINUED.sub(" ", "\n".join(body))
            known = _expanded(command, _JUST_USED, variables)
            yield make_task("just", name, known, Evidence(path=path, line=line))


def _make_variables(content: str) -> dict[str, str]:
    """Variables that are assigned once; ``$(MAKE)`` is make itself.

    Variables that are assigned twice, such as in the branches of a condition, or
    computed by a function of make depend on where it runs.
    """
    found: dict[str, list[str]] = {"MAKE": ["make"]}
    of_targets = {match[1] for match in _OF_TARGET.finditer(content)}
    for match in _MAKE_ASSIGNED.finditer(content):
        found.setdefault(match[1], []).append(_CONTINUED.sub(" ", match[3]).strip())
    return {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1
        and name not in of_targets
        and not re.search(r"\$[({]\w+\s|\$\$|`", values[0])
    }


def _expanded(command: str, used: re.Pattern[str], variables: Mapping[str, str]) -> str:
    """A command with its known variables replaced; unknown ones stay."""

    def value_of(match: re.Match[str]) -> str:
        return variables.get(match[match.lastindex or 0], match[0])

    for _ in range(_DEEPEST):
        replaced = used.sub(value_of, command)
        if replaced == command or len(replaced) > len(command) + _LONGEST:
            break
        command = replaced
    return command


def _blocks(
    content: str, header: Callable[[str], re.Match[str] | None]
) -> Iterator[tuple[str, int, list[str]]]:
    """Headers at the start of a line, each with the indented lines below it."""
    name, line, body = "", 0, list[str]()
    continued = False
    for number, row in enumerate(content.split("\n"), 1):
        before, continued = continued, row.endswith("\\")
        if before and not body:
            # A continuation of the header.
            continue
        if before or row[:1] in ("\t", " "):
            # A continued line may start with an option, which is not a prefix.
            plain = row.strip()
            body.append(plain if before else _RECIPE_MARKS.sub("", plain))
            continue
        found = header(row)
        if found or (row.strip() and not row.startswith("#")):
            if name:
                yield name, line, body
            name, line, body = (found.group(1), number, []) if found else ("", 0, [])
    if name:
        yield name, line, body
