"""Renders are made once for all tests of a process: the same input, the same files."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping

from ci_framework.rendering import Rendered, Source, render

_KNOWN: dict[str, Rendered] = {}


def render_once(
    source: Source, answers: Mapping[str, object], answers_file: str
) -> Rendered:
    """Render as the companion does, unless that was done before."""
    if not source.ref:
        # A branch may move between two tests.
        return render(source, answers, answers_file)
    words = [source.address, source.ref, dict(answers), answers_file]
    key = json.dumps(words, sort_keys=True, default=repr)
    if key not in _KNOWN:
        _KNOWN[key] = render(source, answers, answers_file)
    found = _KNOWN[key]
    return Rendered(found.template, copy.deepcopy(found.answers), dict(found.files))
