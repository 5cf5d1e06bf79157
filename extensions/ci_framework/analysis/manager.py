"""Find the manager of the project's environments, and the lock files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ci_engine.configuration.tables import table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.pixi import Pixi
from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Confidence, Evidence

LOCKS = {
    "pixi": "pixi.lock",
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pip": "pylock.toml",
    "pipenv": "Pipfile.lock",
    "conda": "conda-lock.yml",
}
# What pip installs for a project that declares nothing.
_INSTALLED = ("requirements.txt", "requirements-dev.txt", "requirements-test.txt")
# Tables about building, not about managing environments.
_ONLY_BUILD = {
    "pdm": {"build", "version"},
    "uv": {"build-backend"},
    "hatch": {"build", "version", "metadata", "publish"},
}


@dataclass(frozen=True)
class _Sign:
    manager: str
    because: str
    evidence: Evidence
    confidence: Confidence = "certain"


def state_manager(survey: Survey, pixi: Pixi, findings: Findings) -> None:
    """State the manager; the first sign decides, the others are kept as evidence."""
    signs = list(_signs(survey, pixi))
    if signs:
        first = signs[0]
        same = [sign.evidence for sign in signs if sign.manager == first.manager]
        others = sorted({s.manager for s in signs} - {first.manager, "pip"})
        also = f"; other files point to {', '.join(others)}" if others else ""
        findings.add(
            "manager", first.manager, first.because + also, same, first.confidence
        )
    else:
        because = "no file names a manager, and pip needs none"
        findings.add("manager", "pip", because, confidence="guess")
    files = [path for path in _INSTALLED if survey.has(path)]
    because = "the usual files at the top" if files else "there are none at the top"
    findings.add("requirement-files", files, because, map(survey.file, files))
    _state_locks(survey, findings)


def _signs(survey: Survey, pixi: Pixi) -> Iterator[_Sign]:
    """The signs of managers, by precedence."""
    if pixi.path:
        where = survey.documents.location(pixi.path, *pixi.prefix)
        yield _Sign("pixi", f"{pixi.path} is a manifest of pixi", where)
    for manager in ("poetry", "uv", "pdm"):
        if survey.has(LOCKS[manager]):
            lock = LOCKS[manager]
            yield _Sign(manager, f"{lock} is tracked", survey.file(lock))
    for manager in ("poetry", "pdm", "uv"):
        keys = set(survey.tool(manager)) - _ONLY_BUILD.get(manager, set())
        if keys:
            where = survey.location("tool", manager)
            because = f"{where.path} has [tool.{manager}]"
            # Environments of nested projects are created separately.
            sure: Confidence = "likely" if survey.home else "certain"
            yield _Sign(manager, because, where, sure)
    if survey.has("uv.toml"):
        yield _Sign("uv", "uv.toml is tracked", survey.file("uv.toml"))
    if table(survey.documents.toml("hatch.toml"), "envs"):
        yield _Sign("hatch", "hatch.toml has environments", survey.file("hatch.toml"))
    if survey.tool("hatch", "envs"):
        where = survey.location("tool", "hatch", "envs")
        yield _Sign("hatch", "pyproject.toml has environments of hatch", where)
    yield from _used(survey)
    conda = survey.first("environment.yml", "environment.yaml", "conda-lock.yml")
    if conda:
        because = f"{conda} describes a conda environment"
        yield _Sign("conda", because, survey.file(conda), "likely")
    yield from _pip(survey)


def _used(survey: Survey) -> Iterator[_Sign]:
    """Managers that only workflows use."""
    for manager, words in {
        "uv": ("uv sync", "uv run"),
        "hatch": ("hatch run", "hatch test"),
        "poetry": ("poetry install",),
        "pdm": ("pdm install", "pdm sync"),
    }.items():
        for workflow, _, step in survey.steps():
            found = next((word for word in words if word in step.text), "")
            if step.kind == "run" and found:
                because = f"a workflow runs `{found}`"
                yield _Sign(manager, because, workflow.at(step.line), "likely")


def _pip(survey: Survey) -> Iterator[_Sign]:
    named = [
        path
        for path in survey.files
        if path.count("/") <= 1
        and path.rsplit("/", 1)[-1].startswith("requirements")
        and path.split("/")[0] not in word_set("aside")
    ]
    named += [
        path
        for path in survey.files
        if path.startswith("requirements/") and path.endswith((".txt", ".in"))
    ]
    because = "requirement files are what pip reads"
    yield from (_Sign("pip", because, Evidence(path=path)) for path in named)
    if survey.has("Pipfile"):
        yield _Sign("pip", "a Pipfile is a file of pipenv", survey.file("Pipfile"))
    setup = survey.first("setup.py", "setup.cfg")
    if setup and "project" not in survey.pyproject:
        because = f"{setup} defines what setuptools installs"
        yield _Sign("setuptools", because, survey.file(setup), "likely")
    if "project" in survey.pyproject:
        because = "only pyproject.toml lists what is installed, which pip supports"
        yield _Sign("pip", because, survey.location("project"), "likely")


def _state_locks(survey: Survey, findings: Findings) -> None:
    tracked = [name for name in LOCKS.values() if survey.has(name)]
    root = survey.repository.root
    untracked = [
        name
        for name in LOCKS.values()
        if name not in tracked and (root / name).is_file()
    ]
    because = "lock files at the top"
    if len(tracked) > 1:
        because = f"{len(tracked)} lock files at the top: only one can be in effect"
    locations = [survey.file(name) for name in tracked]
    findings.add("lock-files", [*tracked, *untracked], because, locations)
    if tracked:
        reason = f"git tracks {', '.join(tracked)}"
    elif untracked:
        reason = f"{', '.join(untracked)} exists, but git does not track it"
    else:
        reason = "there is no lock file"
    findings.add("lock-tracked", bool(tracked), reason, locations)
