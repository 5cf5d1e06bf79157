"""What the tests of workflows share: one render of every combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.support.documents import Document
from tests.support.rendered_workflows import (
    COMBINATIONS,
    document_names,
)
from tests.support.renders import ROOT, render_once

if TYPE_CHECKING:
    from pathlib import Path


class Render(Protocol):
    """Render a combination by its name, once for all tests; not to be written to."""

    def __call__(self, combination: str) -> Path: ...


@pytest.fixture(scope="session")
def rendered(template: Path, shared_directory: Path) -> Render:
    def one(combination: str) -> Path:
        target = shared_directory / f"workflows-{combination}"
        return render_once(template, target, COMBINATIONS[combination])

    return one


@pytest.fixture(scope="session")
def documents(rendered: Render) -> list[Document]:
    """Every workflow and action: those of this repository, and those of renders."""
    return [read_document(name, rendered) for name in document_names()]


@pytest.fixture
def document(request: pytest.FixtureRequest, rendered: Render) -> Document:
    """The document that the test is parametrized with: `own:path` or `render:path`."""
    return read_document(request.param, rendered)


def read_document(name: str, rendered: Render) -> Document:
    kind, _, path = name.partition(":")
    if kind == "own":
        return Document.read(name, ROOT / path)
    for combination in COMBINATIONS:
        file = rendered(combination) / path
        if file.is_file():
            return Document.read(name, file)
    raise AssertionError(f"no combination renders {path}")
