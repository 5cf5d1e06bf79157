"""The package is built, installed into an empty environment, and imported."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_engine.checks import build
from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import not_run, run_guarded
from ci_engine.checks.packaging.artifacts import (
    find_wheel,
    forget_artifacts,
    keep_artifacts,
)
from ci_engine.checks.request import GateRequest
from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import ToolError
from ci_engine.findings.results import Status
from ci_engine.project.repository import read_project
from tests.support.projects import (
    DemoProject,
    Run,
    assert_green,
    assert_not_run,
    assert_red,
    git,
)

HATCH = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/demo"]
"""
NOWHERE = "http://127.0.0.1:9"


def gate(project: DemoProject, **variables: str) -> Run:
    return project.gate("build", "--tier", "full", variables=variables)


@pytest.fixture
def package(project: DemoProject) -> DemoProject:
    """A package that can be published."""
    readme = 'readme = "README.md"\n'
    old = 'requires-python = ">=3.10"\n'
    project.replace("pyproject.toml", old, f"{old}{readme}")
    project.configure(HATCH)
    project.write("README.md", "# demo\n\nA demo.\n")
    project.write(".gitignore", ".venv\n.ci-framework/\n__pycache__/\n")
    return project


def context_of(project: DemoProject) -> Context:
    """A run for which there is no environment."""
    return Context(
        project=read_project(project.root),
        check="build",
        settings=load_configuration(project.root, {}).settings,
        request=GateRequest("full", ["build"], project.root),
        reports=project.root,
        cancel=threading.Event(),
        environment=ToolError("there is none", hint="make one"),
    )


# --- nothing to build


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ("", "pyproject.toml has no [build-system]"),
        (f"{HATCH}[tool.uv]\npackage = false\n", "tool.uv.package is false"),
        (
            f"{HATCH}[tool.poetry]\npackage-mode = false\n",
            "tool.poetry.package-mode is false",
        ),
    ],
)
def test_nothing_to_build(project: DemoProject, tables: str, reason: str) -> None:
    project.configure(tables)
    result = build.check(context_of(project))
    assert (result.status, result.reason) == (Status.SKIPPED, reason)


def test_a_version_from_git_is_not_built_from_a_shallow_clone(
    package: DemoProject, tmp_path: Path
) -> None:
    package.replace("pyproject.toml", '["hatchling"]', '["hatchling", "hatch-vcs"]')
    package.replace("pyproject.toml", 'version = "1.0"', 'dynamic = ["version"]')
    package.git_init()
    git(package.root, "commit", "--quiet", "--allow-empty", "--message", "more")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{package.root}", str(clone))
    package.root = clone
    result = build.check(context_of(package))
    assert result.status is Status.NOT_RUN
    assert result.reason.startswith("hatch-vcs takes the version from the history")


def test_an_environment_that_cannot_be_had_is_no_verdict(package: DemoProject) -> None:
    context = context_of(package)
    result = run_guarded("build", lambda: build.check(context), lambda: not_run("x"))
    assert (result.status, result.reason) == (Status.NOT_RUN, "there is none")
    assert result.output == "hint: make one"


def test_a_tool_that_cannot_be_had_is_no_verdict(
    package: DemoProject, tmp_path: Path
) -> None:
    cache = str(tmp_path / "cache")
    run = gate(package, HTTPS_PROXY=NOWHERE, UV_CACHE_DIR=cache, UV_HTTP_RETRIES="0")
    assert_not_run(run, "build", "a locked tool could not be installed")


# --- what was built


def made(directory: Path, name: str, text: str = "x") -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_only_what_a_run_made_is_forgotten(tmp_path: Path) -> None:
    wheel = "demo-1.0-py3-none-any.whl"
    theirs = made(tmp_path / "dist", "theirs-1.0.whl")
    keep_artifacts(tmp_path, [made(tmp_path / "made", wheel)])
    assert find_wheel(tmp_path) == tmp_path / "dist" / wheel
    forget_artifacts(tmp_path)
    assert find_wheel(tmp_path) is None
    assert list((tmp_path / "dist").iterdir()) == [theirs]


def test_what_somebody_else_changed_is_not_ours(tmp_path: Path) -> None:
    keep_artifacts(tmp_path, [made(tmp_path / "made", "demo.whl")])
    other = made(tmp_path / "dist", "demo.whl", "another")
    forget_artifacts(tmp_path)
    assert other.exists()


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "", ".."])
def test_a_list_that_was_tampered_with_deletes_nothing_elsewhere(
    tmp_path: Path, name: str
) -> None:
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    outside = made(tmp_path, "outside")
    (tmp_path / "dist").mkdir()
    made(tmp_path, "dist.json", f'[{{"name": "{name}", "sha256": "{digest}"}}]')
    forget_artifacts(tmp_path)
    assert outside.exists()
    assert (tmp_path / "dist").is_dir()


@pytest.mark.parametrize("text", ["", "garbage", "{}", '[{"name": 1}]'])
def test_a_list_that_is_garbage_is_no_wheel(tmp_path: Path, text: str) -> None:
    made(tmp_path, "dist.json", text)
    assert find_wheel(tmp_path) is None
    forget_artifacts(tmp_path)


# --- real builds


@pytest.mark.heavy
def test_a_package_that_can_be_published(package: DemoProject) -> None:
    theirs = made(package.reports / "dist", "theirs.whl")
    old = made(package.reports / "dist", "old.whl")
    forget_artifacts(package.reports)
    package.write("src/demo/py.typed", "")
    package.write("src/demo/data.json", "{}")
    for _ in range(2):
        run = gate(package)
        assert_green(run)
        assert run.findings("build") == []
    names = sorted(path.name for path in (package.reports / "dist").iterdir())
    assert names == [
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
        old.name,
        theirs.name,
    ]


def undeclared(project: DemoProject) -> None:
    """pytest is in the project's environment, but no dependency of the package."""
    project.append("src/demo/__init__.py", "\nimport pytest  # noqa\n")


def left_out(project: DemoProject) -> None:
    project.append("src/demo/__init__.py", "\nfrom demo import helper  # noqa\n")
    project.write("src/demo/helper.py", "")
    project.configure('[tool.hatch.build]\nexclude = ["helper.py"]\n')


def not_in_sdist(project: DemoProject) -> None:
    project.append("src/demo/__init__.py", "\nimport demo.helper  # noqa\n")
    project.write("src/demo/helper.py", "")
    project.configure('[tool.hatch.build.targets.sdist]\nexclude = ["helper.py"]\n')


def raising(project: DemoProject) -> None:
    project.append("src/demo/__init__.py", "\nraise RuntimeError('no')\n")


def leaving(project: DemoProject) -> None:
    project.append("src/demo/__init__.py", "\nimport os\nos._exit(0)\n")


def untyped(project: DemoProject) -> None:
    project.write("src/demo/py.typed", "")
    project.configure('[tool.hatch.build]\nexclude = ["py.typed"]\n')


def unreadable(project: DemoProject) -> None:
    project.replace("pyproject.toml", "README.md", "README.rst")
    project.write("README.rst", "Demo\n====\n\n.. nonsense::\n")


def impossible(project: DemoProject) -> None:
    old = 'requires-python = ">=3.10"\n'
    more = f'{old}dependencies = ["idna<3", "idna>=3"]\n'
    project.replace("pyproject.toml", old, more)


def no_backend(project: DemoProject) -> None:
    project.replace("pyproject.toml", "hatchling.build", "no_such_backend")


def junk(project: DemoProject) -> None:
    project.write("node_modules/x.js", "1")


def empty(project: DemoProject) -> None:
    old = 'packages = ["src/demo"]\n'
    project.replace("pyproject.toml", old, 'only-include = ["README.md"]\n')


def without_its_module(project: DemoProject) -> None:
    project.configure('[project.scripts]\ndemo = "demo.cli:main"\n')


def without_its_function(project: DemoProject) -> None:
    project.configure('[project.scripts]\ndemo = "demo:nothing"\n')


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("change", "rule", "path", "line", "words"),
    [
        (undeclared, "undeclared-dependency", "src/demo/__init__.py", 8, "pytest is"),
        (left_out, "import-failed", "src/demo/__init__.py", 8, "helper"),
        (not_in_sdist, "missing-module", "src/demo/__init__.py", 8, "demo.helper"),
        (raising, "import-failed", "src/demo/__init__.py", 8, "RuntimeError: no"),
        (leaving, "import-failed", "pyproject.toml", 0, "ended Python"),
        (untyped, "missing-py.typed", "src/demo/py.typed", 0, "py.typed"),
        (unreadable, "readme", "README.rst", 4, "nonsense"),
        (impossible, "not-installable", "pyproject.toml", 0, "idna"),
        (no_backend, "build-failed", "pyproject.toml", 0, "no_such_backend"),
        (junk, "sdist-junk", "pyproject.toml", 0, "node_modules/"),
        (empty, "empty-wheel", "pyproject.toml", 0, "no module"),
        (without_its_module, "broken-script", "pyproject.toml", 0, "demo.cli"),
        (without_its_function, "broken-script", "pyproject.toml", 0, "nothing"),
    ],
)
def test_a_package_that_cannot(
    package: DemoProject,
    change: Callable[[DemoProject], None],
    rule: str,
    path: str,
    line: int,
    words: str,
) -> None:
    change(package)
    run = gate(package)
    found = {finding["rule"]: finding for finding in run.findings("build")}
    assert rule in found, str(run)
    assert_red(run, "build", path, line or found[rule]["line"])
    assert words in found[rule]["message"]


@pytest.mark.heavy
def test_without_uv(package: DemoProject) -> None:
    undeclared(package)
    run = gate(package, PATH="/usr/bin:/bin")
    assert_red(run, "build", "src/demo/__init__.py", 8)


@pytest.mark.heavy
def test_files_that_are_left_out_are_a_warning(package: DemoProject) -> None:
    package.write("src/demo/data.json", "{}")
    package.configure('[tool.hatch.build]\nexclude = ["*.json"]\n')
    run = gate(package)
    assert_green(run)
    (finding,) = run.findings("build")
    assert (finding["path"], finding["severity"]) == ("src/demo/data.json", "warning")


@pytest.mark.heavy
def test_modules_of_a_namespace_are_imported(package: DemoProject) -> None:
    package.replace("pyproject.toml", '"src/demo"]', '"src/demo", "src/space"]')
    package.write("src/space/inner/__init__.py", "")
    package.write("src/space/alone.py", "import no_such_thing\n")
    run = gate(package)
    assert_red(run, "build", "src/space/alone.py", 1)


@pytest.mark.heavy
def test_a_network_that_does_not_answer_is_no_verdict(
    package: DemoProject, tmp_path: Path
) -> None:
    assert_green(gate(package))
    cache = str(tmp_path / "cache")
    run = gate(package, HTTPS_PROXY=NOWHERE, UV_CACHE_DIR=cache, UV_HTTP_RETRIES="0")
    assert_not_run(run, "build", "needs the network")
    # The files of the first run are not mistaken for those of this one.
    assert find_wheel(package.reports) is None


@pytest.mark.heavy
def test_an_sdist_of_setuptools_without_its_data(package: DemoProject) -> None:
    """The wheel is made from the sdist: what git has, but the sdist lacks, shows."""
    package.replace("pyproject.toml", HATCH, "")
    package.configure(
        '[build-system]\nrequires = ["setuptools"]\n'
        'build-backend = "setuptools.build_meta"\n'
    )
    package.write("src/demo/data.json", "{}")
    code = "\nfrom pathlib import Path\n"
    code += "DATA = (Path(__file__).parent / 'data.json').read_text()\n"
    package.append("src/demo/__init__.py", code)
    run = gate(package)
    assert_red(run, "build", "src/demo/__init__.py", 9)
    sdist = package.reports / "dist" / "demo-1.0.tar.gz"
    with tarfile.open(sdist) as archive:
        assert not any(name.endswith("data.json") for name in archive.getnames())
