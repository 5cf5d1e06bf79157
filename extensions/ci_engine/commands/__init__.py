"""The commands of the engine, one module each."""

from __future__ import annotations

from collections.abc import Mapping

# Each command is the COMMAND of the module with its name, imported when it runs.
COMMANDS: Mapping[str, str] = {
    "gate": "run the checks of a quality tier",
    "changes": "report what a change touches, and what has to run",
    "packages": "list the packages of a monorepo, and check some of them",
    "scan": "look for security issues, secrets and known vulnerabilities",
    "bench": "compare the benchmarks with those of another commit",
    "docs": "build, check, publish or serve the documentation",
    "mcp": "start the MCP server of the project, and check how it behaves",
    "release": "check that a version can be tagged and published",
    "summary": "gather the results of all jobs on one page",
    "validate": "check every configuration file",
    "setup": "prepare the environment and the git hooks of this clone",
    "cleanup": "find stray development files",
    "update": "merge the latest version of ci-framework, and propose it",
    "vendor": "copy the engine into the repository, or remove the copy",
    "config": "print the effective settings and where each one comes from",
    "doctor": "report what the engine finds on this machine",
}
