"""Every message on the troubleshooting page can be provoked."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.support.documentation_scenes import Workshop
from tests.support.documented_messages import PROVOCATIONS
from tests.support.pages import Block, read_page
from tests.support.renders import ROOT

_PAGE = read_page(ROOT / "docs" / "troubleshooting.md")
_MESSAGES = {b.heading: b for b in _PAGE.blocks if b.language == "text"}


def test_every_message_is_provoked() -> None:
    assert set(_MESSAGES) == set(PROVOCATIONS)


def _plain(text: str) -> str:
    """Leave out what differs from run to run: paths, times and spaces."""
    text = re.sub(r"\d+\.\d+ (s|%)", r"N \1", text)
    text = re.sub(r":\d+", ":N", text)
    text = re.sub(r"\[\d+\]", "[N]", text)
    return " ".join(text.split())


def _missing(block: Block, output: str) -> list[str]:
    """The parts of a message that do not appear, in their order, in the output."""
    rest = _plain(output)
    missing: list[str] = []
    for line in block.lines:
        for part in filter(None, map(str.strip, _plain(line).split("…"))):
            _, found, after = rest.partition(part)
            if found:
                rest = after
            else:
                missing.append(part)
    return missing


@pytest.mark.heavy
@pytest.mark.parametrize("heading", PROVOCATIONS)
def test_message_appears(heading: str, workshop: Workshop) -> None:
    if heading == "Another environment was used" and shutil.which("pixi"):
        pytest.skip("pixi is installed here")
    provocation = PROVOCATIONS[heading]

    outcome = workshop.run(provocation.shell, workshop.scene(provocation.scene))

    assert not _missing(_MESSAGES[heading], outcome.output), outcome.output
    assert outcome.code == provocation.code, outcome.output
