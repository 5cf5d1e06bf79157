"""The features of a job besides its steps: matrix, services, secrets, permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_framework.inventory import Job
from ci_framework.planning.covering import Covering
from ci_framework.planning.needed_services import kind_of_image

_PYTHON = re.compile(r"\d+\.\d+")
_SHOWN = 100
_NO_JOB = "not a job of the framework's matrix"
_SYSTEMS = {"ubuntu": "linux", "macos": "macos", "windows": "windows"}


@dataclass(frozen=True)
class Feature:
    """A feature of CI, before its state is decided.

    Attributes:
        by: the part of the framework that covers it; empty if none does.
        serves: whether it is covered exactly if the work of its job is.
    """

    does: str
    line: int
    by: str = ""
    because: str = ""
    serves: bool = False


def job_features(job: Job, covering: Covering | None) -> list[Feature]:
    """All features of a job, without its steps.

    ``covering`` is None if the framework does not run on the job's events.
    """
    return [
        *_matrix(job, covering),
        *_containers(job),
        *_rights(job),
        *_surroundings(job),
    ]


def _containers(job: Job) -> Iterator[Feature]:
    for name, image in job.services.items():
        at = job.lines.get(f"services.{name}") or job.lines.get("services", job.line)
        does = f"service: {name}" + (f" ({image})" if image else "")
        answer = "services" if kind_of_image(image) else "service_image"
        reason = f"the framework starts it only if the answer {answer} names it"
        yield Feature(does, at, "", reason)
    if job.container:
        at = job.lines.get("container", job.line)
        reason = "the framework's jobs run in no container"
        yield Feature(f"container: {job.container}", at, "", reason)


def _rights(job: Job) -> Iterator[Feature]:
    for name in job.secrets:
        at = job.lines.get("secrets", job.line) if name == "inherit" else job.line
        own = name == "GITHUB_TOKEN"
        reason = "the framework reads no secrets"
        yield Feature(f"secret: {name}", at, "", reason, serves=own)
    for scope, access in job.permissions.items():
        if access == "write":
            at = job.lines.get("permissions", job.line)
            does = f"permission: {scope}: write"
            yield Feature(does, at, "", "the job may write")
    if job.environment:
        at = job.lines.get("environment", job.line)
        does = f"environment: {job.environment}"
        yield Feature(does, at, "", "only this job deploys to it")


def _surroundings(job: Job) -> Iterator[Feature]:
    if job.uses:
        at = job.lines.get("uses", job.line)
        reason = "what it calls is not the framework's"
        yield Feature(f"calls: {job.uses}", at, "", reason)
    if "if" in job.lines:
        reason = "it runs under a condition of its own"
        yield Feature("condition", job.lines["if"], "", reason, serves=True)
    for label in job.runs_on:
        if "${{" not in label and not _system(label):
            at = job.lines.get("runs-on", job.line)
            yield Feature(f"runner: {label}", at, "", "a runner of the project's own")


def _system(label: str) -> str:
    return _SYSTEMS.get(label.split("-", 1)[0].lower(), "")


def _matrix(job: Job, covering: Covering | None) -> Iterator[Feature]:
    at = job.lines.get("matrix", job.line)
    # Only jobs that run tests can be matrix jobs of the framework's tests.
    tests = any("test" in step.does for step in job.steps)
    matrix_jobs = (
        _matrix_jobs(covering) if covering and tests else set[tuple[str, str]]()
    )
    location = covering.location("test") if covering else ""
    for key, values in job.matrix.items():
        kind = "matrix job" if key == "include" else _kind(values)
        for value in values if kind else [", ".join(values)]:
            shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
            does = f"matrix: {key} = {shown}" if shown else f"matrix: {key}"
            tested = _is_tested(kind, value, matrix_jobs)
            reason = "a job of the framework's matrix" if tested else _NO_JOB
            yield Feature(does, at, location if tested else "", reason)
    if missing := _combinations(job, matrix_jobs):
        does = f"matrix: {len(missing)} combinations such as {missing[0]}"
        reason = "the framework tests the oldest and the newest Python there"
        yield Feature(does, at, "", reason)


def _kind(values: list[str]) -> str:
    """The kind of a matrix key's values: python, system, or empty for others."""
    if values and all(_PYTHON.fullmatch(value) for value in values):
        return "python"
    return "system" if values and all(_system(value) for value in values) else ""


def _matrix_jobs(covering: Covering) -> set[tuple[str, str]]:
    """The pairs of Python and platform that the framework tests."""
    versions = sorted(
        covering.items("python_versions"),
        key=lambda text: [int(part) for part in text.split(".") if part.isdigit()],
    )
    platforms = covering.items("platforms")
    if not versions or not platforms or not covering.workflow:
        return set()
    ends = (versions[0], versions[-1])
    every = covering.text("ci_mode", "remote") == "remote"
    first = versions if every else ends
    return {(version, platforms[0]) for version in first} | {
        (version, platform) for version in ends for platform in platforms[1:]
    }


def _is_tested(kind: str, value: str, matrix_jobs: set[tuple[str, str]]) -> bool:
    """Whether the framework tests the Python or platform of a matrix value."""
    versions = {version for version, _ in matrix_jobs}
    platforms = {platform for _, platform in matrix_jobs}
    if kind == "matrix job":
        pairs = (part.partition("=") for part in value.split(", "))
        keys = {key: given for key, _, given in pairs}
        asked = [part for part in keys.values() if _PYTHON.fullmatch(part)]
        systems = [_system(part) for part in keys.values() if _system(part)]
        if any(_is_special(key, part, asked) for key, part in keys.items()):
            return False
        return bool(asked) and all(
            (version, system) in matrix_jobs
            for version in asked
            for system in systems or sorted(platforms)[:1]
        )
    return (kind == "python" and value in versions) or (
        kind == "system" and _system(value) in platforms
    )


def _is_special(key: str, value: str, versions: list[str]) -> bool:
    """Whether a key of a matrix job changes more than Python or platform."""
    if key == "name" or value in versions or _system(value):
        return False
    short = [version.replace(".", "") for version in versions]
    return not any(re.fullmatch(rf"(py)?{number}", value) for number in short)


def _combinations(job: Job, matrix_jobs: set[tuple[str, str]]) -> list[str]:
    """Pairs of Python and platform that only the existing job tests."""
    axes: dict[str, list[str]] = {"python": [], "system": [], "": []}
    for key, values in job.matrix.items():
        if key not in ("include", "exclude"):
            axes[_kind(values)] += values
    versions = {version for version, _ in matrix_jobs}
    platforms = {platform for _, platform in matrix_jobs}
    return [
        f"{version} on {system}"
        for system in axes["system"]
        for version in axes["python"]
        if version in versions
        and _system(system) in platforms
        and (version, _system(system)) not in matrix_jobs
    ]
