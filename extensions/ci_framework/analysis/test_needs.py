"""Test requirements that only a test runner or a workflow declares."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ci_engine.configuration.tables import table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.gitlab_jobs import gitlab_jobs
from ci_framework.analysis.matrices import jobs
from ci_framework.analysis.purposes.shell import commands_of
from ci_framework.analysis.readers.documents import strings
from ci_framework.analysis.readers.ini import Ini, IniError, parse_ini
from ci_framework.analysis.requirements import parse
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.analysis.test_calls import named_tasks
from ci_framework.analysis.tox_factors import lines_of_fullest
from ci_framework.inventory import Evidence

_TEST_ENVIRONMENTS = ("hatch-test", "test", "tests", "default")
_RUNNER = "pytest"
# Tools for environments and distributions, which tests do not need.
_INSTALLERS = frozenset(
    {"pip", "setuptools", "wheel", "tox", "nox", "build", "uv", "hatch", "virtualenv"}
)
# Tools that measure, upload or run tests in CI: the gate has its own.
_MEASURING = frozenset(
    {"coverage", "codecov", "coveralls", "tox-gh", "tox-gh-actions", "nox", "tox"}
)
# Names of environments, sessions and jobs for tests.
_NAMED = re.compile(r"(?<![a-z])(tests?|unit|unittests?|py3?\d*)(?![a-z])")
_CONDA_FILE = re.compile(r"(?:^|/)(?:conda|env)[\w.-]*\.ya?ml$")
_FILE = re.compile(r"(?:-r|--requirement)[\s=]*(?:\{tox_?ini_?dir\}/)?([\w./-]+)$")


@dataclass(frozen=True)
class _Source:
    """The requirements declared in one location.

    Attributes:
        tests: whether the name of the location is about tests.
        sets: the groups, extras and files of the project that it installs.
    """

    because: str
    lines: list[str]
    evidence: Evidence
    tests: bool = True
    sets: tuple[str, ...] = ()


def state_test_needs(survey: Survey, findings: Findings) -> None:
    """State the requirements in the first location that has what tests need.

    That is pytest, or for other runners anything that is installed to test.
    """
    runner = findings.value("test-runner")
    for source in _sources(survey):
        lines = list(dict.fromkeys(_readable(survey, source.lines)))
        if runner in ("pytest", "none"):
            brings = any(_brings_runner(survey, line) for line in lines)
        else:
            lines = [line for line in lines if not _measures(line)]
            brings = source.tests and bool(lines)
        if brings:
            location = [source.evidence]
            findings.add("test-needs", lines, source.because, location)
            findings.add("test-sets", list(source.sets), source.because, location)
            return
    because = "no environment and no workflow names what they are"
    conda = next(_conda(survey), None)
    if conda is not None:
        because = "only an environment of conda names it"
    locations = [conda] if conda is not None else []
    findings.add("test-needs", [], because, locations)
    findings.add("test-sets", [], because)


def _sources(survey: Survey) -> Iterator[_Source]:
    yield from _tox(survey)
    yield from _hatch(survey)
    yield from _tests_require(survey)
    yield from _nox(survey)
    yield from _workflows(survey)


def _conda(survey: Survey) -> Iterator[Evidence]:
    """Environments of conda with pytest; their names are not those of an index."""
    for path in filter(_CONDA_FILE.search, survey.files):
        for name in strings(survey.documents.yaml(path), "dependencies"):
            if re.match(rf"(?:[\w-]+::)?{_RUNNER}\b", name):
                yield Evidence(path=path, line=survey.documents.line_of(path, name))


def _readable(survey: Survey, lines: Iterable[str]) -> Iterator[str]:
    """The lines that any installer can read, and files of the repository."""
    for raw in lines:
        line = raw.strip()
        if found := _FILE.match(line):
            path = found.group(1).removeprefix("./")
            yield from [f"-r {path}"] if survey.has(path) else []
        elif "{" not in line and "$" not in line and not line.startswith(("-", ".")):
            requirement = parse(line, "file", "", Evidence(path=""))
            if requirement is not None and requirement.name not in _INSTALLERS:
                yield line.split(" #", maxsplit=1)[0].strip()


def _measures(line: str) -> bool:
    requirement = parse(line, "file", "", Evidence(path=""))
    return requirement is not None and requirement.name in _MEASURING


def _brings_runner(survey: Survey, line: str) -> bool:
    """Whether a line requires pytest, or names a file that does."""
    rows = [line]
    if line.startswith("-r "):
        rows = survey.documents.text(line.removeprefix("-r ")).split("\n")
    found = (parse(row.strip(), "file", "", Evidence(path="")) for row in rows)
    return any(item is not None and item.name.startswith(_RUNNER) for item in found)


def _tox(survey: Survey) -> Iterator[_Source]:
    legacy = table(survey.pyproject, "tool", "tox").get("legacy_tox_ini")
    files: list[tuple[str, Ini]] = [
        ("tox.ini", survey.tox_ini),
        ("setup.cfg", survey.setup_cfg),
    ]
    if isinstance(legacy, str):
        try:
            files.append((PYPROJECT, parse_ini(legacy)))
        except IniError:
            files = files[:]
    for path, ini in files:
        for section in ini.sections:
            if section == "testenv" or section.startswith("testenv:"):
                line = ini.line(section, "deps")
                location = Evidence(path=path, line=line if path != PYPROJECT else 0)
                because = "environments of tox install them"
                tests = section == "testenv" or bool(_NAMED.search(section[8:]))
                envlist = ini.text("tox", "envlist") or ini.text("tox", "env_list")
                full = {
                    key: lines_of_fullest(ini.rows(section, key), envlist)
                    for key in ("deps", "dependency_groups", "extras")
                }
                lines = full["deps"]
                sets = _sets(full["dependency_groups"], full["extras"], lines)
                lines += _lines_of(survey, sets)
                yield _Source(because, lines, location, tests, tuple(sets))
    for path, keys in (("tox.toml", ()), (PYPROJECT, ("tool", "tox"))):
        tox = table(survey.documents.toml(path), *keys)
        named = [("env", name) for name in table(tox, "env")]
        for where in (("env_run_base",), *named):
            location = survey.documents.location(path, *keys, *where, "deps")
            lines = strings(tox, *where, "deps")
            tests = bool(_NAMED.search(where[-1])) or len(where) == 1
            because = "environments of tox install them"
            groups = strings(tox, *where, "dependency_groups")
            sets = _sets(groups, strings(tox, *where, "extras"), lines)
            lines += _lines_of(survey, sets)
            yield _Source(because, lines, location, tests, tuple(sets))


def _sets(groups: list[str], extras: list[str], lines: list[str]) -> list[str]:
    """The groups, extras and files that a tox environment installs together."""
    names = [("group", groups), ("extra", extras)]
    listed = [
        f"{kind} {name}"
        for kind, rows in names
        for name in re.split(r"[\s,]+", " ".join(rows))
        if name
    ]
    files = [found.group(1) for line in lines if (found := _FILE.match(line.strip()))]
    return [*listed, *(f"file {name}" for name in files)]


def _lines_of(survey: Survey, sets: list[str]) -> list[str]:
    """The requirements of groups and extras; files are named themselves."""
    found: list[str] = []
    for entry in sets:
        kind, _, name = entry.partition(" ")
        if kind == "group":
            found += strings(survey.pyproject, "dependency-groups", name)
        elif kind == "extra":
            found += strings(survey.project, "optional-dependencies", name)
            found += survey.setup_cfg.rows("options.extras_require", name)
    return found


def _hatch(survey: Survey) -> Iterator[_Source]:
    found = {row[1][-1]: row for row in survey.hatch_environments()}
    for name in _TEST_ENVIRONMENTS:
        if name in found:
            path, keys, environment = found[name]
            lines = strings(environment, "dependencies")
            lines += strings(environment, "extra-dependencies")
            lines += [_RUNNER] if name == "hatch-test" else []
            location = survey.documents.location(path, *keys)
            yield _Source(f"environment {name} of hatch installs them", lines, location)
    for workflow, _, step in survey.steps():
        if step.kind == "run" and re.search(r"\bhatch\b.*\btest\b", step.text):
            because = "hatch brings it for its own command test"
            yield _Source(because, [_RUNNER], workflow.at(step.line))


def _tests_require(survey: Survey) -> Iterator[_Source]:
    because = "tests_require names them, which installers no longer read"
    cfg, call = survey.setup_cfg, survey.setup_call
    line = cfg.line("options", "tests_require")
    rows = cfg.rows("options", "tests_require")
    yield _Source(because, rows, Evidence(path="setup.cfg", line=line))
    location = Evidence(path="setup.py", line=call.lines.get("tests_require", 0))
    yield _Source(because, strings(call.values, "tests_require"), location)


def _nox(survey: Survey) -> Iterator[_Source]:
    tree = survey.documents.python("noxfile.py")
    for node in tree.body if tree else []:
        if not isinstance(node, ast.FunctionDef):
            continue
        lines: list[str] = []
        for call in ast.walk(node):
            function = call.func if isinstance(call, ast.Call) else None
            named = isinstance(function, ast.Attribute) and function.attr == "install"
            if isinstance(call, ast.Call) and named:
                words = [a.value for a in call.args if isinstance(a, ast.Constant)]
                lines += _installed([str(word) for word in words])
        location = Evidence(path="noxfile.py", line=node.lineno)
        tests = bool(_NAMED.search(node.name))
        yield _Source("a session of nox installs them", lines, location, tests)


def _workflows(survey: Survey) -> Iterator[_Source]:
    tasks = {task.name: task.command for task in survey.tasks}
    for workflow, job in jobs(survey, tests=True):
        lines: list[str] = []
        line = job.line
        for step in job.steps:
            named = [tasks[name] for name in named_tasks(step.text, tasks)]
            scripts = [step.text, *named] if step.kind == "run" else []
            brought = [row for script in scripts for row in _brought(script)]
            lines += brought
            line = step.line if brought else line
        yield _Source("a workflow installs them", lines, workflow.at(line))
    for other in gitlab_jobs(survey):
        lines = [*_brought(other.script)]
        tests = bool(_NAMED.search(other.name))
        because = "a job of its pipeline installs them"
        yield _Source(because, lines, other.evidence, tests)


def _brought(script: str) -> Iterator[str]:
    """What a script installs, or has a runner install for one command."""
    for words in commands_of(script):
        if "install" in words and any(w.startswith("pip") for w in words):
            yield from _installed(words[words.index("install") + 1 :])
        elif words[0] in ("uv", "uvx", "pipx"):
            yield from _brought_along(words)


def _brought_along(words: list[str]) -> Iterator[str]:
    """What uv or pipx adds to the environment of a command."""
    parts = [
        part
        for word in words
        for part in (word.split("=", 1) if word.startswith("--with") else [word])
    ]
    for option, value in pairwise(parts):
        if option == "--with":
            yield from (row for row in value.split(",") if "/" not in row)
        elif option == "--with-requirements":
            yield f"-r {value}"
    # These install the package of the program; `uv run` only runs it.
    if words[0] != "uv" or "tool" in words:
        yield from (_RUNNER for word in words if word.partition("@")[0] == _RUNNER)


def _installed(words: list[str]) -> Iterator[str]:
    """The arguments of a call of an installer, one requirement or file per line."""
    waiting = [word for word in words if word]
    while waiting:
        word = waiting.pop(0)
        if word in ("-r", "--requirement") and waiting:
            yield f"-r {waiting.pop(0)}"
        elif word in ("-e", "--editable", "-c", "--constraint", "-i", "--index-url"):
            waiting = waiting[1:]
        elif not word.startswith("-") and "/" not in word:
            yield word
