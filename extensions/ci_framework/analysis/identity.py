"""Identify the project: name, license, version, address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ci_engine.configuration.tables import items, table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.metadata import fields
from ci_framework.analysis.purposes.vocabulary import LICENSES
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.analysis.version_source import state_version
from ci_framework.inventory import Evidence

_SCP = re.compile(r"^(?:[\w.+-]+@)?([\w.-]+):(?!//)(?!\d+/)(.+)$")
_AUTHOR = re.compile(r"^([^<,]+?)\s*(?:<([^<>\s]+)>)?\s*$")
_CLASSIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_LONGEST_NAME = 60
_URL_NAMES = ("repository", "source", "source code", "code", "github", "homepage")


def state_identity(survey: Survey, findings: Findings) -> None:
    """State the facts in the project's metadata."""
    _state_name(survey, findings)
    _state_url(survey, findings)
    _state_license(survey, findings)
    _state_backend(survey, findings)
    state_version(survey, findings)
    _state_people(survey, findings)


def _state_name(survey: Survey, findings: Findings) -> None:
    for value, location in fields(survey, "name"):
        findings.add("project-name", value, "its metadata states it", [location])
        return
    older = ("tool", "flit", "metadata", "module")
    if value := text(survey.pyproject, *older):
        location = survey.location(*older)
        findings.add("project-name", value, "its metadata states it", [location])
        return
    for path, keys in (
        ("pixi.toml", ("workspace", "name")),
        ("pixi.toml", ("project", "name")),
        (PYPROJECT, ("tool", "pixi", "workspace", "name")),
        (PYPROJECT, ("tool", "pixi", "project", "name")),
    ):
        if value := text(survey.documents.toml(path), *keys):
            location = survey.documents.location(path, *keys)
            findings.add("project-name", value, "the pixi manifest has it", [location])
            return
    address = _addresses(survey)
    name = address[0][0].rstrip("/").rsplit("/", 1)[-1] if address else ""
    name = name or survey.repository.root.name
    findings.add("project-name", name, "it is the name of the repository", (), "guess")


def https_address(remote: str) -> str:
    """The https address of a remote, without credentials; empty for a path."""
    remote = remote.strip()
    scp = _SCP.match(remote)
    if scp and "://" not in remote:
        host, path = scp.group(1), scp.group(2)
        # A single letter is a Windows drive.
        return _address(host, path) if len(host) > 1 else ""
    try:
        parts = urlsplit(remote)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http", "ssh", "git", "git+https", "git+ssh"):
        return ""
    return _address(host, parts.path)


def _address(host: str, path: str) -> str:
    plain = path.strip("/").removesuffix(".git").rstrip("/")
    return f"https://{host}/{plain}" if host and plain else ""


def _addresses(survey: Survey) -> list[tuple[str, Evidence | None, str]]:
    """Addresses of the repository, starting with the remote's."""
    found: list[tuple[str, Evidence | None, str]] = []
    origin = survey.repository.line("config", "remote.origin.url")
    if address := https_address(origin):
        found.append((address, None, "it is the remote origin"))
    standard = table(survey.project, "urls")
    keys = ("project", "urls") if standard else ("tool", "poetry", "urls")
    urls = table(survey.pyproject, *keys)
    by_name = {name.lower(): (name, value) for name, value in urls.items()}
    for name, value in (by_name[name] for name in _URL_NAMES if name in by_name):
        if isinstance(value, str) and (address := _forge(value)):
            location = survey.location(*keys, name)
            found.append((address, location, f"the link {name} points there"))
    for name in ("repository", "homepage", "url"):
        for value, location in fields(survey, name):
            if address := _forge(value):
                found.append((address, location, "its metadata points there"))
    return found


def _forge(url: str) -> str:
    """The repository of a forge's address, empty for other addresses."""
    address = https_address(url)
    found = re.match(
        r"https://(?:www\.)?((?:github|gitlab|bitbucket|codeberg)\.[a-z]+/[^/]+/[^/#?]+)",
        address,
    )
    return f"https://{found.group(1)}" if found else ""


def _state_url(survey: Survey, findings: Findings) -> None:
    for address, location, because in _addresses(survey):
        locations = [location] if location else []
        findings.add("repository-url", address, because, locations)
        return
    because = "neither a remote nor the metadata has an address"
    findings.add("repository-url", None, because)


def _state_license(survey: Survey, findings: Findings) -> None:
    inside = text(survey.project, "license", "text")
    inner = (inside, survey.location("project", "license"))
    for value, location in (*fields(survey, "license"), inner):
        if name := _license_name(value):
            findings.add("license", name, "its metadata names it", [location])
            return
    for path in survey.files:
        if "/" in path or not re.match(r"(?i)(licen[cs]e|copying)", path):
            continue
        plain = " ".join(survey.documents.text(path).lower().split())
        for name, sentence in LICENSES.items():
            if sentence in plain:
                because = f"{path} has its text"
                findings.add("license", name, because, [survey.file(path)], "likely")
                return
    for line in strings(survey.project, "classifiers"):
        name = _CLASSIFIERS.get(line.rsplit(" :: ", 1)[-1], "")
        if line.startswith("License ::") and name:
            location = survey.location("project", "classifiers")
            findings.add("license", name, "a classifier names it", [location], "likely")
            return
    findings.add("license", None, "neither metadata nor a file of a known license")


def _license_name(value: str) -> str:
    """The SPDX name of a license; empty for full texts and unknown names."""
    plain = value.strip().lower()
    if not plain or "\n" in plain or len(plain) > _LONGEST_NAME:
        return ""
    if plain.startswith("mit"):
        return "MIT"
    if "apache" in plain and " or " not in plain:
        return "Apache-2.0"
    if re.fullmatch(
        r"(3-clause )?(new |modified )?bsd([- ]3([- ]clause)?)?( license)?", plain
    ):
        return "BSD-3-Clause"
    return value.strip()


def _state_backend(survey: Survey, findings: Findings) -> None:
    backend = text(survey.pyproject, "build-system", "build-backend")
    if because := _why_virtual(survey):
        location = survey.location("tool", "poetry")
        findings.add("build-backend", None, because, [location])
    elif backend:
        location = survey.location("build-system", "build-backend")
        findings.add("build-backend", backend, "pyproject.toml names it", [location])
    elif "build-system" in survey.pyproject or survey.has("setup.py"):
        where = survey.location("build-system")
        location = where if where.line else survey.file("setup.py")
        because = "nothing names another one, so it is setuptools"
        findings.add("build-backend", "setuptools", because, [location], "likely")
    else:
        findings.add("build-backend", None, "it builds no distributions")


def _why_virtual(survey: Survey) -> str:
    """Why Poetry builds no distributions, although it is the backend; else empty."""
    poetry = survey.tool("poetry")
    if poetry.get("package-mode") is False:
        return "package-mode is false: it builds no distributions"
    backend = text(survey.pyproject, "build-system", "build-backend")
    if not backend.startswith("poetry") or {"packages", "include"} & {*poetry}:
        return ""
    name = text(survey.project, "name") or text(poetry, "name")
    plain = re.sub(r"[-_.]+", "_", name)
    names = {plain, plain.lower(), name.replace(".", "/")}
    paths = [f"{top}{path}" for top in ("", "src/") for path in names]
    if not name or any(
        path in survey.python_directories or survey.has(f"{path}.py") for path in paths
    ):
        return ""
    return f"it builds no distributions: Poetry finds no package {plain}"


def _state_people(survey: Survey, findings: Findings) -> None:
    for value, location in fields(survey, "description"):
        line = " ".join(value.split())
        findings.add("description", line, "its metadata states it", [location])
        break
    else:
        computed = "description" in survey.setup_call.lines
        reason = "setup.py computes it, and is not run"
        findings.add(
            "description", None, reason if computed else "its metadata has none"
        )
    name, address, stated = _author(survey)
    locations = [stated] if stated else []
    reason = "the first author of its metadata"
    because = "the address of the first author"
    if not name and not address:
        reason = because = "its metadata has no author that can be read"
    findings.add("author", name or None, reason, locations)
    findings.add("author-email", address or None, because, locations)
    scripts = table(survey.project, "scripts") or survey.tool("poetry", "scripts")
    console = survey.setup_cfg.rows("options.entry_points", "console_scripts")
    names = [*scripts, *(row.split("=")[0].strip() for row in console)]
    findings.add("scripts", names, "commands in its metadata")


def _author(survey: Survey) -> tuple[str, str, Evidence | None]:
    for item in items(survey.project, "authors"):
        name, address = text(item, "name"), text(item, "email")
        if name or address:
            return name, address, survey.location("project", "authors")
    for line in strings(survey.tool("poetry"), "authors"):
        found = _AUTHOR.match(line)
        if found:
            location = survey.location("tool", "poetry", "authors")
            return found.group(1), found.group(2) or "", location
    for name, location in fields(survey, "author"):
        address = next((value for value, _ in fields(survey, "author_email")), "")
        return name, address, location
    return "", "", None
