"""Find the tools of the project: configured, required, or run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ci_engine.configuration.tables import table
from ci_framework.analysis.effective_settings import configured_locations
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.purposes.vocabulary import CONFIGURATIONS
from ci_framework.analysis.recipes import package_recipes
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Confidence, Evidence, Tool

# Tools that are required or run under another name.
_ALSO: dict[str, tuple[str, ...]] = {
    "pytest": ("pytest-cov", "py.test"),
    "pyright": ("basedpyright-action",),
    "coverage": ("pytest-cov",),
    "setuptools-scm": ("setuptools_scm",),
    "python-semantic-release": ("semantic-release",),
    "bump-my-version": ("bumpversion", "bump2version"),
    "build": ("python-build",),
}
_MORE = ("pip-audit", "safety", "twine", "build", "hypothesis", "nose2", "unittest")
_TYPE_CHECKERS = ("mypy", "pyright", "basedpyright", "ty", "pyrefly", "pyre", "pytype")
_FORMATTERS = ("black", "yapf", "autopep8", "blue", "darker")
_LINTERS = ("flake8", "pylint", "pycodestyle", "pyflakes", "pylama", "prospector")
_RUFF_HOOKS = {"ruff": "lint", "ruff-check": "lint", "ruff-format": "format"}
_MOST_USES = 12


def read_tools(
    survey: Survey, requirements: Iterable[Requirement], pixi: Pixi
) -> list[Tool]:
    """The tools of the project, sorted by name."""
    required = _by_name(survey, requirements, pixi)
    commands = list(_commands(survey))
    found: list[Tool] = []
    for name in sorted({*CONFIGURATIONS, *_MORE}):
        locations = _configured(survey, name)
        names = (name, *_ALSO.get(name, ()))
        wanted = [item for known in names for item in required.get(known, [])]
        used = [location for _, location in wanted]
        used += [location for command, location in commands if _runs(command, names)]
        used += _in_hooks(survey, name)
        if locations or used:
            version = next((version for version, _ in wanted if version), "")
            unique = list(dict.fromkeys(used))[:_MOST_USES]
            found.append(
                Tool(
                    name=name,
                    config=locations[0] if locations else None,
                    shadowed=locations[1:],
                    used=unique,
                    version=version,
                )
            )
    return found


def _configured(survey: Survey, name: str) -> list[Evidence]:
    locations = list(configured_locations(survey, name))
    if name == "pytest":
        # An empty table is ignored in favor of the next file.
        empty = not survey.tool("pytest")
        locations = [p for p in locations if not (p.path == "pyproject.toml" and empty)]
    if name == "hatch" and {*survey.tool("hatch")} <= {"build", "version", "metadata"}:
        locations = [p for p in locations if p.path == "hatch.toml"]
    if name == "pdm" and {*survey.tool("pdm")} <= {"build", "version"}:
        locations = []
    return locations


def _by_name(
    survey: Survey, requirements: Iterable[Requirement], pixi: Pixi
) -> dict[str, list[tuple[str, Evidence]]]:
    found: dict[str, list[tuple[str, Evidence]]] = {}
    for item in requirements:
        if item.kind != "build":
            found.setdefault(item.name, []).append((item.version, item.evidence))
    for feature in dict.fromkeys(("default", *table(pixi.document, "feature"))):
        for name, spec, keys in pixi.dependencies(feature):
            if keys:
                location = survey.documents.location(pixi.path, *keys)
                version = "" if spec == "*" else spec
                found.setdefault(name, []).append((version, location))
    return found


def _commands(survey: Survey) -> Iterator[tuple[str, Evidence]]:
    """Everything that tasks, hooks and workflows run, with the location."""
    for task in (*survey.tasks, *package_recipes(survey)):
        yield task.command, task.evidence
    for workflow, _, step in survey.steps():
        yield step.text, workflow.at(step.line)
    for hook in survey.hooks:
        if hook.command:
            yield hook.command, hook.evidence


def _runs(command: str, names: Iterable[str]) -> bool:
    return any(
        name in command
        and re.search(rf"(?<![\w./=-]){re.escape(name)}(?![\w=-]|\.\w)", command)
        and not re.search(rf"install[^\n]*{re.escape(name)}[^\n]*$", command)
        for name in names
    )


def _in_hooks(survey: Survey, name: str) -> list[Evidence]:
    plain = re.escape(name)
    known = rf"(.*/)?(mirrors-{plain}|{plain}(-pre-commit)?(-mirror)?)(\.git)?"
    mirror = re.compile(known, re.IGNORECASE)
    return [
        hook.evidence
        for hook in survey.hooks
        if hook.id.lower() == name or mirror.fullmatch(hook.repository)
    ]


def state_choices(survey: Survey, tools: list[Tool], findings: Findings) -> None:
    """State which tool lints, which formats and which checks types."""
    by_name = {tool.name: tool for tool in tools}
    checker, because, locations, sure = _type_checker(survey, by_name)
    findings.add("type-checker", checker, because, locations, sure)
    formatter, because, locations = _chosen(survey, by_name, "format")
    findings.add("formatter", formatter, because, locations, "likely")
    linter, because, locations = _chosen(survey, by_name, "lint")
    findings.add("linter", linter, because, locations, "likely")


def _type_checker(
    survey: Survey, tools: dict[str, Tool]
) -> tuple[str, str, list[Evidence], Confidence]:
    run = [name for name in _TYPE_CHECKERS if name in tools and _is_run(survey, name)]
    configured = [n for n in _TYPE_CHECKERS if n in tools and tools[n].config]
    both = [name for name in configured if name in run]
    ranked: tuple[tuple[list[str], str, Confidence], ...] = (
        (both, "it is configured and run", "certain"),
        (configured, "it is configured", "certain"),
        (run, "it is run", "likely"),
        ([n for n in _TYPE_CHECKERS if n in tools], "it is required", "likely"),
    )
    for names, because, sure in ranked:
        if names:
            tool = tools[names[0]]
            others = ", ".join(names[1:])
            also = f"; so is {others}" if others else ""
            locations = [*([tool.config] if tool.config else []), *tool.used]
            return names[0], because + also, locations, sure
    return "none", "no type checker is configured, required or run", [], "certain"


def _is_run(survey: Survey, name: str) -> bool:
    if _in_hooks(survey, name):
        return True
    return any(_runs(command, (name,)) for command, _ in _commands(survey))


def _chosen(
    survey: Survey, tools: dict[str, Tool], purpose: str
) -> tuple[str, str, list[Evidence]]:
    """The tool for a purpose: ruff if it is run for it, else what is run."""
    wanted = r"\bruff\s+format\b" if purpose == "format" else r"\bruff\s+(check|[-.])"
    locations = [p for command, p in _commands(survey) if re.search(wanted, command)]
    locations += [
        hook.evidence for hook in survey.hooks if _RUFF_HOOKS.get(hook.id) == purpose
    ]
    locations += [
        workflow.at(step.line)
        for workflow, _, step in survey.steps()
        if purpose == "lint" and step.kind == "uses" and "ruff-action" in step.text
    ]
    hatch = r"\bhatch\s+fmt\b"
    locations += [p for command, p in _commands(survey) if re.search(hatch, command)]
    if locations:
        return "ruff", "ruff is run for it", locations[:_MOST_USES]
    others = _FORMATTERS if purpose == "format" else _LINTERS
    for name in others:
        if (_in_hooks(survey, name) or name in tools) and _is_run(survey, name):
            used = _in_hooks(survey, name) or tools[name].used
            return name, f"{name} is run for it", used[:_MOST_USES]
    ruff = tools.get("ruff")
    configured = survey.tool("ruff", "format")
    if ruff and ruff.config and (configured or purpose == "lint"):
        return "ruff", "ruff is configured for it", [ruff.config]
    for name in others:
        tool = tools.get(name)
        if tool and tool.config:
            return name, f"{name} is configured", [tool.config]
    return "none", "nothing is run or configured for it", []
