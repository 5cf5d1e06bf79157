"""The other checks of a project, before and after an adoption."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ci_engine.environments.environment import Environment, Probe
from ci_framework.analysis.own_commands import OwnCommand, own_commands
from ci_framework.inventory import Evidence, Inventory, Job, Step, Task, Workflow
from ci_framework.validating.model import Outcome, ToolRow
from ci_framework.validating.own_checks import compare_own_checks
from tests.support.adoptions import Content, adopt, empty_inventory
from tests.support.projects import program

# Finds the word BAD in Python files and repairs the word UGLY.
FLAKE8 = """\
import pathlib, sys
if "--version" in sys.argv:
    print("7.1.0"); sys.exit()
bad = 0
for path in sorted(pathlib.Path().rglob("*.py")):
    text = path.read_text()
    if "UGLY" in text:
        path.write_text(text.replace("UGLY", "FINE"))
    for number, line in enumerate(text.splitlines(), 1):
        if "BAD" in line:
            print(f"{path.resolve()}:{number}:1: X1 bad")
            bad = 1
sys.exit(bad)
"""


def run(
    path: Path, files: Mapping[str, Content], changes: Mapping[str, Content]
) -> tuple[Outcome, list[ToolRow]]:
    tools = path / "environment" / "bin"
    program(tools, "flake8", FLAKE8)
    probe = Probe("3.12", sys.executable, str(tools.parent), "", {}, [], {})
    environment = Environment("own", probe, {"PATH": f"{tools}:/usr/bin:/bin"})
    clones = adopt(path / "demo", files, changes).clones(path / "clones")
    base, adopted = clones.base, clones.adopted
    commands = [
        OwnCommand(("flake8", "."), "tox.ini:3"),
        OwnCommand(("mypy", "src"), "ci.yml:9"),
    ]
    return compare_own_checks(commands, (base, environment), (adopted, environment))


def test_a_check_that_turns_red_is_named_with_file_and_remedy(tmp_path: Path) -> None:
    outcome, rows = run(tmp_path, {"a.py": "x\n"}, {"ci-framework/b.py": "BAD\n"})
    assert outcome.status == "failed"
    assert outcome.details == [
        "flake8 . (tox.ini:3): ok, now exit code 1, 1 found",
        "    ci-framework/b.py",
        "    remedy: exclude ci-framework/ where flake8 is configured",
    ]
    assert rows[0].version == "7.1.0"


def test_more_findings_of_a_check_that_was_red_are_harm(tmp_path: Path) -> None:
    outcome, _ = run(tmp_path, {"a.py": "BAD\n"}, {"b.py": "BAD\n"})
    assert outcome.status == "failed"
    assert "    b.py" in outcome.details
    assert "    a.py" not in outcome.details


def test_a_check_that_is_as_red_as_before_is_no_harm(tmp_path: Path) -> None:
    outcome, rows = run(tmp_path, {"a.py": "BAD\n"}, {"b.py": "good\n"})
    assert outcome.status == "passed"
    assert outcome.reason.endswith("not in its environment: mypy")
    assert rows[0].before == rows[0].after == "exit code 1, 1 found"


def test_a_formatter_that_would_rewrite_our_files_is_harm(tmp_path: Path) -> None:
    outcome, _ = run(tmp_path, {"a.py": "UGLY\n"}, {"b.py": "UGLY\n"})
    assert outcome.status == "failed"
    assert "    b.py" in outcome.details
    assert "    a.py" not in outcome.details


def inventory_of(script: str) -> Inventory:
    step = Step(name="s", kind="run", text=script, does=[], line=7)
    job = Job(
        id="j",
        name="j",
        line=1,
        runs_on=[],
        uses="",
        matrix={},
        services={},
        secrets=[],
        permissions={},
        environment="",
        needs=[],
        steps=[step],
    )
    workflow = Workflow(
        path="ci.yml",
        name="ci",
        triggers=[],
        branches=[],
        problem="",
        calls=[],
        referred_by=[],
        jobs=[job],
    )
    return msgspec.structs.replace(empty_inventory(), workflows=[workflow])


def test_only_plain_calls_of_tools_that_look_are_taken() -> None:
    script = """\
ruff check .
uv run mypy src
python -m flake8 src tests
ruff check . | tee log
black $(git ls-files)
MYPYPATH=x mypy src
pytest
ruff server
rm -rf .
mypy --install-types
# ruff format
"""
    found = [command.words for command in own_commands(inventory_of(script))]
    assert found == [
        ("ruff", "check", "."),
        ("mypy", "src"),
        ("flake8", "src", "tests"),
    ]


def test_tasks_are_taken_and_each_command_once() -> None:
    task = Task(
        runner="pixi",
        name="lint",
        environment="",
        command="ruff check .",
        does=["lint"],
        evidence=Evidence(path="pyproject.toml", line=3),
    )
    inventory = msgspec.structs.replace(inventory_of("ruff check .\n"), tasks=[task])
    assert [item.where for item in own_commands(inventory)] == ["ci.yml:7"]
    assert own_commands(None) == []


def test_a_project_without_such_checks_has_nothing_to_compare(tmp_path: Path) -> None:
    clones = adopt(tmp_path / "demo", {"a": "a"}, {"b": "b"}).clones(tmp_path / "c")
    probe = Probe("3.12", sys.executable, "", "", {}, [], {})
    environment = Environment("own", probe, {"PATH": "/nowhere"})
    both = [(clone, environment) for clone in (clones.base, clones.adopted)]
    assert compare_own_checks([], *both)[0].status == "skipped"
