"""Read the license and the hashes of a distribution from PyPI.

Only metadata is read, as defined by PEP 658 or from the end of a wheel: nothing is
installed, built or executed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from importlib.metadata import distributions
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.environments.installer import installer_variables
from ci_engine.processes.thread_pools import thread_pool
from ci_engine.project.repository import Project, normalize

_INDEX = "https://pypi.org/simple"
_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_JSON = "application/vnd.pypi.simple.v1+json"
_SECONDS = 10.0
_LARGEST = 30_000_000
_LONGEST_LICENSE = 200
# Installers write the metadata last, so the end of a wheel is enough to read it.
_END_OF_WHEEL = 200_000
_BAD_ADDRESS = "no http address"


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    core_metadata: bool | dict[str, str] = False


class _Page(msgspec.Struct):
    files: list[_File] = []


@dataclass(frozen=True)
class Described:
    """Dependencies with their licenses.

    Attributes:
        failures: those for which the index could not be queried, with the reason.
    """

    dependencies: Dependencies
    failures: dict[str, str]


def license_of(expression: str, text: str, classifiers: Sequence[str]) -> str:
    """The license in the metadata: an expression, a name, or classifiers."""
    stated = (expression or text).strip()
    # Some projects put the full text of the license there.
    if stated and "\n" not in stated and len(stated) < _LONGEST_LICENSE:
        return stated
    names = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::")]
    return " AND ".join(names)


def describe(project: Project, found: Dependencies, timeout: float) -> Described:
    """Find the licenses in the environment, else on the index."""
    known = _installed(project)
    index = _Index(*_address(), time.monotonic() + timeout)
    missing = [
        each
        for each in found.audited
        if not each.license_name and (each.name, each.version) not in known
    ]
    failures: dict[str, str] = {}
    with thread_pool(16) as pool:
        answers = pool.map(index.license_of, missing)
        for each, answer in zip(missing, answers, strict=True):
            text, reason = answer
            known[each.name, each.version] = text
            if reason:
                failures[each.name] = reason
    audited = tuple(
        replace(
            each,
            license_name=each.license_name or known.get((each.name, each.version), ""),
        )
        for each in found.audited
    )
    return Described(replace(found, audited=audited), failures)


def _installed(project: Project) -> dict[tuple[str, str], str]:
    """The licenses of the packages installed in the project's environment.

    Its interpreter is not started. A directory that git tracks is not an environment.
    """
    if any(name.startswith(".venv/") for name in project.names):
        return {}
    prefix = project.root / ".venv"
    sites = [*prefix.glob("lib/python*/site-packages"), prefix / "Lib/site-packages"]
    found: dict[tuple[str, str], str] = {}
    for each in distributions(path=[str(site) for site in sites if site.is_dir()]):
        data = each.metadata
        text = license_of(
            data["License-Expression"] or "",
            data["License"] or "",
            data.get_all("Classifier") or [],
        )
        if data["Name"] and text:
            found[normalize(data["Name"]), each.version] = text
    return found


def _address() -> tuple[str, str]:
    """The address of the index, and the credentials in it."""
    variables = installer_variables()
    chosen = (variables.get(name) for name in _VARIABLES)
    parts = urlsplit(next(filter(None, chosen), _INDEX).rstrip("/"))
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=host).geturl(), unquote(user)


@dataclass
class _Index:
    """The index, which is not queried again once it fails.

    Attributes:
        user: name and password, empty if there are none.
        down: why it is no longer queried.
    """

    url: str
    user: str
    deadline: float
    down: str = ""

    def license_of(self, dependency: Dependency) -> tuple[str, str]:
        """Return the license of a dependency, or why the index could not be queried."""
        if self.down:
            return "", self.down
        try:
            return self._find(dependency)
        except (urllib.error.HTTPError, ValueError, msgspec.DecodeError) as error:
            return "", str(error) or type(error).__name__
        except OSError as error:
            self.down = str(error) or type(error).__name__
            return "", self.down

    def _find(self, dependency: Dependency) -> tuple[str, str]:
        page_url = f"{self.url}/{quote(dependency.name)}/"
        page = msgspec.json.decode(self._read(page_url, _JSON), type=_Page)
        file = _with_metadata(page.files, dependency)
        if file is None:
            return "", ""
        url = urljoin(page_url, file.url)
        if file.core_metadata:
            content = self._read(f"{url}.metadata")
            if not _is_whole(file, content):
                return "", "its metadata does not have the hash that the index names"
        else:
            content = _metadata_in(self._read(url, end=_END_OF_WHEEL))
        headers = HeaderParser().parsestr(content.decode("utf-8", "replace"))
        classifiers = [str(text) for text in headers.get_all("Classifier") or []]
        expression = headers.get("License-Expression", "")
        return license_of(expression, headers.get("License", ""), classifiers), ""

    def _read(self, url: str, accept: str = "*/*", end: int = 0) -> bytes:
        if not url.startswith(("https://", "http://")):
            raise ValueError(_BAD_ADDRESS)
        seconds = min(_SECONDS, self.deadline - time.monotonic())
        if seconds <= 0:
            raise TimeoutError
        headers = {"Accept": accept, "User-Agent": "ci-framework"}
        if end:
            headers["Range"] = f"bytes=-{end}"
        # Files may be on other hosts, which must not receive the credentials.
        if self.user and urlsplit(url).netloc == urlsplit(self.url).netloc:
            encoded = base64.b64encode(self.user.encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
        request = urllib.request.Request(url, headers=headers)  # noqa: S310
        with urllib.request.urlopen(  # noqa: S310 # nosec B310
            request, timeout=seconds
        ) as answer:
            content: bytes = answer.read(_LARGEST)
        return content


def _with_metadata(files: Iterable[_File], dependency: Dependency) -> _File | None:
    """The wheel of the version; if hashes are locked, one that matches them."""
    name = "[-_.]+".join(map(re.escape, dependency.name.split("-")))
    version = re.escape(dependency.version)
    pattern = re.compile(rf"{name}-{version}(?:-.*)?\.whl", re.IGNORECASE)
    fitting = [file for file in files if pattern.fullmatch(file.filename)]
    if dependency.hashes:
        fitting = [f for f in fitting if f.hashes.get("sha256") in dependency.hashes]
    fitting.sort(key=lambda file: not file.core_metadata)
    return next(iter(fitting), None)


def _metadata_in(end: bytes) -> bytes:
    """The metadata at the end of a wheel; empty if it is not there."""
    try:
        with zipfile.ZipFile(io.BytesIO(end)) as wheel:
            names = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
            return wheel.read(names[0]) if names else b""
    except (zipfile.BadZipFile, ValueError, OSError, zlib.error):
        return b""


def _is_whole(file: _File, content: bytes) -> bool:
    named = file.core_metadata
    wanted = named.get("sha256", "") if isinstance(named, dict) else ""
    return not wanted or hashlib.sha256(content).hexdigest() == wanted
