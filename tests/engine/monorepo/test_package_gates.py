"""The gate of one package, and of those that a change touches."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.monorepos import package
from tests.support.projects import (
    FULL,
    DemoProject,
    Run,
    add_uv,
    assert_green,
    assert_red,
    git,
    install_tool,
)

MakeProject = Callable[[Path], DemoProject]

CORE = '"""Core."""\n\n\ndef one() -> int:\n    """Return 1."""\n    return 1\n'
CLI = (
    '"""Cli."""\n\nimport core\n\n\ndef two() -> int:\n    """Return 2."""\n'
    "    return core.one() + 1\n"
)
TESTS = {
    "core": "import core\n\n\ndef test_one() -> None:\n    assert core.one() == 1\n",
    "cli": "import cli\n\n\ndef test_two() -> None:\n    assert cli.two() == 2\n",
}
# Every package sees the code of both: the tests are about the gate, not installers.
PYTEST = """\

[tool.pytest.ini_options]
pythonpath = ["src", "../core/src"]
testpaths = ["tests"]
"""
# What needs no tool that only an index has.
WORDS = ("--only", "test,coverage,declared-imports")


@pytest.fixture
def monorepo(project: DemoProject, tmp_path: Path) -> DemoProject:
    for name, text in {
        **package("libs/core", code=CORE, tests=TESTS["core"], more=PYTEST),
        **package("libs/cli", "core", code=CLI, tests=TESTS["cli"], more=PYTEST),
    }.items():
        project.write(name, text)
    project.git_init()
    git(project.root, "branch", "start")
    add_uv(tmp_path / "tools")
    return project


def gate(project: DemoProject, *words: str) -> Run:
    """Run the engine with the uv that installs nothing."""
    path = (
        f"{project.root.parent / 'tools'}:{Path(sys.executable).parent}:/usr/bin:/bin"
    )
    return project.run(*words, variables={"PATH": path})


def of(project: DemoProject, done: Run, name: str) -> Run:
    """The run of one package, with its own reports."""
    reports = project.root / ".ci-framework" / "gate" / name
    return Run(done.code, done.stdout, done.stderr, reports)


@pytest.mark.heavy
def test_a_package_is_checked_alone_in_its_own_environment(
    monorepo: DemoProject,
) -> None:
    done = of(monorepo, gate(monorepo, "gate", "--package", "cli", *WORDS), "cli")
    assert_green(done)
    assert done.result["package"] == "cli"
    assert done.result["environment"] == "uv for cli alone"
    assert (monorepo.root / ".ci-framework/envs/cli").is_dir()
    (test,) = done.check("test")["tests"]
    assert test["id"] == "libs/cli/tests/test_cli.py::test_two"
    assert done.check("coverage")["coverage"] == 100.0
    log = (monorepo.root.parent / "uv.log").read_text()
    assert f"--editable {monorepo.root}/libs/cli --editable" in log
    assert f"--editable {monorepo.root}/libs/core" in log


@pytest.mark.heavy
def test_an_environment_is_created_again_only_when_a_manifest_changes(
    monorepo: DemoProject,
) -> None:
    log = monorepo.root.parent / "uv.log"
    for number in (2, 2, 4):
        if number == 4:
            monorepo.append("libs/core/pyproject.toml", "# More.\n")
        assert_green(
            of(monorepo, gate(monorepo, "gate", "--package=core", *WORDS), "core")
        )
        assert len(log.read_text().splitlines()) == number


@pytest.mark.heavy
def test_a_problem_is_reported_where_it_stands_in_the_repository(
    monorepo: DemoProject,
) -> None:
    monorepo.replace("libs/core/tests/test_core.py", "== 1", "== 2")
    monorepo.append("libs/core/src/core/__init__.py", "\nimport os\n")
    install_tool(monorepo, "ruff")
    words = ("gate", "--package", "core", "--only", "lint,test")
    done = of(monorepo, gate(monorepo, *words), "core")
    assert_red(done, "lint", "libs/core/src/core/__init__.py", 8)
    assert_red(done, "test", "libs/core/tests/test_core.py", 5)
    rerun = str(done.check("test")["rerun"])
    assert "--package core" in rerun
    again = gate(monorepo, *rerun.split()[1:])
    assert again.code == 1
    assert "test_one" in again.stdout


@pytest.mark.heavy
def test_the_baseline_of_the_repository_knows_the_packages(
    monorepo: DemoProject,
) -> None:
    monorepo.replace("libs/core/tests/test_core.py", "== 1", "== 2")
    monorepo.replace("libs/cli/tests/test_cli.py", "== 2", "== 3")
    for name in ("core", "cli"):
        words = ("gate", "--package", name, "--only", "test", "--baseline", "write")
        assert gate(monorepo, *words, "--grow").code == 0
    known = json.loads(monorepo.read("ci-framework/project/baseline.json"))["tests"]
    assert known == [
        "libs/cli/tests/test_cli.py::test_two",
        "libs/core/tests/test_core.py::test_one",
    ]
    done = gate(monorepo, "gate", "--package", "core", "--only", "test")
    assert done.code == 0
    assert "known findings are resolved" not in done.stdout


@pytest.mark.heavy
def test_the_package_at_the_top_leaves_the_record_of_the_others_alone(
    monorepo: DemoProject,
) -> None:
    monorepo.replace("libs/core/tests/test_core.py", "== 1", "== 2")
    words = ("--only", "test", "--baseline", "write", "--grow")
    assert gate(monorepo, "gate", "--package", "core", *words).code == 0
    before = monorepo.read("ci-framework/project/baseline.json")
    done = gate(monorepo, "gate", "--package", "demo", "--only", "test")
    assert "known findings are resolved" not in done.stdout, str(done)
    assert gate(monorepo, "gate", "--package", "demo", *words).code == 0
    assert monorepo.read("ci-framework/project/baseline.json") == before


@pytest.mark.heavy
def test_a_tier_of_its_own_and_settings_of_its_own_hold_for_a_package(
    monorepo: DemoProject,
) -> None:
    told = "packages:\n  core:\n    tier: full\n"
    monorepo.write("ci-framework/project/selective-ci.yaml", told)
    own = '\n[tool.ci-framework.commands]\nlint = "false"\n'
    monorepo.append("libs/cli/pyproject.toml", own)
    plan = gate(monorepo, "gate", "--package", "core", "--dry-run").stdout.split()
    assert {"build", "declared-imports"} <= set(plan)
    assert "build" not in gate(monorepo, "gate", "--package=cli", "--dry-run").stdout
    assert "declared-imports" not in gate(monorepo, "gate", "--dry-run").stdout
    done = gate(monorepo, "gate", "--package", "cli", "--only", "lint")
    assert done.code == 1


def test_a_variable_names_the_package_as_well(monorepo: DemoProject) -> None:
    done = monorepo.run(
        "gate", "--only=no-conflict-markers", variables={"CI_FRAMEWORK_PACKAGE": "core"}
    )
    assert done.code == 0, str(done)
    assert "of core" in done.stdout


@pytest.mark.heavy
def test_paths_must_be_of_the_package(monorepo: DemoProject) -> None:
    words = ("gate", "--package", "core", "--only", "test", "--")
    assert gate(monorepo, *words, "libs/core/tests/test_core.py").code == 0
    done = gate(monorepo, *words, "libs/cli/tests/test_cli.py")
    assert done.code == 2
    assert "not a file of the package core" in done.stderr


@pytest.mark.heavy
def test_the_changed_packages_are_checked_in_order_and_give_one_verdict(
    monorepo: DemoProject,
) -> None:
    monorepo.append("libs/core/src/core/__init__.py", "\n\nX = 1\n")
    monorepo.replace("libs/cli/tests/test_cli.py", "== 2", "== 3")
    git(monorepo.root, "commit", "-qam", "change")
    words = ("--gate", "--changed-only", "--since=start", "--only=test", "--jobs=2")
    done = gate(monorepo, "packages", *words)
    assert done.code == 1, str(done)
    assert [check["id"] for check in done.result["checks"]] == ["core", "cli"]
    assert done.check("core")["status"] == "passed"
    assert done.check("cli")["status"] == "failed"
    assert done.locations("cli")[0].path == "libs/cli/tests/test_cli.py"
    assert done.result["verdict"] == "red"
    for name in ("core", "cli"):
        assert (monorepo.root / f".ci-framework/gate/{name}/junit.xml").is_file()
    alone = gate(monorepo, *str(done.check("cli")["rerun"]).split()[1:])
    assert alone.code == 1


@pytest.mark.heavy
def test_fail_fast_starts_no_other_package(monorepo: DemoProject) -> None:
    monorepo.replace("libs/core/tests/test_core.py", "== 1", "== 2")
    words = ("packages", "--gate", "--fail-fast", "--only=test")
    done = gate(monorepo, *words, "--package=core,cli")
    assert done.check("core")["status"] == "failed"
    assert done.check("cli")["status"] == "not-run"
    assert "canceled" in done.check("cli")["reason"]


def test_no_package_touched_is_nothing_to_check(monorepo: DemoProject) -> None:
    monorepo.write("README.md", "More.\n")
    git(monorepo.root, "add", "--all")
    git(monorepo.root, "commit", "-qm", "docs")
    done = gate(monorepo, "packages", "--gate", "--changed-only", "--since", "start")
    assert done.code == 0
    assert "touches no package" in done.stdout


IMPORTS = {
    "plain": ("import core\n", True),
    "late": ("def later():\n    from core import one\n", True),
    "foreign": ("import yaml\n", True),
    "standard": ("import os\nimport distutils\nimport alone\n", False),
    "coping": ("try:\n    import core\nexcept ImportError:\n    pass\n", False),
    "typed": ("if typing.TYPE_CHECKING:\n    import core\n", False),
    "declared": ("import msgspec\n", False),
    "unknown": ("import not_there_at_all\n", False),
    "local": ("from . import more\nimport beside\nfrom alone import x\n", False),
    "broken": ("this is no Python\n", False),
}


@pytest.mark.heavy
def test_a_package_imports_what_it_declares(monorepo: DemoProject) -> None:
    files = package("libs/alone", "msgspec>=0")
    for name, (code, _) in {**IMPORTS, "beside": ("", False)}.items():
        files[f"libs/alone/src/alone/{name}.py"] = code
    for name, text in files.items():
        monorepo.write(name, text)
    words = ("gate", "--package", "alone", "--only", "declared-imports")
    done = of(monorepo, gate(monorepo, *words), "alone")
    assert done.code == 1
    found = {
        Path(location.path).stem for location in done.locations("declared-imports")
    }
    assert found == {name for name, (_, red) in IMPORTS.items() if red}
    notes = " ".join(done.check("declared-imports")["notes"])
    assert "not installed, not judged: not_there_at_all" in notes
    assert "not parsed, not judged: src/alone/broken.py" in notes


@pytest.mark.heavy
def test_tests_may_import_what_is_declared_for_them(monorepo: DemoProject) -> None:
    more = '[dependency-groups]\ntest = ["core"]\n'
    tests = "import core\nimport pytest\nimport cli\n"
    for name, text in package("libs/alone", more=more, tests=tests).items():
        monorepo.write(name, text)
    words = ("gate", "--package", "alone", "--only", "declared-imports")
    done = of(monorepo, gate(monorepo, *words), "alone")
    errors = [f for f in done.findings("declared-imports") if f["severity"] == "error"]
    assert [f["message"] for f in errors] == [
        "imports cli of cli, which the package does not declare"
    ]


def test_an_import_of_a_sibling_is_judged_without_an_environment(
    monorepo: DemoProject,
) -> None:
    for name, text in package("libs/alone", code="import core\n").items():
        monorepo.write(name, text)
    (monorepo.root.parent / "tools" / "uv").write_text("#!/bin/sh\nexit 1\n")
    words = ("gate", "--package", "alone", "--only", "declared-imports")
    assert gate(monorepo, *words).code == 1
    monorepo.write("libs/alone/src/alone/__init__.py", "")
    done = of(monorepo, gate(monorepo, *words), "alone")
    assert done.code == 3
    assert done.check("declared-imports")["status"] == "not-run"


@pytest.mark.parametrize("manager", ["uv", "pip"])
@pytest.mark.heavy
def test_an_undeclared_sibling_is_not_in_the_environment(
    monorepo: DemoProject, manager: str, tmp_path: Path
) -> None:
    (tmp_path / "tools" / "uv").unlink()
    groups = '\n[dependency-groups]\nquality = ["pytest>=9"]\n'
    build = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    monorepo.configure(groups)
    for name in ("core", "cli"):
        path = f"libs/{name}/pyproject.toml"
        monorepo.write(path, build + monorepo.read(path).replace(PYTEST, ""))
    path = str(Path(sys.executable).parent) if manager == "uv" else "/usr/bin:/bin"
    words = ("gate", "--package", "cli", "--only", "test")
    variables = {**FULL, "PATH": f"{path}:/usr/bin:/bin"}
    assert_green(of(monorepo, monorepo.run(*words, variables=variables), "cli"))
    monorepo.replace("libs/cli/pyproject.toml", '"core"', "")
    done = of(monorepo, monorepo.run(*words, variables=variables), "cli")
    assert done.code == 1
    assert "No module named 'core'" in done.stdout


def wheels(monorepo: DemoProject, tmp_path: Path, location: str) -> Run:
    """Build the package that needs another of the repository, with what is there."""
    (tmp_path / "tools" / "uv").unlink(missing_ok=True)
    words = ("gate", "--package", "demo-end-of-ours", "--only", "build")
    variables = {**FULL, "PATH": f"{location}:/usr/bin:/bin"}
    done = monorepo.run(*words, variables=variables)
    return of(monorepo, done, "demo-end-of-ours")


@pytest.fixture
def unpublished(monorepo: DemoProject) -> DemoProject:
    """Packages that no index has."""
    backend = 'requires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    for name, text in {
        **package("libs/demo-base-of-ours"),
        **package("libs/demo-end-of-ours", "demo-base-of-ours>=1"),
        **package("libs/demo-other-of-ours"),
    }.items():
        more = f"\n[build-system]\n{backend}" if name.endswith(".toml") else ""
        monorepo.write(name, text.replace("\ndep", '\nreadme = "R.md"\ndep') + more)
        monorepo.write(f"{name.rpartition('/')[0]}/R.md", "# A package\n")
    monorepo.configure('\n[dependency-groups]\nquality = ["pytest>=9"]\n')
    return monorepo


@pytest.mark.parametrize("location", [str(Path(sys.executable).parent), "/usr/bin"])
@pytest.mark.heavy
def test_a_wheel_is_installed_with_the_packages_of_the_repository_that_it_needs(
    unpublished: DemoProject, location: str, tmp_path: Path
) -> None:
    """With uv, and with what every system has."""
    assert_green(wheels(unpublished, tmp_path, location))


@pytest.mark.heavy
def test_a_package_of_the_repository_that_is_not_declared_is_not_installed(
    unpublished: DemoProject, tmp_path: Path
) -> None:
    code = "import demo_other_of_ours  # noqa\n"
    unpublished.write("libs/demo-end-of-ours/src/demo_end_of_ours/__init__.py", code)
    done = wheels(unpublished, tmp_path, str(Path(sys.executable).parent))
    assert done.findings("build")[0]["rule"] == "undeclared-dependency", str(done)
