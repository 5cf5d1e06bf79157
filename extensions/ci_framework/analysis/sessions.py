"""Read the environments of tox and the sessions of nox as tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ci_engine.configuration.tables import dig, items, table
from ci_framework.analysis.readers.documents import text
from ci_framework.analysis.readers.ini import Ini, IniError, parse_ini
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence, Task

_REFERENCE = re.compile(r"\{\[([^\]]+)\]([\w-]+)\}")


def make_task(
    runner: str, name: str, command: str, location: Evidence, environment: str = ""
) -> Task:
    """A task whose purpose is not determined yet."""
    return Task(
        runner=runner,
        name=name,
        environment=environment,
        command=command.strip(),
        does=[],
        evidence=location,
    )


def tox_environments(survey: Survey) -> Iterator[Task]:
    """The environments of tox that run commands."""
    for path, ini in (
        ("tox.ini", survey.tox_ini),
        ("setup.cfg", survey.setup_cfg),
        (PYPROJECT, _legacy_tox(survey)),
    ):
        for section in ini.sections:
            if section != "testenv" and not section.startswith("testenv:"):
                continue
            name = section.removeprefix("testenv").removeprefix(":") or "py"
            lines = _resolved(ini, "\n".join(ini.rows(section, "commands")))
            command = _tox_command(lines)
            location = Evidence(path=path, line=ini.line(section, "commands"))
            if path == PYPROJECT:
                location = survey.location("tool", "tox", "legacy_tox_ini")
            if command:
                yield make_task("tox", name, command, location)
    for path, keys in (("tox.toml", ()), (PYPROJECT, ("tool", "tox"))):
        tox = table(survey.documents.toml(path), *keys)
        named: dict[str, tuple[str, ...]] = {"py": ("env_run_base",)}
        named |= {name: ("env", name) for name in table(tox, "env")}
        for name, where in named.items():
            commands = items(tox, *where, "commands")
            command = "\n".join(_tox_words(item) for item in commands)
            location = survey.documents.location(path, *keys, *where, "commands")
            if command:
                yield make_task("tox", name, command, location)


def _legacy_tox(survey: Survey) -> Ini:
    """The tox.ini that pyproject.toml holds as one text."""
    try:
        return parse_ini(text(survey.pyproject, "tool", "tox", "legacy_tox_ini"))
    except IniError:
        return parse_ini("")


def _resolved(ini: Ini, commands: str) -> str:
    """Substitute ``{[section]key}``; cycles end after a few rounds."""
    for _ in range(4):
        replaced = _REFERENCE.sub(
            lambda found: ini.text(found.group(1), found.group(2).lower()), commands
        )
        if replaced == commands:
            break
        commands = replaced
    return commands


def _tox_command(lines: str) -> str:
    """Commands of tox in shell syntax."""
    found: list[str] = []
    for row in re.sub(r"\s*\\\n\s*", " ", lines).split("\n"):
        # `factor: command` is for some environments, `- command` may fail.
        plain = re.sub(r"^(!?[\w{},.-]+)\s*:\s+", "", row.strip()).lstrip("-! ")
        plain = re.sub(r"\{posargs:?([^{}]*)\}", r"\1", plain)
        plain = re.sub(r"\{(?:envpython|basepython)\}", "python", plain)
        plain = re.sub(r"\{tox_?ini_?dir\}(?:\{/\}|/)", "", plain)
        plain = re.sub(r"\{env:\w+:([^{}]*)\}", r"\1", plain)
        if plain:
            found.append(plain.strip())
    return "\n".join(found)


def _tox_words(command: object) -> str:
    """A command of tox.toml: a list of words, some of them substitutions."""
    words: list[str] = []
    for item in items(command):
        if isinstance(item, str):
            words.append(item)
        elif text(item, "replace") in ("posargs", "env"):
            for default in items(item, "default") or [dig(item, "default")]:
                given = default if isinstance(default, str) else ""
                inner = given or text(default, "default")
                words += [inner] if inner else []
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    plain = "'" in word or not re.search(r"[\s$&|;<>*?()]", word)
    return word if plain else f"'{word}'"


def nox_sessions(survey: Survey) -> Iterator[Task]:
    """The sessions in noxfile.py."""
    tree = survey.documents.python("noxfile.py")
    for node in tree.body if tree else []:
        session = _session(node) if isinstance(node, ast.FunctionDef) else None
        if session is not None:
            name, python = session
            command = "\n".join(_session_runs(node))
            location = Evidence(path="noxfile.py", line=node.lineno)
            yield make_task("nox", name, command, location, python)


def _session(node: ast.FunctionDef) -> tuple[str, str] | None:
    """The name and the Pythons of a session, None if it is another function."""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        function = call.func if call else decorator
        label = function.attr if isinstance(function, ast.Attribute) else ""
        label = label or (function.id if isinstance(function, ast.Name) else "")
        if label != "session":
            continue
        name, python = node.name, ""
        for keyword in call.keywords if call else []:
            value = keyword.value
            if keyword.arg == "name" and isinstance(value, ast.Constant):
                name = str(value.value)
            if keyword.arg == "python":
                constants = [n for n in ast.walk(value) if isinstance(n, ast.Constant)]
                python = " ".join(str(constant.value) for constant in constants)
        return name, python
    return None


def _session_runs(node: ast.AST) -> Iterator[str]:
    """The commands that a session runs, if they are literals."""
    calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr.startswith("run"):
            words = [a.value for a in call.args if isinstance(a, ast.Constant)]
            # The program may be a variable; a module run with it is known.
            if call.args and not isinstance(call.args[0], ast.Constant):
                start = words.index("-m") if "-m" in words else len(words)
                words = ["python", *words[start:]] if words[start:] else []
            plain = [_quoted(word) for word in words if isinstance(word, str)]
            if plain:
                yield " ".join(plain)
