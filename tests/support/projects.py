"""Small projects with the engine, and the reports of its runs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as Xml

from ci_engine.environments.isolated_tools import tool_entry
from ci_engine.environments.user_cache import CACHE_VARIABLE
from tests.support.warm_engine import WarmEngine

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "extensions"
LAUNCHER = ROOT / "template" / "ci-framework"
CHECKS = (
    "no-conflict-markers",
    "lint",
    "format",
    "typecheck",
    "test",
    "coverage",
    "imports",
)

# Makes an environment that sees the packages of the interpreter of these tests.
_UV = """\
import subprocess, sys, sysconfig, time
from pathlib import Path
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[1] == "venv":
    make = [sys.executable, "-I", "-m", "venv", "--without-pip", sys.argv[-1]]
    subprocess.run(make, check=True)
elif sys.argv[1:3] == ["pip", "install"]:
    time.sleep({wait})
    python = Path(sys.argv[sys.argv.index("--python") + 1])
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (site / "all.pth").write_text(sysconfig.get_path("purelib"))
"""

# Variables of the machine that would change what the engine does.
_DROPPED = (
    "GITHUB_",
    "CI_FRAMEWORK_",
    "CI_ENGINE_",
    "PYTEST_",
    "COV_",
    "COVERAGE_",
    "GIT_",
    "VIRTUAL_ENV",
    "PYTHON",
    "RUFF_",
    "UV_PROJECT",
    "UV_RUN",
    "FORCE_COLOR",
    "CLICOLOR",
    "NO_COLOR",
)

LEAN = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_cov.plugin",
}
# The variables that let pytest load one more plugin, or every plugin again: there are
# many here, and each start of pytest and of a worker would take three times as long.
WITH_XDIST = {**LEAN, "PYTEST_PLUGINS": "pytest_cov.plugin,xdist.plugin"}
FULL: dict[str, str | None] = dict.fromkeys(LEAN)

PYPROJECT = """\
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.10"

[tool.ci-framework]
version = "{version}"

[tool.ci-framework.quality]
coverage-threshold = 90
tier = "essential"

[tool.pytest.ini_options]
pythonpath = ["src"]
testpaths = ["tests"]

[tool.coverage.run]
branch = true
source = ["src"]

[tool.ruff]
line-length = 88
"""

SOURCE = '''\
"""A small package."""


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number
'''

TESTS = """\
from demo import double


def test_double() -> None:
    assert double(2) == 4
"""

Json = dict[str, Any]
_WRONG = ("failure", "error")


def engine_version() -> str:
    text = (ENGINE / "ci_engine" / "__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def clean_environment(**changes: str | None) -> dict[str, str]:
    """The variables of this process without those that affect the engine."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == CACHE_VARIABLE or not (name == "CI" or name.startswith(_DROPPED))
    }
    # Of the many plugins here only the one that projects have: it saves most time.
    kept.update(LEAN)
    kept["CI_FRAMEWORK_ENGINE"] = str(ENGINE)
    kept["GIT_CONFIG_GLOBAL"] = os.devnull
    kept["GIT_CONFIG_NOSYSTEM"] = "1"
    for name, value in changes.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


def link_or_copy(source: str, destination: str) -> None:
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)


def git(directory: Path, *words: str, check: bool = True) -> str:
    names = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    options = ("-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false")
    # Without this, git spends half of the time of a commit on maintenance checks.
    options += ("-c", "maintenance.auto=false")
    done = subprocess.run(
        ["git", *names, *options, *words],
        cwd=directory,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Location:
    """A location in a report."""

    path: str
    line: int


@dataclass(frozen=True)
class Run:
    """One run of the engine: its exit code, output and reports."""

    code: int
    stdout: str
    stderr: str
    reports: Path

    @property
    def result(self) -> Json:
        text = (self.reports / "result.json").read_text(encoding="utf-8")
        return cast("Json", json.loads(text))

    @property
    def junit(self) -> Xml.Element:
        return Xml.parse(self.reports / "junit.xml").getroot()  # noqa: S314 - our own

    @property
    def summary(self) -> str:
        return (self.reports / "summary.md").read_text(encoding="utf-8")

    def check(self, name: str) -> Json:
        found = [check for check in self.result["checks"] if check["id"] == name]
        assert len(found) == 1, f"{name}: {self.result['checks']}"
        return cast("Json", found[0])

    def findings(self, name: str) -> list[Json]:
        return cast("list[Json]", self.check(name)["findings"])

    def rules(self, name: str) -> list[str]:
        return [finding["rule"] for finding in self.findings(name)]

    def locations(self, name: str) -> list[Location]:
        return [Location(f["path"], f["line"]) for f in self.findings(name)]

    def junit_locations(self, name: str) -> list[Location]:
        """The locations of the failing cases of a suite."""
        cases = self.junit.findall(f"testsuite[@name='{name}']/testcase")
        results = [each for case in cases for each in case if each.tag in _WRONG]
        texts = [re.match(r"(.+?):(\d+): ", each.text or "") for each in results]
        return [Location(text[1], int(text[2])) for text in texts if text]

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


def write_lock(root: Path, commit: str = "", requirements: bytes = b"") -> None:
    """Pin an engine as the template does."""
    listing = requirements or (ENGINE / "ci_engine" / "requirements.txt").read_bytes()
    head = f"""\
# commit: {commit}
# answers: .copier-answers.yml
# digest: {hashlib.sha256(listing).hexdigest()}
"""
    path = root / "ci-framework" / "engine.lock"
    path.write_bytes(head.encode() + listing)


@cache
def warm_engine() -> WarmEngine:
    """The engine of this checkout, imported once in each process of the tests."""
    return WarmEngine(ENGINE)


def can_be_forked(variables: Mapping[str, str]) -> bool:
    """Whether it is the engine of this checkout that starts, on a system with forks."""
    ours = variables.get("CI_FRAMEWORK_ENGINE") == str(ENGINE)
    return ours and sys.platform == "linux" and WarmEngine.can_start(variables)


class DemoProject:
    """A project in its own directory, green until a test breaks it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("pyproject.toml", PYPROJECT.format(version=engine_version()))
        self.write("src/demo/__init__.py", SOURCE)
        self.write("tests/test_demo.py", TESTS)
        shutil.copytree(
            LAUNCHER,
            root / "ci-framework",
            copy_function=link_or_copy,
            ignore=shutil.ignore_patterns("*.jinja"),
        )
        write_lock(root)
        self.write(".copier-answers.yml", "project_name: demo\n")
        (root / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        self._share_bytecode()

    def _share_bytecode(self) -> None:
        """Compile the engine once for all tests: it takes longer than most of them."""
        shared = Path(os.environ[CACHE_VARIABLE]) / "bytecode"
        shared.mkdir(parents=True, exist_ok=True)
        self.cache.mkdir(exist_ok=True)
        bytecode = self.cache / "bytecode"
        if not bytecode.is_symlink():
            bytecode.symlink_to(shared, target_is_directory=True)

    @property
    def reports(self) -> Path:
        return self.root / ".ci-framework" / "gate"

    @property
    def cache(self) -> Path:
        """The user's cache, for this project alone."""
        return self.root.with_name(f"{self.root.name}-cache")

    @property
    def variables(self) -> dict[str, str | None]:
        return {CACHE_VARIABLE: str(self.cache)}

    @property
    def bootstrap(self) -> Path:
        return self.root / "ci-framework" / "bootstrap"

    def write(self, name: str, content: str | bytes) -> Path:
        """Replace a file: the existing one may be linked to the template."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        self.write(name, self.read(name) + text)

    def configure(self, tables: str) -> None:
        """Add tables to pyproject.toml."""
        self.append("pyproject.toml", f"\n{tables}")

    def test_file(self, text: str, name: str = "tests/test_more.py") -> None:
        self.write(name, text)

    def git_init(self) -> None:
        self.write(".gitignore", ".venv\n.ci-framework/\n__pycache__/\n.coverage\n")
        git(self.root, "init", "--quiet")
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", "start")

    def command(self, *arguments: str, python: str = sys.executable) -> list[str]:
        return [python, "-I", str(self.bootstrap), *arguments]

    def run(
        self,
        *arguments: str,
        variables: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        reports: Path | None = None,
        command: Sequence[str] | None = None,
        timeout: float = 240,
    ) -> Run:
        """Run the engine as the launcher does."""
        name = arguments[0] if arguments else "gate"
        environment = clean_environment(**{**self.variables, **(variables or {})})
        if command is None and can_be_forked(environment):
            ended = warm_engine().run(
                self.bootstrap,
                arguments,
                cwd=cwd or self.root,
                variables=environment,
                timeout=timeout,
            )
        else:
            done = subprocess.run(
                [*(command or self.command()), *arguments],
                cwd=cwd or self.root,
                env=environment,
                capture_output=True,
                check=False,
                timeout=timeout,
            )
            ended = (done.returncode, done.stdout, done.stderr)
        code, stdout, stderr = ended
        return Run(
            code,
            stdout.decode("utf-8", "replace"),
            stderr.decode("utf-8", "replace"),
            reports or self.root / ".ci-framework" / name,
        )

    def gate(
        self,
        only: str = "",
        *arguments: str,
        variables: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> Run:
        words = ("--only", only) if only else ()
        return self.run("gate", *words, *arguments, variables=variables, cwd=cwd)

    def start(
        self, *arguments: str, stderr: int = subprocess.PIPE, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Start the engine in the background."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=clean_environment(**{**self.variables, **variables}),
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )

    def interrupt(
        self,
        number: signal.Signals,
        ready: Callable[[], bool],
        *words: str,
        **variables: str,
    ) -> Run:
        """Send a signal to a running command once it is where the test wants it."""
        process = self.start(*words, stderr=subprocess.PIPE, **variables)
        try:
            wait_until(lambda: ready() or process.poll() is not None)
            assert process.poll() is None, process.communicate()
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        code, output = process.returncode, stdout.decode("utf-8", "replace")
        return Run(code, output, stderr.decode("utf-8", "replace"), self.reports)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def assert_red(run: Run, check: str, path: str, line: int) -> None:
    """The check failed, and every report names the location."""
    location = Location(path, line)
    assert run.code == 1, str(run)
    assert run.result["verdict"] == "red"
    assert run.check(check)["status"] in ("failed", "timed-out")
    assert location in run.locations(check), f"{run.locations(check)}\n{run}"
    assert location in run.junit_locations(check), run.junit_locations(check)
    assert f"{path}:{line}" in run.summary, run.summary
    assert f"{path}:{line}" in run.stdout, run.stdout
    assert check in str(run.check(check)["rerun"])


def assert_green(run: Run) -> None:
    assert run.code == 0, str(run)
    assert run.result["verdict"] == "green"


def assert_not_run(run: Run, check: str, reason: str) -> None:
    """The check could not run, which is neither green nor red."""
    assert run.code == 3, str(run)
    assert run.result["verdict"] == "error"
    assert run.check(check)["status"] == "not-run", str(run)
    assert reason in run.check(check)["reason"], run.check(check)["reason"]
    assert run.junit.find(f"testsuite[@name='{check}']/testcase/error") is not None
    assert "NOT RUN" in run.summary


def program(directory: Path, name: str, script: str) -> Path:
    """An executable script for this interpreter."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    path.chmod(0o755)
    return path


def snapshot(directory: Path) -> dict[str, bytes | str]:
    """Every file below a directory with its bytes, every link with its target."""
    found: dict[str, bytes | str] = {}
    for folder, folders, files in os.walk(directory):
        for name in (*folders, *files):
            path = Path(folder, name)
            key = path.relative_to(directory).as_posix()
            if path.is_symlink():
                found[key] = str(path.readlink())
            elif path.is_file() and "__pycache__" not in key:
                found[key] = path.read_bytes()
    return found


def add_uv(tools: Path, wait: float = 0) -> Path:
    """A uv that installs nothing from elsewhere; the file it logs its calls to."""
    log = tools.parent / "uv.log"
    program(tools, "uv", _UV.format(log=str(log), wait=wait))
    return log


def install_tool(project: DemoProject, name: str) -> None:
    """Put an installed tool where the engine would install the locked one."""
    entry = project.cache / tool_entry(name)
    location = entry.with_name(f"{entry.name}.placed")
    location.mkdir(parents=True)
    environment = Path(sys.prefix)
    for part in ("bin", "lib"):
        (location / part).symlink_to(environment / part, target_is_directory=True)
    shutil.copy(environment / "pyvenv.cfg", location)
    entry.write_text(location.name, encoding="utf-8")
