"""Run a rendered workflow on this machine with nektos/act.

Jobs run on the host. Third-party actions are replaced by the small ones in
`stand-ins`, the check-out too: it clones as shallowly as GitHub's. Everything act
writes lies below the directory the test gives it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ci_engine.environments.user_cache import CACHE_VARIABLE
from ci_engine.processes.file_lock import file_lock
from tests.support.act_runs import Run, read_log
from tests.support.documents import tables
from tests.support.interpreters import installed_pythons, two_pythons
from tests.support.parsing import parse_yaml
from tests.support.renders import ROOT
from tests.support.repositories import commit_of
from tests.support.tools import require_tool

STAND_INS = Path(__file__).parent / "stand-ins"
PROGRAMS = ("uv", "git", "jq")
_CHECK_OUT = "stand-in/checkout@v1"
LIMIT_SECONDS = 900
# What Go prints when act itself dies of a race, about once in a thousand runs: such a
# run does not count, and is started once more.
# https://github.com/nektos/act/issues/2199
CRASH = re.compile(r"^goroutine \d+ \[", re.MULTILINE)
# What an installer needs to reach its index from here.
PASSED_ON = ("PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_", "CURL_CA_", "LANG")
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
OVERRIDDEN = ("UV_CACHE_DIR", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT")


def run_workflow(
    project: Path,
    location: Path,
    workflow: str,
    event: str,
    *,
    payload: dict[str, object] | None = None,
    variables: Mapping[str, str] | None = None,
    programs: Mapping[str, str] | None = None,
    repositories: Mapping[str, Path] | None = None,
) -> Run:
    """Run one workflow for an event as if the project had just been pushed.

    A pull request changes what the last commit changed.

    Args:
        project: the project.
        location: where everything is written.
        workflow: the name of its file.
        event: the event.
        payload: what GitHub would tell of the event, if not the usual.
        variables: further variables of every step.
        programs: scripts of the shell that stand for programs of the runner.
        repositories: further repositories that actions are taken from, by
            `owner/name@ref`.
    """
    act = require_tool("act")
    for program in PROGRAMS:
        require_tool(program)
    location.mkdir(parents=True)
    environment = {**_environment(location, project), **(variables or {})}
    for name, text in (programs or {}).items():
        script = location / "bin" / name
        script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        script.chmod(0o755)
    config = Path(environment["XDG_CONFIG_HOME"]) / "act" / "actrc"
    config.parent.mkdir(parents=True)
    config.write_text("", encoding="utf-8")
    event_file = location / "event.json"
    facts = _event(event, project) if payload is None else payload
    event_file.write_text(json.dumps(facts), encoding="utf-8")
    command = [
        str(act),
        event,
        *("--directory", str(project)),
        *("--workflows", str(_with_check_outs(project, location, workflow))),
        *("--eventpath", str(event_file)),
        *("--platform", "ubuntu-24.04=-self-hosted"),
        *("--action-cache-path", str(location / "actions")),
        "--no-cache-server",
        "--use-new-action-cache",
        "--json",
        *_replacements(),
        *(
            f"--local-repository={name}={path}"
            for name, path in (repositories or {}).items()
        ),
        *(f"--env={name}={value}" for name, value in (variables or {}).items()),
        "--secret=GITHUB_TOKEN=made-up",
    ]
    code, log = _start(command, project, environment)
    _compile_packages(shared_caches() / "uv")
    artifacts = location / "artifacts"
    if CRASH.search(log):
        shutil.rmtree(artifacts, ignore_errors=True)
        code, log = _start(command, project, environment)
    run = Run(code, artifacts)
    read_log(run, log)
    return run


def _start(
    command: list[str], project: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Start act, and return its exit code and all that it printed."""
    completed = subprocess.run(
        command,
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    return completed.returncode, completed.stdout + completed.stderr


def _with_check_outs(project: Path, location: Path, workflow: str) -> Path:
    """The workflow with a check-out of ours: act replaces GitHub's by a full copy."""
    text = (project / ".github" / "workflows" / workflow).read_text(encoding="utf-8")
    found = re.sub(r"uses: actions/checkout@\S+", f"uses: {_CHECK_OUT}", text)
    path = location / "workflows" / workflow
    path.parent.mkdir()
    path.write_text(found, encoding="utf-8")
    return path


def _environment(location: Path, project: Path) -> dict[str, str]:
    """A small environment of our own, with the home directory in the test's."""
    programs = location / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(require_tool(name))
    caches = shared_caches()
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(PASSED_ON) or name.lower() in PROXIES
    }
    own = {
        "PATH": os.pathsep.join([str(programs), "/usr/bin", "/bin"]),
        "HOME": str(location / "home"),
        # Shared by all runs, as caches of a runner are restored.
        "XDG_CACHE_HOME": str(caches / "cache"),
        "XDG_CONFIG_HOME": str(location / "home" / ".config"),
        "TMPDIR": str(location / "tmp"),
        "UV_CACHE_DIR": str(caches / "uv"),
        "UV_PYTHON_DOWNLOADS": "never",
        "STAND_IN_PYTHONS": str(_interpreters(caches / "pythons")),
        "STAND_IN_ARTIFACTS": str(location / "artifacts"),
        "STAND_IN_REPOSITORY": str(project),
    }
    for name in ("HOME", "TMPDIR"):
        Path(own[name]).mkdir()
    kept = {k: v for k, v in passed_on.items() if k not in OVERRIDDEN}
    return kept | own


def shared_caches() -> Path:
    """Where all runs of these tests keep what they fetched and made."""
    return Path(os.environ[CACHE_VARIABLE]).with_name("act")


def _compile_packages(cache: Path) -> None:
    """Compile what uv has unpacked, once, for the Pythons that most runs use.

    It links these files into the environment of each later job, in which the first
    start of pytest would compile them again.
    """
    with file_lock(cache.with_name("compiled.lock")):
        unpacked = {p.name for p in cache.glob("archive-v*/*")}
        for version in two_pythons():
            list_of_compiled = cache.with_name(f"compiled-{version}")
            known = (
                set(list_of_compiled.read_text("utf-8").splitlines())
                if list_of_compiled.exists()
                else set[str]()
            )
            if new := sorted(unpacked - known):
                places = [
                    str(p) for name in new for p in cache.glob(f"archive-v*/{name}")
                ]
                interpreter = str(installed_pythons()[version])
                command = [interpreter, "-I", "-m", "compileall", "-qq", *places]
                subprocess.run(command, check=False, capture_output=True)
                list_of_compiled.write_text("\n".join(unpacked), "utf-8")


def _interpreters(location: Path) -> Path:
    """A directory for each version: at one place, uv examines each just once."""
    for version, interpreter in installed_pythons().items():
        folder = location / version / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("python", "python3", f"python{version}"):
            with suppress(FileExistsError):
                (folder / name).symlink_to(interpreter)
    return location


def _replacements() -> list[str]:
    """Make act use our stand-ins for the pinned actions."""
    pins = ROOT / "extensions" / "action-pins.yaml"
    arguments = [f"--local-repository={_CHECK_OUT}={STAND_INS / 'checkout'}"]
    for pin in tables(parse_yaml(pins.read_text(encoding="utf-8"))["actions"]):
        owner, name, *_ = str(pin["uses"]).split("/")
        folder = STAND_INS / name
        if folder.is_dir():
            replaced = f"{owner}/{name}@{pin['sha']}={folder}"
            arguments += ["--local-repository", replaced]
    return arguments


def _event(name: str, project: Path) -> dict[str, object]:
    repository = {
        "default_branch": "main",
        "full_name": "someone/sample",
        "private": False,
    }
    if name == "pull_request":
        repo = {"full_name": "someone/sample"}
        head = {"ref": "change", "sha": commit_of(project, "HEAD"), "repo": repo}
        base = {"ref": "main", "sha": commit_of(project, "HEAD~1"), "repo": repo}
        change = {"number": 7, "head": head, "base": base}
        return {"repository": repository, "number": 7, "pull_request": change}
    return {"repository": repository, "ref": "refs/heads/main"}
