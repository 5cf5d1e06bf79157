"""The smallest adoption: the settings, the launcher, and the workflow of the gate."""

from __future__ import annotations

from ci_framework.answers.derive import Answer

_BECAUSE = "the smallest adoption; change it with an answer"
# The files that the gate's workflow does not need.
_LEFT_OUT = (
    ".github/actions/{prefix}cleanup-dev-files",
    ".github/actions/{prefix}performance-bench",
    ".github/actions/{prefix}security-scan",
    ".github/actions/{prefix}summary-report",
    ".github/workflows/{prefix}security-audit.yml",
    ".github/zizmor.yml",
    ".gitignore",
    "ci-framework/files.sha256",
    "ci-framework/ruleset.json",
    "ci-framework/scripts",
)


def smallest_answers(prefix: str) -> dict[str, Answer]:
    """The answers that exclude everything except the gate.

    Args:
        prefix: the answer ``github_prefix``.
    """
    values: dict[str, object] = {
        "benchmarks": "no",
        "cleanup": "none",
        "codeql": "no",
        "containers": "no",
        "hooks": [],
        "unmanaged": [path.format(prefix=prefix) for path in _LEFT_OUT],
        "update_bot": "none",
    }
    return {name: Answer(value, _BECAUSE) for name, value in values.items()}
