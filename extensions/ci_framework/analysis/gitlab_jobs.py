"""The jobs of a GitLab pipeline: what they run, and on which images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_framework.analysis.purposes.vocabulary import word_set
from ci_framework.analysis.readers.yaml_nodes import EMPTY, Node
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

PIPELINE = ".gitlab-ci.yml"
_NO_JOBS = word_set("gitlab-keys")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


@dataclass(frozen=True)
class GitLabJob:
    """One job of the pipeline, with what it takes from the jobs that it extends.

    Attributes:
        script: the lines of ``before_script`` and ``script``.
        images: its image, once for each job of its matrix.
    """

    name: str
    script: str
    images: tuple[str, ...]
    evidence: Evidence


def gitlab_jobs(survey: Survey) -> Iterator[GitLabJob]:
    """The jobs of the pipeline; hidden ones are not jobs, but what others extend."""
    if not survey.has(PIPELINE):
        return
    top = survey.documents.nodes(PIPELINE)
    for name, body in top.pairs:
        if name in _NO_JOBS or name.startswith(".") or body.kind != "map":
            continue
        chain = [*_chain(top, body, set()), top.get("default"), top]
        lines = [
            line
            for key in ("before_script", "script")
            for line in _lines(top, _first(chain, key), key, set())
        ]
        if lines:
            location = Evidence(path=PIPELINE, line=top.line_of(name))
            images = tuple(_images(chain))
            yield GitLabJob(name, "\n".join(lines), images, location)


def _chain(top: Node, body: Node, seen: set[str]) -> Iterator[Node]:
    """A job, then each job that it extends, once; of several, the last counts first."""
    yield body
    for name in reversed(body.get("extends").words()):
        if name not in seen:
            seen.add(name)
            yield from _chain(top, top.get(name), seen)


def _first(chain: list[Node], key: str) -> Node:
    return next((node.get(key) for node in chain if node.has(key)), EMPTY)


def _lines(top: Node, value: Node, key: str, seen: set[str]) -> Iterator[str]:
    """The lines of a script; a list such as ``[.job, script]`` is a reference.

    The lines of each job are given once: jobs may refer to each other in a circle.
    """
    if value.kind == "text" and value.text:
        yield value.text
    words = value.words()
    if value.kind == "list" and words[1:] == [key] and top.has(words[0]):
        if words[0] not in seen:
            seen.add(words[0])
            yield from _lines(top, top.get(words[0]).get(key), key, seen)
        return
    for item in value.items:
        yield from _lines(top, item, key, seen)


def _images(chain: list[Node]) -> Iterator[str]:
    image = _first(chain, "image")
    named = image.text or image.get("name").text
    variables = {
        name: [value.text]
        for node in reversed(chain)
        for name, value in node.get("variables").pairs
        if value.text
    }
    for row in _first(chain, "parallel").get("matrix").items:
        variables |= {name: value.words() for name, value in row.pairs}
    used = [name for name in _VARIABLE.findall(named) if name in variables]
    if not used:
        yield from [named] if named else []
        return
    for value in variables[used[0]]:
        literal = value.replace("\\", r"\\")
        yield re.sub(rf"\$\{{?{used[0]}\b\}}?", literal, named)
