"""Find the source of the project's version."""

from __future__ import annotations

from collections.abc import Iterator

from ci_engine.configuration.tables import table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_Source = tuple[str, str, Evidence]
_FROM_TAGS = ("setuptools_scm", "setuptools-scm", "versioningit", "versioneer")


def state_version(survey: Survey, findings: Findings) -> None:
    """State the first location that defines the version."""
    for value, because, location in _sources(survey):
        findings.add("version-source", value, because, [location])
        return
    findings.add("version-source", None, "no file shows where its version comes from")


def _sources(survey: Survey) -> Iterator[_Source]:
    yield from _stated(survey)
    yield from _by_hatch(survey)
    yield from _by_pdm(survey)
    yield from _by_setuptools(survey)
    if "version" in strings(survey.project, "dynamic"):
        because = "the build back end finds it"
        yield "dynamic", because, survey.location("project", "dynamic")


def _stated(survey: Survey) -> Iterator[_Source]:
    plugin = ("tool", "poetry-dynamic-versioning")
    if table(survey.pyproject, *plugin):
        because = "a plugin of poetry takes it from the tags of git"
        yield "vcs", because, survey.location(*plugin)
    for keys in (("project", "version"), ("tool", "poetry", "version")):
        if text(survey.pyproject, *keys):
            yield "metadata", "pyproject.toml states it", survey.location(*keys)


def _by_hatch(survey: Survey) -> Iterator[_Source]:
    keys = ("tool", "hatch", "version")
    if text(survey.pyproject, *keys, "source") == "vcs":
        yield "vcs", "hatch takes it from the tags of git", survey.location(*keys)
    if path := text(survey.pyproject, *keys, "path"):
        yield path, "hatch reads it from this file", survey.location(*keys, "path")


def _by_pdm(survey: Survey) -> Iterator[_Source]:
    keys = ("tool", "pdm", "version")
    if text(survey.pyproject, *keys, "source") == "scm":
        yield "vcs", "pdm takes it from the tags of git", survey.location(*keys)
    if path := text(survey.pyproject, *keys, "path"):
        yield path, "pdm reads it from this file", survey.location(*keys)


def _by_setuptools(survey: Survey) -> Iterator[_Source]:
    for tool in _FROM_TAGS:
        if tool in survey.tool():
            because = f"{tool} takes it from the tags of git"
            yield "vcs", because, survey.location("tool", tool)
    keys = ("tool", "setuptools", "dynamic", "version")
    for key in ("attr", "file"):
        if value := text(survey.pyproject, *keys, key):
            yield value, f"setuptools reads this {key}", survey.location(*keys)
    if value := survey.setup_cfg.text("metadata", "version"):
        line = survey.setup_cfg.line("metadata", "version")
        yield value, "setup.cfg states it", Evidence(path="setup.cfg", line=line)
    call = survey.setup_call
    for key in ("use_scm_version", "version"):
        if key in call.lines:
            value = "vcs" if key == "use_scm_version" else "setup.py"
            location = Evidence(path="setup.py", line=call.lines[key])
            yield value, f"setup.py sets {key}", location
