"""The values of answers to combine, and their combinations."""

from __future__ import annotations

from tests.support.covering import pairwise

LONG_NAME = "x" * 63 + "9"

FACTORS: dict[str, tuple[object, ...]] = {
    "setup": ("recommended", "customise"),
    "project_name": (
        "my-project",
        "Json",
        "3D  Tools_of-the.Trade",
        LONG_NAME,
        "a _b_ c",
        "on",
    ),
    "project_type": ("library", "application", "mcp-server", "monorepo"),
    "package_manager": ("pixi", "uv", "pip", "poetry"),
    "repository": ("", "https://github.com/owner/name"),
    "project_state": ("new", "existing"),
    "description": (
        "",
        'Says: "it\'s" \\n #1, <b>*all*</b> `of` [it] & é 🎉 100 % --- 1. {x} ${y}',
        "- [ ] no, null: ~",
    ),
    "author_name": ("", 'Zoë "Z" O\\Brien'),
    "author_email": ("", "zoe+ci@mail.example.org"),
    "license": ("MIT", "Apache-2.0", "BSD-3-Clause", "none"),
    "source_paths": (["src"], ["src", "my tools/lib"]),
    "test_paths": (["tests"], ["tests", "integration/tests"]),
    "ci_mode": ("remote", "hybrid", "local"),
    "pixi_tiers": ("framework", "project"),
    "pixi_prefix": ("", "ci-"),
    "build_backend": ("hatchling", "uv_build", "setuptools"),
    "exclude_newer": ("", "7 days"),
    "config_profile": ("tiered", "comprehensive"),
    "python_versions": (
        ["3.11", "3.12", "3.13", "3.14", "3.15"],
        ["3.12"],
        ["3.15", "3.10"],
        ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"],
    ),
    "platforms": (["linux", "macos"], ["windows"], ["windows", "linux", "macos"]),
    "type_checker": ("pyright", "mypy", "pyrefly"),
    "quality_tier": ("extended", "essential", "full"),
    "coverage_threshold": (90, 0, 100),
    "benchmarks": ("yes", "no"),
    "benchmark_suite": (["tests/benchmarks"], ["my bench", "perf/micro"]),
    "regression_threshold": ("10%", "7.5%"),
    "load_testing": ("no", "yes"),
    "docs": ("none", "mkdocs", "sphinx"),
    "docs_deploy": ("pages", "branch", "none"),
    "docs_versions": ("no", "yes"),
    "services": ([], ["redis"], ["redis", "postgres"]),
    "service_image": ("", "ghcr.io/owner/name:v1@sha256:" + "0123456789abcdef" * 4),
    "service_port": (8080, 5671),
    "security_level": ("high", "low", "medium", "critical"),
    "containers": ("no", "yes"),
    "sbom": ("yes", "no"),
    "releases": ("release-please", "pypi", "none"),
    "codeql": ("no", "yes"),
    "cleanup": ("check", "pull-request", "push", "none"),
    "main_branch": ("main", "release/2.x", "on"),
    "integration_branch": ("", "development"),
    "settings_file": ("pyproject.toml", "ci-framework.toml"),
    "github_prefix": ("", "framework-"),
    "hooks": (["lint", "format"], ["lint", "format", "push"], ["format"], []),
    "hooks_indent": (2, 0, 3),
    "update_bot": ("dependabot", "renovate", "none"),
    "framework_updates": ("none", "workflow"),
    "update_ecosystems": (["github-actions", "python"], ["python"], []),
    "updates_indent": (2, 0, 8),
    "crlf_files": (
        [],
        [".pre-commit-config.yaml", ".gitignore"],
        [
            "pyproject.toml",
            "ci-framework.toml",
            ".gitattributes",
            ".github/dependabot.yml",
        ],
    ),
    "unmanaged": ([], ["LICENSE", ".github/dependabot.yml"]),
}

POINTS = pairwise(FACTORS)
