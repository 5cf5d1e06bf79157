"""A validation as a whole: static, refused, and with the project's own tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ci_engine.errors import ToolError
from ci_framework.validating.behavior import BEHAVIOR_CHECKS
from ci_framework.validating.clones import Clones, clone_both
from ci_framework.validating.model import Validation
from ci_framework.validating.validate import Scope, planned_commands, validate
from tests.support.adoptions import ENGINE, Adopted, Content, adopt
from tests.support.projects import add_uv

PYPROJECT = """\
[project]
name = "demo"
version = "1"

[dependency-groups]
test = ["pytest"]

[tool.pytest.ini_options]
addopts = ["-p", "no:cacheprovider", "-p", "no:randomly"]
"""
BLOCK = """
# >>> ci-framework >>>
[tool.ci-framework]
version = "2"

[tool.ci-framework.environments]
essential = "test"
# <<< ci-framework <<<
"""
PROJECT: dict[str, Content] = {
    "pyproject.toml": PYPROJECT,
    "tests/test_demo.py": "def test_fine():\n    assert True\n",
}
CHANGES: dict[str, Content] = {"pyproject.toml": PYPROJECT + BLOCK, **ENGINE}
# What a validation of the project runs leaves this behind, wherever it runs.
SENTINEL = "import os, pathlib\npathlib.Path(os.environ['SENTINEL']).touch()\n"


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Environments of the packages that these tests run with; no index is asked."""
    tools = tmp_path / "tools"
    log = add_uv(tools)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SENTINEL", str(tmp_path / "sentinel"))
    return log


def made(
    path: Path, more: Mapping[str, Content], changes: Mapping[str, Content]
) -> Adopted:
    return adopt(path / "demo", {**PROJECT, **more}, {**CHANGES, **changes})


def told(validation: Validation) -> str:
    return msgspec.json.format(msgspec.json.encode(validation)).decode()


def both(adopted: Adopted) -> AbstractContextManager[Clones]:
    facts = adopted.facts
    return clone_both(adopted.repository, facts.base, facts.adopted)


def validated(adopted: Adopted, scope: Scope) -> Validation:
    with both(adopted) as clones:
        return validate(
            adopted.repository,
            adopted.facts,
            clones,
            scope=scope,
        )


def status(validation: Validation, name: str) -> str:
    check = validation.check(name)
    assert check is not None, name
    return check.status


def test_static_runs_nothing_of_the_project_and_reports_it(
    tmp_path: Path, offline: Path
) -> None:
    more = {"setup.py": SENTINEL, "conftest.py": SENTINEL}
    adopted = made(tmp_path, more, {})
    validation = validated(adopted, "static")
    assert validation.verdict == "validated-statically", told(validation)
    assert validation.exit_code == 0
    check = validation.check("tests")
    assert check is not None
    assert (check.status, check.reason) == (
        "skipped",
        "--static: no code of the project was run",
    )
    assert not (tmp_path / "sentinel").exists()
    assert not offline.exists()


def test_without_agreement_nothing_is_run_and_nothing_is_valid(
    tmp_path: Path, offline: Path
) -> None:
    adopted = made(tmp_path, {"setup.py": SENTINEL, "conftest.py": SENTINEL}, {})
    with both(adopted) as clones:
        rows = planned_commands(clones, adopted.facts)
    validation = validated(adopted, "not-agreed")
    assert validation.verdict == "not-validated"
    assert validation.exit_code == 3
    assert status(validation, "tests") == "not-run"
    assert not (tmp_path / "sentinel").exists()
    assert not offline.exists()
    assert any("pytest" in row for row in rows)
    assert any("dependency group test: pytest" in row for row in rows)
    # Nothing is broken: only consent is missing.
    (step,) = validation.next_steps
    assert "`ci-framework validate --yes`" in step


@pytest.mark.heavy
def test_static_harm_is_reported_before_anything_runs(
    tmp_path: Path, offline: Path
) -> None:
    lost = PYPROJECT.replace('version = "1"', 'version = "2"')
    adopted = made(tmp_path, {"conftest.py": SENTINEL}, {"pyproject.toml": lost})
    validation = validated(adopted, "full")
    assert validation.verdict == "failed"
    assert validation.exit_code == 1
    assert status(validation, "old-keys") == "failed"
    assert status(validation, "tests") == "not-run"
    assert not (tmp_path / "sentinel").exists()
    named = {step.partition(" ")[0] for step in validation.next_steps}
    assert "old-keys" in named
    assert named.isdisjoint(BEHAVIOR_CHECKS)


@pytest.mark.heavy
def test_a_test_that_the_adoption_breaks_is_found_and_a_flaky_one_is_not_blamed(
    tmp_path: Path, offline: Path
) -> None:
    # One test lists the files of the root; one fails in every first run of a clone.
    tests = """\
import os, pathlib

def test_root():
    here = {n for n in os.listdir() if not n.startswith(".")}
    assert here <= {"pyproject.toml", "tests"}

def test_flaky():
    seen = pathlib.Path(os.environ["SENTINEL"] + pathlib.Path.cwd().parent.name)
    if "adopted" in seen.name and not seen.exists():
        seen.touch()
        assert False
"""
    adopted = made(tmp_path, {"tests/test_demo.py": tests}, {})
    before = sorted(path.name for path in adopted.repository.root.iterdir())
    validation = validated(adopted, "full")
    assert validation.verdict == "failed", told(validation)
    assert validation.tests is not None
    assert {item.test: item.kind for item in validation.tests.differences} == {
        "tests/test_demo.py::test_root": "worse",
        "tests/test_demo.py::test_flaky": "flaky",
    }
    assert validation.tests.before == {"passed": 2}
    # The user's work tree is not where any of it happened.
    assert sorted(path.name for path in adopted.repository.root.iterdir()) == before
    assert adopted.repository.git("status", "--porcelain", "--ignored") == b""


def test_a_harmless_adoption_is_validated_and_what_is_red_is_recorded(
    tmp_path: Path, offline: Path
) -> None:
    more = {"old.py": "x = 1  # BAD\n", "conftest.py": SENTINEL}
    adopted = made(tmp_path, more, {})
    validation = validated(adopted, "full")
    assert validation.verdict == "validated", told(validation)
    assert validation.exit_code == 0
    assert validation.tests is not None
    assert validation.tests.after == {"passed": 1}
    assert b"E501" in (validation.baseline or b"")
    assert (tmp_path / "sentinel").exists()


@pytest.mark.heavy
def test_what_cannot_be_installed_proves_nothing(tmp_path: Path, offline: Path) -> None:
    uv = tmp_path / "tools" / "uv"
    uv.write_text("#!/bin/sh\necho no such package >&2\nexit 1\n")
    adopted = made(tmp_path, {}, {})
    validation = validated(adopted, "full")
    assert validation.verdict == "not-validated"
    check = validation.check("environments")
    assert check is not None
    assert check.status == "not-run"
    assert "no such package" in "\n".join(check.details)
    assert status(validation, "tests") == "not-run"
    # What could not be created for that has no separate step.
    named = {step.partition(" ")[0] for step in validation.next_steps}
    assert named & {*BEHAVIOR_CHECKS} <= {"environments", "gate"}


def test_a_commit_that_does_not_exist_proves_nothing(tmp_path: Path) -> None:
    adopted = made(tmp_path, {}, {})
    facts = replace(adopted.facts, base="0" * 40)
    with pytest.raises(ToolError, match="0" * 40):
        validated(Adopted(adopted.repository, facts), "static")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_called_off_leaves_no_clones(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = """
import os, sys
from ci_framework.validating.clones import scratch_directory
with scratch_directory() as place:
    (place / "clone").mkdir()
    os.kill(os.getpid(), int(sys.argv[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(int(number))],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
        capture_output=True,
    )
    assert b"KeyboardInterrupt" in done.stderr
    assert list(tmp_path.iterdir()) == []
