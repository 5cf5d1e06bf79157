"""Directories in which the documented commands run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ci_engine.processes.file_lock import file_lock
from tests.support.renders import ROOT, copy_template

__all__ = [
    "ADDRESS",
    "BENCHMARK",
    "CHATTY_SERVER",
    "CONFORMANCE",
    "DOCUMENTATION",
    "LOAD_TEST",
    "LOST_SERVER",
    "MCP_SERVER",
    "OLD",
    "PACKAGE_SERVER",
    "Outcome",
    "Workshop",
]

ADDRESS = "https://github.com/MementoRC/ci-framework"
OLD, NEW = "v2.0.0", "v2.0.1"
_SECONDS = 280
# A benchmark, few processes, and the package that it needs.
# As little as possible: it shows that it works, not how precise it is.
BENCHMARK = (
    "printf '\\n[tool.ci-framework.performance.quick]\\nfirst-processes = 3\\n"
    "processes = 3\\nbenchmark-seconds = 0.05\\n' >> pyproject.toml"
)
# One page, and the configuration that finds it.
DOCUMENTATION = (
    "mkdir -p docs; echo '# Demo' > docs/index.md;"
    " (echo 'site_name: Demo'; echo 'theme: mkdocs') > mkdocs.yml"
)
# A server, and users who read its first page.
LOAD_TEST = (
    "mkdir -p tests/load; printf 'from locust import HttpUser, task\n\n\n"
    "class User(HttpUser):\n    @task\n    def read(self) -> None:\n"
    '        self.client.get("/")\n\' > tests/load/locustfile.py;'
    " printf '\n[tool.ci-framework.performance.load]\n"
    'command = "python -m http.server {port} --bind {host}"\nusers = 2\n'
    "seconds = 0.5\nwarm-up-seconds = 0\nruns = 3\n' >> pyproject.toml"
)
# A server without an SDK.
_RAW_SERVER = Path(__file__).with_name("raw_mcp_server.py")


def _mcp_server(fault: str) -> str:
    return (
        f"cp {_RAW_SERVER} server.py; printf '\\n[tool.ci-framework.mcp]\\n"
        f'command = "python server.py {fault}"\\n\' >> pyproject.toml'
    )


MCP_SERVER = _mcp_server("")
CHATTY_SERVER = _mcp_server("chatty")
PACKAGE_SERVER = (
    f"cp {_RAW_SERVER} packages/mono-core/server.py; printf '\\n[tool.ci-framework."
    'mcp]\\ncommand = "python server.py"\\nsnapshot = "mcp-snapshot.json"\\n\''
    " >> packages/mono-core/pyproject.toml"
)
# It listens elsewhere.
LOST_SERVER = (
    "printf '\\n[tool.ci-framework.mcp]\\nstart-seconds = 1\\nanswer-seconds = 1\\n"
    'http-command = "python -m http.server 0 --bind {host}"\\n\' >> pyproject.toml'
)
_HTTP_SERVER = _RAW_SERVER.with_name("raw_http_mcp_server.py")
CONFORMANCE = (
    f"cp {_RAW_SERVER} {_HTTP_SERVER} .; printf '\\n[tool.ci-framework.mcp]\\n"
    'http-command = "python raw_http_mcp_server.py {port}"\\n'
    'conformance = ["2025-11-25"]\\n\' >> pyproject.toml'
)
# The audit of the extended tier queries a service that tests cannot reach.
_ANSWERS = (
    "-d",
    "project_name=myproj",
    "-d",
    "package_manager=pip",
    "-d",
    "quality_tier=essential",
)


# An existing repository with a workflow, as in the migration guide.
_FOREIGN = {
    "pyproject.toml": """\
# Ours.
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "service"
version = "1.0"
requires-python = ">=3.10"

[dependency-groups]
dev = ["pytest>=8"]
""",
    "src/service/__init__.py": '"""Ours."""\n',
    "tests/test_service.py": """\
\"\"\"Ours.\"\"\"

import service


def test_service() -> None:
    assert service.__doc__
""",
    ".gitignore": "*.log\n__pycache__/\n",
    ".github/workflows/tests.yml": """\
name: Tests
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: python -m pytest
""",
}


@dataclass(frozen=True)
class Outcome:
    """The exit code of a command and everything it printed."""

    code: int
    output: str


class Workshop:
    """Two releases of the template at its address, and projects rendered from them.

    What examples copy is made once for all worker processes. What they change is
    in a directory of the worker's own.
    """

    def __init__(self, directory: Path, shared: Path) -> None:
        self.directory = directory
        self.shared = shared
        shared.mkdir(exist_ok=True)
        with file_lock(shared / "variables.lock"):
            self.variables = _variables(shared)
        self.base = self._once("base/myproj", self._make_base)
        self._ready: Path | None = None
        self._count = 0

    def _once(self, name: str, make: Callable[[Path], object]) -> Path:
        """A directory below the shared one, made by the first who needs it."""
        made = self.shared / name
        with file_lock(self.shared / f"{made.parent.name}.lock"):
            if not made.exists():
                draft = self.shared / f"{made.parent.name}-draft" / made.name
                draft.parent.mkdir()
                make(draft)
                draft.parent.rename(made.parent)
        return made

    def _make_base(self, project: Path) -> None:
        self._release()
        copy = ["copier", "copy", "-q", "--defaults", f"--vcs-ref={OLD}", *_ANSWERS]
        self._must([*copy, ADDRESS, str(project)], self.shared)
        # A validation has no other git configuration, so the engine has to be there.
        self._must(["ci-framework/ci", "config"], project)
        shutil.rmtree(project / ".ci-framework", ignore_errors=True)

    def _release(self) -> None:
        """Tag the template as it is, then a version that changes every project."""
        repository = self.shared / "releases"
        repository.mkdir()
        copy_template(repository)
        # For users who clone the repository instead of rendering the template.
        for name in ("actions", "scripts"):
            shutil.copytree(ROOT / name, repository / name, symlinks=True)
        shutil.copy2(ROOT / "ci", repository)
        self._commit(repository, "2.0.0", "--initial-branch=main")
        self._must(["git", "tag", OLD], repository)
        for name, old, new in (
            ("template/.gitignore.jinja", r"__pycache__/\n", r"\g<0>*.tmp\n"),
            (
                "extensions/jinja/tools.jinja",
                r"('name': 'ruff', .*'range': ')[^']+'",
                r"\1>=0.17.7,<0.19'",
            ),
        ):
            path = repository / name
            text, count = re.subn(old, new, path.read_text(encoding="utf-8"))
            assert count == 1, name
            path.write_text(text, encoding="utf-8")
        self._must(["git", "commit", "-qam", "2.0.1"], repository)
        self._must(["git", "tag", NEW], repository)

    def _commit(self, directory: Path, message: str, *options: str) -> None:
        self._must(["git", "init", "-q", *options], directory)
        self._must(["git", "add", "--all"], directory)
        self._must(["git", "commit", "-qm", message], directory)

    def _must(self, command: list[str], directory: Path) -> None:
        done = subprocess.run(
            command,
            cwd=directory,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    def scene(self, name: str) -> Path:
        """Create the directory of a scene; ``ready`` is restored instead."""
        if name == "ready":
            return self.ready()
        self._count += 1
        location = self.directory / f"scene-{self._count}"
        location.mkdir()
        if name == "empty":
            return location
        if name == "checkout":
            return self._checkout(location / "checkout")
        if name == "foreign":
            return self._foreign(location / "service")
        if name == "adopted":
            shutil.copytree(self.adopted(), location / "service", symlinks=True)
            return location / "service"
        if name == "fleet":
            self._foreign(location / "service")
            (location / "repositories.txt").write_text("service\n", encoding="utf-8")
            return location
        if name == "monorepo":
            return self._copy_of_monorepo(location / "mono")
        project = location / "myproj"
        shutil.copytree(self.conflict() if name == "conflict" else self.base, project)
        if name == "project":
            self._commit(project, "Start myproj", "--initial-branch=main")
        return location if name == "parent" else project

    def _copy_of_monorepo(self, location: Path) -> Path:
        """A committed monorepo, as in the guide."""
        shutil.copytree(self._once("monorepo/mono", self._make_monorepo), location)
        self._commit(location, "Start mono", "--initial-branch=main")
        return location

    def _make_monorepo(self, project: Path) -> None:
        copy = ["copier", "copy", "-q", "--defaults", f"--vcs-ref={OLD}"]
        copy += [*_ANSWERS, "-d", "project_type=monorepo", "-d"]
        copy += ["project_name=mono", ADDRESS, str(project)]
        self._must(copy, self.shared)

    def conflict(self) -> Path:
        """A project whose update conflicts, beside a line that the template changes."""
        return self._once("conflict/myproj", self._make_conflict)

    def _make_conflict(self, project: Path) -> None:
        shutil.copytree(self.base, project)
        path = project / "pyproject.toml"
        text = path.read_text(encoding="utf-8")
        ours = re.sub(r'(?m)^    "ruff>=.*$', r'\g<0>\n    "pytest-xdist>=3",', text)
        path.write_text(ours, encoding="utf-8")
        self._commit(project, "Start myproj", "--initial-branch=main")
        self._must(["copier", "update", "-q", "--defaults"], project)

    def _foreign(self, project: Path) -> Path:
        """An existing repository with a git identity of its own."""
        for name, content in _FOREIGN.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        self._commit(project, "Ours", "--initial-branch=main")
        for key, value in (("name", "Ada"), ("email", "ada@example.org")):
            self._must(["git", "config", f"user.{key}", value], project)
        return project

    def adopted(self) -> Path:
        """The same repository after `ci-framework apply`."""
        return self._once("adopted/service", self._make_adopted)

    def _make_adopted(self, project: Path) -> None:
        self._foreign(project)
        options = ["--yes", "--template", ADDRESS, "--vcs-ref", OLD]
        options += ["--answer", _ANSWERS[-1], "--answer", "security_level=low"]
        self._must(["ci-framework", "apply", ".", *options], project)

    def ready(self) -> Path:
        """A committed project with its environment and hooks, as after setup."""
        if self._ready is None:
            project = self.directory / "ready" / "myproj"
            shutil.copytree(self.base, project)
            self._commit(project, "Start myproj", "--initial-branch=main")
            self._must(["git", "update-ref", "refs/start", "HEAD"], project)
            self._must(["ci-framework/scripts/setup-local-ci.sh"], project)
            self._ready = project
        # Examples commit as well: restore the first state.
        for command in (
            ["git", "config", "--unset-all", "core.hooksPath"],
            ["git", "checkout", "-qfB", "main", "refs/start"],
            ["git", "clean", "-qfd"],
        ):
            subprocess.run(command, cwd=self._ready, check=False)
        return self._ready

    def _checkout(self, location: Path) -> Path:
        """A clone of this repository as it is, and a Python without packages."""
        names = subprocess.run(
            ["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).exists():
                (location / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, location / name, follow_symlinks=False)
        self._commit(location, "Start")
        return location

    def run(self, command: str, location: Path) -> Outcome:
        """Run a line of shell."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=location,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        return Outcome(done.returncode, done.stdout)


def _variables(directory: Path) -> dict[str, str]:
    """The environment: git has only our configuration and finds our releases."""
    config, bare = directory / "gitconfig", directory / "bin"
    if not bare.exists():
        config.write_text(
            textwrap.dedent(f"""\
                [user]
                    name = Tester
                    email = tester@example.org
                [url "{(directory / "releases").as_uri()}"]
                    insteadOf = {ADDRESS}.git
                    insteadOf = {ADDRESS}
                """),
            encoding="utf-8",
        )
        bare.mkdir()
        for program in ("bash", "dirname", "env", "git"):
            found = shutil.which(program)
            assert found is not None, program
            (bare / program).symlink_to(found)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("CI_FRAMEWORK_", "COPIER_", "GIT_", "GITHUB_", "PYTEST")
        )
        and name not in ("VIRTUAL_ENV", "PYTHONPATH", "CI", "FORCE_COLOR")
    }
    return {
        **kept,
        "BARE": str(bare),
        "CI_FRAMEWORK_CACHE": str(directory / "cache"),
        "ENGINE_PYTHON": sys.executable,
        "COPIER_CACHE_DIR": str(directory / "copier"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_COLOR": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]]),
        "PRE_COMMIT_HOME": str(directory / "pre-commit"),
    }
