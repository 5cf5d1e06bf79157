"""Which questions are asked, and what the template must not depend on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Protocol

import pytest
from copier import run_copy

from tests.support.parsing import parse_yaml
from tests.support.programs import run, tool
from tests.support.renders import ROOT, Document, questions, read_answers, render

ALWAYS = ["setup", "project_name", "project_type", "package_manager", "repository"]
PIXI_ONLY = {"pixi_tiers", "pixi_prefix"}
UV_ONLY = {"exclude_newer"}
MONOREPO_ONLY = {"packages"}
NEW_ONLY = {
    "description",
    "author_name",
    "author_email",
    "license",
    "build_backend",
    "load_testing",
}
WITH_DOCS_ONLY = {"docs_deploy", "docs_versions", "service_port"}
EXISTING_ONLY = {
    "settings_file",
    "github_prefix",
    "hooks",
    "hooks_indent",
    "update_ecosystems",
    "updates_indent",
    "crlf_files",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answer every prompt with its default and note which there were."""
    names: list[str] = []

    def prompt(structures: list[Document], answers: Document) -> Document:
        names.append(structures[0]["name"])
        return answers

    monkeypatch.setattr("copier._main.unsafe_prompt", prompt)
    return names


def ask(template: Path, destination: Path, answers: Document) -> Document:
    # What is given as data is not asked: the defaults of a user are.
    run_copy(str(template), destination, user_defaults=answers, quiet=True)
    return read_answers(destination)


def test_the_recommended_way_asks_four_questions_and_records_all(
    template: Path, tmp_path: Path, asked: list[str]
) -> None:
    recorded = ask(template, tmp_path, {})
    assert asked == ALWAYS
    assert {key for key in recorded if not key.startswith("_")} == questions().keys()


@pytest.mark.parametrize(
    ("answers", "unasked"),
    [
        ({}, EXISTING_ONLY | MONOREPO_ONLY | UV_ONLY),
        ({"project_type": "monorepo"}, EXISTING_ONLY | {"load_testing"} | UV_ONLY),
        ({"package_manager": "uv"}, EXISTING_ONLY | PIXI_ONLY | MONOREPO_ONLY),
        ({"project_state": "existing"}, NEW_ONLY | MONOREPO_ONLY | UV_ONLY),
    ],
)
def test_customising_asks_everything_that_matters(
    template: Path,
    tmp_path: Path,
    asked: list[str],
    answers: Document,
    unasked: set[str],
) -> None:
    recorded = ask(template, tmp_path, {"setup": "customise", **answers})
    left_out = unasked | WITH_DOCS_ONLY
    assert asked == [name for name in questions() if name not in left_out]
    assert questions().keys() <= recorded.keys()


def test_answers_that_are_not_asked_can_be_given(
    template: Path, tmp_path: Path, asked: list[str]
) -> None:
    data = {"license": "none", "platforms": ["windows"], "coverage_threshold": 42}
    run_copy(str(template), tmp_path, data=data, quiet=True)
    assert asked == ALWAYS
    assert data.items() <= read_answers(tmp_path).items()


def test_every_question_is_explained_and_every_text_is_checked() -> None:
    for name, question in questions().items():
        assert question["help"], name
        assert "when" not in question, f"{name} would not be recorded"
        checked = "validator" in question or "choices" in question
        assert checked, name


def test_only_the_messages_look_at_the_destination() -> None:
    """Dates, chance and the destination make a render different from the next."""
    sources = [ROOT / "copier.yml", *(ROOT / "extensions").rglob("*.jinja")]
    sources += (ROOT / "template").rglob("*.jinja")
    for path in sources:
        text = path.read_text(encoding="utf-8")
        if path.name.startswith("message-"):
            continue
        found = re.search(
            r"dst_path|_folder_name|strftime|now\(|_external_data|\|\s*(random|shuffle)",
            text,
        )
        assert found is None, path


def test_after_an_update_changes_are_staged_before_the_gate_runs() -> None:
    """The gate is red as long as git has an unmerged path."""
    message = ROOT / "extensions" / "jinja" / "message-after-update.jinja"
    text = message.read_text(encoding="utf-8")

    assert text.index("git add .") < text.index("local-quality-gates.sh")


def test_the_template_needs_no_trust() -> None:
    document = parse_yaml((ROOT / "copier.yml").read_text(encoding="utf-8"))
    for key in ("_tasks", "_jinja_extensions", "_migrations", "_external_data"):
        assert key not in document


def test_the_next_steps_can_be_pasted_into_a_shell(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "it's $HOME & more"
    run_copy(str(template), target, defaults=True)
    lines = capsys.readouterr().err.splitlines()
    steps = [line.strip() for line in lines[lines.index("") :] if line[:2] == "  "]
    steps = steps[[step.startswith("cd ") for step in steps].index(True) :]
    assert steps[2] == "pixi lock"
    assert steps[-2:] == [
        "./ci-framework/scripts/setup-local-ci.sh",
        "./ci-framework/scripts/local-quality-gates.sh --tier=essential",
    ]
    # What needs the network is replaced; each other line does what it says.
    programs = tmp_path / "programs"
    programs.mkdir()
    for path in (programs / "pixi", *(target / "ci-framework/scripts").iterdir()):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (tmp_path / "steps").write_text("\n".join(["set -e", *steps]) + "\n")
    identity = {
        f"GIT_{role}_{part}": "test@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    run("bash", tmp_path / "steps", cwd=tmp_path, variables={"PATH": path, **identity})
    log = run("git", "log", "--format=%s", "main", cwd=target)
    assert log == "Start my-project\n"


def test_an_existing_project_is_led_to_the_command_that_merges() -> None:
    """Copier itself would replace files, and asks with Yes as the default."""
    for name in ("setup", "project_state"):
        assert "`ci-framework adopt`" in questions()[name]["help"]


@pytest.mark.heavy
def test_the_command_line_needs_no_terminal(template: Path, tmp_path: Path) -> None:
    data = {
        "project_name": "By Hand",
        "python_versions": "[3.10, 3.12]",
        "source_paths": "[src, tools]",
        "coverage_threshold": "75",
    }
    given = [f"--data={name}={value}" for name, value in data.items()]
    run(
        *(tool("copier"), "copy", "--quiet", "--defaults", *given),
        *(template, tmp_path / "there"),
        cwd=tmp_path,
    )
    recorded = read_answers(tmp_path / "there")
    assert recorded["project_name"] == "By Hand"
    assert recorded["python_versions"] == ["3.10", "3.12"]
    assert recorded["source_paths"] == ["src", "tools"]
    assert recorded["coverage_threshold"] == 75


class CopieResult(Protocol):
    """What is used of its result."""

    exit_code: int
    exception: Exception | None
    project_dir: Path


class Copie(Protocol):
    """What is used of the fixture of pytest-copie."""

    def copy(self, extra_answers: Document, template_dir: Path) -> CopieResult: ...


def test_pytest_copie_renders_the_same(
    copie: Copie, template: Path, tmp_path: Path
) -> None:
    answers: Document = {"project_name": "By Copie", "package_manager": "uv"}
    result = copie.copy(answers, template_dir=template)
    assert result.exit_code == 0, result.exception
    own = render(template, tmp_path, answers)
    made = result.project_dir
    for name in ("pyproject.toml", "README.md", "src/by_copie/__init__.py"):
        assert (made / name).read_bytes() == (own / name).read_bytes()
