"""Start and stop the services of the project with Docker or Podman."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ci_engine.configuration.service_settings import Service
from ci_engine.environments.services import HOST
from ci_engine.errors import ToolError
from ci_engine.processes.allowed_variables import plain_variables
from ci_engine.processes.child_environment import child_variables
from ci_engine.processes.programs import Outcome, find_program, run_program
from ci_engine.project.output_files import prepare_directory, write_text
from ci_engine.project.repository import Project

_PROGRAMS = ("docker", "podman")
# Images may have to be downloaded first.
_SECONDS = 600.0


def start_services(project: Project, services: Mapping[str, Service]) -> str:
    """Start the containers, and return the program that started them.

    Raises:
        ToolError: if there is no such program, or it fails.
    """
    program = _find_compose(project)
    _run(project, services, [program, "compose"], ["up", "--detach"])
    return program


def stop_services(project: Project, services: Mapping[str, Service]) -> str:
    """Stop the containers and remove them with their data."""
    program = _find_compose(project)
    _run(project, services, [program, "compose"], ["down", "--volumes"])
    return program


def _find_compose(project: Project) -> str:
    """The first program that supports ``compose`` and can list its containers."""
    problems: list[str] = []
    for name in filter(find_program, _PROGRAMS):
        if _ask(project, name, "version").code != 0:
            problems.append(f"{name} has no compose")
            continue
        outcome = _ask(project, name, "ps", "--quiet")
        # `ps` fails without a compose file, even if everything else works.
        if outcome.code == 0 or "no configuration file" in outcome.stderr:
            return name
        problems.append(f"{name}: {(outcome.tail(1) or outcome.describe_exit())}")
    found = "; ".join(problems) or "neither docker nor podman is installed"
    raise ToolError(
        f"services cannot be started: {found}",
        hint="start Docker or Podman with compose, or start the services yourself on "
        "their ports: the gate uses what responds there",
    )


def _ask(project: Project, name: str, *question: str) -> Outcome:
    return run_program(
        [name, "compose", *question],
        cwd=project.output if project.output.is_dir() else project.root,
        timeout=30,
        variables=plain_variables(child_variables()),
    )


def _run(
    project: Project,
    services: Mapping[str, Service],
    compose: Sequence[str],
    command: Sequence[str],
) -> None:
    folder = project.output / "services"
    prepare_directory(folder, project.output)
    path = folder / "compose.json"
    write_text(path, json.dumps(_document(services), indent=2) + "\n")
    name = f"ci-framework-{project.root.name.lower()}"
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
    outcome = run_program(
        [*compose, "--project-name", plain, "--file", path, *command],
        cwd=folder,
        timeout=_SECONDS,
        variables=plain_variables(child_variables()),
    )
    if outcome.code != 0:
        printed = f"{outcome.describe_exit()}\n{outcome.tail()}"
        raise ToolError(f"{compose[0]} compose {command[0]}: {printed}")


def _document(services: Mapping[str, Service]) -> dict[str, object]:
    """The services in the format of compose; JSON is valid YAML."""
    return {
        "services": {
            name: {
                "image": service.image,
                # Not reachable from other machines of the network.
                "ports": [f"{HOST}:{service.port}:{service.port}"],
                # Compose would substitute variables in a value.
                "environment": {
                    key: value.replace("$", "$$")
                    for key, value in service.environment.items()
                },
            }
            for name, service in services.items()
        }
    }
