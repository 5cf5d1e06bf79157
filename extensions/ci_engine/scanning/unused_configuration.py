"""Find scanner configuration in a repository that a scan does not use.

A scan runs every scanner with the framework's configuration, so that a change cannot
disable the checks on itself. Unused configuration is reported to avoid surprises.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci_engine.configuration.defaults import configs_directory
from ci_engine.configuration.reading import read_yaml
from ci_engine.configuration.security_profiles import ScannerName
from ci_engine.configuration.tables import table
from ci_engine.errors import CommandError
from ci_engine.findings.results import name_some
from ci_engine.project.repository import Project
from ci_engine.scanning.scanner import Scan

ZIZMOR_CONFIGURATION = "zizmor.yaml"
_MOST_NAMED = 10
# The names of each scanner's configuration and ignore files.
_FILES: Mapping[ScannerName, str] = {
    "bandit": r"(?:.*/)?(?:\.bandit|\.?bandit\.ya?ml)",
    "semgrep": r"(?:.*/)?\.(?:semgrep|opengrep)ignore",
    "kingfisher": r"(?:.*/)?\.?kingfisher\.ya?ml",
    "gitleaks": r"(?:.*/)?\.?(?:gitleaks|betterleaks)\.toml"
    r"|(?:.*/)?\.(?:gitleaks|betterleaks)ignore",
    "zizmor": r"(?:\.github/)?zizmor\.ya?ml",
    "hadolint": r"\.?hadolint\.ya?ml",
    "trivy": r"trivy(?:-secret)?\.ya?ml|\.trivyignore(?:\.ya?ml)?",
    "grype": r"\.grype(?:/config)?\.ya?ml|grype\.ya?ml",
    "sbom": r"\.syft(?:/config)?\.ya?ml|syft\.ya?ml",
}
_IGNORE_FILE = re.compile(r"ignore(?:\.ya?ml)?$")
_INI_FILES = ("setup.cfg", "tox.ini")


def unused_notes(scan: Scan) -> list[str]:
    """Name the repository's unused configuration of a scanner."""
    names = [*_configuration(scan)]
    if not names:
        return []
    listed = name_some(names, _MOST_NAMED)
    return [f"not used: {listed}; a scan uses the configuration of ci-framework"]


def _configuration(scan: Scan) -> Iterator[str]:
    pattern = re.compile(_FILES.get(scan.scanner, r"(?!)"), re.IGNORECASE)
    for name in (*scan.files.everything, *scan.files.excluded):
        if not pattern.fullmatch(name):
            continue
        path = scan.project.root / name
        if _IGNORE_FILE.search(name):
            number = _entries(path)
            yield f"{name} ({number} {'entry' if number == 1 else 'entries'})"
        elif not (scan.scanner == "zizmor" and _is_ours(path)):
            yield name
    if scan.scanner == "bandit":
        yield from _bandit_sections(scan.project)


def _entries(path: Path) -> int:
    try:
        rows = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(not row.strip().startswith("#") for row in rows if row.strip())


def _is_ours(path: Path) -> bool:
    """Whether a file has the same content as the configuration of a scan."""
    try:
        ours = read_yaml(configs_directory() / ZIZMOR_CONFIGURATION)
        return read_yaml(path) == ours
    except CommandError:
        return False


def _bandit_sections(project: Project) -> Iterator[str]:
    if "bandit" in table(project.pyproject, "tool"):
        yield "pyproject.toml [tool.bandit]"
    for name in _INI_FILES:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(project.root / name, encoding="utf-8-sig")
        except (configparser.Error, OSError, ValueError):
            continue
        if parser.has_section("bandit"):
            yield f"{name} [bandit]"
