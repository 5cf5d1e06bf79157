"""The actions do what their inputs say: their scripts are run, on a real project."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import TIERS
from tests.engine.conftest import make_project, project
from tests.support.benchmark_suites import BenchmarkProject
from tests.support.documents import Document, table
from tests.support.log_readers import read_outputs
from tests.support.projects import DemoProject, clean_environment, git
from tests.support.rendered_workflows import TEMPLATE, template_documents
from tests.support.tools import require_tool

# They start the engine for every input of every action.
pytestmark = pytest.mark.heavy

__all__ = ["make_project", "project"]

ACTIONS = [name for name in template_documents() if "/actions/" in name]
ENGINE_ACTIONS = (
    "quality-gates",
    "change-detection",
    "summary-report",
    "security-scan",
    "cleanup-dev-files",
)


def action(name: str) -> Document:
    folder = TEMPLATE / ".github" / "actions" / ("{{ github_prefix }}" + name)
    return Document.read(name, folder / "action.yml")


def script_of(document: Document) -> dict[str, object]:
    (step,) = [step for _, step in document.steps() if "run" in step]
    return step


def use(project: DemoProject, name: str, **inputs: str) -> tuple[int, dict[str, str]]:
    """Run an action as a workflow does; return its exit code and its outputs."""
    document = action(name)
    step = script_of(document)
    declared = table(document.data["inputs"])
    assert set(inputs) <= {key.replace("-", "_") for key in declared}
    given = {
        key: inputs.get(key.replace("-", "_"), str(table(entry).get("default", "")))
        for key, entry in declared.items()
    }
    # The first of an input's names that has a value counts.
    pattern = re.compile(r"\$\{\{ inputs\.([\w-]+)(?: \|\| inputs\.([\w-]+))? \}\}")

    def value_of(match: re.Match[str]) -> str:
        return given[match[1]] or given.get(match[2] or "", "")

    variables = {
        variable: pattern.sub(value_of, str(value))
        for variable, value in table(step["env"]).items()
    }
    location = project.root / ".github" / "actions" / name
    location.mkdir(parents=True, exist_ok=True)
    output = project.root.parent / "output"
    output.write_text("", encoding="utf-8")
    completed = subprocess.run(
        [str(require_tool("bash")), "-eo", "pipefail", "-c", str(step["run"])],
        cwd=project.root,
        env=clean_environment(
            **variables, GITHUB_OUTPUT=str(output), GITHUB_ACTION_PATH=str(location)
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode in (0, 1, 2, 3), completed.stdout + completed.stderr
    return completed.returncode, read_outputs(output)


@pytest.mark.parametrize("name", ACTIONS)
def test_every_input_of_an_action_is_used(name: str) -> None:
    document = action(Path(name).parent.name)
    runs = json.dumps(document.data["runs"])
    unused = [
        key for key in table(document.data["inputs"]) if f"inputs.{key} " not in runs
    ]
    assert unused == []


@pytest.mark.parametrize("name", ENGINE_ACTIONS)
def test_an_action_declares_exactly_what_the_engine_tells(
    name: str, project: DemoProject
) -> None:
    project.git_init()
    chosen = {
        "change-detection": {"analyze_dependencies": "true"},
        "quality-gates": {"checks": "no-conflict-markers"},
        "security-scan": {"scanners": "semgrep"},
    }
    inputs = chosen.get(name, {})
    if name == "summary-report":
        inputs = {"needs": '{"a": {"result": "success"}}'}
    code, told = use(project, name, **inputs)
    assert code == 0
    document = action(name)
    step = script_of(document)["id"]
    shown = {key: f"${{{{ steps.{step}.outputs.{key} }}}}" for key in told}
    values: dict[str, object] = {}
    for key, value in table(document.data["outputs"]).items():
        output = table(value)
        text = str(output["description"])
        former = re.match(rf"{key} is deprecated, .* use ([\w-]+)$", text)
        if former:
            assert output["value"] == shown[former[1]]
        else:
            values[key] = output["value"]
    assert values == {key: value for key, value in shown.items() if key in values}
    assert shown.keys() - values.keys() <= {"tier"}


def test_performance_bench_compares_as_its_inputs_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = "def test_one(takes): takes({0})\n"
    bench = BenchmarkProject(tmp_path / "demo", suite.format(1))
    tools = os.pathsep.join((str(bench.tools), os.environ["PATH"]))
    monkeypatch.setenv("PATH", tools)
    bench.replace(
        "pyproject.toml",
        "[tool.pytest.ini_options]",
        "[tool.pytest.ini_options]\naddopts = '-p pytest_benchmark.plugin'",
    )
    git(bench.root, "commit", "--all", "--quiet", "--message", "without plugins")
    bench.suite(suite.format(1.3))
    options = {"compare_with": "HEAD", "report_dir": "out"}
    code, told = use(bench, "performance-bench", **options)
    assert (code, told["verdict"], told["regressions"]) == (1, "red", "1")
    assert told["report-path"] == (bench.root / "out").as_posix()
    declared = table(action("performance-bench").data["outputs"])
    assert sorted(told) == sorted(declared)
    options |= {"regression_threshold": "40%", "benchmark_suite": "benchmarks"}
    code, told = use(bench, "performance-bench", **options)
    assert (code, told["verdict"], told["regressions"]) == (0, "green", "0")


def test_quality_gates_runs_what_its_inputs_say(project: DemoProject) -> None:
    project.test_file("def test_bad() -> None:\n    assert False\n", "tests/test_b.py")
    options = {"checks": "test", "tier": "essential", "report_dir": "out"}
    code, told = use(project, "quality-gates", **options)
    assert (code, told["verdict"]) == (1, "red")
    assert told["report-path"] == (project.root / "out").as_posix()
    chosen = "\n tests/test_demo.py \n\n"
    code, told = use(project, "quality-gates", **options, tests=chosen)
    assert (code, told["verdict"]) == (0, "green")
    result = json.loads((project.root / "out" / "result.json").read_text("utf-8"))
    assert [check["id"] for check in result["checks"]] == ["test"]
    assert [test["id"] for test in result["checks"][0]["tests"]] == [
        "tests/test_demo.py::test_double"
    ]


def test_quality_gates_sets_the_coverage_and_stops_early_on_request(
    project: DemoProject,
) -> None:
    project.append("src/demo/__init__.py", "\n\ndef other() -> int:\n    return 1\n")
    options = {"tier": "essential", "checks": "test,coverage"}
    code, told = use(project, "quality-gates", **options)
    assert code == 1
    assert float(told["coverage"]) < 90
    code, _ = use(project, "quality-gates", **options, coverage_threshold="10")
    assert code == 0
    code, _ = use(project, "quality-gates", **options, python_version="3.99")
    assert code in (1, 3)


@pytest.mark.parametrize("text", ["$(touch bad)", '"; touch bad; "', "`touch bad`"])
def test_no_input_is_a_command(text: str, project: DemoProject) -> None:
    use(project, "quality-gates", checks="no-conflict-markers", tests=text)
    use(project, "summary-report", needs='{"a": {"result": "success"}}', page="")
    assert not (project.root / "bad").exists()


def test_one_environment_can_be_named_for_all_tiers(tmp_path: Path) -> None:
    variables = table(script_of(action("quality-gates"))["env"])
    named = {
        key: "mine"
        for key, value in variables.items()
        if "pixi-environment" in str(value)
    }
    environments = load_configuration(tmp_path, named).settings.environments
    assert {environments.of_tier(tier) for tier in TIERS} == {"mine"}
    assert environments.test == "mine"


def test_change_detection_distinguishes_a_spot_check_from_the_whole(
    project: DemoProject,
) -> None:
    versions = 'python-versions = ["3.10", "3.11", "3.12"]'
    project.configure(f"[tool.ci-framework.matrix]\n{versions}\n")
    project.git_init()
    git(project.root, "switch", "--quiet", "--create", "change")
    project.append("src/demo/__init__.py", "\n\nMORE = 1\n")
    matrix_jobs: dict[str, int] = {}
    for matrix in ("full", "spot-check"):
        code, told = use(project, "change-detection", matrix=matrix, base="main")
        assert code == 0
        matrix_jobs[matrix] = len(json.loads(told["matrix"])["include"])
    assert matrix_jobs == {"full": 3, "spot-check": 2}


def test_summary_report_leaves_sections_out(project: DemoProject) -> None:
    use(project, "quality-gates", checks="no-conflict-markers")
    page = project.root / ".ci-framework" / "summary" / "summary.md"
    code, told = use(project, "summary-report")
    assert (code, told["verdict"]) == (0, "green")
    assert told["report-path"] == page.parent.as_posix()
    text = page.read_text(encoding="utf-8")
    assert "### Security" in text
    assert "### Performance" in text
    use(
        project, "summary-report", include_security="false", include_performance="false"
    )
    text = page.read_text(encoding="utf-8")
    assert "### Security" not in text
    assert "### Performance" not in text
