"""Which files a project gets, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import jinja2
import yaml
from chooser_template import Template

from ci_engine.validation.marked_blocks import SHARED_FILES
from reference_sections.markdown import Document, read, table, wrap

Answers = dict[str, object]
# The files of a project by path.
Tree = Mapping[str, str]

PACKAGE = "my_project"
RENDERS: tuple[Answers, ...] = (
    {},
    {"project_type": "application"},
    {"project_state": "existing"},
    {"project_state": "existing", "settings_file": "ci-framework.toml"},
    {"ci_mode": "local"},
    {"license": "none"},
    {"project_type": "monorepo"},
    {"project_type": "mcp-server"},
    {"load_testing": "yes"},
)
WHEN = {
    "{'project_type': 'application'}": "for an application",
    "{'project_type': 'monorepo'}": "for a monorepo",
    "{'project_type': 'mcp-server'}": "for an MCP server",
    "{}": "for a library",
}


def render_all() -> Iterator[tuple[Answers, Tree]]:
    """Render every kind of project, as the chooser of the site does."""
    template = Template()
    for answers in RENDERS:
        chosen = {"project_name": PACKAGE.replace("_", "-"), **answers}
        found, _ = template.answers(chosen, given=frozenset(chosen))
        yield answers, template.tree(found)


def write_files(trees: list[tuple[Answers, Tree]]) -> str:
    """One row for each path that any kind of project gets, with its owner."""
    rendered = {str(answers): sorted(tree) for answers, tree in trees}
    everywhere = sorted({name for names in rendered.values() for name in names})
    seeds = project_paths()
    rows = [
        (
            f"`{nameless(name)}`",
            owner(name, seeds),
            only(name, rendered),
        )
        for name in everywhere
    ]
    kept = ", ".join(f"`{path}`" for path in seeds)
    return f"""\
## Files and their owners

- **framework**: replaced by every `copier update`; do not edit.
- **shared**: the framework owns the block between `# >>> ci-framework >>>` and
  `# <<< ci-framework <<<`; the rest is yours, and updates merge. In a new project the
  rest is written once as a start, and later versions of that start are merged too.
- **project**: written once for a new project; no update touches it again.
- **Copier**: the recorded answers; change them with `copier update`, not by hand.

{table(("path", "owner", "present"), rows)}

{wrap(f"Never touched by an update: {kept}, and every path in `unmanaged`.")}"""


def nameless(path: str) -> str:
    """A path of any project, whatever its name is."""
    dashed = PACKAGE.replace("_", "-")
    return path.replace(PACKAGE, "<package_name>").replace(dashed, "<package_name>")


def project_paths() -> list[str]:
    """What `_exclude` leaves alone on every update."""
    excluded = cast("Document", yaml.safe_load(read("copier.yml")))["_exclude"]
    rule = next(entry for entry in excluded if "'update'" in entry)
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 # nosec B701 - no HTML
    text = environment.from_string(rule).render(
        project_state="new",
        _copier_operation="update",
        packages=[{"path": "packages"}],
    )
    return [line.strip("/ ") for line in text.splitlines() if line.strip()]


def owner(path: str, seeds: list[str]) -> str:
    """Who may change a path."""
    if path == ".copier-answers.yml":
        return "Copier"
    if path in SHARED_FILES:
        return "shared"
    return (
        "project"
        if any(path == seed or path.startswith(f"{seed}/") for seed in seeds)
        else "framework"
    )


def only(path: str, rendered: Mapping[str, list[str]]) -> str:
    """In which projects a path is present."""
    if path in ("pyproject.toml", "ci-framework.toml"):
        return f"`settings_file` {path}"
    present = {key: path in names for key, names in rendered.items()}
    if all(present.values()):
        return "always"
    alone = [key for key, there in present.items() if there]
    for kind in ("monorepo", "mcp-server"):
        if alone == [key := f"{{'project_type': '{kind}'}}"]:
            return WHEN[key]
    notes: list[str] = []
    if present["{}"] != present["{'project_type': 'application'}"]:
        kind = "{}" if present["{}"] else "{'project_type': 'application'}"
        notes.append(WHEN[kind])
    if not present["{'project_state': 'existing'}"]:
        notes.append("new project")
    if not present["{'ci_mode': 'local'}"] and present["{}"]:
        notes.append("`ci_mode` remote")
    if not present["{'license': 'none'}"] and present["{}"]:
        notes.append("with a license")
    if sum(present.values()) == present["{'load_testing': 'yes'}"]:
        notes.append("`load_testing` yes")
    return ", ".join(notes)
