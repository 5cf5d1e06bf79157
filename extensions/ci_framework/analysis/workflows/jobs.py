"""Read the jobs and steps of a workflow for the inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ci_framework.analysis.purposes.activities import (
    find_action_purposes,
    find_purposes,
)
from ci_framework.analysis.purposes.vocabulary import SCRIPT_CALLS
from ci_framework.analysis.readers.yaml_nodes import Node
from ci_framework.analysis.workflows.expressions import secrets_of
from ci_framework.inventory import Job, Step

_SHOWN = 80
# Actions that run a given command.
_COMMANDS = ("command", "run", "cmd", "script", "before-script")


@dataclass(frozen=True)
class Surroundings:
    """The names in the repository that steps can use.

    Attributes:
        tasks: the commands of tasks and scripts, by name.
        local_action: the steps of an action of the repository, by its ``./`` path.
    """

    tasks: Mapping[str, Sequence[str]]
    local_action: Callable[[str], Sequence[Step]]


def read_job(
    name: str, job: Node, line: int, around: Surroundings, shell: str = ""
) -> Job:
    """Read one job; parts with an unexpected shape are ignored, never refused."""
    shell = default_shell(job) or shell
    container = job.get("container")
    environment = job.get("environment")
    steps = [read_step(item, around, shell) for item in job.get("steps").items]
    return Job(
        id=name,
        name=job.get("name").text,
        line=line,
        runs_on=_runners(job.get("runs-on")),
        uses=job.get("uses").text,
        matrix=_matrix(job.get("strategy").get("matrix")),
        services={
            service: body.get("image").text or body.text
            for service, body in job.get("services").pairs
        },
        secrets=secrets_of(job),
        permissions=access_of(job.get("permissions")),
        environment=environment.text or environment.get("name").text,
        needs=job.get("needs").words(),
        steps=steps,
        container=container.text or container.get("image").text,
        lines=_lines(job),
    )


def access_of(node: Node) -> dict[str, str]:
    """The granted permissions by scope; ``all`` for a word that grants everything."""
    if node.kind == "text":
        return {"all": node.text.removesuffix("-all")} if node.text else {}
    return {scope: value.text for scope, value in node.pairs}


def default_shell(node: Node) -> str:
    """The default shell of a job or a workflow for its steps, empty if none."""
    return node.get("defaults").get("run").get("shell").text


def read_step(item: Node, around: Surroundings, shell: str = "") -> Step:
    """Read one step of a job or of the repository's own action."""
    name, line = item.get("name").text, item.line
    if item.has("uses"):
        uses = item.get("uses").text
        does = _what_it_uses(uses, item.get("with"), around)
        shown = name or f"Run {uses}"
        return Step(name=shown, kind="uses", text=uses, does=does, line=line)
    if item.has("run"):
        script = item.get("run").text
        does = find_purposes(script, around.tasks) or ["other: nothing"]
        if (item.get("shell").text or shell).startswith(("python", "node")):
            does = ["script"]
        shown = name or f"Run {_first_line(script)}"
        return Step(name=shown, kind="run", text=script, does=does, line=line)
    shown = name or item.get("id").text or "(unnamed)"
    does = ["other: unknown"]
    return Step(name=shown, kind="unknown", text="", does=does, line=line)


def _first_line(script: str) -> str:
    lines = (line.strip() for line in script.splitlines())
    return next((line for line in lines if line), "")[:_SHOWN]


def _what_it_uses(uses: str, given: Node, around: Surroundings) -> list[str]:
    if uses.startswith("./"):
        inner = [does for step in around.local_action(uses) for does in step.does]
        known = [does for does in dict.fromkeys(inner) if not does.startswith("other")]
        if known:
            return known
    does = find_action_purposes(uses)
    if not does:
        return ["other: nothing"]
    if "github-script" in uses:
        return _what_a_script_calls(given.get("script").text) or does
    if does[0].startswith("other:"):
        for key in _COMMANDS:
            if given.get(key).text:
                return find_purposes(given.get(key).text, around.tasks) or does
    return does


def _what_a_script_calls(script: str) -> list[str]:
    """What a script for GitHub's API does."""
    found = (does for call, does in SCRIPT_CALLS.items() if call in script)
    return list(dict.fromkeys(found))


def _runners(node: Node) -> list[str]:
    if node.kind == "map":
        group = node.get("group").text
        return [*([f"group: {group}"] if group else []), *node.get("labels").words()]
    return node.words()


def _matrix(node: Node) -> dict[str, list[str]]:
    """The keys of a matrix; a computed matrix has the key ``matrix``."""
    if node.kind == "text":
        return {"matrix": [node.text]} if node.text else {}
    return {
        key: [_value(item) for item in value.items or (value,)]
        for key, value in node.pairs
    }


def _value(node: Node) -> str:
    if node.kind == "text":
        return node.text
    if node.kind == "list":
        return "[" + ", ".join(_value(item) for item in node.items) + "]"
    return ", ".join(f"{key}={_value(value)}" for key, value in node.pairs)


def _lines(job: Node) -> dict[str, int]:
    strategy = job.get("strategy")
    matrix = {"matrix": strategy.line_of("matrix")} if strategy.has("matrix") else {}
    services = job.get("services").lines.items()
    return {**job.lines, **matrix, **{f"services.{name}": n for name, n in services}}
