"""Which file has the settings, and blocks in files with Windows line endings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.configuration.loading import effective_settings, load_configuration
from ci_engine.configuration.project_settings import configuration_file
from ci_engine.environments.pixi_tasks import own_task
from ci_engine.errors import ConfigurationError
from ci_engine.project.repository import read_project
from ci_engine.validation.marked_blocks import check_answers, check_blocks

TABLE = "[tool.ci-framework]\n"


@pytest.mark.parametrize(
    ("pyproject", "own", "found"),
    [
        (None, None, None),
        ("", None, "pyproject.toml"),
        (None, TABLE, "ci-framework.toml"),
        ("[tool.ruff]\n", TABLE, "ci-framework.toml"),
        ("tool = 1\n", TABLE, "ci-framework.toml"),
        (TABLE, TABLE, "pyproject.toml"),
    ],
)
def test_the_settings_are_where_the_table_is(
    tmp_path: Path, pyproject: str | None, own: str | None, found: str | None
) -> None:
    for name, text in {"pyproject.toml": pyproject, "ci-framework.toml": own}.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    location = configuration_file(tmp_path)
    assert (location.name if location else None) == found


def test_a_broken_pyproject_beside_the_settings_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    (tmp_path / "ci-framework.toml").write_text(TABLE)
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml: not valid TOML"):
        configuration_file(tmp_path)


def test_tasks_in_a_block_with_line_ends_of_windows_are_the_frameworks(
    tmp_path: Path,
) -> None:
    text = (
        "[tool.pixi.workspace]\n\n# >>> ci-framework >>>\n\n"
        "[tool.pixi.tasks.lint]\ncmd = 'ruff check'\n# <<< ci-framework <<<\n"
    )
    (tmp_path / "pyproject.toml").write_bytes(text.replace("\n", "\r\n").encode())
    project = read_project(tmp_path)
    assert own_task(project, "lint") is None
    assert list(check_blocks(project)) == []


def test_the_block_of_the_other_settings_file_is_checked(tmp_path: Path) -> None:
    (tmp_path / "ci-framework.toml").write_text("# >>> ci-framework >>>\n")
    found = list(check_blocks(read_project(tmp_path)))
    assert [finding.path for finding in found] == ["ci-framework.toml"]


def test_answers_of_another_template_are_not_judged(tmp_path: Path) -> None:
    (tmp_path / ".copier-answers.yml").write_text("- not ours\n")
    lock = tmp_path / "ci-framework" / "engine.lock"
    lock.parent.mkdir()
    lock.write_text("# answers: .copier-answers.ci-framework.yml\n")
    project = read_project(tmp_path)
    ours = tmp_path / ".copier-answers.ci-framework.yml"
    ours.write_text("_commit: v2.0.0\n")
    assert list(check_answers(project)) == []
    ours.write_text("[\n")
    found = list(check_answers(project))
    assert [finding.path for finding in found] == [ours.name]


def test_the_block_leaves_the_table_of_the_benchmarks_to_the_project(
    tmp_path: Path,
) -> None:
    block = (
        "# >>> ci-framework >>>\n[tool.ci-framework.performance.answers]\n"
        'benchmark-suite = ["perf"]\nregression-threshold = "7%"\n'
        "# <<< ci-framework <<<\n"
    )
    own = '[tool.ci-framework.performance]\narguments = ["-x"]\n'
    file = tmp_path / "pyproject.toml"
    for text in (block + own, own + block):
        file.write_text(text)
        performance = load_configuration(tmp_path, {}).settings.performance
        assert performance.arguments == ["-x"]
        assert performance.benchmark_suite == ["perf"]
        assert performance.regression_threshold == "7%"
    file.write_text(f'{own}regression-threshold = "20%"\n{block}')
    found = {key: rest for key, *rest in effective_settings(tmp_path, {})}
    name = "performance.regression-threshold"
    assert found[name] == ["20%", "pyproject.toml:3"]
    suite = found["performance.benchmark-suite"]
    assert suite == [["perf"], "pyproject.toml:6"]
    file.write_text(block.replace("7%", "seven"))
    with pytest.raises(
        ConfigurationError, match=r":4: .*answers\.regression-threshold"
    ):
        load_configuration(tmp_path, {})
