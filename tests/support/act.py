"""Run a rendered workflow on this machine with nektos/act, and tell how it went.

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from tests.support.documents import tables
from tests.support.parsing import parse_yaml
from tests.support.renders import ROOT
from tests.support.tools import find_tool, missing, require_tool

STAND_INS = Path(__file__).parent / "stand-ins"
PROGRAMS = ("uv", "git", "jq")
_CHECK_OUT = "stand-in/checkout@v1"
SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
LIMIT_SECONDS = 900
# What Go prints when act itself dies of a race, about once in a thousand runs: such a
# run says nothing about the workflow and is started anew, one time.
# https://github.com/nektos/act/issues/2199
CRASH = re.compile(r"^goroutine \d+ \[", re.MULTILINE)
# What an installer needs to reach its index from here.
PASSED_ON = ("PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_", "CURL_CA_", "LANG")
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
OVERRIDDEN = ("UV_CACHE_DIR", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT")


@dataclass
class Run:
    """What happened: results of jobs, legs and steps, outputs, artifacts, the log.

    A leg is the id of its job, with its Python and shard if the job has a matrix.
    Outputs are those of the steps of a job, not of the steps inside of an action.
    """

    code: int
    artifacts: Path
    results: dict[str, str] = field(default_factory=dict[str, str])
    matrix_jobs: dict[str, str] = field(default_factory=dict[str, str])
    steps: dict[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )
    outputs: dict[tuple[str, str], dict[str, str]] = field(
        default_factory=dict[tuple[str, str], dict[str, str]]
    )
    text: str = ""

    def report(self, artifact: str) -> dict[str, object]:
        """The result file in the artifact that a job of the first attempt left."""
        path = self.artifacts / f"{artifact}-1" / "result.json"
        return cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))

    def page(self) -> str:
        """The summary page."""
        path = self.artifacts / "summary-1" / "summary.md"
        return path.read_text(encoding="utf-8")

    def ended(self) -> dict[str, str]:
        """How the legs ended, those that were left out included if act tells so."""
        return {
            matrix_job: end
            for matrix_job, end in self.matrix_jobs.items()
            if end != "skipped"
        }


def installed_pythons() -> dict[str, Path]:
    """The interpreters on this machine that really start, by minor version."""
    versions = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    found: dict[str, Path] = {}
    for version in SUPPORTED:
        candidates = [shutil.which(f"python{version}") or ""]
        if uv := find_tool("uv"):
            command = [str(uv), "python", "find", "--no-python-downloads", version]
            asked = subprocess.run(command, capture_output=True, text=True, check=False)
            candidates.append(asked.stdout.strip())
        candidates += map(
            str, versions.glob(f"versions/{version}.*/bin/python{version}")
        )
        for candidate in filter(None, candidates):
            code = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
            try:
                said = subprocess.run(
                    [candidate, "-c", code], capture_output=True, text=True, check=False
                )
            except OSError:
                continue
            minor, _, executable = said.stdout.strip().partition(" ")
            if minor == version:
                found[version] = Path(executable).resolve()
                break
    return found


def two_pythons() -> tuple[str, str]:
    """Two minor versions to run a matrix with."""
    found = list(installed_pythons())
    if len(found) < 2:
        missing(f"a second Python beside {', '.join(found) or 'none'}")
    return found[0], found[1]


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
        place: where everything is written.
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
    artifacts = location / "artifacts"
    if CRASH.search(log):
        shutil.rmtree(artifacts, ignore_errors=True)
        code, log = _start(command, project, environment)
    run = Run(code, artifacts)
    _read_log(run, log)
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
    for version, interpreter in installed_pythons().items():
        folder = location / "pythons" / version / "bin"
        folder.mkdir(parents=True)
        for name in ("python", "python3", f"python{version}"):
            (folder / name).symlink_to(interpreter)
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(PASSED_ON) or name.lower() in PROXIES
    }
    own = {
        "PATH": os.pathsep.join([str(programs), "/usr/bin", "/bin"]),
        "HOME": str(location / "home"),
        # Shared by the runs of a test module, as caches of a runner are restored.
        "XDG_CACHE_HOME": str(location.parent / "cache"),
        "XDG_CONFIG_HOME": str(location / "home" / ".config"),
        "TMPDIR": str(location / "tmp"),
        "UV_CACHE_DIR": str(location.parent / "uv-cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "STAND_IN_PYTHONS": str(location / "pythons"),
        "STAND_IN_ARTIFACTS": str(location / "artifacts"),
        "STAND_IN_REPOSITORY": str(project),
    }
    for name in ("HOME", "TMPDIR"):
        Path(own[name]).mkdir()
    kept = {k: v for k, v in passed_on.items() if k not in OVERRIDDEN}
    return kept | own


def _replacements() -> list[str]:
    """Tell act to take our stand-ins for the pinned actions."""
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


def _read_log(run: Run, log: str) -> None:
    lines: list[str] = []
    for line in log.splitlines():
        try:
            entry = cast("dict[str, object]", json.loads(line))
        except ValueError:
            lines.append(line)
            continue
        job = str(entry.get("jobID", ""))
        matrix = cast("dict[str, object]", entry.get("matrix") or {})
        matrix_job = _named(job, matrix)
        lines.append(f"[{matrix_job}] {str(entry.get('msg', '')).rstrip()}")
        if "jobResult" in entry:
            result = str(entry["jobResult"])
            run.matrix_jobs[matrix_job] = result
            if run.results.get(job) != "failure":
                run.results[job] = result
            # A leg that ends after another one failed inherits that failure from
            # act; whether it failed itself is what its own steps say.
            ends = {end for (of, _), end in run.steps.items() if of == matrix_job}
            if matrix and "failure" not in ends:
                run.matrix_jobs[matrix_job] = "success"
        if "stepResult" in entry and entry.get("stage") == "Main":
            run.steps[matrix_job, str(entry.get("step"))] = str(entry["stepResult"])
        steps = cast("list[str]", entry.get("stepID") or [])
        if entry.get("command") == "set-output" and len(steps) == 1:
            output = run.outputs.setdefault((matrix_job, steps[0]), {})
            output[str(entry["name"])] = str(entry["arg"])
    run.text = "\n".join(lines)


def _named(job: str, matrix: Mapping[str, object]) -> str:
    """A job by its id, and what tells it from the others of its matrix."""
    low = matrix.get("resolution") == "lowest-direct"
    parts = (job, matrix.get("python-version"), matrix.get("shard"), low and "lowest")
    return " ".join(str(part) for part in parts if part)


def commit_of(project: Path, name: str) -> str:
    """The id of a commit; of the first one, where there is none before it."""
    found = git(project, "rev-parse", "--verify", "--quiet", name, check=False)
    return found or git(project, "rev-list", "--max-parents=0", "HEAD")


def git(project: Path, *arguments: str, check: bool = True) -> str:
    """Run git with an identity of its own and nobody's configuration."""
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, *arguments]
    done = subprocess.run(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=check,
    )
    return done.stdout.strip()


def commit_all(project: Path) -> None:
    """Make the project a repository with one commit of all it has."""
    if not (project / ".git").exists():
        git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "State of the test")
