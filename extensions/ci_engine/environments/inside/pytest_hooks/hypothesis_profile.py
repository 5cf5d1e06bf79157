"""Make property tests try more examples."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

_EXAMPLES_VARIABLE = "CI_ENGINE_HYPOTHESIS_EXAMPLES"
_PROFILE = "ci-framework"


def prepare(config: pytest.Config, _writer: object) -> str:
    """Make property tests try more examples, the same ones in every run.

    The profile changes nothing else in the active one. A profile that the
    user chose stays active.
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
        # Hypothesis refuses a database for derandomized examples.
        database=None,
    )
    settings.load_profile(_PROFILE)
    number = settings().max_examples
    return f"hypothesis: up to {number} examples for each property, always the same"
