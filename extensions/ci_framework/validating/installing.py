"""Run installers for the environment of a project's tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ci_engine.environments.environment import Environment, environment_error
from ci_engine.processes.installer_errors import first_error
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.repository import Project
from ci_framework.validating.clones import child_environment
from ci_framework.validating.needs import Need

_SECONDS = 1200.0


def installer_of(environment: Environment) -> list[str]:
    """The program that installs into an environment, with its options."""
    python = environment.probe.executable
    if find_program("uv"):
        return ["uv", "pip", "install", "--quiet", "--python", python]
    pip = [python, "-I", "-m", "pip", "install", "--quiet"]
    return [*pip, "--disable-pip-version-check"]


def run_installer(project: Project, command: Sequence[str], **extra: str) -> Outcome:
    """Run a command of an installer in the clone."""
    variables = child_environment(**extra)
    return run_program(command, cwd=project.root, timeout=_SECONDS, variables=variables)


def insist(project: Project, command: Sequence[str], what: str) -> None:
    """Run a command of an installer.

    Raises:
        ToolError: if it fails.
    """
    outcome = run_installer(project, command)
    if outcome.code != 0:
        raise environment_error(what, outcome)


def together(needs: Sequence[Need]) -> Iterator[tuple[str, ...]]:
    """Installer arguments, each option together with its value."""
    for need in needs:
        words = iter(need.words)
        for word in words:
            yield (word, next(words)) if word.startswith("--") else (word,)


def install_one_by_one(
    project: Project, installer: list[str], needs: Sequence[Need]
) -> Iterator[str]:
    """Install what can be installed, with a note for each requirement."""
    for need in needs:
        for words in dict.fromkeys(together([need])):
            outcome = run_installer(project, [*installer, *words])
            if outcome.code == 0:
                yield f"installed: {need.because}"
            else:
                why = first_error(outcome) or outcome.describe_exit()
                packages = " ".join(words)
                yield f"could not be installed: {packages} ({need.because}): {why}"
