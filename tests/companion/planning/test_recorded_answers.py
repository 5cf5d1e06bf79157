"""The answers of every version are recognized as those of this template."""

from __future__ import annotations

import pytest

from ci_framework.planning.recorded_answers import parse_recorded

# The first release did not ask for quality_tier.
FIRST = """\
_commit: v2.0.0
_src_path: https://github.com/MementoRC/ci-framework
ci_mode: remote
config_profile: tiered
package_manager: uv
project_state: new
unmanaged: []
"""


def test_answers_of_the_first_release_are_ours() -> None:
    recorded = parse_recorded(".copier-answers.yml", FIRST.encode())
    assert recorded is not None
    assert recorded.commit == "v2.0.0"
    assert recorded.answers["package_manager"] == "uv"


@pytest.mark.parametrize(
    "missing", ["ci_mode", "config_profile", "project_state", "unmanaged", "_commit"]
)
def test_answers_of_another_template_are_not_ours(missing: str) -> None:
    rows = [row for row in FIRST.splitlines() if not row.startswith(missing)]
    assert parse_recorded(".copier-answers.yml", "\n".join(rows).encode()) is None
