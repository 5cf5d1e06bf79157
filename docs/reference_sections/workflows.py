"""Workflows and actions."""

from __future__ import annotations

import re
from typing import cast

import yaml
from generate_schemas import ROOT

from reference_sections.files import Tree
from reference_sections.markdown import Document, code, table, wrap


def write_workflows(tree: Tree) -> str:
    """The jobs of every workflow."""
    parts = ["## Workflows"]
    for path in sorted(tree):
        folder, _, file = path.rpartition("/")
        if folder != ".github/workflows":
            continue
        workflow = cast("Document", yaml.safe_load(tree[path]))
        # YAML 1.1 reads the key `on` as true.
        triggers: Document = next(
            entry for key, entry in workflow.items() if str(key) in ("on", "True")
        )
        rows = [
            (
                f"`{name}`",
                str(job["name"]),
                ", ".join(f"`{need}`" for need in needs(job)),
                f"{job['timeout-minutes']} min",
            )
            for name, job in workflow["jobs"].items()
        ]
        listed = ", ".join(f"`{name}`" for name in triggers)
        parts.append(f"""\
### {file}

Runs on {listed}.

{table(("job", "name", "needs", "timeout"), rows)}""")
    return "\n\n".join(parts)


def needs(job: Document) -> list[str]:
    """The jobs that a job waits for."""
    needed: object = job.get("needs", [])
    return [needed] if isinstance(needed, str) else cast("list[str]", needed)


def write_actions() -> str:
    """The inputs and outputs of every action."""
    parts = ["## Actions"]
    for path in sorted((ROOT / "actions").glob("*/action.yml")):
        action = cast("Document", yaml.safe_load(path.read_text(encoding="utf-8")))
        inputs = [
            (f"`{name}`", entry["description"], code(entry.get("default", "")))
            for name, entry in action.get("inputs", {}).items()
        ]
        outputs = [
            (f"`{name}`", entry["description"])
            for name, entry in action.get("outputs", {}).items()
        ]
        description = " ".join(re.split(r"\s+", action["description"].strip()))
        parts.append(f"""\
### {path.parent.name}

{wrap(f"{description}.")}

{table(("input", "what", "default"), inputs)}

{table(("output", "what"), outputs)}""")
    return "\n\n".join(parts)
