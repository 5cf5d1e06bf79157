"""Every fact that the analysis states about a repository, with its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ci_framework.inventory import Confidence, Evidence, Fact, Value

__all__ = ["FACTS", "Findings"]

FACTS: Mapping[str, str] = {
    "branches": "branches that exist, here or on the remote",
    "build-backend": "what builds its distributions",
    "coverage-plugin": "whether pytest can measure the coverage of its tests",
    "coverage-source": "what its coverage settings measure",
    "coverage-threshold": "least coverage that its settings ask for, in percent",
    "default-groups": "dependency groups that are installed without being asked for",
    "default-branch": "branch that the remote shows first",
    "dependabot-ecosystems": "what Dependabot updates: ecosystem and directory",
    "description": "what it says it does",
    "distributions": "packages that are installed by themselves, by directory",
    "docs-tool": "what builds its documentation",
    "author": "the first of its authors",
    "author-email": "their address",
    "formatter": "what formats its code; none if nothing does",
    "framework": "this framework, in this or another version, that is already there",
    "integration-branch": "branch that work is collected on, beside the main one",
    "layout": "src, flat, workspace, scripts or none",
    "license": "its license",
    "linter": "what lints its code; none if nothing does",
    "lock-files": "lock files of package managers",
    "lock-tracked": "whether git has a lock file",
    "main-branch": "branch that releases are made from",
    "manager": "what manages its environments",
    "missing-branches": "branches that start workflows but do not exist",
    "native-sources": "sources that a compiler makes into extension modules",
    "nested-projects": "projects inside of it that are examples, tests or copies",
    "other-ci": "CI of other services, and reusable workflows of other repositories",
    "other-template": "answers of another project template",
    "packages": "what can be imported, by path",
    "pixi-block-blocked": "why pyproject.toml cannot take further tables of pixi",
    "pixi-environment-pythons": "the Python of each pixi environment that fixes one",
    "pixi-environment-tools": "the tools in each pixi environment",
    "pixi-environments": "pixi environments, with their features",
    "pixi-manifest": "the file that pixi reads",
    "pixi-table": "what its pixi table is called: workspace or project",
    "pixi-tasks": "names of its pixi tasks",
    "platforms": "platforms it is tested on",
    "project-name": "what it is called",
    "python-versions": "versions of Python it is tested with",
    "release-tool": "what makes its releases",
    "repository-url": "address of its repository",
    "required-checks": "checks that its branch rules require, as far as files say so",
    "requires-python": "versions of Python it admits",
    "scripts": "commands that it installs",
    "settings-file-blocked": "why pyproject.toml cannot take another table",
    "source-paths": "directories with its code",
    "taken-names": "names of pixi environments, features and tasks that are taken",
    "test-command": "how its tests are run",
    "test-paths": "directories with its tests",
    "test-requirements": "which group, extra or file brings what the tests need",
    "test-runner": "pytest, unittest or none",
    "test-selection": "what selects tests in a workflow and nowhere else",
    "type-checker": "what checks its types; none if nothing does",
    "update-bot": "what opens pull requests for updates of dependencies",
    "version-source": "where its version comes from",
    "workspace-members": "projects that it consists of",
}


class Findings:
    """The facts that were found so far."""

    def __init__(self) -> None:
        """Start with none."""
        self._facts: dict[str, Fact] = {}

    def add(
        self,
        name: str,
        value: Value,
        because: str,
        evidence: Iterable[Evidence] = (),
        confidence: Confidence = "certain",
    ) -> None:
        """State a fact; its name has to be one of ``FACTS``."""
        if name not in FACTS:
            raise KeyError(name)
        unique = list(dict.fromkeys(evidence))
        self._facts[name] = Fact(
            name=name,
            value=value,
            confidence=confidence,
            evidence=unique,
            because=because,
        )

    def text(self, name: str) -> str:
        """The value of a fact that is text; empty if there is none."""
        fact = self._facts.get(name)
        return fact.value if fact and isinstance(fact.value, str) else ""

    def items(self, name: str) -> list[str]:
        """The value of a fact that is a list; empty if there is none."""
        fact = self._facts.get(name)
        return list(fact.value) if fact and isinstance(fact.value, list) else []

    def all(self) -> list[Fact]:
        """Every fact, sorted by name."""
        return [self._facts[name] for name in sorted(self._facts)]
