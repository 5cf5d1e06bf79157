"""A project with the launcher, and a small template for it to fetch an engine from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from tests.support.projects import (
    ENGINE,
    LAUNCHER,
    ROOT,
    Run,
    clean_environment,
    git,
    write_lock,
)

CANONICAL = "https://github.com/MementoRC/ci-framework"
# What an engine needs to be started, and no more, since each first start compiles it;
# its command line only shows how it was.
_STARTED = (
    *("__init__.py", "__main__.py", "errors.py", "escaping.py", "requirements.txt"),
    *("environments/__init__.py", "environments/engine_environment.py"),
    *("environments/installer.py", "environments/user_cache.py"),
    *("environments/inside/__init__.py", "environments/inside/compile_all.py"),
    *("processes/__init__.py", "processes/allowed_variables.py"),
    "processes/file_lock.py",
)
_CLI = """\
import json, sys
from pathlib import Path

def main(arguments, repository=None):
    shown = {
        "engine": str(Path(__file__).parents[1]),
        "repository": str(repository),
        "arguments": list(arguments),
        "prefix": sys.prefix,
        "bytecode": [sys.dont_write_bytecode, sys.pycache_prefix],
    }
    print(json.dumps(shown))
    return int(arguments[1]) if arguments[:1] == ["exit"] else 0
"""
# A uv of the shell, since a start of Python for each call would take most of the time:
# its environments see the packages of the interpreter of these tests.
_UV = """\
#!/bin/sh
PATH=/usr/bin:/bin
echo "$@" >>'{log}'
for last; do :; done
case "$1" in
  venv)
    mkdir -p "$last/bin" "$last/lib/{version}/site-packages"
    ln -sf '{python}' "$last/bin/python"
    echo 'home = {home}' >"$last/pyvenv.cfg"
    echo 'include-system-site-packages = false' >>"$last/pyvenv.cfg";;
  pip)
    python=$5
    echo '{packages}' >"${{python%/bin/python}}/lib/{version}/site-packages/all.pth";;
esac
"""
_PROGRAMS = ("bash", "env", "git", "sh")


def make_template(root: Path, mark: str = "") -> str:
    """Make a repository like that of the template, and return its commit.

    Args:
        root: where to make it.
        mark: distinguishes its engine from others; "whole" takes the real engine.
    """
    package = root / "extensions" / "ci_engine"
    package.mkdir(parents=True)
    engine = ENGINE / "ci_engine"
    if mark == "whole":
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(engine, package, ignore=ignored, dirs_exist_ok=True)
    else:
        for name in _STARTED:
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(engine / name, package / name)
        (package / "cli.py").write_text(f"{_CLI}# {mark}\n", encoding="utf-8")
    (root / "copier.yml").write_text("_subdirectory: template\n", encoding="utf-8")
    (root / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "template")
    return git(root, "rev-parse", "HEAD").strip()


def copy_checkout(root: Path) -> Path:
    """Copy this repository as it is now, as one commit."""
    names = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "checkout")
    return root


class LaunchedProject:
    """A project, a cache and a search path of its own, and no engine yet."""

    def __init__(self, directory: Path, python: Path) -> None:
        self.root = directory / "project"
        self.cache = directory / "cache"
        self.home = directory / "home"
        self.tools = directory / "tools"
        self.temporary = directory / "temporary"
        for folder in (self.home, self.tools, self.temporary):
            folder.mkdir(parents=True)
        shutil.copytree(LAUNCHER, self.root / "ci-framework")
        git(self.root, "init", "--quiet")
        for name in _PROGRAMS:
            found = shutil.which(name)
            assert found is not None, name
            (self.tools / name).symlink_to(found)
        self.log = directory / "uv.log"
        base = Path(sys.executable).resolve()
        uv = _UV.format(
            log=str(self.log).replace("'", "'\\''"),
            version="python{}.{}".format(*sys.version_info),
            python=base,
            home=base.parent,
            packages=sysconfig.get_path("purelib"),
        )
        self.add_program("uv", uv)
        script = f'#!/bin/sh\nexec "{python}" "$@"\n'
        self.add_program("python3", script)

    @property
    def launcher(self) -> Path:
        return self.root / "ci-framework" / "ci"

    def add_program(self, name: str, script: str) -> Path:
        path = self.tools / name
        path.unlink(missing_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
        return path

    def pin(self, commit: str, source: object) -> None:
        """Pin an engine, as a render of the template does."""
        write_lock(self.root, commit)
        self.answer(f"_src_path: {source}")

    def answer(self, text: str) -> None:
        path = self.root / ".copier-answers.yml"
        path.write_text(f"_commit: v1\n{text}\nci_mode: local\n", encoding="utf-8")

    def variables(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        own: dict[str, str | None] = {
            "PATH": str(self.tools),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "CI_FRAMEWORK_CACHE": str(self.cache),
            "CI_FRAMEWORK_ENGINE": None,
            "XDG_CACHE_HOME": None,
        }
        return clean_environment(**{**own, **changes})

    def start(
        self, *arguments: str, variables: Mapping[str, str | None] | None = None
    ) -> subprocess.Popen[str]:
        """Start it in a separate process group."""
        return subprocess.Popen(
            [str(self.launcher), *arguments],
            cwd=self.root,
            env=self.variables(variables or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **changes: str | None) -> Run:
        """Start the engine, with these variables changed."""
        return self.call([str(self.launcher), *arguments], changes)

    def call(
        self,
        command: Sequence[str],
        changes: Mapping[str, str | None],
        cwd: Path | None = None,
    ) -> Run:
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env=self.variables(changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr, self.root)

    def shown(self, *arguments: str, **changes: str | None) -> dict[str, object]:
        """Start the small engine, and return how it was started."""
        return show(self.run(*arguments, **changes))

    def engine(self, commit: str) -> str:
        """Where the engine of a commit is kept."""
        return str(self.cache / "engines" / commit)

    def break_network(self) -> None:
        """Leave nothing that could fetch or install."""
        for name in ("git", "uv", "python3"):
            self.add_program(name, "#!/bin/sh\necho no network today >&2\nexit 1\n")


def show(run: Run) -> dict[str, object]:
    assert run.code == 0, str(run)
    return cast("dict[str, object]", json.loads(run.stdout))


def redirected(directory: Path, address: str) -> dict[str, str]:
    """The variables by which git takes a directory for an address."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{directory}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
    }
