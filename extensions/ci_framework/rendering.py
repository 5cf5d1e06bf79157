"""Render the template with Copier, into memory."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec
import yaml

from ci_engine.errors import ToolError, UsageError
from ci_framework.copier_errors import copier_errors_as, last_line
from ci_framework.planning.plan import Template
from ci_framework.repository import Repository

# The template's address, if the companion's installation does not record one.
HOME = "https://github.com/MementoRC/ci-framework"


@dataclass(frozen=True)
class Source:
    """Which template to render.

    Attributes:
        ref: the tag, branch or commit; empty = the latest release.
    """

    address: str
    ref: str


@dataclass(frozen=True)
class RenderedFile:
    """One file that the template renders."""

    content: bytes
    mode: str


@dataclass(frozen=True)
class Rendered:
    """The render of the template for some answers.

    Attributes:
        answers: the recorded answers, without Copier's own keys.
    """

    template: Template
    answers: dict[str, object]
    files: dict[str, RenderedFile]


class _VcsInfo(msgspec.Struct):
    commit_id: str


class _DirectUrl(msgspec.Struct):
    """The direct_url.json of an installed distribution (PEP 610)."""

    url: str
    vcs_info: _VcsInfo | None = None


def find_source(address: str, ref: str) -> Source:
    """Find the template that belongs to this companion, unless one is given.

    The companion and the template are one repository: a companion installed from
    a commit renders that commit.

    Raises:
        UsageError: if a local template is not a git repository.
        ToolError: if git is not installed.
    """
    source = Source(address, ref) if address else _own_source(ref)
    path = Path(source.address).expanduser()
    if not path.is_dir():
        if address and "://" not in address and not address.startswith(("git@", "gh:")):
            raise UsageError(
                f"--template: expected an address such as {HOME}, or a directory that "
                f"is a git repository, got {address!r}"
            )
        return source
    commit_of = Repository(path, path).commit
    commit = commit_of(source.ref or "HEAD") if source.ref or not address else ""
    if not commit_of("HEAD"):
        raise UsageError(
            f"--template: {source.address!r} is not a git repository with a commit",
            hint="commit the template: updates start from the recorded commit",
        )
    # The commit itself: uncommitted changes have no version.
    return Source(str(path.resolve()), commit)


def _own_source(ref: str) -> Source:
    try:
        text = distribution("ci-framework").read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    if text is None:
        return Source(HOME, ref)
    try:
        direct = msgspec.json.decode(text, type=_DirectUrl)
    except msgspec.DecodeError:
        return Source(HOME, ref)
    parts = urlsplit(direct.url)
    path = Path(url2pathname(parts.path))
    if direct.vcs_info is not None:
        here = parts.scheme == "file" and path.is_dir()
        address = str(path) if here else _as_git(direct.url)
        return Source(address, ref or direct.vcs_info.commit_id)
    if parts.scheme == "file" and (path / "copier.yml").is_file():
        return Source(str(path), ref)
    return Source(HOME, ref)


def _as_git(address: str) -> str:
    """An address that Copier recognizes as a git repository on any host."""
    known = address.startswith(HOME.rpartition("/")[0]) or address.endswith(".git")
    return address if known else f"git+{address}"


# Cached: a render depends only on the template's commit and the answers, and a
# validation plans a second time with the same ones.
_KNOWN: dict[bytes, Rendered] = {}


def render(
    source: Source, answers: Mapping[str, object], answers_file: str
) -> Rendered:
    """Render the template with these answers, and defaults for the rest.

    Raises:
        ConfigurationError: if the template rejects an answer.
        ToolError: if the template is not available.
    """
    known = _KNOWN.get(_key(source, answers, answers_file))
    if known is not None:
        return known
    from copier import run_copy  # noqa: PLC0415 - takes long, see copier_errors

    with tempfile.TemporaryDirectory(prefix="ci-framework-") as directory:
        target = Path(directory) / "render"
        with copier_errors_as(partial(_unavailable, source)):
            run_copy(
                source.address,
                target,
                data=dict(answers),
                answers_file=answers_file,
                vcs_ref=source.ref or None,
                defaults=True,
                overwrite=True,
                quiet=True,
                unsafe=False,
            )
        files = {
            path.relative_to(target).as_posix(): RenderedFile(
                path.read_bytes(),
                "100755" if os.access(path, os.X_OK) else "100644",
            )
            for path in sorted(target.rglob("*"))
            if path.is_file()
        }
    raw = yaml.safe_load(files[answers_file].content)
    recorded = msgspec.convert(raw, dict[str, object])
    template = Template(
        source=str(recorded.get("_src_path", source.address)),
        commit=str(recorded.get("_commit", "")),
        version=_version(files, recorded),
    )
    given = {name: value for name, value in recorded.items() if name[:1] != "_"}
    rendered = Rendered(template=template, answers=given, files=files)
    if source.ref:
        for ref in (source.ref, template.commit):
            same = Source(template.source, ref)
            _KNOWN[_key(same, given, answers_file)] = rendered
    return rendered


def _key(source: Source, answers: Mapping[str, object], answers_file: str) -> bytes:
    parts = (source.address, source.ref, answers, answers_file)
    return msgspec.json.encode(parts, enc_hook=repr, order="deterministic")


def _unavailable(source: Source, error: Exception) -> ToolError:
    at = f" at {source.ref}" if source.ref else ""
    return ToolError(
        f"the template {source.address}{at} cannot be rendered: {last_line(error)}",
        hint="check the address and the network, or give --template and --vcs-ref",
    )


def _version(files: Mapping[str, RenderedFile], recorded: Mapping[str, object]) -> str:
    """The version in the rendered settings, or the commit if there are none."""
    for name in ("pyproject.toml", str(recorded.get("settings_file", ""))):
        text = files[name].content.decode() if name in files else ""
        found = re.search(r'^\[tool\.ci-framework\]\s+version = "(.+)"', text, re.M)
        if found:
            return found.group(1)
    return str(recorded.get("_commit", "")).removeprefix("v")
