"""All renders in one run of each linter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.programs import run, tool
from tests.support.rendered import Point

# --- all renders in one run of a tool ----------------------------------------------

# Line ends and indents are answers, since existing files have them already.
YAML_RULES = (
    "{extends: relaxed, rules: {line-length: disable, new-lines: disable,"
    " indentation: disable}}"
)


@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("**/*.y*ml", ["yamllint", "--strict", "--config-data", YAML_RULES]),
        (".pre-commit-config.yaml", ["pre-commit", "validate-config"]),
        # Its parser is another one; projects may use it instead.
        (".pre-commit-config.yaml", ["prek", "validate-config"]),
        (
            ".github/dependabot.yml",
            ["check-jsonschema", "--builtin-schema", "vendor.dependabot"],
        ),
        (
            ".github/workflows/*.yml",
            ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ),
        (
            ".github/actions/*/action.yml",
            ["check-jsonschema", "--builtin-schema", "vendor.github-actions"],
        ),
    ],
)
def test_files_for_other_programs_conform_to_their_schemas(
    all_points: list[Point], pattern: str, command: list[str], tmp_path: Path
) -> None:
    unlike: dict[bytes, Path] = {}
    for point in all_points:
        for path in point.path.glob(pattern):
            unlike.setdefault(path.read_bytes(), path)
    assert unlike
    run(tool(command[0]), *command[1:], *unlike.values(), cwd=tmp_path)


def test_no_render_ignores_a_file_of_its_own(
    all_points: list[Point], tmp_path: Path
) -> None:
    run("git", "init", "--quiet", "--bare", tmp_path / "git", cwd=tmp_path)
    for point in all_points:
        ignored = run(
            *("git", "--git-dir", tmp_path / "git", "--work-tree", "."),
            *("-c", "core.excludesFile=", "ls-files", "--others", "--ignored"),
            "--exclude-standard",
            cwd=point.path,
        )
        assert ignored == "", point.path


def test_rendered_python_is_clean_by_the_projects_own_rules(
    all_points: list[Point],
) -> None:
    directories = [point.path for point in all_points if point.new]
    run(tool("ruff"), "check", "--no-cache", *directories, cwd=directories[0])
    run(
        tool("ruff"),
        "format",
        "--check",
        "--no-cache",
        *directories,
        cwd=directories[0],
    )
