"""Let property tests try more examples."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

_EXAMPLES_VARIABLE = "CI_ENGINE_HYPOTHESIS_EXAMPLES"
_PROFILE = "ci-framework"


def prepare(config: pytest.Config, _writer: object) -> str:
    """Let property tests try more examples, the same ones in every run.

    The profile keeps everything else of the one that is loaded. A profile that the
    user chose stays.
    """
    examples = int(os.environ.get(_EXAMPLES_VARIABLE) or 0)
    chosen = os.environ.get("HYPOTHESIS_PROFILE") or config.getoption(
        "--hypothesis-profile", default=None
    )
    if not examples or chosen or not find_spec("hypothesis"):
        return ""
    from hypothesis import settings  # noqa: PLC0415

    current = settings()
    settings.register_profile(
        _PROFILE,
        parent=current,
        max_examples=max(current.max_examples, examples),
        deadline=None,
        print_blob=True,
        derandomize=True,
        # Derandomized examples are not remembered; hypothesis refuses a database.
        database=None,
    )
    settings.load_profile(_PROFILE)
    number = settings().max_examples
    return f"hypothesis: up to {number} examples for each property, always the same"
