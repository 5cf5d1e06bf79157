"""CI of other systems, and workflows that never run."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ci_framework.analysis.hooks import HOOK_FILES
from ci_framework.analysis.purposes.vocabulary import PIPELINES, word_set
from ci_framework.analysis.readers.documents import Documents
from ci_framework.analysis.workflows.reading import is_workflow
from ci_framework.inventory import Pipeline
from ci_framework.repository import Repository

_NO_JOBS = word_set("gitlab-keys")
_STAYS = "is not the framework's: it stays as it is"


def read_pipelines(repository: Repository) -> list[Pipeline]:
    """All configurations of CI, current or former, except workflows that run."""
    documents = Documents(repository)
    found: list[Pipeline] = []
    for path, entry in repository.tracked.items():
        system = PIPELINES.get(path) or _folder(path)
        if system and entry.is_file:
            jobs = _jobs(documents, path, system)
            because = f"{system} {_STAYS}"
            found.append(Pipeline(path=path, system=system, jobs=jobs, because=because))
        elif reason := _disabled(documents, path):
            off = Pipeline(path=path, system="disabled", jobs=[], because=reason)
            found.append(off)
    for path in HOOK_FILES:
        if documents.has(path) and documents.nodes(path).has("ci"):
            because = f"pre-commit.ci {_STAYS}"
            system = "pre-commit.ci"
            found.append(Pipeline(path=path, system=system, jobs=[], because=because))
    return found


def _folder(path: str) -> str:
    """The system of a folder in which every file is a configuration."""
    location = PurePosixPath(path)
    if location.suffix not in (".yml", ".yaml"):
        return ""
    if location.parts[:1] in ((".azure-pipelines",), (".azure",)):
        return "Azure Pipelines"
    return "Woodpecker" if location.parts[:1] == (".woodpecker",) else ""


def _disabled(documents: Documents, path: str) -> str:
    """Why a file beside the workflows never runs, empty for all other files."""
    if not path.startswith(".github/workflows/") or not documents.has(path):
        return ""
    if is_workflow(path):
        text = documents.text(path)
        lines = [line.strip() for line in text.splitlines()]
        if path in documents.unreadable or any(_has_content(line) for line in lines):
            return ""
        return "nothing in it but comments: it never runs and stays as it is"
    if re.search(r"\.ya?ml\b|\.(disabled|bak|off|old)$", path):
        return "GitHub reads no file of that name: it never runs and stays as it is"
    return ""


def _has_content(line: str) -> bool:
    return bool(line) and not line.startswith("#") and line != "---"


def _jobs(documents: Documents, path: str, system: str) -> list[str]:
    """The names of the jobs, for systems that have named jobs."""
    if not path.endswith((".yml", ".yaml")):
        return []
    top = documents.nodes(path)
    if system == "GitLab CI":
        names = [name for name, body in top.pairs if body.kind == "map"]
        return [n for n in names if n not in _NO_JOBS and not n.startswith(".")]
    jobs = top.get("jobs")
    if system == "CircleCI":
        return [name for name, _body in jobs.pairs]
    if system == "Azure Pipelines":
        holders = (top, *top.get("stages").items)
        names = [job.get("job").text for h in holders for job in h.get("jobs").items]
        return [name for name in names if name]
    if system == "Cirrus CI":
        return [n for n, _ in top.pairs if n == "task" or n.endswith("_task")]
    return []
