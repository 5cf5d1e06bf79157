"""Everything in .github is held to the strictest linter of its kind."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.documents import Document, table
from tests.support.parsing import parse_yaml
from tests.support.rendered_workflows import COMBINATIONS, template_documents
from tests.support.renders import ROOT
from tests.support.tools import assert_clean, require_tool, run_tool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflows.conftest import Render

# `relaxed`, but a long line is an error once a pin no longer explains it.
YAMLLINT = "{extends: relaxed, rules: {line-length: {max: 100, level: error}}}"
ZIZMOR = ("--offline", "--persona", "auditor", "--collect", "all", "--no-ignores")
REMOTE = [name for name, a in COMBINATIONS.items() if a.get("ci_mode") != "local"]


def yaml_files(root: Path) -> list[Path]:
    return sorted((root / ".github").rglob("*.y*ml"))


def workflows(root: Path) -> list[Path]:
    return sorted((root / ".github" / "workflows").glob("*.yml"))


def main_workflow(root: Path) -> Path:
    """The workflow that tests: there is one of these."""
    names = ("python-ci.yml", "mcp-server.yml", "local-hybrid.yml")
    (path,) = [path for path in workflows(root) if path.name in names]
    return path


def repository(name: str, rendered: Render, target: Path) -> Path:
    """A repository with nothing but its .github: this one or a rendered one."""
    source = ROOT if name == "own" else rendered(name)
    shutil.copytree(source / ".github", target / ".github")
    (target / ".git").mkdir()
    return target


@pytest.mark.parametrize("name", ["own", *REMOTE])
def test_actionlint_with_shellcheck_finds_nothing(
    name: str, rendered: Render, tmp_path: Path
) -> None:
    root = repository(name, rendered, tmp_path)
    arguments = ["-shellcheck", str(require_tool("shellcheck")), "-no-color"]
    assert_clean(run_tool("actionlint", *arguments, *workflows(root), cwd=root))


@pytest.mark.parametrize("name", ["own", *REMOTE])
def test_zizmor_finds_nothing_and_nothing_is_ignored(
    name: str, rendered: Render, tmp_path: Path
) -> None:
    root = repository(name, rendered, tmp_path)
    configuration = root / ".github" / "zizmor.yml"
    arguments = ["--config", configuration] if configuration.exists() else []
    assert_clean(run_tool("zizmor", *ZIZMOR, *arguments, ".", cwd=root))


def test_zizmor_configuration_switches_off_one_audit_only(rendered: Render) -> None:
    text = (rendered("defaults") / ".github" / "zizmor.yml").read_text(encoding="utf-8")
    assert parse_yaml(text) == {"rules": {"self-repository": {"disable": True}}}


def distinct_files(rendered: Render, target: Path, *patterns: str) -> list[Path]:
    """What there is in .github of this repository and of all renders, each text once.

    Most files of most renders are the same, and a linter takes seconds to start.
    """
    found: dict[tuple[str, bytes], Path] = {}
    for name in ["own", *REMOTE]:
        root = ROOT if name == "own" else rendered(name)
        for path in (p for each in patterns for p in (root / ".github").glob(each)):
            inside = path.relative_to(root)
            found.setdefault(
                (inside.as_posix(), path.read_bytes()), target / name / inside
            )
    for (_, content), path in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(found.values())


@pytest.mark.heavy
def test_yamllint_finds_nothing(rendered: Render, tmp_path: Path) -> None:
    files = distinct_files(rendered, tmp_path, "**/*.y*ml")
    assert_clean(run_tool("yamllint", "--strict", "--config-data", YAMLLINT, *files))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", "workflows/*.yml"),
        ("vendor.github-actions", "actions/*/action.yml"),
        ("vendor.dependabot", "dependabot.yml"),
        ("vendor.renovate", "renovate.json"),
    ],
)
def test_files_fit_their_schema(
    schema: str, pattern: str, rendered: Render, tmp_path: Path
) -> None:
    files = distinct_files(rendered, tmp_path, pattern)
    assert files
    assert_clean(run_tool("check-jsonschema", "--builtin-schema", schema, *files))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("tool", "file", "old", "new", "said"),
    [
        (
            "actionlint",
            "workflows/python-ci.yml",
            "steps.changes.outputs.tier",
            "steps.settings.outputs.tier",
            "settings",
        ),
        (
            "actionlint",
            "workflows/python-ci.yml",
            '<<< "$RESULTS"',
            "<<< $RESULTS; ls $RESULTS",
            "SC2086",
        ),
        (
            "zizmor",
            "actions/quality-gates/action.yml",
            '"$PYTHON_VERSION"',
            '"${{ inputs.python-version }}"',
            "template-injection",
        ),
        (
            "zizmor",
            "workflows/python-ci.yml",
            "permissions: {}\n\n",
            "",
            "excessive-permissions",
        ),
        ("zizmor", "dependabot.yml", "days: 7", "days: 1", "dependabot-cooldown"),
        ("yamllint", "workflows/python-ci.yml", "jobs:", "jobs: ", "trailing-spaces"),
        ("check-jsonschema", "dependabot.yml", "weekly", "hourly", "hourly"),
    ],
)
def test_linter_notices_its_problem(
    *,
    tool: str,
    file: str,
    old: str,
    new: str,
    said: str,
    rendered: Render,
    tmp_path: Path,
) -> None:
    root = repository("defaults", rendered, tmp_path)
    path = root / ".github" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    arguments: dict[str, list[str | Path]] = {
        "actionlint": ["-shellcheck", require_tool("shellcheck"), path],
        "zizmor": [*ZIZMOR, "."],
        "yamllint": ["--strict", "--config-data", YAMLLINT, path],
        "check-jsonschema": ["--builtin-schema", "vendor.dependabot", path],
    }
    completed = run_tool(tool, *arguments[tool], cwd=root)
    assert completed.returncode != 0
    assert said in completed.stdout + completed.stderr


@pytest.mark.parametrize("combination", REMOTE)
def test_no_linter_is_silenced_inside_a_file(
    combination: str, rendered: Render
) -> None:
    silencers = ("zizmor: ignore", "shellcheck disable", "yamllint disable", "noqa")
    for file in yaml_files(rendered(combination)):
        text = file.read_text(encoding="utf-8")
        assert [word for word in silencers if word in text] == [], file


@pytest.mark.parametrize(
    ("combination", "branches"),
    [
        ("defaults", ["main"]),
        ("hybrid", ["main", "development"]),
        ("branches", ["trunk", "development"]),
        ("awkward-branches", ["on", "team/its_2.x-next"]),
    ],
)
def test_pushes_to_the_answered_branches_start_the_workflow(
    combination: str, branches: list[str], rendered: Render
) -> None:
    path = main_workflow(rendered(combination))
    triggers = Document.read(path.name, path).triggers
    assert table(triggers["push"]) == {"branches": branches}
    wanted = {"push", "pull_request", "merge_group", "workflow_dispatch"}
    assert set(triggers) == wanted


@pytest.mark.parametrize("name", template_documents())
def test_documents_are_the_same_bytes_for_everybody_but_for_the_triggers(
    name: str, rendered: Render
) -> None:
    found: set[str] = set()
    for combination in COMBINATIONS:
        file = rendered(combination) / name
        if file.exists():
            text = file.read_text(encoding="utf-8")
            head, _, rest = text.partition("\npermissions: {}\n")
            found.add(rest or head)
    assert len(found) == 1


def test_each_mode_has_its_workflow_and_they_differ_in_the_matrix_only(
    rendered: Render,
) -> None:
    texts: list[str] = []
    modes = {"defaults": "python-ci.yml", "hybrid": "local-hybrid.yml"}
    for combination, name in modes.items():
        path = main_workflow(rendered(combination))
        assert path.name == name
        texts.append(path.read_text(encoding="utf-8"))
    jobs = [text.partition("\npermissions: {}\n")[2] for text in texts]
    assert jobs[0] == jobs[1] != ""
    matrices = [Document("", text).data["env"] for text in texts]
    assert matrices == [{"MATRIX": "full"}, {"MATRIX": "spot-check"}]


def test_the_local_mode_has_nothing_for_github(rendered: Render) -> None:
    assert not (rendered("local") / ".github").exists()
    assert (rendered("defaults") / ".github").exists()
