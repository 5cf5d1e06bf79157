"""Answers that avoid the names of the project's own files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_framework.analysis.purposes.vocabulary import word_list
from ci_framework.answers import Answer
from ci_framework.repository import Repository

# Names that a render may create in .github: workflows and actions.
WORKFLOWS = {
    "benchmarks.yml": "Benchmarks",
    "docs.yml": "Documentation",
    "docs-deploy.yml": "Publish the documentation",
    "mcp-server.yml": "MCP server",
    "python-ci.yml": "Python CI",
    "local-hybrid.yml": "Local hybrid",
    "security-audit.yml": "Security audit",
    "cleanup-dev-files.yml": "Check for stray development files",
}
ACTIONS = word_list("framework-actions")
PREFIXES = ("framework-", "ci-framework-", "shared-framework-")

_OURS = b"# Owned by ci-framework:"
_NAME = re.compile(rb"^name:[ \t]*(.+?)[ \t\r]*$", re.MULTILINE)
_ZIZMOR_CONFIG = ".github/zizmor.yml"
# Where zizmor looks for its configuration.
_ZIZMOR_CONFIGS = (_ZIZMOR_CONFIG, ".github/zizmor.yaml", "zizmor.yml", "zizmor.yaml")


def shape_prefix(repository: Repository) -> dict[str, Answer]:
    """The first prefix that makes every name free, empty if none is needed."""
    taken = list(_taken(repository, ""))
    if not taken:
        return {}
    free = (prefix for prefix in PREFIXES if not any(_taken(repository, prefix)))
    prefix = next(free, PREFIXES[-1])
    because = f"the project has {', '.join(taken)} of its own"
    return {"github_prefix": Answer(prefix, because)}


def _taken(repository: Repository, prefix: str) -> Iterator[str]:
    """The project's files with conflicting names, ignoring case."""
    paths = {f".github/workflows/{prefix}{name}" for name in WORKFLOWS}
    folders = tuple(f".github/actions/{prefix}{name}/" for name in ACTIONS)
    titles = {_title(name, prefix) for name in WORKFLOWS.values()}
    for path in repository.tracked:
        plain = path.lower()
        if not plain.startswith(".github/"):
            continue
        workflow = plain.startswith(".github/workflows/")
        by_name = plain in paths or f"{plain}/".startswith(folders)
        if not by_name and not workflow:
            continue
        content = repository.blob(path) or b""
        named = workflow and _name_of(content) in titles
        if (by_name or named) and not content.startswith(_OURS):
            yield path


def _title(name: str, prefix: str) -> str:
    """The name of a workflow, as in the template."""
    return f"{name} ({prefix.rstrip('-')})" if prefix else name


def _name_of(content: bytes) -> str:
    """The name of a workflow: workflows of one name would cancel each other's runs."""
    found = _NAME.search(content)
    name = found.group(1).decode("utf-8", "replace") if found else ""
    return name.partition(" #")[0].strip().strip("\"'")


def shape_unmanaged(repository: Repository) -> dict[str, Answer]:
    """The framework's files that would override the project's own."""
    own = next((path for path in _ZIZMOR_CONFIGS if path in repository.tracked), "")
    if not own or (repository.blob(own) or b"").startswith(_OURS):
        return {}
    because = f"the project has its own configuration of zizmor, {own}"
    return {"unmanaged": Answer([_ZIZMOR_CONFIG], because)}
