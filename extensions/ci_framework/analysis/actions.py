"""What an action is for, by its name."""

from __future__ import annotations

import re

from ci_framework.analysis.words import what_a_name_says

__all__ = ["what_action_does"]

# The first pattern that fits decides; ``owner/name`` with its path, in lower case.
_KNOWN = [
    (re.compile(pattern), purpose)
    for pattern, purpose in (
        (r"^actions/checkout$|checkout$", "checkout"),
        (r"^actions/cache(/|$)|(^|[/-])cache($|-)|rust-cache|ccache", "cache"),
        (r"configure-pages|upload-pages|deploy-pages|gh-pages", "docs-deploy"),
        (r"download-artifact|upload-artifact|artifact/merge|artifact$", "artifact"),
        (r"^codecov/test-results", "test-results"),
        (r"^codecov/|coveralls|codacy|cc-test|codeclimate", "coverage-upload"),
        (r"coverage-comment|coverage-action|pytest-coverage|octocov", "coverage"),
        (r"pypi-publish|publish-to-pypi|upload-to-pypi|pypi-upload", "publish"),
        (r"pages-deploy|pages-action|netlify|readthedocs", "docs-deploy"),
        (r"codeql-action/upload-sarif$", "sarif-upload"),
        (r"codeql|scorecard|trivy|snyk|semgrep|bandit|grype|anchore/scan", "security"),
        (r"osv-scanner|devskim|bearer|sonar|checkov|harden-runner", "security"),
        (r"dependency-review|pip-audit|safety", "audit"),
        (r"gitleaks|trufflehog|detect-secrets|ggshield", "secrets"),
        (r"sbom|cyclonedx|syft", "sbom"),
        (r"zizmor|actionlint|ratchet", "workflow-lint"),
        (r"release-drafter|release-please|gh-release|create-release", "release"),
        (r"semantic-release|ncipollo/release|release-action|bump-version", "release"),
        (r"github-tag|tag-action|changelog|git-auto-commit", "release"),
        (r"^docker/|buildah|kaniko|hadolint|container", "container"),
        (r"slack|discord|teams|telegram|mattermost|send-mail|notify", "notify"),
        (r"^pre-commit/action|pre-commit|prek", "hooks"),
        (r"cibuildwheel|maturin|build-wheels|baipp|build-and-inspect", "build"),
        (r"attest|sigstore|cosign|slsa", "attest"),
        (r"labeler|label", "label"),
        (r"^actions/stale$|lock-threads|stale|close-issue|first-interaction", "triage"),
        (r"github-script$", "script"),
        (r"create-or-update-comment|comment|sticky", "comment"),
        (r"workflow-dispatch|repository-dispatch", "automation"),
        (r"create-pull-request|auto-merge|automerge|enable-pull-request", "automation"),
        (r"fetch-metadata|auto-approve|dependabot|merge-pull", "automation"),
        (r"create-an-issue|issue", "issues"),
        (
            r"path-filter|paths-filter|changed-files|changes|get-diff",
            "change-detection",
        ),
        (r"alls-green|action-wait", "gate"),
        (r"test-reporter|publish-unit-test|junit|test-summary|test-report", "report"),
        (r"typos|codespell|misspell", "spelling"),
        (r"benchmark|codspeed|asv", "benchmark"),
        (r"app-token|configure-aws|/login$|auth$|azure/login", "credentials"),
        (r"(^|[/-])setup($|-|/)|set-up|setup_|install|micromamba|miniconda", "set-up"),
        (r"^awalsh128/|apt-|toolchain|problem-matcher|tmate|free-disk", "set-up"),
        (r"ruff|flake8|pylint|super-linter|reviewdog|megalinter|lint", "lint"),
        (r"(^|/)(psf/)?black(-|$|/)|prettier|isort|autopep", "format"),
        (r"mypy|pyright|typecheck", "typecheck"),
        (r"sphinx|mkdocs|docs", "docs"),
        (r"claude|gemini|copilot|openai|coderabbit", "ai-assistant"),
        (r"retry$|run-on-arch|arm-runner", "other: runs a command"),
        (r"wrangler|deploy", "deploy"),
    )
]


def what_action_does(uses: str) -> list[str]:
    """What an action, a container or a reusable workflow is for.

    Args:
        uses: as written, such as ``actions/checkout@v4``.
    """
    name = uses.split("@", 1)[0].strip().lower()
    if not name:
        return []
    if name.startswith("docker://"):
        return ["container"]
    if name.startswith("./"):
        name = re.sub(r"/action\.ya?ml$", "", name)
        named = what_a_name_says(name.rstrip("/").rsplit("/", 1)[-1])
        return [named or f"other: {uses.split('@', 1)[0]}"]
    for pattern, purpose in _KNOWN:
        if pattern.search(name):
            return [purpose]
    said = what_a_name_says(name.split("/", 1)[-1].replace("/", "-"))
    return [said or f"other: {uses.split('@', 1)[0]}"]
