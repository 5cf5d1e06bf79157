"""Combinations of answers for the workflows, and the documents they render."""

from __future__ import annotations

import re
from functools import cache

from tests.support.renders import ROOT, Answers

TEMPLATE = ROOT / "template"

# Every combination of answers that changes what lands in .github.
CHANGES: dict[str, Answers] = {
    "defaults": {},
    "uv": {"package_manager": "uv"},
    "pip": {"package_manager": "pip"},
    "poetry": {"package_manager": "poetry"},
    "release": {
        "package_manager": "uv",
        "releases": "pypi",
        "framework_updates": "workflow",
    },
    "branches": {"main_branch": "trunk", "integration_branch": "development"},
    "awkward-branches": {
        "main_branch": "on",
        "integration_branch": "team/its_2.x-next",
    },
    "existing": {"project_state": "existing", "package_manager": "uv"},
    "prefix": {
        "project_state": "existing",
        "package_manager": "uv",
        "github_prefix": "framework-",
    },
    "renovate": {"update_bot": "renovate", "cleanup": "push"},
    "renovate-existing": {
        "project_state": "existing",
        "update_bot": "renovate",
        "github_prefix": "framework-",
        "pixi_prefix": "ci-",
        "unmanaged": [
            ".github/workflows/framework-security-audit.yml",
            ".github/actions/framework-summary-report/action.yml",
        ],
    },
    "hybrid": {"ci_mode": "hybrid", "integration_branch": "development"},
    "codeql": {
        "codeql": "yes",
        "cleanup": "pull-request",
        "containers": "yes",
        "docs": "mkdocs",
    },
    "no-cleanup": {"cleanup": "none"},
    "monorepo": {"project_type": "monorepo", "package_manager": "uv"},
    "mcp-server": {"project_type": "mcp-server", "package_manager": "uv"},
    "local": {"ci_mode": "local"},
}
COMBINATIONS: dict[str, Answers] = {
    name: {"setup": "customise", **answers} for name, answers in CHANGES.items()
}


@cache
def template_documents() -> tuple[str, ...]:
    """The workflows and actions a render can have, as paths in the render."""
    found = [
        path.relative_to(TEMPLATE).as_posix()
        for folder in ("workflows", "actions")
        for path in (TEMPLATE / ".github" / folder).rglob("*")
        if path.name.endswith((".yml", ".yml.jinja"))
    ]
    return tuple(sorted(re.sub(r"{[%{].*?[%}]}|\.jinja$", "", name) for name in found))


def own_documents() -> tuple[str, ...]:
    """The workflows of this repository."""
    folder = ROOT / ".github" / "workflows"
    return tuple(sorted(p.relative_to(ROOT).as_posix() for p in folder.glob("*.yml")))


def document_names() -> list[str]:
    """The documents as the fixture `document` names them."""
    return [
        *(f"own:{path}" for path in own_documents()),
        *(f"render:{path}" for path in template_documents()),
    ]
